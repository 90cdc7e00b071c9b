"""``delete-user`` and ``restore-user`` as pure functions: where a ticket can go, what comes next, and what a reading settles."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from iamflow.domain.belongings import beyond, differences, merged
from iamflow.domain.decision import Case, Decision, Sight
from iamflow.domain.effect import Effect, EffectKind, Intent, OutcomeKind
from iamflow.domain.evidence import Signal, SignalKind, Sweep, TrailEvent
from iamflow.domain.facts import KeyStatus, UserReading
from iamflow.domain.ids import IntentId
from iamflow.domain.states import ENDS, Resolution, State, Trigger, Wanted
from iamflow.domain.subject import Part
from iamflow.domain.ticket import Ticket
from iamflow.workflows import delete_user, restore_user
from iamflow.workflows.delete_user import effects, proof
from iamflow.workflows.workflow import CALL_BOUND, CALL_WITHIN, Situation
from tests.guards.circumstances import DAY, DEACTIVATED, HOUR, KEY, NOW, SECOND, TICK, WORD
from tests.guards.taking import DENY, SNAPSHOT, allowed, as_it_was, denied, quarantined

WORKFLOW = delete_user.WORKFLOW
WATCHED = allowed(EffectKind.DELETE_KEYS).ticket
TOLD = allowed(EffectKind.ATTACH_QUARANTINE).ticket
POLICY = allowed(EffectKind.DELETE_KEYS).policy
SITUATION = Situation(now=NOW, policy=POLICY)
MUST_SHOW = CALL_WITHIN + 2 * CALL_BOUND + POLICY.timing.propagation
GONE = UserReading(read_at=NOW, account_id=WATCHED.account_id, user_id=None)


def decided(ticket: Ticket, reading: UserReading, **sight: object) -> Decision:
    """Decide about a ticket in an account where iamflow has long been allowed to act."""
    case = Case(ticket=ticket, enforced_since=NOW - 30 * DAY)
    return WORKFLOW.decide(case, Sight(user=reading, **sight), SITUATION)  # type: ignore[arg-type]  # a sight's fields


def at(state: State, **changes: object) -> Ticket:
    """A quarantined user's ticket that stands there."""
    return replace(WATCHED, state=state, **changes)  # type: ignore[arg-type]  # a ticket's fields


# --- the table ------------------------------------------------------------------------------------------------------


def _leads(ticket: Ticket) -> set[State]:
    return {WORKFLOW.table.next_state(ticket, trigger) for trigger in Trigger if WORKFLOW.table.allows(ticket, trigger)}


def test_from_a_deletion_only_forwards_or_a_stop() -> None:
    assert _leads(at(State.DELETING)) == {State.DELETED, State.ON_HOLD, State.BLOCKED, State.RESOLVED}
    for paused in (State.ON_HOLD, State.BLOCKED):
        assert _leads(at(paused, came_from=State.DELETING)) == {State.DELETING, State.RESOLVED}
        assert State.ROLLED_BACK in _leads(at(paused, came_from=State.MONITORING))


@pytest.mark.parametrize("end", sorted(ENDS & {state for state, _ in WORKFLOW.table.states}))
def test_an_end_is_never_left(end: State) -> None:
    assert not [trigger for trigger in Trigger if WORKFLOW.table.allows(at(end), trigger)]


def test_nothing_is_deleted_that_was_not_quarantined_and_nothing_cancelled_that_was() -> None:
    for state in (State.AWAITING_APPROVAL, State.NOTIFIED):
        assert not WORKFLOW.table.allows(replace(TOLD, state=state), Trigger.START_DELETION)
        assert WORKFLOW.table.next_state(replace(TOLD, state=state), Trigger.QUARANTINE) is State.QUARANTINED
    for state, _ in WORKFLOW.table.states:
        assert not WORKFLOW.table.allows(at(state), Trigger.CANCEL)
        assert not WORKFLOW.table.allows(at(state), Trigger.EXEMPT)


def test_a_rejected_deletion_leaves_the_user_quarantined_on_hold() -> None:
    assert WORKFLOW.table.next_state(at(State.AWAITING_APPROVAL), Trigger.REJECT) is State.ON_HOLD


# --- what comes next ------------------------------------------------------------------------------------------------


def test_a_quarantine_switches_off_what_is_on_one_kind_at_a_time() -> None:
    ticket, reading = at(State.QUARANTINED), denied(as_it_was())
    first = decided(ticket, reading).effect
    assert first is not None
    assert (first.kind, first.targets) == (EffectKind.DEACTIVATE_KEYS, (KEY,))
    off = tuple(replace(key, status=KeyStatus.INACTIVE) for key in SNAPSHOT.keys)
    assert reading.belongings is not None
    second = decided(ticket, replace(reading, keys=off, belongings=replace(reading.belongings, keys=off))).effect
    assert second is not None
    assert (second.kind, second.targets) == (EffectKind.DISABLE_SERVICES, (SNAPSHOT.service_credentials[0].id,))
    assert decided(ticket, quarantined()).trigger is Trigger.WATCH


def test_it_is_watched_only_once_all_of_aws_knows() -> None:
    fresh = replace(WATCHED.progress, deactivated_at=NOW - SECOND)
    waiting = decided(at(State.QUARANTINED, progress=fresh), quarantined())
    assert waiting.trigger is None
    assert waiting.due_at == NOW - SECOND + POLICY.timing.propagation


def test_the_password_goes_with_the_quarantine_only_where_it_is_asked_for() -> None:
    asked = replace(POLICY, delete_user=replace(POLICY.delete_user, remove_login_profile=True))
    case = Case(ticket=at(State.QUARANTINED), enforced_since=NOW - 30 * DAY)
    step = WORKFLOW.decide(case, Sight(user=quarantined()), Situation(now=NOW, policy=asked)).effect
    assert step is not None
    assert step.kind is EffectKind.REMOVE_LOGIN
    assert EffectKind.REMOVE_LOGIN in WORKFLOW.used(asked)
    assert EffectKind.REMOVE_LOGIN not in WORKFLOW.used(POLICY)


def test_a_deletion_begins_with_what_gives_access() -> None:
    begun = decided(WATCHED, quarantined())
    assert begun.effect is not None
    assert (begun.effect.kind, begun.trigger) == (EffectKind.DELETE_LOGIN, Trigger.START_DELETION)


def test_without_a_conclusive_sweep_it_is_only_watched() -> None:
    ticket = at(State.MONITORING, progress=replace(WATCHED.progress, final_sweep=None))
    assert decided(ticket, quarantined()).effect is None


def test_a_deletion_takes_whatever_is_left_in_its_order_and_the_user_last() -> None:
    reading, seen = quarantined(), []
    ticket = at(State.DELETING)
    for _ in range(20):
        step = decided(ticket, reading).effect
        assert step is not None
        seen.append(step.kind)
        if step.kind is EffectKind.DELETE_USER:
            break
        reading = _after(step, reading)
    assert tuple(seen) == effects.DELETING


def _after(step: Effect, reading: UserReading) -> UserReading:
    """Return what AWS says once the step is done."""
    has = reading.belongings
    assert has is not None
    without: dict[EffectKind, dict[str, object]] = {
        EffectKind.DELETE_LOGIN: {"login_profile": False},
        EffectKind.DELETE_KEYS: {"keys": ()},
        EffectKind.DELETE_SERVICES: {"service_credentials": ()},
        EffectKind.DELETE_SSH_KEYS: {"ssh_keys": ()},
        EffectKind.DELETE_CERTIFICATES: {"certificates": ()},
        EffectKind.DEACTIVATE_MFA: {"mfa": ()},
        EffectKind.LEAVE_GROUPS: {"groups": ()},
        EffectKind.DETACH_POLICIES: {"attached": ()},
        EffectKind.DELETE_POLICIES: {"inline": {DENY: None}},
        EffectKind.DELETE_QUARANTINE: {"inline": {}},
    }
    after = replace(reading, belongings=replace(has, **without.get(step.kind, {})))  # type: ignore[arg-type]  # fields
    match step.kind:
        case EffectKind.DELETE_KEYS:
            return replace(after, keys=())
        case EffectKind.DEACTIVATE_MFA:
            return replace(after, unassigned_mfa=frozenset(SNAPSHOT.virtual_mfa))
        case EffectKind.DELETE_VIRTUAL_MFA:
            return replace(after, unassigned_mfa=frozenset())
        case EffectKind.DELETE_QUARANTINE:
            return replace(after, policies={DENY: None})
        case _:
            return after


def test_no_effect_names_more_than_can_be_done_within_a_call() -> None:
    has = replace(SNAPSHOT, groups=tuple(f"group-{number:03}" for number in range(120)))
    step = effects.effect_of(at(State.DELETING, snapshot=has), EffectKind.LEAVE_GROUPS, POLICY)
    assert len(step.targets) == 50


def test_devices_of_nobody_are_listed_only_while_a_user_with_one_is_deleted() -> None:
    assert WORKFLOW.parts_of(at(State.DELETING)) == {Part.UNASSIGNED_MFA}
    assert WORKFLOW.parts_of(at(State.ON_HOLD, came_from=State.DELETING)) == {Part.UNASSIGNED_MFA}
    assert WORKFLOW.parts_of(WATCHED) == frozenset()
    assert WORKFLOW.parts_of(at(State.DELETING, snapshot=replace(SNAPSHOT, mfa=("GAHT1",)))) == frozenset()


# --- giving back ----------------------------------------------------------------------------------------------------

USED = Signal(kind=SignalKind.USER_ACTED, sentence="the user called s3", at=NOW)
SIGNED_IN = Signal(kind=SignalKind.SIGNED_IN, sentence="somebody signed in", at=NOW)


@pytest.mark.parametrize("state", [State.QUARANTINED, State.MONITORING, State.ON_HOLD, State.BLOCKED])
@pytest.mark.parametrize("asked", [True, False])
def test_what_is_given_back_is_what_was_on_and_the_deny_last(state: State, asked: bool) -> None:
    progress = WATCHED.progress if asked else replace(WATCHED.progress, signals=(USED,))
    ticket = at(state, progress=progress, wanted=Wanted.ROLLBACK if asked else None, wanted_by=WORD if asked else None)
    first = decided(ticket, quarantined()).effect
    assert first is not None
    assert (first.kind, first.targets) == (EffectKind.REACTIVATE_KEYS, (KEY,))
    third = decided(ticket, denied(as_it_was())).effect
    assert third is not None
    assert (third.kind, third.targets) == (EffectKind.LIFT_QUARANTINE, (DENY,))
    ended = decided(ticket, as_it_was(), snapshot=as_it_was())
    assert (ended.trigger, ended.resolution, ended.effect) == (Trigger.ROLL_BACK, Resolution.ROLLED_BACK, None)
    assert "not as before" not in ended.reason


def test_a_rollback_does_not_end_before_the_user_was_compared() -> None:
    ticket = at(State.MONITORING, wanted=Wanted.ROLLBACK, wanted_by=WORD)
    assert decided(ticket, as_it_was()).trigger is None


def test_a_foreign_deny_is_not_removed_in_a_rollback() -> None:
    ticket = at(State.MONITORING, wanted=Wanted.ROLLBACK, wanted_by=WORD)
    blocked = decided(ticket, replace(as_it_was(), policies={DENY: "{}"}))
    assert (blocked.trigger, blocked.effect) == (Trigger.BLOCK, None)


def test_a_sign_in_holds_and_asks_for_an_approval_later() -> None:
    held = decided(WATCHED, replace(quarantined(), password_last_used=NOW))
    assert held.trigger is Trigger.HOLD
    assert any(reason.startswith("held: somebody signed in") for reason in held.ticket.progress.approval_reasons)


def test_a_use_that_only_the_final_sweep_shows_gives_back() -> None:
    used = TrailEvent(
        event_id="e", at=NOW, region="us-east-1", source="s3", name="GetObject", access_key_id=KEY, username="deploy"
    )
    sweep = Sweep(run_at=NOW, start=DEACTIVATED, end=NOW, regions=("us-east-1",), events=(used,), unread=(("", "x"),))
    decision = decided(WATCHED, quarantined(), final_sweep=sweep)
    assert decision.effect is not None
    assert decision.effect.kind is EffectKind.REACTIVATE_KEYS
    assert [signal.kind for signal in decision.ticket.progress.signals] == [SignalKind.USER_ACTED]


def test_once_the_deletion_has_begun_a_wish_to_go_back_stops_it() -> None:
    ticket = at(State.DELETING, wanted=Wanted.ROLLBACK, wanted_by=WORD)
    stopped = decided(ticket, quarantined())
    assert (stopped.trigger, stopped.effect, stopped.ticket.wanted) == (Trigger.HOLD, None, None)
    assert "ticket restore" in (stopped.ticket.blocked_reason or "")


@pytest.mark.parametrize("state", [State.QUARANTINED, State.MONITORING, State.DELETING, State.ON_HOLD])
def test_a_user_who_is_gone_ends_the_ticket_and_another_one_of_the_name_blocks_it(state: State) -> None:
    assert decided(at(state), GONE).resolution is Resolution.USER_GONE
    another = decided(at(state), replace(quarantined(), user_id="AIDAANOTHER"))
    assert another.effect is None
    assert "recreated" in another.reason


# --- open intents ---------------------------------------------------------------------------------------------------


def settled(
    kind: EffectKind, reading: UserReading, *targets: str, ago: timedelta = HOUR, ticket: Ticket = WATCHED
) -> tuple[OutcomeKind, str] | None:
    """Return what a reading makes of an intent that was opened that long ago."""
    effect = effects.effect(ticket, kind, targets)
    opened: datetime = NOW - ago
    intent = Intent(id=IntentId(1), ticket_id=ticket.id, step=1, effect=effect, idempotency_key="x", opened_at=opened)
    outcome = WORKFLOW.settle(Case(ticket=ticket, intent=intent), reading, SITUATION)
    return (outcome.kind, outcome.detail or "") if outcome is not None else None


@pytest.mark.parametrize(
    ("kind", "reading"),
    [
        (EffectKind.ATTACH_QUARANTINE, denied(as_it_was())),
        (EffectKind.DEACTIVATE_KEYS, quarantined()),
        (EffectKind.DISABLE_SERVICES, quarantined()),
        (EffectKind.REACTIVATE_KEYS, as_it_was()),
        (EffectKind.LIFT_QUARANTINE, as_it_was()),
        (EffectKind.DELETE_USER, GONE),
    ],
)
def test_what_shows_is_done(kind: EffectKind, reading: UserReading) -> None:
    found = settled(kind, reading, KEY, ago=TICK)
    assert found is not None
    assert found[0] is OutcomeKind.DONE


def test_what_does_not_show_yet_may_still_come_and_is_not_done_once_it_must_show() -> None:
    assert settled(EffectKind.LEAVE_GROUPS, quarantined(), "admins", ago=MUST_SHOW) is None
    found = settled(EffectKind.LEAVE_GROUPS, quarantined(), "admins", "left", ago=MUST_SHOW + TICK)
    assert found is not None
    assert found[0] is OutcomeKind.NOT_DONE
    assert "1 of 2 left" in found[1]


def test_what_came_meanwhile_is_not_held_against_an_effect_that_did_not_name_it() -> None:
    has = quarantined().belongings
    assert has is not None
    newcomer = replace(quarantined(), belongings=replace(has, groups=("new",)))
    found = settled(EffectKind.LEAVE_GROUPS, newcomer, "admins")
    assert found is not None
    assert found[0] is OutcomeKind.DONE


@pytest.mark.parametrize("reading", [GONE, replace(quarantined(), user_id="AIDAANOTHER")])
def test_a_user_who_is_gone_was_not_quarantined_by_us(reading: UserReading) -> None:
    for kind in (EffectKind.ATTACH_QUARANTINE, EffectKind.DELETE_KEYS, EffectKind.LIFT_QUARANTINE):
        found = settled(kind, reading, KEY, ago=TICK)
        assert found is not None
        assert found[0] is OutcomeKind.NOT_DONE


def test_a_user_who_was_made_anew_under_the_name_does_not_prove_our_deletion() -> None:
    found = settled(EffectKind.DELETE_USER, replace(quarantined(), user_id="AIDAANOTHER"))
    assert found is not None
    assert found[0] is OutcomeKind.NOT_DONE


def test_only_the_users_own_event_proves_the_end() -> None:
    ended = at(State.DELETED, progress=replace(WATCHED.progress, end_request="r1"))
    event = TrailEvent(
        event_id="e", at=NOW, region="us-east-1", source="iam.amazonaws.com", name="DeleteUser", target_user="deploy",
        request_id="r1",
    )  # fmt: skip
    assert proof.proves(event, ended)
    for change in ({"target_user": "x"}, {"error_code": "AccessDenied"}, {"name": "DeleteGroup"}):
        assert not proof.proves(replace(event, **change), ended)  # type: ignore[arg-type]  # an event's fields
    back = at(State.ROLLED_BACK)
    lifted = replace(event, name="DeleteUserPolicy", target_policy=DENY)
    assert proof.proves(lifted, back)
    assert not proof.proves(replace(lifted, target_policy="own"), back)


# --- belongings -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("groups", ("admins", "new"), "groups: new"),
        ("attached", (), "attached: arn:aws:iam::aws:policy/ReadOnlyAccess"),
        ("inline", {"own": "[]"}, "inline: own"),
        ("boundary", "arn:x", "boundary: was None, is arn:x"),
        ("tags", {"a": "b"}, "tags: a"),
        ("path", "/", "path: was /staff/, is /"),
        ("login_profile", False, "login profile: was True, is False"),
        ("mfa", (), "mfa: GAHT00000001, arn:aws:iam::012345678901:mfa/deploy"),
        ("certificates", (), "certificates: CERT"),
    ],
)
def test_every_field_that_differs_is_named(field: str, value: object, told: str) -> None:
    assert differences(SNAPSHOT, SNAPSHOT) == ()
    assert differences(SNAPSHOT, replace(SNAPSHOT, **{field: value})) == (told,)  # type: ignore[arg-type]  # a field


def test_a_key_that_is_in_another_state_is_named() -> None:
    off = tuple(replace(key, status=KeyStatus.INACTIVE) for key in SNAPSHOT.keys)
    assert differences(SNAPSHOT, replace(SNAPSHOT, keys=off)) == (f"keys: {KEY}",)


def test_the_digest_is_of_everything_and_of_nothing_else() -> None:
    assert SNAPSHOT.digest() == replace(SNAPSHOT).digest()
    assert SNAPSHOT.digest() != replace(SNAPSHOT, inline={"own": "[]"}).digest()


def test_what_is_added_later_joins_the_snapshot_which_keeps_the_first_state() -> None:
    now = quarantined().belongings
    assert now is not None
    both = merged(SNAPSHOT, replace(now, groups=("new",)))
    assert both.groups == ("admins", "new")
    assert both.keys == tuple(sorted(SNAPSHOT.keys, key=lambda key: key.key_id))
    assert both.service_credentials == SNAPSHOT.service_credentials
    assert beyond(replace(now, groups=("new",)), both, ours=DENY) == ()
    assert beyond(now, replace(SNAPSHOT, login_profile=False), ours=DENY) == ("console password",)


# --- restoring ------------------------------------------------------------------------------------------------------

RESTORE = restore_user.WORKFLOW
FIRST = allowed(EffectKind.RESTORE_USER).ticket
MADE = replace(FIRST, user_id=SNAPSHOT.user_id)


def test_the_user_is_made_first_with_its_boundary_path_and_tags() -> None:
    step = RESTORE.decide(Case(ticket=FIRST), Sight(user=GONE), SITUATION).effect
    assert step is not None
    assert step.kind is EffectKind.RESTORE_USER
    assert step.document == '{"boundary": null, "path": "/staff/", "tags": {}}'


def test_what_did_not_come_back_together_is_tried_alone_and_then_left_out() -> None:
    bare = replace(SNAPSHOT, groups=(), attached=(), inline={}, ssh_keys=())
    reading = replace(as_it_was(), belongings=bare)
    two = replace(MADE, snapshot=replace(SNAPSHOT, groups=("a", "b")))
    first = RESTORE.decide(Case(ticket=two), Sight(user=reading), SITUATION)
    assert first.effect is not None
    assert first.effect.targets == ("a", "b")
    again = RESTORE.blocked(first.ticket, SITUATION, "refused", "no such group")
    assert (again.trigger, again.ticket.progress.left_out) == (None, ())
    alone = RESTORE.decide(Case(ticket=again.ticket), Sight(user=reading), SITUATION)
    assert alone.effect is not None
    assert alone.effect.targets == ("a",)
    out = RESTORE.blocked(alone.ticket, SITUATION, "refused", "no such group")
    assert out.ticket.progress.left_out == ("a",)
    denied_ = RESTORE.blocked(alone.ticket, SITUATION, "access", "denied")
    assert denied_.trigger is Trigger.BLOCK


def test_a_restoration_that_is_complete_ends_and_tells_what_is_missing() -> None:
    ended = RESTORE.decide(Case(ticket=MADE), Sight(user=as_it_was()), SITUATION)
    assert (ended.trigger, ended.resolution) == (Trigger.RESTORE, Resolution.RESTORED)
    assert "the user's id" in ended.reason
