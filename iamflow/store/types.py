"""How times and external text are stored."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import DateTime, String, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

WIDTH = len("2026-11-24T00:11:02.341905Z")


def utc_text(at: datetime) -> str:
    """Return the one text of a time: UTC, microseconds, fixed width, so that texts sort as times do.

    Raises ``ValueError`` for a naive datetime: its author did not say which time is meant.
    """
    if at.tzinfo is None:
        message = f"a naive datetime cannot be stored: {at.isoformat()}"
        raise ValueError(message)
    return _text(at if at.tzinfo is UTC else at.astimezone(UTC))


@lru_cache(maxsize=1024)  # a batch writes few times, each of them often
def _text(at: datetime) -> str:
    return at.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def clean(text: str) -> str:
    """Return the text without what a database cannot hold: NUL and unpaired surrogates become U+FFFD.

    AWS hands through what others wrote (user agents, messages); one such character must not hold up a whole batch.
    """
    if text.isascii() and "\x00" not in text:
        return text
    paired = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return paired.replace("\x00", "\ufffd")


class UtcTime(TypeDecorator[datetime]):
    """A time: sortable text on SQLite, ``timestamptz`` on PostgreSQL. Aware UTC in and out."""

    impl = String(WIDTH)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Use the database's own type where it has one that knows of time zones."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(String(WIDTH))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ANN401 - what the driver takes
        """Refuse naive times; write UTC."""
        if value is None:
            return None
        text = utc_text(value)
        return text if dialect.name != "postgresql" else value

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ANN401, ARG002 - as the base class has it
        """Read UTC."""
        if value is None:
            return None
        if isinstance(value, datetime):
            return value.astimezone(UTC)
        return datetime.fromisoformat(value)


class ExternalText(TypeDecorator[str]):
    """Text that others wrote, without what the database cannot hold."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - as the base class has it
        """Replace what cannot be stored."""
        return None if value is None else clean(value)
