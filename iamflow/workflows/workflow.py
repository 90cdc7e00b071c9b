"""What every workflow offers to the engine: its table and its pure functions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from iamflow.domain.blueprint import Blueprint
from iamflow.domain.decision import Case, Decision, Look, Sight
from iamflow.domain.effect import Effect, EffectKind, Outcome
from iamflow.domain.exemption import Exemption
from iamflow.domain.facts import UserReading
from iamflow.domain.guards import Refusal
from iamflow.domain.policy import Policy
from iamflow.domain.sink import Sink
from iamflow.domain.states import State
from iamflow.domain.subject import About, Governed, Part
from iamflow.domain.ticket import Ticket
from iamflow.workflows.machine import Table

CALL_WITHIN = timedelta(seconds=60)
"""How long after its intent a call may begin. One that comes later is not made: whoever settles the intent counts on it."""

CALL_BOUND = timedelta(seconds=30)
"""No mutating call takes longer: connect and read timeouts together stay below it, and it is never retried."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Situation:
    """What a decision depends on besides the ticket and AWS: the time (UTC) and the settings."""

    now: datetime
    policy: Policy
    exemptions: tuple[Exemption, ...] | None = None
    """The standing exemptions that run now; None where they were not read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Achievement:
    """An effect that has been observed: what it was, how it was settled, and the reading that showed it."""

    effect: Effect
    outcome: Outcome
    reading: UserReading


@dataclass(frozen=True, kw_only=True, slots=True)
class Outlook:
    """What people are told about a ticket's way: what comes next, what is planned, when it ends, how to undo it by hand."""

    next_step: Callable[[Ticket], str]
    planned: Callable[[Ticket, Policy], str]
    """What would be done to a ticket that has not ended."""
    expected_end: Callable[[Ticket, Policy, datetime], datetime | None]
    """When a ticket that has not ended is expected to be complete if nothing comes between; None where that is open."""
    given_back: Callable[[Ticket], str]
    """What a rollback has done, as a sentence without its full stop."""
    by_hand: Callable[[Ticket], tuple[str, tuple[tuple[str, str], ...]]]
    """The AWS CLI's command that gives access back without iamflow: its service and name, and its options in order."""
    more_by_hand: Callable[[Ticket], tuple[tuple[str, tuple[tuple[str, str], ...]], ...]] = lambda _ticket: ()
    """The commands that must follow it, where one alone does not give everything back. Values in capitals are for whoever
    types it to fill in, from the answer to the command before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Workflow:
    """A workflow. Every function is pure."""

    table: Table
    effects: tuple[EffectKind, ...]
    """The effects it may have."""
    used: Callable[[Policy], frozenset[EffectKind]]
    """Those that it has under these settings, which is also what its permissions are for."""
    follows: Mapping[EffectKind, frozenset[State]]
    """The states that each effect that takes something may follow; one that is not named follows none."""
    wants: Callable[[Case, Sight, Situation], frozenset[Look]]
    """What must still be read before deciding; asked again until it wants nothing more."""
    decide: Callable[[Case, Sight, Situation], Decision]
    refused: Callable[[Case, Decision, tuple[Refusal, ...], Situation], Decision]
    """What becomes of a decision whose effect the guards refused."""
    achieved: Callable[[Case, Achievement, Situation], Decision]
    settle: Callable[[Case, UserReading, Situation], Outcome | None]
    """What a reading says about the case's open intent; None when it cannot be told yet."""
    blocked: Callable[[Ticket, Situation, str, str], Decision]
    """What becomes of a ticket that is set aside for a person, given a code and a sentence."""
    heading_for: Callable[[Ticket, Policy], EffectKind | None]
    """The next effect on the ticket's way, for ``ticket why`` and the plan."""
    effect_of: Callable[[Ticket, EffectKind, Policy], Effect]
    """The effect of a kind that the ticket may have under these settings."""
    policies_of: Callable[[Ticket, Policy], tuple[str, ...]]
    """The inline policies that every reading for this ticket must ask for, by name."""
    outlook: Outlook
    about: About = About.KEY
    """What its tickets are about."""
    managed_of: Callable[[Ticket, Policy], tuple[str, ...]] = lambda _ticket, _policy: ()
    """The customer managed policies that every reading for this ticket must ask for, by name."""
    sink_of: Callable[[Ticket], Sink | None] = lambda _ticket: None
    """The place for the secret of a new key that every reading for this ticket must look at."""
    governed_of: Callable[[Ticket], Governed | None] = lambda _ticket: None
    """The target and the policy of a guardrail, where readings for this ticket are about them and about no user."""
    blueprint_of: Callable[[Ticket], Blueprint | None] = lambda _ticket: None
    """What was planned so that a role takes a key's place, where readings for this ticket must look at it."""
    parts: frozenset[Part] = frozenset()
    """What every reading must hold besides the user and the keys."""
    parts_of: Callable[[Ticket], frozenset[Part]] = lambda _ticket: frozenset()
    """What readings for a ticket that has come so far must hold besides that."""
    by_name: bool = True
    """Whether a person can open a ticket of it by naming its subject (``ticket open``)."""
    approval_says: str | None = None
    """What the comment of an approval must say; None where an approval needs none."""

    @property
    def name(self) -> str:
        """The workflow's name, as in ``ticket open --workflow``."""
        return self.table.workflow
