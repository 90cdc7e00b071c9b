"""Whatever a ticket looks like and whatever was read: no step is proposed before its waits are over."""

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from iamflow.domain.decision import Case, Decision, Sight
from iamflow.domain.effect import EffectKind
from iamflow.domain.evidence import Sweep, TrailEvent
from iamflow.domain.facts import KeyStatus, LastUse, UserReading
from iamflow.domain.notice import NoticeState, NoticeStatus
from iamflow.domain.policy import Policy
from iamflow.domain.states import PAUSED, Confirmation, State, Wanted
from iamflow.domain.ticket import Ticket
from iamflow.workflows.disable_key import WORKFLOW
from tests.workflows.samples import (
    BASELINE,
    DAY,
    ENFORCING,
    HOUR,
    KEY,
    LAST_USE,
    MINUTE,
    NOW,
    SWEPT,
    TOLD,
    USER,
    USER_ID,
    WATCHED,
    WORD,
    approval,
    decide,
    effect,
    event,
    key_made,
    reading,
    situation,
    sweep,
    ticket,
)

moments = st.sampled_from(
    [NOW + sign * by for by in (0 * DAY, MINUTE, HOUR, DAY, 3 * DAY, 8 * DAY) for sign in (-1, 1)]
)
maybe = st.none() | moments
words = st.sampled_from([None, WORD])


PROGRESS: dict[str, st.SearchStrategy[object]] = {
    "notice_composed_at": maybe,
    "notified_at": maybe,
    "promised_at": maybe,
    "reminders": st.sampled_from([(), ("half-way",)]),
    "notice_waiver": words,
    "grace_waiver": words,
    "keep": words,
    "deactivated_at": maybe,
    "window_ends_at": maybe,
    "final_sweep": st.sampled_from([None, SWEPT, replace(SWEPT, conclusive=False)]),
    "exempt_until": maybe,
    "confirm_by": maybe,
    "once_rolled_back": st.booleans(),
}
TICKET: dict[str, st.SearchStrategy[object]] = {
    "deadline": maybe,
    "baseline": st.sampled_from([None, BASELINE]),
    "wanted": st.sampled_from([None, Wanted.ROLLBACK]),
    "blocked_code": st.sampled_from([None, "access", "poison"]),
    "user_id": st.sampled_from([None, USER_ID, "AIDAEXAMPLESOMEBODY01"]),
    "came_from": st.sampled_from([None, *State]),
    "confirmation": st.sampled_from([None, *Confirmation]),
}


def spoilt(draw: st.DrawFn, ways: dict[str, st.SearchStrategy[object]]) -> dict[str, object]:
    """Draw a few fields that are not as they were: a wild mixture of all would be stopped by the first rule."""
    names = draw(st.sets(st.sampled_from(sorted(ways)), max_size=3))
    return {name: draw(ways[name]) for name in sorted(names)}


@st.composite
def tickets(draw: st.DrawFn) -> Ticket:
    """Draw a ticket in any state, with combinations that should never be, too."""
    state = draw(st.sampled_from(State))
    progress = draw(st.sampled_from([None, None, TOLD, WATCHED, replace(WATCHED, final_sweep=SWEPT)]))
    base = ticket(state, progress)
    changed = replace(base.progress, **spoilt(draw, PROGRESS))  # type: ignore[arg-type]  # the names are its own
    return replace(base, progress=changed, **spoilt(draw, TICKET))  # type: ignore[arg-type]  # as above


@st.composite
def readings(draw: st.DrawFn) -> UserReading:
    """Draw what AWS might say."""
    more = draw(st.lists(st.builds(key_made, moments), max_size=1))
    return reading(
        draw(st.sampled_from([KeyStatus.ACTIVE, KeyStatus.INACTIVE, KeyStatus.INACTIVE, None])),
        *more,
        user_id=draw(st.sampled_from([USER_ID, USER_ID, USER_ID, None])),
        last_use=draw(st.sampled_from([LAST_USE, LastUse(), None]) | st.builds(LastUse, at=moments)),
        quarantined=draw(st.sampled_from([False, False, False, True])),
    )


@st.composite
def events(draw: st.DrawFn) -> TrailEvent:
    """Draw a call of anybody."""
    return event(
        draw(st.sampled_from(["ListBuckets", "UpdateAccessKey", "CreateAccessKey"])),
        at=draw(moments),
        access_key_id=draw(st.sampled_from([None, KEY, "ASIAX"])),
        target_key_id=draw(st.sampled_from([None, KEY])),
        target_user=draw(st.sampled_from([None, USER])),
        new_status=draw(st.sampled_from([None, "Active", "Inactive"])),
    )


@st.composite
def sweeps(draw: st.DrawFn) -> Sweep:
    """Draw a search of CloudTrail, conclusive or not."""
    unread = draw(st.sampled_from([(), (), (("sa-east-1", "denied"),)]))
    regions = draw(st.sampled_from([("us-east-1",), ("us-east-1",), ()]))
    return sweep(*draw(st.lists(events(), max_size=2)), unread=unread, regions=regions)


cases = st.builds(
    Case,
    ticket=tickets(),
    approvals=st.sampled_from([(), (approval(),), (approval(used_at=NOW - HOUR),)]),
    notice=st.builds(
        NoticeStatus, state=st.sampled_from(NoticeState), accepted_at=maybe, promised_at=maybe, error=st.none()
    ),
    enforced_since=st.sampled_from([NOW - 30 * DAY, NOW - 30 * DAY, NOW - DAY, None]),
)
sights = st.builds(
    Sight,
    key=readings(),
    baseline=st.sampled_from([None, BASELINE]),
    reactions=st.none() | sweeps(),
    final_sweep=st.none() | sweeps(),
    proof=st.none() | sweeps(),
)
policies = st.sampled_from([ENFORCING, ENFORCING, Policy()])


def _proposed(decision: Decision) -> EffectKind | None:
    return decision.effect.kind if decision.effect is not None else None


@given(cases, sights, policies)
def test_no_deletion_is_proposed_without_a_deactivation_and_a_conclusive_final_sweep(
    of: Case, sight: Sight, policy: Policy
) -> None:
    decision = decide(of, sight, situation(policy=policy))
    if _proposed(decision) is not EffectKind.DELETE_KEY:
        return
    assert of.ticket.progress.deactivated_at is not None
    assert decision.ticket.progress.final_sweep is not None
    assert decision.ticket.progress.final_sweep.conclusive
    assert sight.final_sweep is None or sight.final_sweep.conclusive
    assert policy.acts_in(of.ticket.account_id)
    assert of.ticket.wanted is None
    assert of.ticket.state in {State.MONITORING, State.AWAITING_APPROVAL}


@given(cases, sights, policies)
def test_no_deactivation_is_proposed_before_the_deadline_unless_grace_was_waived(
    of: Case, sight: Sight, policy: Policy
) -> None:
    decision = decide(of, sight, situation(policy=policy))
    if _proposed(decision) is not EffectKind.DEACTIVATE_KEY:
        return
    deadline: datetime | None = of.ticket.deadline
    assert of.ticket.progress.deactivated_at is None
    assert deadline is not None
    assert deadline <= NOW or of.ticket.progress.grace_waiver is not None
    assert policy.acts_in(of.ticket.account_id)
    assert of.ticket.wanted is None
    assert of.ticket.state in {State.NOTIFIED, State.AWAITING_APPROVAL}


@given(cases, sights, policies)
def test_a_key_is_given_back_only_where_it_was_taken_and_somebody_asked_or_it_was_used(
    of: Case, sight: Sight, policy: Policy
) -> None:
    decision = decide(of, sight, situation(policy=policy))
    if _proposed(decision) is not EffectKind.REACTIVATE_KEY:
        return
    assert of.ticket.progress.deactivated_at is not None
    assert of.ticket.wanted is Wanted.ROLLBACK or decision.ticket.progress.signals


@given(cases, sights, policies)
def test_the_machine_takes_every_trigger_that_is_decided(of: Case, sight: Sight, policy: Policy) -> None:
    deactivated = of.ticket.key_was_deactivated
    if deactivated and of.ticket.state in {State.OPEN, State.NOTIFIED, State.EXEMPT}:
        return
    if not deactivated and of.ticket.state in {State.DEACTIVATED, State.MONITORING}:
        return
    if of.ticket.state in PAUSED and of.ticket.came_from not in {State.NOTIFIED, State.MONITORING}:
        return
    decision = decide(of, sight, situation(policy=policy))
    if decision.trigger is not None:
        assert WORKFLOW.table.allows(of.ticket, decision.trigger)


@given(cases, sights, policies)
def test_a_decision_keeps_the_subject_and_leaves_the_state_to_the_machine(
    of: Case, sight: Sight, policy: Policy
) -> None:
    decision = decide(of, sight, situation(policy=policy))
    before, after = of.ticket, decision.ticket
    assert (after.id, after.account_id, after.username, after.access_key_id) == (
        before.id, before.account_id, before.username, before.access_key_id,
    )  # fmt: skip
    assert after.state is before.state
    assert before.user_id is None or after.user_id == before.user_id
    assert after.progress.deactivated_at == before.progress.deactivated_at
    assert after.progress.notice_waiver in {before.progress.notice_waiver, None}
    if decision.effect is not None:
        assert decision.effect == effect(decision.effect.kind)


@given(cases, sights, policies)
def test_what_is_wanted_of_aws_comes_to_an_end(of: Case, sight: Sight, policy: Policy) -> None:
    seen = Sight()
    for _ in range(5):
        missing = WORKFLOW.wants(of, seen, situation(policy=policy))
        if not missing:
            break
        look = min(missing)
        instead = {"key": reading(), "baseline": BASELINE}.get(look.value, sweep())
        seen = replace(seen, **{look.value: getattr(sight, look.value) or instead})  # type: ignore[arg-type]  # as named
    assert not WORKFLOW.wants(of, seen, situation(policy=policy))
    decide(of, seen, situation(policy=policy))


@pytest.mark.parametrize("kind", EffectKind)
def test_the_cases_above_do_reach_every_proposal(kind: EffectKind) -> None:
    find(
        st.tuples(cases, sights),
        lambda drawn: _proposed(decide(drawn[0], drawn[1], situation())) is kind,
        settings=settings(max_examples=500, derandomize=True, phases=[Phase.generate]),
    )
