"""What AWS's answers have in common, read with distrust: what cannot be understood is an error, or not known."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from iamflow.aws.clients import Answer
from iamflow.aws.errors import Attempt, not_understood
from iamflow.domain.effect import Receipt


def receipt_of(answer: Answer) -> Receipt:
    """Return an answer's request id and the time of its Date header (UTC); None for what is missing or illegible."""
    metadata = answer.get("ResponseMetadata", {})
    return Receipt(request_id=metadata.get("RequestId") or None, at=_date(metadata.get("HTTPHeaders", {}).get("date")))


def instant(value: object) -> datetime | None:
    """Return a time from an answer as aware UTC; None for anything that is no time or has no time zone."""
    return value.astimezone(UTC) if isinstance(value, datetime) and value.tzinfo is not None else None


def text(value: object) -> str | None:
    """Return a string that holds something; None for anything else."""
    return value if isinstance(value, str) and value else None


def required(row: Answer, name: str, attempt: Attempt) -> str:
    """Return a string that an answer must hold. Raises ``TemporaryError`` where it does not."""
    found = text(row.get(name))
    if found is None:
        raise not_understood(attempt, f"lacks {name}")
    return found


def _date(header: object) -> datetime | None:
    if not isinstance(header, str):
        return None
    try:
        return instant(parsedate_to_datetime(header))
    except ValueError:
        return None
