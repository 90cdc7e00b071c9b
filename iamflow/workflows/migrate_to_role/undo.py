"""Decisions that take a migration back: the key works, and every step is undone, the last one first."""

from dataclasses import replace

from iamflow.domain.blueprint import foreign, left
from iamflow.domain.decision import Decision
from iamflow.domain.facts import UserReading
from iamflow.domain.migration import TRIES_MOST, Migration, tried
from iamflow.domain.notice import NoticeKind
from iamflow.domain.states import Confirmation, Resolution, Trigger
from iamflow.domain.ticket import Ticket
from iamflow.workflows.migrate_to_role import letters
from iamflow.workflows.migrate_to_role.effects import step_effect
from iamflow.workflows.shared import common
from iamflow.workflows.workflow import Situation


def decide(ticket: Ticket, migration: Migration, reading: UserReading, situation: Situation) -> Decision:
    """Decide about a ticket that is rolled back, and whose key is not Inactive by iamflow any more."""
    now, propagation = situation.now, situation.policy.timing.propagation
    asked = ticket.wanted_by and ticket.wanted_by.by
    undoing = replace(migration, undoing=migration.undoing or f"asked for by {asked}")
    ticket = replace(ticket, migration=undoing)
    blueprint, standings = undoing.blueprint, reading.standings
    if blueprint is None or standings is None:
        return common.stay(ticket, due_at=now, reason="what was made is being looked at")
    remaining = left(blueprint, standings)
    if remaining:
        mark = f"-{remaining[0].id}"
        if undoing.trying == mark and undoing.tries >= TRIES_MOST:
            reason = f"{remaining[0].target} could not be undone in {undoing.tries} tries: undo it by hand, or"
            again = replace(ticket, migration=replace(undoing, tries=0))
            return common.block(
                again, situation, code="never_undone", reason=f"{reason} iamflow ticket retry {ticket.id}"
            )
        ticket = replace(ticket, migration=tried(undoing, mark))
        return Decision(
            ticket=ticket,
            effect=step_effect(ticket, remaining[0], undo=True),
            due_at=now,
            reason=f"{undoing.undoing}; {len(remaining)} steps are left to be undone",
        )
    sure_at = (undoing.changed_at or undoing.begun_at or now) + propagation
    if now < sure_at:
        # IAM's answers may be old: what was made a moment ago need not show yet.
        return common.stay(ticket, due_at=sure_at, reason="waiting until everything that was made must show")
    return _ended(ticket, undoing, reading, situation)


def _ended(ticket: Ticket, migration: Migration, reading: UserReading, situation: Situation) -> Decision:
    policy, now = situation.policy, situation.now
    strange = [step.target for step in foreign(migration.blueprint_made, reading.standings or {})]
    asked_aws = ticket.progress.end_request is not None or bool(ticket.progress.own_requests)
    progress = replace(ticket.progress, confirm_by=now + policy.timing.confirm_within, waiting_for=())
    over = replace(
        ticket,
        migration=replace(migration, undone_at=now),
        progress=progress,
        confirmation=Confirmation.PENDING if asked_aws else None,
    )
    headline = "the key works as before, and what was made for the role is gone again"
    if strange:
        headline += f"; left alone, because somebody else has made or changed it: {', '.join(strange)}"
    reasons = [signal.sentence for signal in ticket.progress.signals] or [str(migration.undoing)]
    return Decision(
        ticket=over,
        trigger=Trigger.ROLL_BACK,
        resolution=Resolution.ROLLED_BACK,
        due_at=now + policy.proof_after(ticket.workflow) if asked_aws else None,
        notices=letters.tell(NoticeKind.ROLLED_BACK, over, policy, now, headline=headline, reasons=reasons),
        reason=headline,
    )
