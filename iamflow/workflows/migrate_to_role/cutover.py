"""Decisions while role and key both work: wait until the application uses the role, and the key is idle."""

from dataclasses import replace
from datetime import datetime

from iamflow.domain.blueprint import missing
from iamflow.domain.decision import Case, Decision, Sight
from iamflow.domain.effect import EffectKind
from iamflow.domain.facts import UserReading
from iamflow.domain.migration import Migration, idle_since
from iamflow.domain.notice import NoticeKind
from iamflow.domain.states import State, Trigger
from iamflow.domain.ticket import Ticket
from iamflow.workflows.migrate_to_role import letters
from iamflow.workflows.shared import common
from iamflow.workflows.shared.watch import key_effect
from iamflow.workflows.workflow import Situation


def provisioned(ticket: Ticket, migration: Migration, at: datetime, situation: Situation) -> Decision:
    """Return what becomes of a ticket whose plan was seen to be carried out whole."""
    policy = situation.policy
    whole = replace(migration, provisioned_at=at, changed_at=at)
    progress = replace(ticket.progress, approval_reasons=(), waiting_for=())
    made = replace(ticket, migration=whole, progress=progress, deadline=None)
    headline = f"the role {whole.blueprint_made.role} is there, and the application can take it; the key still works"
    return Decision(
        ticket=made,
        trigger=Trigger.PROVISION,
        due_at=at + policy.timing.propagation,
        notices=letters.tell(NoticeKind.PROVISIONED, made, policy, situation.now, headline=headline),
        reason=headline,
    )


def decide(case: Case, sight: Sight, situation: Situation) -> Decision:
    """Decide about a ticket whose role is there and whose key works."""
    ticket, reading = case.ticket, common.required(sight.user)
    migration, now = _learned(ticket, reading, sight), situation.now
    ticket = replace(ticket, migration=migration, baseline=sight.baseline or ticket.baseline)
    gone = missing(migration.blueprint_made, reading.standings or {})
    if gone:
        reason = (
            f"{gone[0].target} is not as planned any more: put it back, or undo everything with "
            f"iamflow ticket rollback {ticket.id}"
        )
        return common.block(ticket, situation, code="role_changed", reason=reason)
    if ticket.state is State.PROVISIONED:
        reached = (migration.provisioned_at or now) + situation.policy.timing.propagation
        if now < reached:
            return common.stay(ticket, due_at=reached, reason="the role is reaching all of AWS")
        reason = "waiting until the role is in use and the key idle"
        return Decision(
            ticket=ticket, trigger=Trigger.AWAIT_CUTOVER, due_at=now + situation.policy.timing.poll, reason=reason
        )
    return _await(replace(case, ticket=ticket), migration, reading, situation)


def _learned(ticket: Ticket, reading: UserReading, sight: Sight) -> Migration:
    """Return the way with when the role was last seen in use, by whatever tells of it."""
    migration = ticket.migration
    if migration is None:
        message = f"ticket {ticket.id} leads to no role"
        raise AssertionError(message)
    taken = sight.adoption.events if sight.adoption is not None else ()
    seen = [
        at for at in (migration.role_used_at, reading.role_used_at, *(event.at for event in taken)) if at is not None
    ]
    return replace(migration, role_used_at=max(seen, default=None))


def _await(case: Case, migration: Migration, reading: UserReading, situation: Situation) -> Decision:
    ticket, now = case.ticket, situation.now
    waits = ticket.state is State.AWAITING_APPROVAL and not any(one.used_at is None for one in case.approvals)
    if waits:
        reason = "waiting for an approval of the key's deactivation"
        return common.stay(ticket, due_at=now + situation.policy.timing.recheck, reason=reason)
    taken = migration.role_used_at is not None or migration.migrated is not None
    if taken and is_idle(ticket, migration, reading, situation):
        said = "the owner said that nothing uses the key any more"
        return Decision(
            ticket=ticket,
            effect=key_effect(ticket, EffectKind.DEACTIVATE_KEY),
            trigger=Trigger.DEACTIVATE,
            due_at=now,
            reason=said if migration.migrated is not None else "the role is in use, and the key is idle",
        )
    return _remind(ticket, migration, reading, situation)


def is_idle(ticket: Ticket, migration: Migration, reading: UserReading, situation: Situation) -> bool:
    """Return whether the key has been idle for as long as the settings ask for, or the owner has said that it is not used."""
    if migration.migrated is not None:
        return True
    until = _idle_until(ticket, migration, reading, situation)
    return until is not None and situation.now >= until


def _idle_until(ticket: Ticket, migration: Migration, reading: UserReading, situation: Situation) -> datetime | None:
    idle = situation.policy.of(ticket.workflow).idle
    since = idle_since(migration, reading.last_use.at if reading.last_use is not None else None)
    return since + idle if since is not None and idle is not None else None


def _remind(ticket: Ticket, migration: Migration, reading: UserReading, situation: Situation) -> Decision:
    """Look again, and remind the owner now and then of a role that nothing uses, or of a key that something still uses."""
    policy, now = situation.policy, situation.now
    reason = "the role has not been used yet" if migration.role_used_at is None else "the key is still in use"
    until = _idle_until(ticket, migration, reading, situation)
    due_at = now + policy.timing.poll
    if migration.role_used_at is not None and until is not None and now < until:
        due_at = min(due_at, until)
    last = migration.reminded_at or migration.provisioned_at or now
    if now < last + policy.migrate_to_role.remind:
        return common.stay(ticket, due_at=due_at, reason=reason)
    reminded = replace(ticket, migration=replace(migration, reminded_at=now))
    told = letters.tell(NoticeKind.ROLE_UNUSED, reminded, policy, now, headline=reason)
    return Decision(ticket=reminded, due_at=due_at, notices=told, reason=reason)
