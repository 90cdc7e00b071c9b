"""``migrate-to-role``: discover → plan → approve → a role in the key's place → cut over → deactivate, watch, delete; or undo."""

from dataclasses import replace

from iamflow.domain.decision import Case, Decision, Sight
from iamflow.domain.facts import KeyStatus
from iamflow.domain.migration import Migration
from iamflow.domain.notice import Notice, NoticeKind
from iamflow.domain.states import PAUSED, Resolution, State, Trigger, Wanted
from iamflow.domain.subject import Part
from iamflow.domain.ticket import Ticket
from iamflow.workflows.migrate_to_role import before, cutover, effects, looks, planning, proof, results, undo
from iamflow.workflows.migrate_to_role.outlook import OUTLOOK
from iamflow.workflows.migrate_to_role.table import TABLE
from iamflow.workflows.shared import common, course, notices, watch
from iamflow.workflows.shared import proof as shared_proof
from iamflow.workflows.shared.key_subject import hands_off, learn, no_longer_a_finding
from iamflow.workflows.workflow import Situation, Workflow

_ON_COURSE = frozenset({State.OPEN, State.NOTIFIED, State.EXEMPT})


def _decide(case: Case, sight: Sight, situation: Situation) -> Decision:
    ticket, migration = case.ticket, case.ticket.migration
    if ticket.ended:
        return shared_proof.decide(proof.proves, case, sight, situation)
    if ticket.key_was_deactivated:
        return _watch(case, sight, situation)
    if migration is not None and (
        migration.undoing is not None or (migration.made and ticket.wanted is Wanted.ROLLBACK)
    ):
        return undo.decide(ticket, migration, common.required(sight.user), situation)
    stood = ticket.came_from if ticket.state in PAUSED else ticket.state
    if migration is None or stood in _ON_COURSE:
        return course.decide(before.COURSE, case, sight, situation)
    return _on_the_way(case, migration, sight, situation)


def _on_the_way(case: Case, migration: Migration, sight: Sight, situation: Situation) -> Decision:
    """Decide from the discovery to the deactivation: first what ends or stops the ticket wherever it stands."""
    reading = common.required(sight.user)
    resolved = no_longer_a_finding(case.ticket, reading, situation)
    if resolved is not None:
        return _resolved(case.ticket, resolved, situation)
    ticket = learn(case.ticket, reading, situation)
    forbidden = hands_off(ticket, reading, situation)
    if forbidden is not None:
        return common.block(ticket, situation, code=forbidden[0], reason=forbidden[1])
    if ticket.state in PAUSED:
        return common.paused(ticket, situation, due_at=situation.now + situation.policy.timing.recheck)
    if ticket.wanted is Wanted.ROLLBACK:
        return _nothing_made(ticket, situation)
    return _forward(replace(case, ticket=ticket), migration, sight, situation)


def _forward(case: Case, migration: Migration, sight: Sight, situation: Situation) -> Decision:
    if not situation.policy.acts_in(case.ticket.account_id) or case.enforced_since is None:
        due_at = situation.now + situation.policy.timing.recheck
        return common.stay(case.ticket, due_at=due_at, reason="iamflow only observes this account")
    if migration.provisioned_at is not None:
        return cutover.decide(case, sight, situation)
    return planning.decide(case, sight, situation)


def _nothing_made(ticket: Ticket, situation: Situation) -> Decision:
    """Hold a ticket whose rollback was asked for before anything was made: going on would do what a person has stopped."""
    reason = f"a rollback was asked for by {ticket.wanted_by and ticket.wanted_by.by} before anything was made"
    held = replace(ticket, wanted=None, wanted_by=None, blocked_reason=reason)
    due_at = situation.now + situation.policy.timing.recheck
    return Decision(ticket=held, trigger=Trigger.HOLD, due_at=due_at, reason=reason)


def _resolved(ticket: Ticket, found: tuple[Resolution, str], situation: Situation) -> Decision:
    """End a ticket whose key is gone, or Inactive by somebody else's hand. A role that was made stays: it may be in use."""
    told: tuple[Notice, ...] = ()
    if ticket.is_replaced:
        headline = f"{found[1]}; the role stays as it is"
        told = notices.tell(NoticeKind.ATTENTION, ticket, situation.policy, situation.now, headline=headline)
    return Decision(
        ticket=ticket, trigger=Trigger.RESOLVE, resolution=found[0], due_at=None, notices=told, reason=found[1]
    )


def _watch(case: Case, sight: Sight, situation: Situation) -> Decision:
    """Watch the deactivated key. One that somebody else made Active again does not end the ticket: the application needs it."""
    ticket, reading = case.ticket, common.required(sight.user)
    key, since = reading.key(ticket.access_key_id), ticket.progress.deactivated_at
    reached = since is None or situation.now >= since + situation.policy.timing.propagation
    if key is None or key.status is not KeyStatus.ACTIVE or not reached or ticket.migration is None:
        return watch.decide(case, sight, situation)
    progress = replace(ticket.progress, deactivated_at=None, window_ends_at=None, final_sweep=None)
    facts = replace(ticket.key_facts, status=KeyStatus.ACTIVE, as_of=reading.read_at)
    asked = ticket.wanted_by and ticket.wanted_by.by
    why = f"asked for by {asked}" if ticket.wanted is Wanted.ROLLBACK else "somebody set the key to Active again"
    back = replace(
        ticket, progress=progress, facts=facts, deadline=None, migration=replace(ticket.migration, undoing=why)
    )
    return Decision(ticket=back, due_at=situation.now, reason=f"{why}: what was made is undone now")


WORKFLOW = Workflow(
    table=TABLE,
    effects=effects.ALL,
    used=effects.used,
    follows=effects.FOLLOWS,
    wants=looks.wants,
    decide=_decide,
    refused=results.refused,
    achieved=results.achieved,
    settle=results.settle,
    blocked=common.block,
    heading_for=effects.heading_for,
    effect_of=effects.effect_of,
    policies_of=effects.policies_of,
    outlook=OUTLOOK,
    blueprint_of=effects.blueprint_of,
    parts=frozenset({Part.KEY_USES}),
)
