"""What a look at a ticket yields: what was seen, and what to do about it. Both are plain data."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from iamflow.domain.effect import Effect, Intent
from iamflow.domain.evidence import Baseline, Sweep, TrailEvent
from iamflow.domain.facts import UserReading
from iamflow.domain.guardrail import Preview, Watch
from iamflow.domain.journal import NewEvent
from iamflow.domain.migration import Grants, Workloads
from iamflow.domain.notice import Notice, NoticeStatus
from iamflow.domain.rights import Rights
from iamflow.domain.root import AccountReading
from iamflow.domain.states import Resolution, Trigger
from iamflow.domain.ticket import Approval, Ticket


class Look(StrEnum):
    """Something that a workflow wants read before it decides."""

    USER = "user"
    ACCOUNT = "account"
    PREVIEW = "preview"
    DENIALS = "denials"
    BASELINE = "baseline"
    REACTIONS = "reactions"
    BROWNOUT = "brownout"
    FINAL_SWEEP = "final_sweep"
    PROOF = "proof"
    ORIGIN = "origin"
    QUOTA = "quota"
    SNAPSHOT = "snapshot"
    RIGHTS = "rights"
    USAGE = "usage"
    GRANTS = "grants"
    ADOPTION = "adoption"


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """A claimed ticket with everything that the database knows and a decision needs."""

    ticket: Ticket
    intent: Intent | None = None
    """The open intent, left by a crash or a lost answer."""
    approvals: tuple[Approval, ...] = ()
    notice: NoticeStatus = field(default_factory=NoticeStatus)
    others: tuple["Case", ...] = ()
    """The other open tickets about the same user, each with its open intent and nothing else."""
    enforced_since: datetime | None = None
    """Since when iamflow has been allowed to act in the ticket's account without interruption; None while it may not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Denials:
    """A part of a search for what a guardrail denied: what was found, and how far the search has come."""

    events: tuple[TrailEvent, ...]
    watch: Watch


@dataclass(frozen=True, kw_only=True, slots=True)
class Sight:
    """What was read for one case. None means that it was not asked for; a read that failed is an error, never a sight."""

    user: UserReading | None = None
    account: AccountReading | None = None
    preview: Preview | None = None
    """What a guardrail would do, as far as it is read by now."""
    denials: Denials | None = None
    """What was denied by a guardrail, as far as this look has searched."""
    baseline: Baseline | None = None
    reactions: Sweep | None = None
    brownout: Sweep | None = None
    """What the key did from the beginning of the brown-out on, searched for once it was over."""
    final_sweep: Sweep | None = None
    proof: Sweep | None = None
    origin: Sweep | None = None
    """Who made keys for the user since iamflow began to issue one."""
    quota: int | None = None
    """How many access keys a user of the account may have."""
    snapshot: UserReading | None = None
    """The user once more, with every document and body."""
    rights: Rights | None = None
    """What the user may do by his policies."""
    usage: Workloads | None = None
    """Which workloads of the account use the key."""
    grants: Grants | None = None
    """The policies that a role in the key's place has to have."""
    adoption: Sweep | None = None
    """Who took the role since it was made."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What to do with a ticket now.

    ``ticket`` carries the updated facts in the unchanged state. With an effect, the trigger fires once the effect has
    been observed; without one, it fires at once. ``due_at`` is the next look if nothing else happens before.
    """

    ticket: Ticket
    due_at: datetime | None
    trigger: Trigger | None = None
    effect: Effect | None = None
    resolution: Resolution | None = None
    notices: tuple[Notice, ...] = ()
    events: tuple[NewEvent, ...] = ()
    reason: str = ""
    supersedes: tuple[Ticket, ...] = ()
    """Other tickets of the same user that end with this step, since nothing is left for them to do."""
