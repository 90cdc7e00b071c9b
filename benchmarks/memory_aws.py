"""AWS in memory (``iamflow.engine.ports.Cloud``): thousands of users and keys, and an optional latency for each API call.

It keeps what the engine depends on (status, last use, the events of IAM's own changes) and nothing else, so that what is
measured is iamflow. Each method counts and waits for as many API calls as the real adapter makes for it.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

from iamflow.domain.clock import Clock
from iamflow.domain.effect import Effect, EffectKind, Receipt
from iamflow.domain.evidence import Attribute, TrailEvent, TrailQuery
from iamflow.domain.facts import Finding, KeyState, KeyStatus, LastUse, RegionSet, UserReading
from iamflow.domain.ids import AccountId, KeyId, Region, TicketId
from iamflow.domain.people import Identity
from iamflow.domain.subject import UserSubject
from iamflow.engine.ports import Step, TrailPage

READ_CALLS = 4
"""GetUser, ListAccessKeys, GetAccessKeyLastUsed, ListAttachedUserPolicies."""
SESSION_CALLS = 2
"""AssumeRole and GetCallerIdentity, for each mutating step."""
USERS = 1_000_000
"""What GetAccountSummary tells of each account, so that no cap paces the work."""


@dataclass(kw_only=True, slots=True)
class _Key:
    """One user with one key."""

    state: KeyState
    last_use: LastUse
    tags: dict[str, str]


@dataclass(kw_only=True)
class MemoryAws:
    """Every account at once; threads may share it. ``wait`` is how each API call spends its latency."""

    clock: Clock
    regions_read: tuple[Region, ...] = (Region("us-east-1"),)
    wait: Callable[[], None] = lambda: None
    calls: Counter[str] = field(default_factory=Counter)
    _keys: dict[tuple[AccountId, str], _Key] = field(default_factory=dict)
    _events: dict[str, list[TrailEvent]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, finding: Finding) -> None:
        """Make the user and the key that a finding is about."""
        facts = finding.facts
        self._keys[finding.account_id, finding.username] = _Key(
            state=KeyState(key_id=finding.key_id, status=facts.status, created_at=facts.created_at),
            last_use=facts.last_use,
            tags={"Owner": f"{finding.username}@example.com"},
        )

    def read(self, subject: UserSubject) -> UserReading:
        """Read a user and its key: four API calls."""
        read_at = self.clock.now()
        self._call("read", READ_CALLS)
        key = self._keys.get((subject.account_id, subject.username))
        if key is None:
            return UserReading(read_at=read_at, account_id=subject.account_id, user_id=None)
        return UserReading(
            read_at=read_at,
            account_id=subject.account_id,
            user_id=f"AIDA{subject.key_id[4:]}",
            tags=key.tags,
            keys=(key.state,) if key.state.key_id in self._there(subject) else (),
            last_use=key.last_use,
        )

    def _there(self, subject: UserSubject) -> frozenset[KeyId]:
        gone = any(event.name == "DeleteAccessKey" for event in self._events.get(subject.key_id, ()))
        return frozenset() if gone else frozenset({subject.key_id})

    def regions(self, account_id: AccountId) -> RegionSet:  # noqa: ARG002 - every account has the same
        """Return the regions; the real adapter asks once an hour, which is not counted here."""
        return RegionSet(readable=self.regions_read)

    def user_count(self, account_id: AccountId) -> int:  # noqa: ARG002 - every account has the same
        """Return so many users that no cap bites; the real adapter asks once an hour, which is not counted here."""
        return USERS

    def look_up(self, account_id: AccountId, region: Region, query: TrailQuery, token: str | None = None) -> TrailPage:  # noqa: ARG002 - one page is all there is
        """Return what is on record: iamflow's own changes, by the key that they were about. One API call."""
        self._call("LookupEvents")
        if query.attribute is not Attribute.RESOURCE_NAME or region != self.regions_read[0]:
            return TrailPage(events=())
        found = self._events.get(query.value, [])
        return TrailPage(events=tuple(event for event in reversed(found) if query.start <= event.at <= query.end))

    @contextmanager
    def step(self, subject: UserSubject, ticket_id: TicketId, effect: EffectKind) -> Iterator[Step]:  # noqa: ARG002 - the port's
        """Open the session of one step: two API calls."""
        self._call("session", SESSION_CALLS)
        yield _MemoryStep(self, subject)

    def caller(self) -> Identity:
        """Nobody is at the keyboard."""
        return Identity()

    def change(self, effect: Effect) -> Receipt:
        """Make a change and put it on record. One API call."""
        self._call(effect.kind.value)
        at = self.clock.now()
        with self._lock:
            key = self._keys[effect.account_id, effect.username]
            request = f"request-{sum(self.calls.values())}-{effect.key_id}"
            status = {EffectKind.DEACTIVATE_KEY: KeyStatus.INACTIVE, EffectKind.REACTIVATE_KEY: KeyStatus.ACTIVE}.get(
                effect.kind
            )
            if status is not None:
                key.state = replace(key.state, status=status)
            event = TrailEvent(
                event_id=request,
                at=at + timedelta(seconds=1),
                region=self.regions_read[0],
                source="iam.amazonaws.com",
                name=effect.kind.call.removeprefix("iam:"),
                request_id=request,
                target_key_id=effect.key_id,
                target_user=effect.username,
                new_status=status.value if status is not None else None,
            )
            self._events.setdefault(effect.key_id, []).append(event)
        return Receipt(request_id=request, at=at)

    def _call(self, name: str, times: int = 1) -> None:
        for _ in range(times):
            self.wait()
        with self._lock:
            self.calls[name] += times


@dataclass(frozen=True, slots=True)
class _MemoryStep:
    """The session of one step."""

    aws: MemoryAws
    subject: UserSubject

    def read(self) -> UserReading:
        """Read the subject freshly."""
        return self.aws.read(self.subject)

    def apply(self, effect: Effect) -> Receipt:
        """Make the change."""
        return self.aws.change(effect)
