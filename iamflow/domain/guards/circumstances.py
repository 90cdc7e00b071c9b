"""What a guard looks at, and how it says no."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from iamflow.domain.decision import Case
from iamflow.domain.effect import Effect
from iamflow.domain.facts import UserReading
from iamflow.domain.policy import Policy
from iamflow.domain.states import State
from iamflow.domain.ticket import Approval, Ticket


class Remedy(StrEnum):
    """What follows from a refusal."""

    WAIT = "wait"
    """It may be allowed later, by itself or by a setting: the ticket stays due."""
    APPROVE = "approve"
    """A person's approval would allow it."""
    BLOCK = "block"
    """A person must look: something is not what it was."""
    DROP = "drop"
    """The ticket is no longer ours to act on; whoever holds it goes on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """One reason why a call must not be made. ``code`` is stable; ``sentence`` is for people."""

    code: str
    sentence: str
    remedy: Remedy
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Freeze:
    """The kill switch as read from the database; one that could not be read counts as on."""

    on: bool
    reason: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """How much has been done to the account in the last 24 hours, and how much may be."""

    used: int
    allowance: int
    next_slot: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Circumstances:
    """Everything that the guards weigh before one mutating call."""

    now: datetime
    effect: Effect
    ticket: Ticket
    reading: UserReading
    policy: Policy
    freeze: Freeze
    lease_held: bool
    """Whether the lease is still ours and the ticket unchanged, as just read."""
    enforced_since: datetime | None
    approvals: tuple[Approval, ...]
    pace: Pace
    follows: frozenset[State] = frozenset()
    """The states that this step follows in its workflow; a step that follows none cannot be taken at all."""
    others: tuple[Case, ...] = ()
    """The other open tickets about the same user."""

    @property
    def goes_on(self) -> bool:
        """Whether the step goes on with a quarantine or a deletion that has begun: what let it begin lets it end."""
        return self.effect.kind.takes_user and self.ticket.state in {State.QUARANTINED, State.DELETING}
