"""Notices as the engine writes them, a clock that stands still, and the reading of a mail."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

from iamflow.domain.ids import TicketId
from iamflow.domain.notice import Notice, NoticeKind

NOW = datetime(2026, 11, 24, 0, 12, tzinfo=UTC)
PROMISED = datetime(2026, 12, 1, 0, 12, tzinfo=UTC)
OWNER = "maria.lopez@example.com"
TEAM = "cloud-security@example.com"
SENDER = "iamflow@example.com"

CALL: dict[str, object] = {
    "at": "2026-12-02T10:00:03+00:00",
    "event": "ListBuckets",
    "source": "s3.amazonaws.com",
    "region": "eu-west-1",
    "source_ip": "192.0.2.4",
    "user_agent": "aws-sdk-java/1.12 Linux",
    "error": "AccessDenied",
}

CONTEXT: dict[str, object] = {
    "ticket_id": 12,
    "account_id": "012345678901",
    "account_name": "prod-payments",
    "username": "svc-billing",
    "key_masked": "AKIAYF5JKDJQS*******",
    "created_at": "2025-11-24T00:06:02+00:00",
    "age_days": 365,
    "last_used_at": "2026-10-01T08:30:00+00:00",
    "last_used_service": "s3",
    "owner": OWNER,
    "contact": TEAM,
    "reasons": [],
    "evidence": [],
    "applications": [],
    "due_at": "2026-11-30T00:00:00+00:00",
    "comment": None,
    "brownout": None,
    "was_deactivated": True,
    "headline": "the key was deactivated on 2026-12-01 00:12 UTC",
}


class StillClock:
    """A clock that shows one time."""

    def now(self) -> datetime:
        return NOW

    def sleep(self, seconds: float) -> None:
        message = f"a channel never waits, not even {seconds} s"
        raise AssertionError(message)


def notice(
    kind: NoticeKind = NoticeKind.KEY_DEACTIVATION,
    *,
    recipients: tuple[str, ...] = (OWNER,),
    dedupe_key: str | None = None,
    **context: object,
) -> Notice:
    """Return a notice of a kind, with what differs from the usual context."""
    return Notice(
        ticket_id=TicketId(12),
        kind=kind,
        recipients=recipients,
        dedupe_key=dedupe_key or f"t12:{kind.value}:1",
        context=CONTEXT | context,
    )


def read_mail(content: bytes) -> EmailMessage:
    """Return a mail as a mail program reads it."""
    mail = message_from_bytes(content, policy=SMTP)
    assert isinstance(mail, EmailMessage)
    return mail


def text_of(mail: EmailMessage) -> str:
    """Return a mail's text with plain line ends."""
    content: str = mail.get_content()
    return content.replace("\r\n", "\n")
