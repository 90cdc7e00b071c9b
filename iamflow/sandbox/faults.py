"""What can be made to go wrong: switches that a test or a demonstration turns on, and off again.

Each switch is scoped by any of account, service, operation and region, and lasts for a number of calls or until it is
switched off. The earliest switch that fits a call and its effect is the one that counts.
"""

import threading
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum, auto
from types import TracebackType
from typing import Self


class Effect(Enum):
    """What a fault does to a call."""

    THROTTLE = auto()
    TIMEOUT_BEFORE = auto()
    TIMEOUT_AFTER = auto()
    ACCESS_DENIED = auto()
    SERVER_ERROR = auto()
    UNMODIFIABLE = auto()
    CONCURRENT = auto()
    REGION_DOWN = auto()
    STALE_READS = auto()
    PROPAGATION = auto()
    GONE = auto()


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """The calls that a fault hits; what is None is not looked at. ``service`` is the signing name, like ``iam``."""

    account: str | None = None
    service: str | None = None
    operation: str | None = None
    region: str | None = None

    def fits(self, target: "Scope") -> bool:
        """Whether a call, put as a fully known scope, lies within this one."""
        return all(
            wanted is None or wanted == actual
            for wanted, actual in (
                (self.account, target.account),
                (self.service, target.service),
                (self.operation, target.operation),
                (self.region, target.region),
            )
        )


@dataclass(eq=False, slots=True)
class Fault:
    """One switch that is on. As a context manager it is switched off at the end of the block."""

    effect: Effect
    scope: Scope
    left: int | None
    length: timedelta
    _faults: "Faults" = field(repr=False)
    hits: int = 0

    def off(self) -> None:
        """Switch the fault off; harmless if it is off already."""
        self._faults.discard(self)

    def __enter__(self) -> Self:
        """Return the fault, which is on already."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Switch the fault off."""
        self.off()


class Faults:
    """The switchboard. Safe to use while calls are under way."""

    def __init__(self) -> None:
        """Begin with everything working."""
        self._lock = threading.Lock()
        self._on: list[Fault] = []

    def throttle(self, *, times: int | None = None, **scope: str) -> Fault:
        """Answer with the service's throttling error; scope: account, service, operation, region."""
        return self.switch_on(Effect.THROTTLE, Scope(**scope), times=times)

    def timeout_before(self, *, times: int | None = None, **scope: str) -> Fault:
        """Close the connection before the call has any effect."""
        return self.switch_on(Effect.TIMEOUT_BEFORE, Scope(**scope), times=times)

    def timeout_after(self, *, times: int | None = None, **scope: str) -> Fault:
        """Carry the call out, then close the connection without an answer."""
        return self.switch_on(Effect.TIMEOUT_AFTER, Scope(**scope), times=times)

    def access_denied(self, *, times: int | None = None, **scope: str) -> Fault:
        """Refuse the call as not authorised; the trail shows it, as AWS's does."""
        return self.switch_on(Effect.ACCESS_DENIED, Scope(**scope), times=times)

    def server_error(self, *, times: int | None = None, **scope: str) -> Fault:
        """Answer with the service's internal error, without any effect."""
        return self.switch_on(Effect.SERVER_ERROR, Scope(**scope), times=times)

    def unmodifiable(self, *, times: int | None = None, **scope: str) -> Fault:
        """Answer that the entity cannot be changed for now, as IAM does for minutes after some changes."""
        return self.switch_on(Effect.UNMODIFIABLE, Scope(**scope), times=times)

    def concurrent_change(self, *, times: int | None = None, **scope: str) -> Fault:
        """Answer that another change is under way, as IAM does; the call may simply be tried again."""
        return self.switch_on(Effect.CONCURRENT, Scope(**scope), times=times)

    def gone(self, *, times: int | None = None, **scope: str) -> Fault:
        """Answer that an object of S3 does not exist, whatever a list of them says."""
        return self.switch_on(Effect.GONE, Scope(**scope), times=times)

    def region_down(self, region: str, *, account: str | None = None, service: str | None = None) -> Fault:
        """Answer every call to a region with 503, until switched off.

        IAM and the organisation's services live in us-east-1: name a service to spare them.
        """
        return self.switch_on(Effect.REGION_DOWN, Scope(region=region, account=account, service=service))

    def stale_reads(self, lasting: timedelta, *, account: str | None = None) -> Fault:
        """Let IAM's reads of a user show the state before a change for that long after the change."""
        return self.switch_on(Effect.STALE_READS, Scope(service="iam", account=account), length=lasting)

    def propagation(self, region: str, delay: timedelta, *, account: str | None = None) -> Fault:
        """Let a key that was deactivated or deleted work on in a region for that long."""
        return self.switch_on(Effect.PROPAGATION, Scope(region=region, account=account), length=delay)

    def clear(self) -> None:
        """Switch everything off."""
        with self._lock:
            self._on.clear()

    def switch_on(
        self, effect: Effect, scope: Scope, *, times: int | None = None, length: timedelta = timedelta(0)
    ) -> Fault:
        """Switch one fault on; ``ValueError`` for a count below one or a negative length."""
        if (times is not None and times < 1) or length < timedelta(0):
            msg = "a fault lasts for at least one call, and no negative time"
            raise ValueError(msg)
        fault = Fault(effect, scope, times, length, self)
        with self._lock:
            self._on.append(fault)
        return fault

    def discard(self, fault: Fault) -> None:
        """Take a fault off the board, if it is there."""
        with self._lock:
            if fault in self._on:
                self._on.remove(fault)

    def strikes(self, effect: Effect, target: Scope) -> bool:
        """Whether a fault hits this call; that uses up one of its times."""
        with self._lock:
            for fault in self._on:
                if fault.effect is effect and fault.scope.fits(target):
                    fault.hits += 1
                    if fault.left is not None:
                        fault.left -= 1
                        if fault.left == 0:
                            self._on.remove(fault)
                    return True
        return False

    def length(self, effect: Effect, target: Scope) -> timedelta:
        """Return how long the fault of a lasting kind holds for this call; zero if none is on."""
        with self._lock:
            return max(
                (fault.length for fault in self._on if fault.effect is effect and fault.scope.fits(target)),
                default=timedelta(0),
            )
