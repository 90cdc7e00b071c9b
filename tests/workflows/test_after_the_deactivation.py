"""What is decided while a deactivated key is watched: give it back, stop the clock, end, ask, or propose the deletion."""

from dataclasses import replace
from datetime import timedelta

import pytest

from iamflow.domain.decision import Sight
from iamflow.domain.effect import EffectKind
from iamflow.domain.evidence import Signal, SignalKind
from iamflow.domain.facts import KeyStatus, LastUse, UserReading
from iamflow.domain.journal import EventKind
from iamflow.domain.notice import NoticeKind
from iamflow.domain.policy import OwnerRules, Policy
from iamflow.domain.states import Mode, Resolution, State, Trigger, Wanted
from iamflow.domain.ticket import Ticket
from iamflow.workflows.disable_key import WORKFLOW
from tests.workflows.samples import (
    DAY,
    DEACTIVATED,
    HOUR,
    INACTIVE,
    KEY,
    MINUTE,
    NOW,
    SWEPT,
    WATCHED,
    WORD,
    approval,
    case,
    decide,
    disable_key,
    effect,
    enforcing,
    event,
    key_made,
    looking,
    reading,
    situation,
    sweep,
    ticket,
)

AFTER = (State.DEACTIVATED, State.MONITORING, State.AWAITING_APPROVAL, State.ON_HOLD, State.BLOCKED)
ACTIVE_CALL = event("UpdateAccessKey", access_key_id="ASIASOMEBODY", target_key_id=KEY, new_status="Active", principal="arn:aws:iam::012345678901:user/owner")  # fmt: skip
SESSION = event(access_key_id="ASIAMINTED", username="deploy", principal="arn:aws:iam::012345678901:user/deploy")
NEW_KEY = event("CreateAccessKey", access_key_id="ASIASOMEBODY", target_user="deploy", target_key_id="AKIANEW")


def watched(state: State = State.MONITORING, **changes: object) -> Ticket:
    return ticket(state, replace(WATCHED, **changes))  # type: ignore[arg-type]  # the progress's own names


def seeing(of: Ticket, key: UserReading, **sight: object) -> Sight:
    return Sight(user=key, **sight)  # type: ignore[arg-type]  # the sight's own names


# --- ends -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", AFTER)
@pytest.mark.parametrize(
    ("seen", "resolution"),
    [(reading(None), Resolution.KEY_GONE), (reading(None, user_id=None), Resolution.USER_GONE)],
)
def test_a_key_that_somebody_else_deleted_ends_the_ticket(
    state: State, seen: UserReading, resolution: Resolution
) -> None:
    decision = decide(case(watched(state)), seeing(watched(state), seen, reactions=sweep()))
    assert (decision.trigger, decision.resolution) == (Trigger.RESOLVE, resolution)
    assert decision.notices[0].kind is NoticeKind.ATTENTION


@pytest.mark.parametrize("state", AFTER)
def test_a_key_that_is_active_again_ends_the_ticket_and_names_who_did_it(state: State) -> None:
    decision = decide(case(watched(state)), Sight(user=reading(), reactions=sweep(ACTIVE_CALL, SESSION)))
    assert (decision.trigger, decision.resolution) == (Trigger.RESOLVE, Resolution.OWNER_REACTIVATED)
    assert "user/owner" in decision.reason
    assert [signal.kind for signal in decision.ticket.progress.signals] == [SignalKind.REACTIVATED]
    assert decision.effect is None


def test_a_key_that_is_active_again_ends_the_ticket_even_if_nobody_can_be_named() -> None:
    decision = looking(watched())
    assert decision.resolution is Resolution.OWNER_REACTIVATED
    assert "somebody other than iamflow" in decision.reason


def test_within_the_propagation_time_an_active_key_may_be_an_old_answer() -> None:
    of = ticket(State.DEACTIVATED, replace(WATCHED, deactivated_at=NOW - MINUTE))
    decision = looking(of)
    assert (decision.trigger, decision.effect) == (None, None)
    assert decision.due_at == NOW + MINUTE
    later = looking(of, at=situation(NOW + MINUTE))
    assert later.resolution is Resolution.OWNER_REACTIVATED


def test_a_rollback_that_somebody_has_done_by_hand_is_done() -> None:
    of = replace(watched(), wanted=Wanted.ROLLBACK, wanted_by=WORD)
    decision = looking(of)
    assert (decision.trigger, decision.resolution) == (Trigger.ROLL_BACK, Resolution.ROLLED_BACK)
    assert decision.effect is None


# --- roll back --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", AFTER)
@pytest.mark.parametrize("policy", [enforcing(), Policy(mode=Mode.OBSERVE)])
def test_a_persons_rollback_is_proposed_from_everywhere_and_in_every_mode(state: State, policy: Policy) -> None:
    of = replace(watched(state), wanted=Wanted.ROLLBACK, wanted_by=WORD)
    decision = looking(of, INACTIVE, situation(policy=policy))
    assert decision.effect == effect(EffectKind.REACTIVATE_KEY)
    assert (decision.trigger, decision.resolution) == (Trigger.ROLL_BACK, Resolution.ROLLED_BACK)
    assert "os:alice" in decision.reason


@pytest.mark.parametrize("state", AFTER)
def test_a_last_use_that_moved_on_gives_the_key_back_from_everywhere(state: State) -> None:
    used = LastUse(at=DEACTIVATED + HOUR, service="s3", region="eu-west-1")
    decision = decide(case(watched(state)), Sight(user=reading(INACTIVE, last_use=used), reactions=sweep()))
    assert decision.effect == effect(EffectKind.REACTIVATE_KEY)
    assert "GetAccessKeyLastUsed moved on" in decision.reason


@pytest.mark.parametrize("where", ["reactions", "final_sweep"])
def test_a_call_that_got_through_gives_the_key_back_and_is_the_evidence(where: str) -> None:
    used = event(at=DEACTIVATED + HOUR)
    decision = decide(case(watched()), seeing(watched(), reading(INACTIVE), **{where: sweep(used)}))
    assert decision.effect == effect(EffectKind.REACTIVATE_KEY)
    (signal,) = decision.ticket.progress.signals
    assert signal.event == used
    (entry,) = decision.events
    assert entry.kind is EventKind.SIGNAL
    assert entry.detail["source_ip"] == "203.0.113.9"


def test_a_signal_is_remembered_once_however_often_it_is_seen() -> None:
    used = event(at=DEACTIVATED + HOUR)
    sight = Sight(user=reading(INACTIVE), reactions=sweep(used))
    first = decide(case(watched()), sight)
    again = decide(case(replace(watched(), progress=first.ticket.progress)), sight)
    assert again.ticket.progress.signals == first.ticket.progress.signals


# --- hold -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [State.DEACTIVATED, State.MONITORING, State.AWAITING_APPROVAL])
@pytest.mark.parametrize(
    ("seen", "events", "kind"),
    [
        (reading(INACTIVE), (SESSION,), SignalKind.SESSION_ALIVE),
        (reading(INACTIVE), (NEW_KEY,), SignalKind.NEW_KEY),
        (reading(INACTIVE), (ACTIVE_CALL,), SignalKind.TOGGLED),
        (reading(INACTIVE, key_made(DEACTIVATED + HOUR)), (), SignalKind.NEW_KEY),
        (reading(INACTIVE), (event(at=DEACTIVATED + MINUTE),), SignalKind.STRAGGLER),
    ],
)
def test_what_only_a_person_can_judge_stops_the_clock_and_tells_who_must_look(
    state: State, seen: UserReading, events: tuple[object, ...], kind: SignalKind
) -> None:
    decision = decide(case(watched(state)), Sight(user=seen, reactions=sweep(*events)))  # type: ignore[arg-type]  # they are events
    assert decision.trigger is Trigger.HOLD
    assert decision.effect is None
    assert [signal.kind for signal in decision.ticket.progress.signals] == [kind]
    assert decision.ticket.progress.approval_reasons[-1].startswith("held: ")
    assert decision.ticket.progress.held_at == NOW
    assert decision.notices[0].kind is NoticeKind.HELD
    assert decision.due_at == NOW + 30 * MINUTE


@pytest.mark.parametrize("state", [State.ON_HOLD, State.BLOCKED])
def test_a_paused_ticket_is_watched_on_and_held_no_second_time(state: State) -> None:
    of = replace(watched(state), came_from=State.MONITORING, blocked_reason="look at it")
    decision = decide(case(of), Sight(user=reading(INACTIVE), reactions=sweep(SESSION)))
    assert (decision.trigger, decision.effect, decision.notices) == (None, None, ())
    assert decision.due_at == NOW + 30 * MINUTE


def test_what_a_person_has_let_pass_is_not_held_again() -> None:
    first = decide(case(watched()), Sight(user=reading(INACTIVE), reactions=sweep(SESSION)))
    marks = tuple(signal.mark for signal in first.ticket.progress.signals)
    decision = decide(case(watched(acknowledged=marks)), Sight(user=reading(INACTIVE), reactions=sweep(SESSION)))
    assert decision.trigger is None


def test_a_block_by_lost_access_heals_while_the_key_is_watched() -> None:
    of = replace(watched(State.BLOCKED), came_from=State.MONITORING, blocked_code="access", blocked_reason="no role")
    decision = looking(of, INACTIVE)
    assert decision.trigger is Trigger.RETRY


# --- going on ---------------------------------------------------------------------------------------------------------


def test_a_deactivation_is_watched_from_when_it_has_reached_all_of_aws() -> None:
    progress = replace(WATCHED, deactivated_at=NOW - MINUTE, window_ends_at=NOW + 2 * DAY)
    of = ticket(State.DEACTIVATED, progress)
    soon = looking(of, INACTIVE)
    assert (soon.trigger, soon.due_at) == (None, NOW + MINUTE)
    then = looking(of, INACTIVE, situation(NOW + MINUTE))
    assert then.trigger is Trigger.WATCH


def test_a_watched_key_is_looked_at_again_after_a_poll_or_when_the_sweep_is_due() -> None:
    of = ticket(State.MONITORING, replace(WATCHED, window_ends_at=NOW - 20 * MINUTE))
    decision = looking(of, INACTIVE)
    assert decision.effect is None
    assert decision.due_at == NOW + 10 * MINUTE
    early = ticket(State.MONITORING, replace(WATCHED, window_ends_at=NOW + DAY))
    assert looking(early, INACTIVE).due_at == NOW + 30 * MINUTE


def test_a_conclusive_final_sweep_that_found_nothing_brings_the_proposal() -> None:
    decision = decide(case(watched()), Sight(user=reading(INACTIVE), final_sweep=sweep()))
    assert decision.effect == effect(EffectKind.DELETE_KEY)
    assert (decision.trigger, decision.resolution) == (Trigger.DELETE, Resolution.DELETED)
    assert decision.ticket.progress.final_sweep is not None
    assert [entry.kind for entry in decision.events] == [EventKind.SWEEP]


def test_a_sweep_that_left_a_region_unread_is_on_the_record_and_proves_nothing() -> None:
    partial = sweep(unread=(("eu-west-1", "throttled"),))
    decision = decide(case(watched()), Sight(user=reading(INACTIVE), final_sweep=partial))
    assert decision.effect is None
    assert decision.ticket.progress.final_sweep is None
    (entry,) = decision.events
    assert entry.detail["conclusive"] is False


def test_a_sweep_of_before_is_as_good_as_one_of_now() -> None:
    decision = looking(watched(final_sweep=SWEPT), INACTIVE)
    assert decision.effect == effect(EffectKind.DELETE_KEY)


def test_a_deletion_that_waits_for_a_person_is_proposed_only_with_an_unused_approval() -> None:
    of = watched(State.AWAITING_APPROVAL, final_sweep=SWEPT)
    assert looking(of, INACTIVE).effect is None
    used = decide(case(of, approvals=(approval(used_at=NOW - HOUR),)), Sight(user=reading(INACTIVE)))
    assert used.effect is None
    approved = decide(case(of, approvals=(approval(),)), Sight(user=reading(INACTIVE)))
    assert approved.effect == effect(EffectKind.DELETE_KEY)


@pytest.mark.parametrize("since", [None, NOW - DAY])
def test_in_observe_a_deactivated_key_is_watched_and_not_deleted(since: object) -> None:
    policy = enforcing() if since is None else Policy(mode=Mode.OBSERVE)
    of = case(watched(final_sweep=SWEPT), enforced_since=since)
    decision = decide(of, Sight(user=reading(INACTIVE)), situation(policy=policy))
    assert decision.effect is None
    assert "only observes" in decision.reason


def test_what_is_learnt_moves_no_date_that_the_guards_compare() -> None:
    decision = decide(case(watched()), Sight(user=reading(INACTIVE, last_use=None)))
    assert decision.ticket.facts.created_at == ticket().facts.created_at
    assert decision.ticket.facts.status is KeyStatus.INACTIVE
    assert decision.ticket.progress.last_use == LastUse()


def test_a_block_while_the_key_is_watched_is_looked_at_again_soon() -> None:
    decision = WORKFLOW.blocked(watched(), situation(), "poison", "something odd")
    assert decision.trigger is Trigger.BLOCK
    assert decision.due_at == NOW + 30 * MINUTE


def test_nobody_to_tell_holds_nothing_up() -> None:
    nobody = enforcing(team=None, owners=OwnerRules())
    of = replace(watched(), owner=None)
    decision = decide(case(of), Sight(user=reading(None), reactions=sweep()), situation(policy=nobody))
    assert decision.trigger is Trigger.RESOLVE
    assert decision.notices == ()


def test_evidence_without_an_event_is_told_in_words() -> None:
    known = Signal(kind=SignalKind.NEW_KEY, sentence="a new key was made", at=NOW - HOUR)
    of = watched(signals=(known,))
    decision = decide(case(of), Sight(user=reading(None), reactions=sweep()))
    evidence = decision.notices[0].context["evidence"]
    assert isinstance(evidence, list)
    assert evidence[0]["event"] == "a new key was made"


def test_a_longer_window_in_the_settings_is_left_to_the_guards() -> None:
    longer = disable_key(monitor=timedelta(days=9))
    decision = looking(watched(final_sweep=SWEPT), INACTIVE, situation(policy=longer))
    assert decision.effect == effect(EffectKind.DELETE_KEY)
