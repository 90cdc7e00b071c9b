"""While a deny may be on a user, nothing is decided but its end; after it, nothing before CloudTrail was searched for it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from iamflow.domain.brownout import Brownout
from iamflow.domain.decision import Decision, Sight
from iamflow.domain.effect import EffectKind
from iamflow.domain.evidence import SignalKind
from iamflow.domain.facts import KeyStatus, LastUse, UserReading
from iamflow.domain.journal import EventKind
from iamflow.domain.notice import NoticeKind
from iamflow.domain.policy import Policy
from iamflow.domain.states import Confirmation, Resolution, State, Trigger, Wanted
from iamflow.domain.ticket import Ticket
from iamflow.workflows.workflow import CALL_BOUND, CALL_WITHIN
from tests.workflows.samples import (
    BEGUN,
    DENIED,
    DENY,
    DENYING,
    HOUR,
    INACTIVE,
    MINUTE,
    NOW,
    OVER,
    QUIET,
    SECOND,
    TOLD,
    WORD,
    case,
    decide,
    disable_key,
    event,
    reading,
    situation,
    sweep,
    ticket,
)

BROWNING = disable_key(brownout=4 * HOUR)
PROPAGATION = BROWNING.timing.propagation
ON = replace(DENIED, ends_at=NOW + HOUR)
REFUSED = event(at=NOW - 2 * HOUR, error_code="AccessDenied")
LIFT = EffectKind.LIFT_BROWNOUT


def browned(brownout: Brownout | None, state: State = State.BROWNOUT, **changes: object) -> Ticket:
    """Return a ticket with this brown-out."""
    return ticket(state, replace(TOLD, brownout=brownout), **changes)


def denied(status: KeyStatus | None = KeyStatus.ACTIVE, **changes: object) -> UserReading:
    """Return what AWS says while the deny is on."""
    return reading(status, **{"policies": {DENY: DENYING}, **changes})  # type: ignore[arg-type]  # as the caller says


def seeing(of: Ticket, sight: Sight, policy: Policy = BROWNING) -> Decision:
    """Decide about a ticket where a brown-out is asked for."""
    return decide(case(of), sight, situation(policy=policy))


def kind(decision: Decision) -> EffectKind | None:
    """Return what is proposed."""
    return decision.effect.kind if decision.effect is not None else None


def test_a_brownout_is_left_on_until_its_time_is_over_and_polled_meanwhile() -> None:
    for left, due in ((2 * HOUR, NOW + 30 * MINUTE), (MINUTE, NOW + MINUTE)):
        decision = seeing(browned(replace(DENIED, ends_at=NOW + left)), Sight(user=denied()))
        assert (kind(decision), decision.trigger, decision.due_at) == (None, None, due)
    decision = seeing(browned(replace(DENIED, ends_at=NOW)), Sight(user=denied()))
    assert (kind(decision), decision.trigger, decision.due_at) == (LIFT, None, NOW)


@pytest.mark.parametrize(
    ("of", "user", "policy"),
    [
        (browned(ON, wanted=Wanted.ROLLBACK, wanted_by=WORD), denied(), BROWNING),
        (browned(ON), denied(last_use=LastUse(at=DENIED.attached_at + PROPAGATION + SECOND)), BROWNING),  # type: ignore[operator]
        (browned(ON), denied(None), BROWNING),
        (browned(ON), denied(INACTIVE), BROWNING),
        (browned(ON), denied(tags={"iamflow:protected": "yes"}), BROWNING),
        (browned(ON), denied(quarantined=True), BROWNING),
        (browned(ON, State.ON_HOLD, came_from=State.BROWNOUT), denied(), BROWNING),
        (browned(ON, State.BLOCKED, came_from=State.BROWNOUT), denied(), BROWNING),
        (browned(ON), denied(), disable_key(brownout=None)),
        (browned(ON), denied(), replace(BROWNING, mode=Policy().mode)),
        (browned(BEGUN), denied(), BROWNING),
    ],
    ids=[
        "rollback", "used", "key-gone", "key-inactive", "protected", "quarantined", "held", "blocked", "setting-gone",
        "observed", "never-seen-to-begin",
    ],
)  # fmt: skip
def test_whatever_ends_a_brownout_early_lifts_the_deny_and_does_nothing_else(
    of: Ticket, user: UserReading, policy: Policy
) -> None:
    decision = seeing(of, Sight(user=user), policy)
    assert (kind(decision), decision.trigger, decision.resolution) == (LIFT, None, None)
    assert decision.due_at == NOW
    assert decision.effect is not None
    assert decision.effect.targets == (DENY,)


def test_a_deny_that_reads_otherwise_is_a_persons_affair_and_is_not_lifted() -> None:
    decision = seeing(browned(ON), Sight(user=reading(policies={DENY: "{}"})))
    assert (kind(decision), decision.trigger) == (None, Trigger.BLOCK)
    assert decision.ticket.blocked_code == "deny_foreign"
    assert "iamflow ticket retry 7" in (decision.ticket.blocked_reason or "")


def test_an_old_answer_without_the_deny_is_waited_out() -> None:
    latest = NOW - CALL_WITHIN - CALL_BOUND - PROPAGATION
    for since, known in ((latest + SECOND, True), (latest, False)):
        decision = seeing(browned(Brownout(policy=DENY, since=since), State.NOTIFIED), Sight(user=reading()))
        assert (kind(decision), decision.trigger) == (None, None)
        assert decision.ticket.is_denied is known
        assert decision.due_at == (NOW + SECOND if known else NOW)


def test_a_deny_that_is_gone_before_it_can_have_reached_all_of_aws_may_be_an_old_answer() -> None:
    fresh = replace(ON, attached_at=NOW - PROPAGATION + SECOND)
    decision = seeing(browned(fresh), Sight(user=reading(), reactions=sweep()))
    assert decision.trigger is None
    assert decision.ticket.is_denied
    assert decision.due_at == NOW + SECOND


def test_an_aws_without_propagation_is_taken_at_its_word() -> None:
    at_once = replace(BROWNING, timing=replace(BROWNING.timing, propagation=timedelta(0)))
    decision = seeing(browned(replace(BEGUN, since=NOW), State.NOTIFIED), Sight(user=reading()), at_once)
    assert decision.ticket.progress.brownout is None


def test_a_deny_that_somebody_else_removed_puts_the_ticket_on_hold() -> None:
    decision = seeing(browned(ON), Sight(user=reading(), reactions=sweep()))
    assert decision.trigger is Trigger.HOLD
    assert decision.notices[0].kind is NoticeKind.HELD
    gone = decision.ticket.progress.brownout
    assert gone is not None
    assert (gone.lifted_at, gone.removed_by_other, gone.complete) == (NOW, True, False)


@pytest.mark.parametrize(
    ("of", "user"),
    [
        (browned(ON, State.ON_HOLD, came_from=State.BROWNOUT), reading()),
        (browned(ON, wanted=Wanted.ROLLBACK, wanted_by=WORD), reading()),
        (browned(ON), reading(last_use=LastUse(at=NOW - HOUR))),
        (browned(ON), reading(None, user_id=None, policies={})),
        (browned(ON), reading(user_id="AIDAEXAMPLERECREATED1")),
        (browned(ON), reading(None)),
        (browned(ON), reading(INACTIVE)),
    ],
    ids=["held", "rollback", "used", "user-gone", "user-recreated", "key-gone", "key-inactive"],
)
def test_where_it_is_clear_how_to_go_on_without_the_deny_nobody_is_asked(of: Ticket, user: UserReading) -> None:
    decision = seeing(of, Sight(user=user, reactions=sweep()))
    assert (kind(decision), decision.trigger, decision.due_at) == (None, None, NOW)
    assert decision.ticket.was_browned_out


def test_a_search_that_is_quiet_is_kept_and_the_next_look_goes_on() -> None:
    decision = seeing(browned(OVER), Sight(user=reading(), brownout=sweep()))
    kept = decision.ticket.progress.brownout
    assert kept is not None
    assert kept.swept_at == NOW
    assert (kind(decision), decision.trigger, decision.due_at) == (None, None, NOW)
    assert [event.kind for event in decision.events] == [EventKind.SWEEP]
    after = seeing(browned(QUIET), Sight(user=reading()))
    assert (kind(after), after.trigger) == (EffectKind.DEACTIVATE_KEY, Trigger.DEACTIVATE)


@pytest.mark.parametrize(
    "inconclusive", [None, sweep(unread=(("sa-east-1", "denied"),)), sweep(regions=())], ids=["none", "unread", "empty"]
)
def test_without_a_conclusive_search_a_brownout_is_waited_over(inconclusive: object) -> None:
    decision = seeing(browned(OVER), Sight(user=reading(), brownout=inconclusive))  # type: ignore[arg-type]  # a sweep
    assert (kind(decision), decision.trigger) == (None, None)
    assert decision.due_at == NOW - HOUR + timedelta(minutes=30)
    assert decision.ticket.progress.brownout == OVER


@pytest.mark.parametrize("found", ["reactions", "brownout"])
def test_a_denied_call_gives_the_key_back_and_is_told_once(found: str) -> None:
    decision = seeing(browned(OVER), Sight(user=reading(), **{found: sweep(REFUSED, REFUSED)}))  # type: ignore[arg-type]  # as named
    assert (kind(decision), decision.trigger, decision.resolution) == (None, Trigger.ROLL_BACK, Resolution.ROLLED_BACK)
    (signal,) = decision.ticket.progress.signals
    assert signal.kind is SignalKind.KEY_USED
    assert signal.event == REFUSED
    assert "payroll/1 from 203.0.113.9" in signal.sentence
    assert [event.kind for event in decision.events] == [EventKind.SIGNAL]
    assert decision.ticket.confirmation is Confirmation.PENDING
    assert decision.ticket.progress.end_request == "ours"
    assert decision.ticket.progress.confirm_by is not None
    assert decision.due_at == NOW + timedelta(minutes=30)
    (told,) = decision.notices
    assert told.kind is NoticeKind.ROLLED_BACK
    assert told.context["reasons"] == [signal.sentence]


@pytest.mark.parametrize(
    "state", [State.BROWNOUT, State.ON_HOLD, State.BLOCKED, State.AWAITING_APPROVAL, State.NOTIFIED]
)
def test_a_rollback_that_was_asked_for_ends_the_ticket_wherever_it_stands(state: State) -> None:
    of = browned(OVER, state, came_from=State.BROWNOUT, wanted=Wanted.ROLLBACK, wanted_by=WORD)
    decision = seeing(of, Sight(user=reading()))
    assert decision.trigger is Trigger.ROLL_BACK
    assert decision.notices[0].context["reasons"] == ["asked for by os:alice"]


def test_an_end_that_no_call_of_ours_brought_about_waits_for_no_proof() -> None:
    gone = replace(OVER, removed_by_other=True, lift_request=None)
    decision = seeing(browned(gone, wanted=Wanted.ROLLBACK, wanted_by=WORD), Sight(user=reading()))
    assert decision.trigger is Trigger.ROLL_BACK
    assert (decision.ticket.confirmation, decision.due_at) == (None, None)


@pytest.mark.parametrize(
    ("user", "resolution"),
    [(reading(INACTIVE), Resolution.KEY_INACTIVE), (reading(None), Resolution.KEY_GONE)],
)
@pytest.mark.parametrize("brownout", [OVER, replace(OVER, lifted_at=NOW - 2 * HOUR), QUIET])
def test_a_key_that_is_no_more_to_be_given_back_ends_its_ticket_as_that(
    user: UserReading, resolution: Resolution, brownout: Brownout
) -> None:
    of = browned(brownout, wanted=Wanted.ROLLBACK, wanted_by=WORD)
    decision = seeing(of, Sight(user=user, reactions=sweep(REFUSED)))
    assert (decision.trigger, decision.resolution) == (Trigger.RESOLVE, resolution)


def test_a_brownout_that_was_cut_short_begins_anew() -> None:
    cut = replace(OVER, lifted_at=NOW - 2 * HOUR)
    decision = seeing(browned(cut), Sight(user=reading()))
    assert (kind(decision), decision.trigger) == (EffectKind.ATTACH_BROWNOUT, Trigger.BROWN_OUT)
    assert decision.ticket.progress.brownout == Brownout(policy=DENY, since=NOW)
    assert decision.effect is not None
    assert (decision.effect.targets, decision.effect.document) == ((DENY,), DENYING)


def test_where_the_setting_is_gone_one_that_was_cut_short_is_searched_and_not_repeated() -> None:
    cut = replace(OVER, lifted_at=NOW - 2 * HOUR)
    decision = seeing(browned(cut), Sight(user=reading(), brownout=sweep()), disable_key(brownout=None))
    assert decision.ticket.progress.brownout is not None
    assert decision.ticket.progress.brownout.swept_at == NOW
