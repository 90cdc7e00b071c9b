"""What people do to tickets. Each word is written with who said it, and the engine acts on it at its next look.

A ticket with an open intent is being acted on at this moment and refuses everything but a rollback, which is only recorded.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from iamflow.domain.clock import Clock
from iamflow.domain.decision import Decision
from iamflow.domain.errors import ChangedError, NotAuthorisedError, RefusedError
from iamflow.domain.journal import EventKind, NewEvent
from iamflow.domain.people import Identity, distinct, may_approve
from iamflow.domain.policy import Policy
from iamflow.domain.rotation import Confirmed
from iamflow.domain.schedule import after_hold
from iamflow.domain.states import PAUSED, Resolution, State, Trigger, Wanted
from iamflow.domain.ticket import Approval, Ticket, Word
from iamflow.domain.window import watched_to_the_end, window_ends
from iamflow.engine.changes import moved, was_paused_in
from iamflow.engine.ports import Change, Store
from iamflow.workflows import registry
from iamflow.workflows.workflow import Workflow

_TRIES = 5
"""How often a rollback is written anew where the ticket has changed meanwhile."""


class Reply(StrEnum):
    """What an owner can answer to a notice."""

    KEEP = "keep"
    MIGRATED = "migrated"
    GO_AHEAD = "go-ahead"


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """What steering needs: the store, the time, the settings, and who is sitting here."""

    store: Store
    clock: Clock
    policy: Policy
    person: Identity


def approve(
    desk: Desk, ref: str, *, comment: str | None = None, digest: str | None = None, accept_damage: bool = False
) -> Ticket:
    """Approve the plan as it reads now. ``digest`` says which plan the person has seen.

    A plan that is known to deny what is in use takes ``accept_damage`` from each person, and a comment.

    Raises ``RefusedError`` unless the ticket awaits an approval, ``ChangedError`` when the plan is another by now,
    ``NotAuthorisedError`` when this person may not approve it or has done so already.
    """
    ticket = idle(desk, ref)
    _require_state(ticket, State.AWAITING_APPROVAL, "approve")
    if ticket.plan_digest is None:
        message = f"ticket {ticket.id} has no plan yet: the daemon must look at it first"
        raise RefusedError(message)
    if digest is not None and not _same_digest(ticket.plan_digest, digest):
        message = f"the plan of ticket {ticket.id} has changed since it was viewed: iamflow ticket show {ticket.id}"
        raise ChangedError(message)
    require_authority(desk, ticket)
    must_say = _workflow(ticket).approval_says
    if must_say is not None and not (comment or "").strip():
        message = f"an approval of ticket {ticket.id} must say {must_say} (--comment)"
        raise RefusedError(message)
    now = desk.clock.now()
    for earlier in desk.store.case(ticket.id).approvals:
        counts = earlier.used_at is None and earlier.digest == ticket.plan_digest and now < earlier.expires_at
        if counts and not distinct(earlier.by, desk.person):
            message = f"{desk.person} has approved ticket {ticket.id} already, or cannot be told from who has"
            raise NotAuthorisedError(message)
    approval = Approval(
        ticket_id=ticket.id,
        by=desk.person,
        digest=ticket.plan_digest,
        at=now,
        expires_at=now + desk.policy.timing.approval_valid,
        comment=comment,
    )
    detail: dict[str, object] = {
        "digest": ticket.plan_digest,
        "expires_at": approval.expires_at.isoformat(),
        "comment": comment,
    }
    if accept_damage:
        detail["accepts_damage"] = True
    event = NewEvent(kind=EventKind.APPROVED, actor=str(desk.person), at=now, detail=detail)
    approved = _with_damage(ticket, comment, accepted=accept_damage)
    return write(desk, ticket, replace(approved, due_at=now), (event,), approval)


def _with_damage(ticket: Ticket, comment: str | None, *, accepted: bool) -> Ticket:
    """Return the ticket with the word that its plan's damage is accepted. Raises ``RefusedError`` where it must be and is not."""
    guardrail = ticket.progress.guardrail
    damage = guardrail.preview.damage if guardrail is not None and guardrail.preview is not None else ()
    if guardrail is None or not damage:
        return ticket
    if not accepted or not (comment or "").strip():
        message = (
            f"the plan of ticket {ticket.id} would deny what is in use (iamflow ticket show {ticket.id}): "
            "an approval must accept that, and say why (--accept-damage --comment)"
        )
        raise RefusedError(message)
    told = replace(guardrail, accepted=ticket.plan_digest)
    return replace(ticket, progress=replace(ticket.progress, guardrail=told))


def reject(desk: Desk, ref: str, *, comment: str | None = None) -> Ticket:
    """Say no. Before anything was done this ends the ticket; afterwards things stay as they are and the ticket is on hold."""
    ticket = idle(desk, ref)
    _require_state(ticket, State.AWAITING_APPROVAL, "reject")
    require_authority(desk, ticket)
    if ticket.key_was_deactivated or ticket.is_replaced:
        step = "deletion" if ticket.key_was_deactivated else "next step"
        held = replace(ticket, blocked_reason=f"the {step} was rejected by {desk.person}")
        return _pull(desk, held, Trigger.REJECT, action="reject", comment=comment)
    return _pull(desk, ticket, Trigger.REJECT, action="reject", comment=comment, resolution=Resolution.REJECTED)


def hold(desk: Desk, ref: str, *, comment: str | None = None) -> Ticket:
    """Stop the grace clock; a deactivated key is still watched, and only its deletion is stopped."""
    ticket = idle(desk, ref)
    return _pull(desk, ticket, Trigger.HOLD, action="hold", comment=comment)


def resume(desk: Desk, ref: str, *, comment: str | None = None) -> Ticket:
    """Go on after a hold, with at least a day of grace left. What had been seen by then counts as seen by a person."""
    ticket = idle(desk, ref)
    _require_state(ticket, State.ON_HOLD, "resume")
    if ticket.progress.keep is not None and not comment:
        message = f"the owner asked to keep {_it(ticket)}: say why ticket {ticket.id} goes on after all (--comment)"
        raise RefusedError(message)
    now = desk.clock.now()
    seen = tuple(signal.mark for signal in ticket.progress.signals)
    progress = replace(
        ticket.progress,
        keep=None,
        acknowledged=tuple(dict.fromkeys((*ticket.progress.acknowledged, *seen))),
    )
    resumed = replace(ticket, progress=progress)
    if not ticket.key_was_deactivated:
        resumed = replace(resumed, deadline=after_hold(ticket, now, desk.policy.timing))
    return _pull(desk, resumed, Trigger.RESUME, action="resume", comment=comment)


def retry(desk: Desk, ref: str, *, comment: str | None = None) -> Ticket:
    """Try again after a person has changed what blocked the ticket."""
    ticket = idle(desk, ref)
    _require_state(ticket, State.BLOCKED, "retry")
    if ticket.came_from in {State.OPEN, State.ISSUED}:
        ticket = replace(ticket, progress=replace(ticket.progress, notice_composed_at=None))
    return _pull(desk, ticket, Trigger.RETRY, action="retry", comment=comment)


def cancel(desk: Desk, ref: str, *, comment: str | None = None) -> Ticket:
    """End a ticket before anything was done. Afterwards, only a rollback leaves things as they were."""
    ticket = idle(desk, ref)
    if not ticket.ended and (ticket.took_access or ticket.is_replaced or ticket.state is State.BROWNOUT):
        message = f"{_taken(ticket)}: use iamflow ticket rollback {ticket.id}"
        raise RefusedError(message)
    return _pull(desk, ticket, Trigger.CANCEL, action="cancel", comment=comment, resolution=Resolution.CANCELLED)


def exempt(desk: Desk, ref: str, *, until: datetime, reason: str) -> Ticket:
    """Leave the subject alone until a date; the ticket then opens again by itself, with a new notice and a whole grace period."""
    ticket = idle(desk, ref)
    now = desk.clock.now()
    if until <= now:
        message = f"an exemption must end in the future, not on {until:%Y-%m-%d %H:%M} UTC"
        raise RefusedError(message)
    if not reason.strip():
        message = "an exemption needs a reason (--reason)"
        raise RefusedError(message)
    if ticket.took_access and ticket.access_key_id is None:
        message = f"{_taken(ticket)}: roll it back first (iamflow ticket rollback {ticket.id})"
        raise RefusedError(message)
    if ticket.is_denied or ticket.state is State.BROWNOUT:
        message = (
            f"the key of ticket {ticket.id} is in its brown-out: put it on hold (iamflow ticket hold {ticket.id}), "
            "and exempt it once that has taken the deny away"
        )
        raise RefusedError(message)
    require_authority(desk, ticket)
    progress = replace(ticket.progress, exempt_until=until, exempt_reason=reason, exemption=None)
    exempted = replace(ticket, progress=progress, deadline=None)
    extra = {"until": until.isoformat()}
    return _pull(desk, exempted, Trigger.EXEMPT, action="exempt", comment=reason, due_at=until, extra=extra)


_NO_DATE_RUNS = frozenset({State.OPEN, State.AWAITING_APPROVAL, State.BROWNOUT})


def extend(desk: Desk, ref: str, *, days: int, comment: str | None = None) -> Ticket:
    """Add whole days to the grace period or to the monitoring window."""
    ticket = idle(desk, ref)
    if days < 1:
        message = "a ticket can only be extended by one day or more"
        raise RefusedError(message)
    if ticket.ended or ticket.deadline is None or was_paused_in(ticket) in _NO_DATE_RUNS:
        message = f"ticket {ticket.id} is {ticket.state.value}: no date is running that could be extended"
        raise RefusedError(message)
    more = timedelta(days=days)
    progress = ticket.progress
    if ticket.key_was_deactivated and progress.window_ends_at is not None:
        progress = replace(progress, window_ends_at=progress.window_ends_at + more, final_sweep=None)
    extended = replace(ticket, deadline=ticket.deadline + more, progress=progress, due_at=desk.clock.now())
    return write(desk, ticket, extended, (_said(desk, "extend", comment, {"days": days}),))


def comment(desk: Desk, ref: str, text: str) -> Ticket:
    """Put a remark on the record."""
    ticket = desk.store.ticket(ref)
    event = NewEvent(kind=EventKind.COMMENT, actor=str(desk.person), at=desk.clock.now(), detail={"comment": text})
    return write(desk, ticket, ticket, (event,))


def reply(desk: Desk, ref: str, answer: Reply, *, on_behalf_of: str | None = None, text: str | None = None) -> Ticket:
    """Record an owner's answer, the operator who enters it, and on whose behalf.

    ``keep`` keeps things as they are: it holds the ticket before the deactivation and rolls it back after, and lets a
    guardrail stay that was watched to the end; ``go-ahead`` waives the rest of the grace
    period and nothing else; ``migrated`` is put on the record, and shortens nothing but the wait for a new key's adoption.
    """
    word = Word(by=desk.person, at=desk.clock.now(), on_behalf_of=on_behalf_of, comment=text)
    extra = {"reply": answer.value, "on_behalf_of": on_behalf_of}
    match answer:
        case Reply.KEEP:
            return _keep(desk, ref, word, extra)
        case Reply.GO_AHEAD:
            return _go_ahead(desk, ref, word, extra)
        case Reply.MIGRATED:
            return _migrated(desk, ref, word, extra)


def _migrated(desk: Desk, ref: str, word: Word, extra: Mapping[str, object]) -> Ticket:
    """Record it. Where a new key was made to take the old one's place, it also says that it has."""
    ticket = desk.store.ticket(ref)
    event = _said(desk, "reply", word.comment, extra)
    rotation, migration = ticket.progress.rotation, ticket.migration
    if (
        migration is not None
        and migration.provisioned_at is not None
        and not (ticket.ended or ticket.key_was_deactivated)
    ):
        ticket = idle(desk, ref)
        confirmed_role = replace(migration, migrated=Confirmed(by=str(word.by), at=word.at))
        return write(desk, ticket, replace(ticket, migration=confirmed_role, due_at=word.at), (event,))
    if ticket.ended or ticket.key_was_deactivated or rotation is None or rotation.new_key is None:
        return write(desk, ticket, ticket, (event,))
    ticket = idle(desk, ref)
    confirmed = replace(rotation, migrated=Confirmed(by=str(word.by), at=word.at))
    said = replace(ticket, progress=replace(ticket.progress, rotation=confirmed), due_at=word.at)
    return write(desk, ticket, said, (event,))


def _keep(desk: Desk, ref: str, word: Word, extra: Mapping[str, object]) -> Ticket:
    ticket = desk.store.ticket(ref)
    if ticket.progress.guardrail is not None and ticket.key_was_deactivated:
        return _keep_guardrail(desk, ref, word, extra)
    if ticket.took_access or ticket.state is State.BROWNOUT:
        return _want_rollback(desk, ticket, word, action="reply", extra=extra)
    ticket = idle(desk, ref)
    kept = replace(
        ticket,
        progress=replace(ticket.progress, keep=word),
        blocked_reason=f"the owner asked to keep {_it(ticket)}{f': {word.comment}' if word.comment else ''}",
    )
    if ticket.state in PAUSED or ticket.state is State.EXEMPT:
        return write(desk, ticket, kept, (_said(desk, "reply", word.comment, extra),))
    return _pull(desk, kept, Trigger.HOLD, action="reply", comment=word.comment, extra=extra)


def _keep_guardrail(desk: Desk, ref: str, word: Word, extra: Mapping[str, object]) -> Ticket:
    """Record that a guardrail that is attached stays: things are kept as they are by then. The requester cannot say so."""
    ticket = idle(desk, ref)
    if ticket.state is not State.MONITORING:
        message = f"ticket {ticket.id} is {ticket.state.value}: only a guardrail that is monitored can be kept"
        raise RefusedError(message)
    require_authority(desk, ticket)
    if not watched_to_the_end(ticket, desk.policy):
        ends = window_ends(ticket, desk.policy)
        until = f"until {ends:%Y-%m-%d %H:%M} UTC, and " if ends is not None and ends > desk.clock.now() else ""
        message = f"ticket {ticket.id} is watched {until}until CloudTrail has been searched after that: keep it then"
        raise RefusedError(message)
    kept = replace(ticket, progress=replace(ticket.progress, keep=word), due_at=word.at)
    return write(desk, ticket, kept, (_said(desk, "reply", word.comment, extra),))


def _go_ahead(desk: Desk, ref: str, word: Word, extra: Mapping[str, object]) -> Ticket:
    ticket = idle(desk, ref)
    if ticket.state not in {State.OPEN, State.NOTIFIED}:
        message = f"ticket {ticket.id} is {ticket.state.value}: there is no grace period to waive"
        raise RefusedError(message)
    progress = replace(ticket.progress, grace_waiver=word)
    if ticket.state is State.OPEN:
        progress = replace(progress, notice_waiver=word)
    waived = replace(ticket, progress=progress, due_at=desk.clock.now())
    return write(desk, ticket, waived, (_said(desk, "reply", word.comment, extra),))


def rollback(desk: Desk, ref: str, *, text: str | None = None) -> Ticket:
    """Record that access must be given back; the engine does it at its next look, whatever else is going on.

    Raises ``RefusedError`` where nothing was taken, or nothing can be given back.
    """
    ticket = desk.store.ticket(ref)
    word = Word(by=desk.person, at=desk.clock.now(), comment=text)
    return _want_rollback(desk, ticket, word, action="rollback", extra={})


def _want_rollback(desk: Desk, ticket: Ticket, word: Word, *, action: str, extra: Mapping[str, object]) -> Ticket:
    """Record it, also where an import or a pass writes to the ticket at this very moment: nobody has to ask twice."""
    for _ in range(_TRIES):
        try:
            return _record_rollback(desk, ticket, word, action=action, extra=extra)
        except ChangedError:
            ticket = desk.store.ticket(str(ticket.id))
    return _record_rollback(desk, ticket, word, action=action, extra=extra)


def _record_rollback(desk: Desk, ticket: Ticket, word: Word, *, action: str, extra: Mapping[str, object]) -> Ticket:
    if State.DELETING in {ticket.state, ticket.came_from}:
        message = (
            f"the deletion of the user of ticket {ticket.id} has begun and cannot be undone: put it on hold to stop it "
            f"(iamflow ticket hold {ticket.id}); once it is complete, iamflow ticket restore {ticket.id} brings back a part"
        )
        raise RefusedError(message)
    if ticket.state is State.DELETED and ticket.access_key_id is None:
        message = (
            f"the user of ticket {ticket.id} was deleted: a part of it can be brought back "
            f"(iamflow ticket restore {ticket.id})"
        )
        raise RefusedError(message)
    if ticket.state is State.DELETED:
        message = (
            f"the key of ticket {ticket.id} was deleted and cannot be restored: AWS keeps no copy. "
            "Make a new one (aws iam create-access-key --user-name USER) and see "
            f"iamflow ticket show {ticket.id} for where it was used"
        )
        raise RefusedError(message)
    if ticket.ended:
        message = f"ticket {ticket.id} has ended already ({ticket.state.value}): there is nothing to roll back"
        raise RefusedError(message)
    in_flight = desk.store.case(ticket.id).intent is not None
    changed = ticket.took_access or ticket.is_replaced or ticket.state is State.BROWNOUT
    if not changed and not in_flight:
        never = (
            "the key of ticket {} was never deactivated" if ticket.access_key_id else "ticket {} has taken nothing yet"
        )
        message = f"{never.format(ticket.id)}: use iamflow ticket hold, or cancel"
        raise RefusedError(message)
    wanted = replace(ticket, wanted=Wanted.ROLLBACK, wanted_by=word, due_at=word.at)
    return write(desk, ticket, wanted, (_said(desk, action, word.comment, extra),))


def _it(ticket: Ticket) -> str:
    """Return what an owner who says no wants to keep."""
    return "this key" if ticket.access_key_id is not None else "things as they are"


def _taken(ticket: Ticket) -> str:
    """Return in words that access has been taken."""
    if ticket.progress.guardrail is not None:
        return f"the policy of ticket {ticket.id} is made"
    if ticket.access_key_id is None:
        return f"access has been taken from the user of ticket {ticket.id}"
    if ticket.is_replaced and not ticket.key_was_deactivated:
        return f"a new key was made for ticket {ticket.id}"
    return f"the key of ticket {ticket.id} is {'deactivated' if ticket.key_was_deactivated else 'in its brown-out'}"


def idle(desk: Desk, ref: str) -> Ticket:
    """Return the ticket unless iamflow is acting on it at this moment."""
    ticket = desk.store.ticket(ref)
    if desk.store.case(ticket.id).intent is not None:
        message = (
            f"iamflow is acting on ticket {ticket.id} at this moment: look again (iamflow ticket show {ticket.id})"
        )
        raise ChangedError(message)
    return ticket


def _same_digest(stored: str, given: str) -> bool:
    """Compare digests, of which a person may give the beginning: at least the 12 characters that are shown."""
    shown = 12
    return len(given) >= shown and stored.startswith(given.lower())


def _require_state(ticket: Ticket, state: State, action: str) -> None:
    if ticket.state is not state:
        message = f"ticket {ticket.id} is {ticket.state.value}: only one that is {state.value} can be {_PAST[action]}"
        raise RefusedError(message)


_PAST = {"approve": "approved", "reject": "rejected", "resume": "resumed", "retry": "retried"}


def require_authority(desk: Desk, ticket: Ticket) -> None:
    """Refuse a person who is nobody, who is not among the approvers, or who requested this very ticket."""
    person, allowed = desk.person, desk.policy.approvers
    if allowed is not None and not ({person.os, person.sts} & allowed):
        message = f"{person} is in none of approvers.groups"
        raise NotAuthorisedError(message)
    if not may_approve(person, ticket.requester):
        message = f"{person} requested ticket {ticket.id}, or cannot be told from who did: somebody else must decide"
        raise NotAuthorisedError(message)


def _workflow(ticket: Ticket) -> Workflow:
    workflow = registry.of_version(ticket.workflow, ticket.workflow_version)
    if workflow is None:
        message = f"ticket {ticket.id} belongs to a newer iamflow ({ticket.workflow} version {ticket.workflow_version})"
        raise RefusedError(message)
    return workflow


def _pull(
    desk: Desk,
    ticket: Ticket,
    trigger: Trigger,
    *,
    action: str,
    comment: str | None,
    resolution: Resolution | None = None,
    due_at: datetime | None = None,
    extra: Mapping[str, object] | None = None,
) -> Ticket:
    """Pull a trigger by hand. An end has no next look; everything else is looked at as soon as possible."""
    now = desk.clock.now()
    decision = Decision(
        ticket=ticket,
        trigger=trigger,
        resolution=resolution,
        due_at=None if resolution is not None else due_at or now,
        reason=comment or action,
    )
    after, events = moved(_workflow(ticket), ticket, decision, now, actor=str(desk.person))
    return write(desk, ticket, after, (_said(desk, action, comment, extra or {}), *events))


def _said(desk: Desk, action: str, comment: str | None, extra: Mapping[str, object]) -> NewEvent:
    detail = {"action": action, "comment": comment, **extra}
    return NewEvent(kind=EventKind.STEERED, actor=str(desk.person), at=desk.clock.now(), detail=detail)


def write(
    desk: Desk, before: Ticket, after: Ticket, events: tuple[NewEvent, ...], approval: Approval | None = None
) -> Ticket:
    """Write under the version alone: a person needs no lease, and the daemon's own write then comes too late."""
    change = Change(before=replace(before, lease=None), after=after, events=events, approval=approval)
    applied = desk.store.commit([change])
    if before.id in applied.stale:
        message = f"ticket {before.id} changed at this moment: look again (iamflow ticket show {before.id})"
        raise ChangedError(message)
    return applied.tickets[before.id]
