"""Words notices: one template a kind, its first line the subject, the rest after a blank line the text.

Everything in a notice's context was written by others, or may have been. All of it is encoded for mail before a template sees
it, so that no template can forget to.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache

from jinja2 import PackageLoader, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from iamflow.domain.encoding import for_mail_text
from iamflow.domain.errors import PermanentError
from iamflow.domain.masking import masked
from iamflow.domain.notice import Notice
from iamflow.domain.owners import valid_address

_LONGEST_VALUE = 300
_LONGEST_SENTENCE = 2000
_SENTENCES = frozenset({"headline", "reasons", "comment"})
"""What iamflow's own sentences, and a person's, are kept under: they may be longer than a name."""

_LONGEST_SUBJECT = 200
_BLANK_LINES = re.compile(r"\n{3,}")
_KEY_ID = re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{12,124}\b")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def render(notice: Notice, promised_at: datetime | None) -> tuple[str, str]:
    """Return the subject and the text of a notice; ``promised_at`` (UTC) is the date that it promises.

    Raises ``PermanentError`` where the context does not hold what the template shows.
    """
    encoded = {key: _encoded(value, _limit(key)) for key, value in notice.context.items()}
    promised = promised_at if promised_at is not None else encoded.get("due_at")
    values = {
        **encoded,
        "ticket_id": notice.ticket_id,
        "promised": promised,
        "reply": reply_address(notice) is not None,
    }
    # What a workflow words in its own way stands in a folder of its name.
    names = [f"{notice.context.get('workflow')}/{notice.kind.value}.txt.j2", f"{notice.kind.value}.txt.j2"]
    try:
        rendered = _environment().select_template(names).render(values)
    except (TemplateError, ValueError, TypeError, ArithmeticError) as error:
        reason = for_mail_text(str(error), limit=_LONGEST_VALUE)
        message = f"the {notice.kind.value} notice of ticket {notice.ticket_id} cannot be worded: {reason}"
        raise PermanentError(message) from error
    subject, _, text = rendered.lstrip("\n").partition("\n")
    body = _BLANK_LINES.sub("\n\n", "\n".join(line.rstrip() for line in text.split("\n"))).strip("\n")
    return for_mail_text(subject.strip(), limit=_LONGEST_SUBJECT), body + "\n"


def reply_address(notice: Notice) -> str | None:
    """Return the contact if it is a mail address, where answers then go; it may also be a page or a telephone number."""
    contact = notice.context.get("contact")
    return valid_address(contact) if isinstance(contact, str) else None


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=PackageLoader("iamflow.notify"),
        undefined=StrictUndefined,
        autoescape=False,  # plain text and not HTML; values are encoded for mail before they come here
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["moment"] = _moment
    environment.filters["date"] = _date
    environment.filters["day"] = _day
    environment.filters["sentence"] = _sentence
    return environment


def _limit(key: str) -> int:
    return _LONGEST_SENTENCE if key in _SENTENCES else _LONGEST_VALUE


def _encoded(value: object, limit: int) -> object:
    """Return a JSON value with every text in it made harmless and every access key id in it masked."""
    if isinstance(value, str):
        return for_mail_text(_KEY_ID.sub(lambda found: masked(found[0]), value), limit=limit)
    if isinstance(value, Mapping):
        return {str(key): _encoded(item, limit) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [_encoded(item, limit) for item in value]
    return value


def _moment(value: object) -> str:
    """Return a time as ``2026-12-01 00:12 UTC``, with its seconds where there are any."""
    at = _time(value)
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at.second or at.microsecond else f"{at:%Y-%m-%d %H:%M} UTC"


def _date(value: object) -> str:
    """Return a time as ``Tuesday 2026-12-01 00:12 UTC``: a day that one is to plan with has a name."""
    return f"{_DAYS[_time(value).weekday()]} {_moment(value)}"


def _day(value: object) -> str:
    return f"{_time(value):%Y-%m-%d}"


def _sentence(text: str) -> str:
    """Return the text beginning with a capital letter and ending with a full stop."""
    return f"{text[:1].upper()}{text[1:]}".rstrip(".") + "."


def _time(value: object) -> datetime:
    at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    if at.tzinfo is None:
        message = "a time without a time zone"
        raise ValueError(message)
    return at.astimezone(UTC)
