"""A real mail server of the test's own, that takes mails, refuses them, or hangs up, as it is told."""

import asyncio
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.notify.letters import read_mail

OK = "250 OK"


@dataclass(kw_only=True)
class Sink:
    """What the server has taken, and what it answers. ``None`` for an answer hangs up instead."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    recipients: list[Sequence[str]] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)
    """Answers to RCPT, by address."""
    to_sender: str = OK
    to_data: str | None = OK
    password: str = "correct horse"

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.to_sender == OK:
            envelope.mail_from = address
        return self.to_sender

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return OK

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - likewise
        if self.to_data is None:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
            await asyncio.sleep(0)
            return OK
        if self.to_data == OK:
            assert isinstance(envelope.content, bytes)
            self.raw.append(envelope.content)
            self.mails.append(read_mail(envelope.content))
            self.senders.append(envelope.mail_from or "")
            self.recipients.append(tuple(envelope.rcpt_tos))
            self.encrypted.append(session.ssl is not None)
        return self.to_data

    def log_in(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=data.password.decode() == self.password)


@contextmanager
def serving(sink: Sink, **options: Any) -> Iterator[Sink]:
    """Serve on a free port of the loopback, which ``sink.port`` then names."""
    sink.port = free_port()
    controller = Controller(sink, hostname="localhost", port=sink.port, **options)
    controller.start()
    try:
        yield sink
    finally:
        controller.stop()


def free_port() -> int:
    """Return a port that nobody serves on, found by binding it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
