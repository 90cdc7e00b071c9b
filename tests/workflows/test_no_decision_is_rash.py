"""Whatever a ticket looks like and whatever was read: no step is proposed before its waits are over."""

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from iamflow.domain.brownout import Deny, deny_in
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
    BEGUN,
    DAY,
    DENIED,
    DENY,
    DENYING,
    ENFORCING,
    HOUR,
    KEY,
    LAST_USE,
    MINUTE,
    NOW,
    OVER,
    QUIET,
    SWEPT,
    TOLD,
    USER,
    USER_ID,
    WATCHED,
    WORD,
    approval,
    decide,
    disable_key,
    effect,
    event,
    key_made,
    reading,
    situation,
    sweep,
    ticket,
)

STATES = [state for state, _ in WORKFLOW.table.states]
BROWNING = disable_key(brownout=4 * HOUR)
BROWNOUTS = [None, None, BEGUN, DENIED, OVER, QUIET]

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
    "brownout": st.sampled_from(BROWNOUTS),
}
TICKET: dict[str, st.SearchStrategy[object]] = {
    "deadline": maybe,
    "baseline": st.sampled_from([None, BASELINE]),
    "wanted": st.sampled_from([None, Wanted.ROLLBACK]),
    "blocked_code": st.sampled_from([None, "access", "poison"]),
    "user_id": st.sampled_from([None, USER_ID, "AIDAEXAMPLESOMEBODY01"]),
    "came_from": st.sampled_from([None, *STATES]),
    "confirmation": st.sampled_from([None, *Confirmation]),
}


def spoilt(draw: st.DrawFn, ways: dict[str, st.SearchStrategy[object]]) -> dict[str, object]:
    """Draw a few fields that are not as they were: a wild mixture of all would be stopped by the first rule."""
    names = draw(st.sets(st.sampled_from(sorted(ways)), max_size=3))
    return {name: draw(ways[name]) for name in sorted(names)}


@st.composite
def tickets(draw: st.DrawFn) -> Ticket:
    """Draw a ticket in any state, with combinations that should never be, too."""
    state = draw(st.sampled_from(STATES))
    progress = draw(st.sampled_from([None, None, TOLD, WATCHED, replace(WATCHED, final_sweep=SWEPT)]))
    base = ticket(state, progress)
    if state is State.BROWNOUT:
        base = ticket(state, replace(TOLD, brownout=draw(st.sampled_from([DENIED, DENIED, OVER, QUIET]))))
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
        policies={DENY: draw(st.sampled_from([DENYING, DENYING, None, "{}"]))},
    )


@st.composite
def events(draw: st.DrawFn) -> TrailEvent:
    """Draw a call of anybody."""
    return event(
        draw(st.sampled_from(["ListBuckets", "UpdateAccessKey", "CreateAccessKey"])),
        error_code=draw(st.sampled_from([None, "AccessDenied"])),
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
    user=readings(),
    baseline=st.sampled_from([None, BASELINE]),
    reactions=st.none() | sweeps(),
    brownout=st.none() | sweeps(),
    final_sweep=st.none() | sweeps(),
    proof=st.none() | sweeps(),
)
policies = st.sampled_from([ENFORCING, ENFORCING, BROWNING, BROWNING, Policy()])


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
    assert of.ticket.state in {State.NOTIFIED, State.AWAITING_APPROVAL, State.BROWNOUT}


@given(cases, sights, policies)
def test_no_deactivation_is_proposed_while_a_deny_is_on_or_before_its_brownout_was_quiet(
    of: Case, sight: Sight, policy: Policy
) -> None:
    decision = decide(of, sight, situation(policy=policy))
    if _proposed(decision) is not EffectKind.DEACTIVATE_KEY:
        return
    brownout, wanted = decision.ticket.progress.brownout, policy.disable_key.brownout
    assert (brownout is None) is (wanted is None) or (brownout is not None and brownout.complete)
    if brownout is not None:
        assert brownout.lifted_at is not None
        assert brownout.swept_at is not None


@given(cases, sights, policies)
def test_a_brownout_is_proposed_only_where_one_is_asked_for_and_by_the_same_rules_as_a_deactivation(
    of: Case, sight: Sight, policy: Policy
) -> None:
    decision = decide(of, sight, situation(policy=policy))
    if _proposed(decision) is not EffectKind.ATTACH_BROWNOUT:
        return
    deadline: datetime | None = of.ticket.deadline
    assert policy.disable_key.brownout is not None
    assert not of.ticket.is_denied
    assert of.ticket.progress.deactivated_at is None
    assert deadline is not None
    assert deadline <= NOW or of.ticket.progress.grace_waiver is not None
    assert policy.acts_in(of.ticket.account_id)
    assert of.ticket.wanted is None
    assert of.ticket.state in {State.NOTIFIED, State.AWAITING_APPROVAL, State.BROWNOUT}


@given(cases, sights, policies)
def test_a_deny_is_lifted_only_where_it_is_iamflows_own_and_nothing_else_is_done_before(
    of: Case, sight: Sight, policy: Policy
) -> None:
    decision = decide(of, sight, situation(policy=policy))
    if _proposed(decision) is EffectKind.LIFT_BROWNOUT:
        assert of.ticket.is_denied
        assert sight.user is not None
        assert deny_in(sight.user.policies, of.ticket.id) is Deny.OURS
    if decision.ticket.is_denied and not of.ticket.key_was_deactivated:
        assert _proposed(decision) in {None, EffectKind.ATTACH_BROWNOUT, EffectKind.LIFT_BROWNOUT}
        assert decision.resolution is None


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
    brownout = of.ticket.progress.brownout
    if brownout is not None and of.ticket.state in {State.OPEN, State.EXEMPT}:
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
    deny = after.progress.brownout
    assert deny is None or before.progress.brownout is None or before.progress.brownout.policy == deny.policy


@given(cases, sights, policies)
def test_what_is_wanted_of_aws_comes_to_an_end(of: Case, sight: Sight, policy: Policy) -> None:
    if of.ticket.state is State.EXEMPT and of.ticket.key_was_deactivated:
        return  # nobody exempts a key that iamflow has deactivated
    seen = Sight()
    for _ in range(5):
        missing = WORKFLOW.wants(of, seen, situation(policy=policy))
        if not missing:
            break
        look = min(missing)
        instead = {"user": reading(), "baseline": BASELINE}.get(look.value, sweep())
        seen = replace(seen, **{look.value: getattr(sight, look.value) or instead})  # type: ignore[arg-type]  # as named
    assert not WORKFLOW.wants(of, seen, situation(policy=policy))
    decide(of, seen, situation(policy=policy))


@pytest.mark.parametrize("kind", WORKFLOW.effects)
def test_the_cases_above_do_reach_every_proposal(kind: EffectKind) -> None:
    find(
        st.tuples(cases, sights, policies),
        lambda drawn: _proposed(decide(drawn[0], drawn[1], situation(policy=drawn[2]))) is kind,
        settings=settings(max_examples=500, derandomize=True, phases=[Phase.generate]),
    )
