"""Hands notices to a mail server. The server's taking a mail is acceptance; whether it is delivered, nobody can tell."""

import logging
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage

from iamflow.domain.clock import Clock
from iamflow.domain.encoding import for_log
from iamflow.domain.errors import ConfigError, PermanentError, TemporaryError
from iamflow.domain.notice import Notice
from iamflow.notify.mail import checked_sender, compose

_log = logging.getLogger(__name__)

_FOR_GOOD = 500
"""From this reply code on, the server will not take the mail however often it is tried (RFC 5321, section 4.2.1)."""

_REFUSED = 400
"""From this reply code on, the server does not take what it was offered, now or ever (likewise)."""

_PROBED = 5.0
"""Seconds that one answer may take where a person is waiting to hear whether the server is there."""

_SHOWN = 200

Refusals = Mapping[str, tuple[int, bytes]]
"""Addresses that the server refused, with its reply to each."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SmtpSettings:
    """How the mail server is reached."""

    host: str
    port: int = 25
    sender: str
    starttls: bool = False
    """Encrypt the connection, and check the server's certificate; without it, nothing is sent to a server that cannot."""
    username: str | None = None
    password: Callable[[], str] | None = field(default=None, repr=False)
    """Fetches the password when it is needed; it is kept nowhere."""
    timeout: float = 30.0
    """Seconds that one answer of the server may take."""


class SmtpChannel:
    """Sends a notice as one mail to all of its recipients."""

    name = "smtp"

    def __init__(self, settings: SmtpSettings, clock: Clock) -> None:
        """Check the sender; nothing is connected yet. Raises ``ConfigError``."""
        checked_sender(settings.sender)
        self._settings = settings
        self._clock = clock

    def send(self, notice: Notice, promised_at: datetime | None) -> None:
        """Hand the notice to the server.

        A reply of 4xx, a lost or impossible connection, and trouble with this host's own login or encryption are
        ``TemporaryError``: a later try may succeed, with the same Message-ID. A reply of 5xx to this mail is
        ``PermanentError``.

        Where the server takes the mail for some recipients only, a notice that promises a date counts as refused, since a grace
        period must not run for an owner who was not told. Any other has told somebody: it counts as sent, and the refused
        addresses are logged.
        """
        mail = compose(notice, promised_at, sender=self._settings.sender, now=self._clock.now())
        with self._session() as session:
            refused = _hand_over(session, mail)
        if not refused:
            return
        if promised_at is not None:
            raise _refusal(refused)
        refusals = "; ".join(_reply(*reply, whom=address) for address, reply in refused.items())
        _log.warning("a notice reached only some of its recipients: %s", refusals, extra={"ticket": notice.ticket_id})

    def probe(self) -> None:
        """Do all that ``send`` does up to naming the sender, take that back, and send nothing.

        One answer of the server may take 5 seconds. Raises as ``send`` does.
        """
        with self._session(_PROBED) as session:
            try:
                session.ehlo_or_helo_if_needed()
                code, words = session.mail(self._settings.sender)
                session.rset()
            except (OSError, smtplib.SMTPException) as error:
                raise _lost(error) from None
        if code >= _REFUSED:
            kind = PermanentError if code >= _FOR_GOOD else TemporaryError
            raise kind(f"the mail server refused the sender {_reply(code, words, whom=self._settings.sender)}")

    @contextmanager
    def _session(self, timeout: float | None = None) -> Iterator[smtplib.SMTP]:
        settings = self._settings
        try:
            # Naming this host asks no name server: a broken one would hold every mail up.
            session = smtplib.SMTP(settings.host, settings.port, socket.gethostname(), timeout or settings.timeout)
        except (OSError, ValueError, smtplib.SMTPException) as error:
            raise self._unreachable(error) from None
        try:
            self._secure(session)
            yield session
        finally:
            _leave(session)

    def _secure(self, session: smtplib.SMTP) -> None:
        settings = self._settings
        try:
            if settings.starttls:
                session.starttls(context=ssl.create_default_context())
        except (OSError, smtplib.SMTPException) as error:
            reason = for_log(str(error), limit=_SHOWN)
            message = f"the mail server {settings.host}:{settings.port} cannot be reached over TLS: {reason}"
            raise TemporaryError(message) from None
        if settings.username is not None and settings.password is not None:
            self._log_in(session, settings.username, settings.password)

    def _log_in(self, session: smtplib.SMTP, username: str, password: Callable[[], str]) -> None:
        try:
            session.login(username, password())
        except ConfigError as error:
            raise TemporaryError(str(error)) from None
        except (OSError, ValueError, smtplib.SMTPException) as error:
            # The server's own words are left out, and the cause too: either may hold what was sent to it.
            code = f" ({error.smtp_code})" if isinstance(error, smtplib.SMTPResponseException) else ""
            message = (
                f"the mail server {self._settings.host}:{self._settings.port} does not let"
                f" {for_log(username, limit=80)} in{code}: check notify.smtp.username and password"
            )
            raise TemporaryError(message) from None

    def _unreachable(self, error: Exception) -> TemporaryError:
        reason = for_log(str(error), limit=_SHOWN)
        return TemporaryError(
            f"the mail server {self._settings.host}:{self._settings.port} cannot be reached: {reason}"
        )


def _hand_over(session: smtplib.SMTP, mail: EmailMessage) -> Refusals:
    try:
        return session.send_message(mail)
    except smtplib.SMTPRecipientsRefused as error:
        raise _refusal(error.recipients) from None
    except smtplib.SMTPResponseException as error:
        kind = PermanentError if error.smtp_code >= _FOR_GOOD else TemporaryError
        raise kind(f"the mail server answered {_reply(error.smtp_code, error.smtp_error)}") from None
    except (OSError, smtplib.SMTPException) as error:
        raise _lost(error) from None


def _lost(error: Exception) -> TemporaryError:
    return TemporaryError(f"the connection to the mail server was lost: {for_log(str(error), limit=_SHOWN)}")


def _refusal(refused: Refusals) -> PermanentError | TemporaryError:
    """Return the error for refused recipients: temporary as long as one of them may be taken later."""
    message = "the mail server refused " + "; ".join(_reply(*reply, whom=address) for address, reply in refused.items())
    if any(code < _FOR_GOOD for code, _ in refused.values()):
        return TemporaryError(message)
    return PermanentError(message)


def _reply(code: int, text: bytes | str, whom: str | None = None) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    reply = f"{code} {for_log(words, limit=_SHOWN)}".strip()
    return f"{for_log(whom, limit=_SHOWN)} ({reply})" if whom is not None else reply


def _leave(session: smtplib.SMTP) -> None:
    """Say good-bye and close. The mail has been taken or refused by now: a server that hangs up changes nothing."""
    try:
        session.quit()
    except (OSError, smtplib.SMTPException):
        session.close()
