"""A ticket: one remediation, as it stands."""

from dataclasses import dataclass, field
from datetime import datetime

from iamflow.domain.belongings import Belongings
from iamflow.domain.brownout import Brownout
from iamflow.domain.evidence import Baseline, Signal, SweepRecord
from iamflow.domain.facts import Facts, KeyFacts, LastUse, last_use_of
from iamflow.domain.guardrail import Guardrail
from iamflow.domain.ids import AccountId, KeyId, SubjectId, TicketId, UserName
from iamflow.domain.migration import Migration
from iamflow.domain.people import Identity
from iamflow.domain.require_mfa import Enrolment, MfaPolicy
from iamflow.domain.rotation import Rotation
from iamflow.domain.states import ENDS, Confirmation, Resolution, State, Wanted
from iamflow.domain.subject import subject_id


@dataclass(frozen=True, kw_only=True, slots=True)
class Owner:
    """Who is told. ``source`` is ``tag``, ``map``, ``contact`` (of the settings), ``account`` (the account's own) or ``default``.

    A default is nobody in particular.
    """

    address: str
    source: str
    name: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """Something a person said that changes what may happen: a waiver, or the owner's keep."""

    by: Identity
    at: datetime
    on_behalf_of: str | None = None
    comment: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Lease:
    """Who may write this ticket for a while. A write under another token fails."""

    holder: str
    token: str
    until: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """How far the ticket has come: every date and word that a later step depends on. All times aware UTC."""

    notice_round: int = 0
    """Counts first notices; a new grace period is a new round."""
    notice_composed_at: datetime | None = None
    notified_at: datetime | None = None
    promised_at: datetime | None = None
    """The date that the accepted notice promised: nothing happens before it."""
    told_owner: bool = False
    """Whether the accepted notice went to more than the default address."""
    reminders: tuple[str, ...] = ()
    notice_waiver: Word | None = None
    grace_waiver: Word | None = None
    keep: Word | None = None
    approval_reasons: tuple[str, ...] = ()
    """Why this ticket may not go on by time alone."""
    once_rolled_back: bool = False
    last_use: LastUse | None = None
    """The last use as read live, most recently."""
    brownout: Brownout | None = None
    """The brown-out that was begun last; None where none was."""
    mfa_policy: MfaPolicy | None = None
    """The policy that requires MFA, where it was put on the user or is being put."""
    enrolment: Enrolment | None = None
    """Whether the user may enrol an MFA device himself, as looked at last."""
    rotation: Rotation | None = None
    """How far the replacement of the key by a new one has come; None where none was begun."""
    guardrail: Guardrail | None = None
    """How far the guardrail of a target has come; None where the ticket is about something else, or was not looked at."""
    deactivated_at: datetime | None = None
    """Since when access has been taken: the later of the reading that showed it and AWS's own Date header."""
    window_ends_at: datetime | None = None
    final_sweep: SweepRecord | None = None
    signals: tuple[Signal, ...] = ()
    acknowledged: tuple[str, ...] = ()
    """The marks of signals that a person has seen and let pass by resuming."""
    end_request: str | None = None
    """The request id of the call that ended the ticket; None when its answer was lost."""
    managed: str | None = None
    """What manages the user as code, in words, by its tags as read last; None for nothing, and for not read."""
    told_as_managed: bool = False
    """Whether the owner was told that iamflow changes nothing, since the user is managed elsewhere."""
    own_requests: tuple[str, ...] = ()
    """Request ids of iamflow's own calls for this ticket."""
    held_at: datetime | None = None
    confirm_by: datetime | None = None
    proof_event_id: str | None = None
    exempt_until: datetime | None = None
    exempt_reason: str | None = None
    exemption: int | None = None
    """The number of the standing exemption that holds the ticket; None where it was exempted by itself."""
    exemptions_told: tuple[int, ...] = ()
    """The standing exemptions that came too late for this ticket, and of which people were told."""
    paced_until: datetime | None = None
    """When the caps give this ticket its next slot, where they made it wait."""
    trying: tuple[str, ...] = ()
    """What the last effect of a restoration names, until it was observed."""
    left_out: tuple[str, ...] = ()
    """What AWS refuses to put back."""
    waits: int = 0
    """How often in a row a step was refused and waits."""
    waiting_for: tuple[str, ...] = ()
    """Every reason why the last look did not act."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ticket:
    """One remediation. Frozen: a change is a new value, written together with its events."""

    id: TicketId
    workflow: str
    workflow_version: int
    account_id: AccountId
    account_name: str
    username: UserName
    user_id: str | None = None
    access_key_id: KeyId | None = None
    """The key that the ticket is about; None where it is about the user, the account or the organisation."""
    owner: Owner | None = None
    requester: Identity
    state: State
    state_since: datetime
    came_from: State | None = None
    """For a paused ticket, the state to go back to."""
    due_at: datetime | None
    deadline: datetime | None = None
    version: int = 1
    lease: Lease | None = None
    attempts: int = 0
    blocked_code: str | None = None
    blocked_reason: str | None = None
    plan_digest: str | None = None
    facts: Facts
    progress: Progress = field(default_factory=Progress)
    baseline: Baseline | None = None
    snapshot: Belongings | None = None
    """What the user had before anything was taken, where the workflow takes a whole user away or brings one back."""
    migration: Migration | None = None
    """The way to a role, where the workflow leads to one."""
    wanted: Wanted | None = None
    wanted_by: Word | None = None
    parent_id: TicketId | None = None
    opened_at: datetime
    closed_at: datetime | None = None
    resolution: Resolution | None = None
    confirmation: Confirmation | None = None
    evidence_removed_at: datetime | None = None
    """When retention removed what CloudTrail had told: baseline, signals, final sweep."""
    events_removed_at: datetime | None = None
    """When retention removed the ticket's history."""

    @property
    def ended(self) -> bool:
        """Whether the ticket has come to one of its ends."""
        return self.state in ENDS

    @property
    def subject(self) -> SubjectId:
        """What the ticket is about, as one text."""
        return subject_id(self.account_id, self.username, self.access_key_id)

    @property
    def key(self) -> KeyId:
        """The key that the ticket is about. A ticket that is about no key has none to ask for."""
        if self.access_key_id is None:
            message = f"ticket {self.id} ({self.workflow}) is about no single key"
            raise AssertionError(message)
        return self.access_key_id

    @property
    def watched_keys(self) -> tuple[KeyId, ...]:
        """The keys whose use means something: the ticket's own, or all that its user had."""
        if self.access_key_id is not None:
            return (self.access_key_id,)
        return tuple(key.key_id for key in self.snapshot.keys) if self.snapshot is not None else ()

    @property
    def key_facts(self) -> KeyFacts:
        """What is known of the key that the ticket is about."""
        if not isinstance(self.facts, KeyFacts):
            message = f"ticket {self.id} ({self.workflow}) is about no single key"
            raise AssertionError(message)  # noqa: TRY004 - the ticket is of another workflow; no type was passed wrongly
        return self.facts

    @property
    def known_last_use(self) -> LastUse | None:
        """The newest that is known of the last use: what AWS told, or what an earlier report did where AWS has no data."""
        read, reported = self.progress.last_use, last_use_of(self.facts)
        return read if read is not None and (read.at is not None or reported is None) else reported

    @property
    def key_was_deactivated(self) -> bool:
        """Whether iamflow was seen to have taken access from the subject: leaving it alone is then not doing nothing."""
        return self.progress.deactivated_at is not None

    @property
    def is_denied(self) -> bool:
        """Whether a deny of iamflow's may be on the user: begun, and not yet observed to be gone."""
        brownout, policy = self.progress.brownout, self.progress.mfa_policy
        browned_out = brownout is not None and brownout.lifted_at is None
        guardrail = self.progress.guardrail
        governed = guardrail is not None and guardrail.begun
        return browned_out or governed or (policy is not None and policy.removed_at is None)

    @property
    def was_browned_out(self) -> bool:
        """Whether a brown-out came about and is over."""
        brownout = self.progress.brownout
        return brownout is not None and brownout.lifted_at is not None

    @property
    def is_replaced(self) -> bool:
        """Whether a new key, or a role, may have been made to take this one's place."""
        rotation, migration = self.progress.rotation, self.migration
        return (rotation is not None and rotation.made) or (migration is not None and migration.made)

    @property
    def took_access(self) -> bool:
        """Whether iamflow has taken access away and not given it back, so that cancelling is no longer the same as nothing."""
        return self.key_was_deactivated or self.is_denied


@dataclass(frozen=True, kw_only=True, slots=True)
class NewTicket:
    """A ticket that is about to be opened."""

    workflow: str
    workflow_version: int
    account_id: AccountId
    account_name: str
    username: UserName
    access_key_id: KeyId | None = None
    requester: Identity
    facts: Facts
    progress: Progress = field(default_factory=Progress)
    opened_at: datetime
    due_at: datetime
    parent_id: TicketId | None = None
    snapshot: Belongings | None = None
    migration: Migration | None = None

    @property
    def subject(self) -> SubjectId:
        """What the ticket is about, as one text: at most one open ticket of a workflow is about it."""
        return subject_id(self.account_id, self.username, self.access_key_id)


@dataclass(frozen=True, kw_only=True, slots=True)
class Approval:
    """A person's yes to one plan: bound to its digest, once, until it expires."""

    ticket_id: TicketId
    by: Identity
    digest: str
    at: datetime
    expires_at: datetime
    comment: str | None = None
    used_at: datetime | None = None
