"""What a check says, and what it is given."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from iamflow.bootstrap import Application


class Status(StrEnum):
    """How a thing fares."""

    OK = "ok"
    WARNING = "warning"
    """It works, or could not be looked at, and somebody should know."""
    FAILED = "failed"
    """iamflow cannot do its work, or not all of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """One line: what was looked at, how it fares, in a sentence, and what to do where it is not ok."""

    check: str
    status: Status
    sentence: str
    remedy: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """What the user asked for, and what counts as alive."""

    full: bool = False
    """Verify the whole journal rather than its newest checkpoint."""
    beat_limit: Callable[[timedelta], timedelta]
    """Returns how old a living daemon's heartbeat may be, given ``daemon.interval``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Patient:
    """What is examined, and which checks have failed so far."""

    app: "Application"
    options: Options
    failed: frozenset[str] = frozenset()

    @property
    def now(self) -> datetime:
        """The time (UTC) by this host's clock."""
        return self.app.clock.now()


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One check: its name, what it does, and the checks without which it makes no sense."""

    name: str
    run: Callable[[Patient], Iterable[Result]]
    remedy: str
    """What to do where it ends with an error that it does not know."""
    needs: tuple[str, ...] = ()


def ok(check: str, sentence: str) -> Result:
    """Return that it is as it should be."""
    return Result(check=check, status=Status.OK, sentence=sentence)


def warning(check: str, sentence: str, remedy: str) -> Result:
    """Return that somebody should know."""
    return Result(check=check, status=Status.WARNING, sentence=sentence, remedy=remedy)


def failed(check: str, sentence: str, remedy: str) -> Result:
    """Return that it does not work."""
    return Result(check=check, status=Status.FAILED, sentence=sentence, remedy=remedy)


def not_examined(check: str, needed: str) -> Result:
    """Return that this could not be looked at, because of what failed before it."""
    return warning(
        check, f"not examined, because {needed} failed", f"put {needed} right, then run iamflow doctor again"
    )
