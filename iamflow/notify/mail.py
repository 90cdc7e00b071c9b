"""A notice as a mail, the same for every channel: headers that nobody's text can add to, and an identity that a resend keeps."""

import hashlib
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from iamflow.domain.encoding import for_log
from iamflow.domain.errors import ConfigError, PermanentError
from iamflow.domain.notice import Notice
from iamflow.domain.owners import valid_address
from iamflow.notify.wording import render, reply_address

_POLICY = SMTP.clone(cte_type="7bit", raise_on_defect=True)
"""Lines end in CRLF, and nothing in the mail needs a server that takes eight bits."""

_NAME = "iamflow"
_SUBJECT = ("account_id", "username", "key_masked", "created_at")
"""What tells a ticket's key from the one with the same ticket number in another database."""


def checked_sender(address: str) -> str:
    """Return the sender's address. Raises ``ConfigError`` unless it is exactly one mail address."""
    if valid_address(address) is None:
        message = f"notify.sender {for_log(address, limit=80)!r} is not a mail address such as iamflow@example.com"
        raise ConfigError(message)
    return address


def compose(notice: Notice, promised_at: datetime | None, *, sender: str, now: datetime) -> EmailMessage:
    """Return a notice as a mail from ``sender``, dated ``now`` (UTC).

    The Message-ID is the same whenever the same notice is composed, so that a mail sent twice, after an answer was lost, can be
    told for one. Raises ``PermanentError`` where it cannot be addressed or worded.
    """
    recipients = _recipients(notice)
    subject, text = render(notice, promised_at)
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = Address(_NAME, addr_spec=sender)
    mail["To"] = tuple(Address(addr_spec=address) for address in recipients)
    if (reply_to := reply_address(notice)) is not None:
        mail["Reply-To"] = Address(addr_spec=reply_to)
    mail["Subject"] = subject
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = message_id(notice, sender)
    # Nothing that answers by itself shall answer this (RFC 3834; the second one is for Exchange).
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail["X-Iamflow-Ticket"] = str(notice.ticket_id)
    mail["X-Iamflow-Notice"] = notice.kind.value
    mail.set_content(text, cte="quoted-printable")
    return mail


def message_id(notice: Notice, sender: str) -> str:
    """Return the Message-ID of a notice: of its dedupe key and of its key, never of the time or of the try.

    The dedupe key alone is not enough: ticket numbers begin at 1 in every database, and mail servers drop a mail whose id
    they have seen before.
    """
    facts = [str(notice.context.get(name)) for name in _SUBJECT]
    digest = hashlib.sha256("\0".join((notice.dedupe_key, *facts)).encode("utf-8", "backslashreplace")).hexdigest()[:32]
    return f"<{digest}@{sender.rpartition('@')[2].lower()}>"


def _recipients(notice: Notice) -> tuple[str, ...]:
    """Return whom to write to. One bad address refuses the notice: a mail to the others only would count as sent."""
    if not notice.recipients:
        message = f"the notice of ticket {notice.ticket_id} names nobody to tell"
        raise PermanentError(message)
    for address in notice.recipients:
        if valid_address(address) is None:
            message = f"{for_log(address, limit=80)!r} is not a mail address: correct the owner's tag or the settings"
            raise PermanentError(message)
    return tuple(dict.fromkeys(notice.recipients))
