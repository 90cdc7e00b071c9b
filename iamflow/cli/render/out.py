"""Standard output and standard error."""

import sys
from enum import StrEnum

from iamflow.domain.encoding import for_terminal

_LONGEST_MESSAGE = 4000


class Output(StrEnum):
    """The forms that every list and show takes."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class PipeClosedError(Exception):
    """Whoever was reading standard output has gone."""


def emit(text: str) -> None:
    """Write to standard output, text that is encoded already. Raises ``PipeClosedError`` when nobody reads any more."""
    try:
        sys.stdout.write(text + "\n")
    except BrokenPipeError:
        raise PipeClosedError from None


def say(text: str) -> None:
    """Write one line that may hold external text to standard output."""
    emit(for_terminal(text, limit=_LONGEST_MESSAGE))


def note(text: str, *, end: str = "\n") -> None:
    """Write a remark to standard error, where it is in no program's way."""
    print(for_terminal(text, limit=_LONGEST_MESSAGE), end=end, file=sys.stderr, flush=True)


def complain(text: str) -> None:
    """Write one line about what went wrong to standard error."""
    # A message that was put together over several lines becomes one; within it, hostile text is escaped.
    line = " ".join(part.strip() for part in text.splitlines() if part.strip())
    note(f"iamflow: {line}")
