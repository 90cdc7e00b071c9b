"""What is decided while the key is untouched: tell the owner once, wait out the grace period, remind, ask, propose."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from iamflow.domain.decision import Sight
from iamflow.domain.effect import EffectKind
from iamflow.domain.evidence import Activity
from iamflow.domain.facts import KeyState, KeyStatus, LastUse
from iamflow.domain.journal import EventKind
from iamflow.domain.notice import NoticeKind, NoticeState, NoticeStatus
from iamflow.domain.policy import OwnerRules, Policy
from iamflow.domain.rule_settings import Rules
from iamflow.domain.states import Mode, Resolution, State, Trigger, Wanted
from iamflow.domain.ticket import Progress
from iamflow.workflows.disable_key import WORKFLOW
from tests.workflows.samples import (
    ACCEPTED,
    ACCOUNT,
    ALICE,
    BASELINE,
    CREATED,
    DAY,
    HOUR,
    INACTIVE,
    KEY,
    LAST_USE,
    MINUTE,
    NOW,
    OWNER,
    TOLD,
    USER_ID,
    WORD,
    approval,
    case,
    decide,
    effect,
    enforcing,
    looking,
    reading,
    situation,
    ticket,
)

OBSERVING = Policy(mode=Mode.OBSERVE)
COMPOSED = Progress(notice_round=1, notice_composed_at=NOW - HOUR)
BEFORE = (State.OPEN, State.NOTIFIED, State.AWAITING_APPROVAL, State.ON_HOLD, State.BLOCKED)


# --- the finding itself -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", BEFORE)
@pytest.mark.parametrize(
    ("status", "user", "resolution"),
    [
        (KeyStatus.ACTIVE, None, Resolution.USER_GONE),
        (None, USER_ID, Resolution.KEY_GONE),
        (INACTIVE, USER_ID, Resolution.KEY_INACTIVE),
    ],
)
def test_what_the_owner_did_himself_ends_the_ticket_wherever_it_stands(
    state: State, status: KeyStatus | None, user: str | None, resolution: Resolution
) -> None:
    decision = decide(case(ticket(state)), Sight(user=reading(status, user_id=user)))
    assert (decision.trigger, decision.resolution) == (Trigger.RESOLVE, resolution)
    assert decision.due_at is None
    assert decision.effect is None


def test_a_key_that_is_young_after_all_is_no_finding_unless_a_person_opened_the_ticket() -> None:
    young = enforcing(rules=Rules(max_key_age=500 * DAY))
    assert looking(ticket(), at=situation(policy=young)).resolution is Resolution.KEY_YOUNG
    by_hand = looking(ticket(requester=ALICE), at=situation(policy=young))
    assert by_hand.trigger is None
    assert by_hand.notices


def test_a_key_exactly_as_old_as_the_rule_allows_is_no_finding() -> None:
    edge = enforcing(rules=Rules(max_key_age=NOW - CREATED))
    assert looking(ticket(), at=situation(policy=edge)).resolution is Resolution.KEY_YOUNG
    past = situation(NOW + timedelta(microseconds=1), edge)
    assert looking(ticket(), at=past).resolution is None


# --- hands off --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [State.OPEN, State.NOTIFIED, State.AWAITING_APPROVAL])
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"user_id": "AIDAEXAMPLESOMEBODY01"}, "user_changed"),
        ({"tags": {"iamflow:protected": "yes"}}, "protected"),
        ({"quarantined": True}, "compromised"),
    ],
)
def test_a_subject_that_is_not_iamflows_to_touch_is_set_aside_and_somebody_is_told(
    state: State, changes: dict[str, object], code: str
) -> None:
    seen = replace(reading(), **changes)  # type: ignore[arg-type]  # the reading's own names
    decision = decide(case(ticket(state)), Sight(user=seen))
    assert decision.trigger is Trigger.BLOCK
    assert decision.ticket.blocked_code == code
    assert decision.effect is None
    (told,) = decision.notices
    assert told.kind is NoticeKind.ATTENTION
    assert told.recipients[0] == (OWNER.address if state is not State.OPEN else "payments@example.com")
    assert told.recipients[1] == "security@example.com"


def test_a_user_with_a_protected_name_is_set_aside() -> None:
    of = ticket(username="Break-Glass-1")
    assert looking(of).ticket.blocked_code == "protected"


def test_a_ticket_that_is_paused_already_stays_so_and_tells_nobody_again() -> None:
    decision = decide(case(ticket(State.ON_HOLD)), Sight(user=reading(quarantined=True)))
    assert decision.trigger is None
    assert decision.notices == ()
    assert decision.due_at == NOW + DAY


@pytest.mark.parametrize(("code", "mails"), [("access", 1), ("unreachable", 1), ("poison", 2)])
def test_trouble_that_ends_by_itself_is_told_once_a_day(code: str, mails: int) -> None:
    keys = set()
    for version in (5, 9):
        of = ticket(State.NOTIFIED, version=version)
        decision = WORKFLOW.blocked(of, situation(NOW + version * MINUTE), code, "AWS was away")
        keys |= {notice.dedupe_key for notice in decision.notices}
    assert len(keys) == mails
    tomorrow = WORKFLOW.blocked(ticket(State.NOTIFIED), situation(NOW + DAY), code, "AWS was away")
    assert tomorrow.notices[0].dedupe_key not in keys


def test_what_is_set_aside_in_observe_is_said_to_nobody() -> None:
    quarantined = Sight(user=reading(quarantined=True))
    decision = decide(case(ticket()), quarantined, situation(policy=OBSERVING))
    assert decision.trigger is Trigger.BLOCK
    assert decision.notices == ()


def test_a_block_with_nobody_to_tell_is_still_a_block() -> None:
    lonely = enforcing(team=None, owners=OwnerRules())
    decision = decide(case(ticket(owner=None)), Sight(user=reading(quarantined=True)), situation(policy=lonely))
    assert decision.trigger is Trigger.BLOCK
    assert decision.notices == ()


# --- what is learnt ---------------------------------------------------------------------------------------------------


def test_the_first_live_reading_settles_which_user_and_key_the_ticket_is_about() -> None:
    reported = replace(ticket().facts, created_at=CREATED + 3 * HOUR)
    decision = looking(ticket(user_id=None, facts=reported))
    assert decision.ticket.user_id == USER_ID
    assert decision.ticket.facts.created_at == CREATED
    assert decision.ticket.facts.source == "live"
    assert decision.ticket.plan_digest is not None


def test_a_later_reading_does_not_move_the_date_that_the_guards_compare() -> None:
    moved = KeyState(key_id=KEY, status=KeyStatus.ACTIVE, created_at=CREATED + HOUR)
    decision = decide(case(ticket()), Sight(user=reading(None, moved)))
    assert decision.ticket.facts.created_at == CREATED


def test_a_last_use_that_was_not_told_is_put_down_as_unknown() -> None:
    decision = decide(case(ticket()), Sight(user=reading(last_use=None)))
    assert decision.ticket.progress.last_use == LastUse()


@pytest.mark.parametrize(
    ("owners", "team", "address", "source"),
    [
        (OwnerRules(contacts={ACCOUNT: "payments@example.com"}), None, "payments@example.com", "contact"),
        (OwnerRules(default="anybody@example.com"), "security@example.com", "anybody@example.com", "default"),
        (OwnerRules(), "security@example.com", "security@example.com", "default"),
    ],
)
def test_the_owner_is_the_contact_or_else_a_default(
    owners: OwnerRules, team: str | None, address: str, source: str
) -> None:
    decision = looking(ticket(owner=None), at=situation(policy=enforcing(owners=owners, team=team)))
    assert decision.ticket.owner is not None
    assert (decision.ticket.owner.address, decision.ticket.owner.source) == (address, source)


def test_the_owner_who_was_told_stays_the_owner() -> None:
    assert looking(ticket(State.NOTIFIED)).ticket.owner == OWNER
    assert looking(ticket(State.OPEN)).ticket.owner != OWNER


# --- observe ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [State.OPEN, State.NOTIFIED, State.AWAITING_APPROVAL])
def test_in_observe_nothing_is_sent_proposed_or_moved(state: State) -> None:
    decision = looking(ticket(state), at=situation(policy=OBSERVING))
    assert (decision.trigger, decision.effect, decision.notices) == (None, None, ())
    assert decision.due_at == NOW + DAY


def test_an_account_that_the_database_does_not_know_as_enforced_is_only_observed() -> None:
    decision = decide(case(ticket(), enforced_since=None), Sight(user=reading()))
    assert (decision.trigger, decision.effect, decision.notices) == (None, None, ())


# --- open -------------------------------------------------------------------------------------------------------------


def test_an_open_ticket_tells_its_owner_once() -> None:
    first = looking(ticket())
    (notice,) = first.notices
    assert notice.kind is NoticeKind.KEY_DEACTIVATION
    assert notice.recipients == ("payments@example.com",)
    assert notice.grace_seconds == 7 * 86_400
    assert first.trigger is None
    waiting = case(first.ticket, notice=NoticeStatus(state=NoticeState.WAITING))
    second = decide(waiting, Sight(user=reading()), situation(NOW + MINUTE))
    assert (second.notices, second.trigger) == ((), None)
    assert second.due_at == NOW + MINUTE + HOUR


def test_a_notice_that_the_outbox_does_not_hold_is_composed_again() -> None:
    decision = looking(ticket(progress=COMPOSED))
    assert len(decision.notices) == 1
    assert decision.ticket.progress.notice_round == 2


def test_a_notice_composed_before_the_account_was_enforced_is_composed_again() -> None:
    since = NOW - HOUR + MINUTE
    of = case(ticket(progress=COMPOSED), enforced_since=since, notice=ACCEPTED)
    decision = decide(of, Sight(user=reading()))
    assert decision.trigger is None
    assert decision.ticket.progress.notice_round == 2


def test_a_key_that_nobody_can_be_told_about_is_set_aside() -> None:
    nobody = enforcing(team=None, owners=OwnerRules())
    decision = looking(ticket(owner=None), at=situation(policy=nobody))
    assert decision.ticket.blocked_code == "no_owner"
    assert decision.trigger is Trigger.BLOCK


def test_a_notice_that_was_refused_for_good_sets_the_ticket_aside_with_the_reason() -> None:
    failed = NoticeStatus(state=NoticeState.FAILED, error="550 no such mailbox")
    decision = decide(case(ticket(progress=COMPOSED), notice=failed), Sight(user=reading()))
    assert decision.trigger is Trigger.BLOCK
    assert decision.ticket.blocked_code == "notice_failed"
    assert "550 no such mailbox" in (decision.ticket.blocked_reason or "")


def test_the_grace_period_runs_from_acceptance_and_never_ends_before_the_promised_date() -> None:
    decision = decide(case(ticket(progress=COMPOSED), notice=ACCEPTED), Sight(user=reading()))
    assert decision.trigger is Trigger.NOTIFY
    assert decision.ticket.progress.notified_at == NOW - MINUTE
    assert decision.ticket.deadline == NOW + 7 * DAY
    assert decision.ticket.progress.told_owner
    assert decision.ticket.progress.approval_reasons == ()
    assert decision.due_at is not None
    assert decision.due_at < NOW + 4 * DAY


def test_an_acceptance_without_a_promise_gives_the_whole_grace_period() -> None:
    accepted = replace(ACCEPTED, promised_at=None)
    decision = decide(case(ticket(progress=COMPOSED), notice=accepted), Sight(user=reading()))
    assert decision.ticket.deadline == NOW - MINUTE + 7 * DAY


def test_a_notice_that_reached_only_the_default_address_is_not_an_owner_told() -> None:
    only_team = enforcing(owners=OwnerRules())
    of = case(ticket(progress=COMPOSED, owner=None), notice=ACCEPTED)
    decision = decide(of, Sight(user=reading()), situation(policy=only_team))
    assert not decision.ticket.progress.told_owner


def test_a_waived_notice_goes_straight_to_notified_and_is_on_the_record() -> None:
    decision = looking(ticket(progress=Progress(notice_waiver=WORD, grace_waiver=WORD)))
    assert decision.trigger is Trigger.NOTIFY
    assert decision.notices == ()
    assert decision.ticket.deadline == NOW
    assert "os:alice" in decision.reason


# --- in the grace period ----------------------------------------------------------------------------------------------


def _told(at: datetime, deadline: datetime, **changes: object) -> Progress:
    return replace(TOLD, notified_at=at, promised_at=deadline, reminders=(), **changes)  # type: ignore[arg-type]  # own names


@pytest.mark.parametrize(
    ("elapsed", "sent", "expected"),
    [
        (1 * DAY, (), None),
        (3.5 * DAY, (), "half-way"),
        (3.5 * DAY, ("half-way",), None),
        (6 * DAY, ("half-way",), "last-day"),
        (6.5 * DAY, (), "last-day"),
        (6.5 * DAY, ("last-day",), None),
    ],
)
def test_each_reminder_goes_out_once_and_a_late_run_sends_the_newest(
    elapsed: timedelta, sent: tuple[str, ...], expected: str | None
) -> None:
    start = NOW - elapsed
    progress = replace(_told(start, start + 7 * DAY), reminders=sent)
    decision = looking(ticket(State.NOTIFIED, progress, deadline=start + 7 * DAY))
    assert decision.trigger is None
    assert [notice.kind for notice in decision.notices] == ([NoticeKind.REMINDER] if expected else [])
    assert decision.ticket.progress.reminders == (*sent, *([expected] if expected else []))
    assert decision.due_at is not None
    assert NOW < decision.due_at <= start + 7 * DAY
    if decision.notices:
        assert decision.notices[0].not_before == start + 7 * DAY


def test_a_reminder_without_an_address_is_counted_and_sent_to_nobody() -> None:
    nobody = enforcing(team=None, owners=OwnerRules())
    start = NOW - 4 * DAY
    of = ticket(State.NOTIFIED, _told(start, start + 7 * DAY), deadline=start + 7 * DAY, owner=None)
    decision = looking(of, at=situation(policy=nobody))
    assert decision.notices == ()
    assert decision.ticket.progress.reminders == ("half-way",)


@pytest.mark.parametrize("state", [State.NOTIFIED, State.AWAITING_APPROVAL])
def test_switching_to_enforce_after_the_notice_starts_the_grace_period_anew(state: State) -> None:
    of = case(ticket(state), enforced_since=NOW - DAY, approvals=(approval(),))
    decision = decide(of, Sight(user=reading()))
    assert decision.trigger is Trigger.RENOTIFY
    assert decision.effect is None
    assert decision.ticket.progress.notice_composed_at is None
    assert decision.due_at == NOW


def test_an_approval_is_waited_for_and_not_replaced_by_time() -> None:
    decision = looking(ticket(State.AWAITING_APPROVAL))
    assert (decision.trigger, decision.effect) == (None, None)
    assert decision.due_at == NOW + DAY


# --- the proposal -----------------------------------------------------------------------------------------------------


def test_at_the_deadline_the_deactivation_is_proposed_with_its_baseline() -> None:
    decision = decide(case(ticket(State.NOTIFIED, deadline=NOW)), Sight(user=reading(), baseline=BASELINE))
    assert decision.trigger is Trigger.DEACTIVATE
    assert decision.effect == effect(EffectKind.DEACTIVATE_KEY)
    assert decision.ticket.baseline == BASELINE
    assert [entry.kind for entry in decision.events] == [EventKind.BASELINE]


def test_a_baseline_of_the_same_day_is_not_put_on_the_record_twice() -> None:
    decision = looking(ticket(State.NOTIFIED, baseline=BASELINE))
    assert decision.effect is not None
    assert decision.events == ()


def test_a_moment_before_the_deadline_nothing_is_proposed_unless_grace_was_waived() -> None:
    soon = NOW + timedelta(microseconds=1)
    waiting = ticket(State.NOTIFIED, deadline=soon)
    assert looking(waiting).effect is None
    waived = replace(waiting, progress=replace(TOLD, grace_waiver=WORD))
    assert looking(waived).effect == effect(EffectKind.DEACTIVATE_KEY)


def test_a_notified_ticket_without_a_date_is_never_proposed() -> None:
    decision = looking(ticket(State.NOTIFIED, deadline=None))
    assert decision.effect is None


def test_an_unused_approval_brings_the_proposal_and_a_used_one_does_not() -> None:
    of = ticket(State.AWAITING_APPROVAL)
    fresh = decide(case(of, approvals=(approval(),)), Sight(user=reading()))
    assert fresh.effect == effect(EffectKind.DEACTIVATE_KEY)
    used = decide(case(of, approvals=(approval(used_at=NOW - MINUTE),)), Sight(user=reading()))
    assert used.effect is None


def test_an_approval_does_not_shorten_a_grace_period_that_a_hold_has_moved() -> None:
    of = ticket(State.AWAITING_APPROVAL, deadline=NOW + HOUR)
    decision = decide(case(of, approvals=(approval(),)), Sight(user=reading()))
    assert decision.effect is None
    assert decision.due_at == NOW + HOUR


@pytest.mark.parametrize("state", [State.NOTIFIED, State.AWAITING_APPROVAL])
def test_a_rollback_that_came_before_the_deactivation_was_done_holds_the_ticket_instead(state: State) -> None:
    of = ticket(state, wanted=Wanted.ROLLBACK, wanted_by=WORD)
    decision = decide(case(of, approvals=(approval(),)), Sight(user=reading()))
    assert decision.trigger is Trigger.HOLD
    assert decision.effect is None
    assert decision.ticket.wanted is None
    assert "os:alice" in decision.reason


# --- paused and exempt ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["access", "unreachable"])
def test_a_block_that_has_passed_by_itself_goes_on_by_itself(code: str) -> None:
    of = ticket(State.BLOCKED, came_from=State.NOTIFIED, blocked_code=code, blocked_reason="AWS was away")
    decision = looking(of)
    assert decision.trigger is Trigger.RETRY
    assert decision.ticket.blocked_code is None


@pytest.mark.parametrize("state", [State.ON_HOLD, State.BLOCKED])
def test_what_waits_for_a_person_waits_for_a_person(state: State) -> None:
    of = ticket(state, came_from=State.NOTIFIED, blocked_code="owner_keeps", blocked_reason="the owner said keep")
    decision = looking(of)
    assert (decision.trigger, decision.effect, decision.notices) == (None, None, ())
    assert decision.due_at == NOW + DAY


def test_an_exemption_lasts_until_its_date_and_then_opens_the_ticket_with_a_new_grace_period() -> None:
    progress = replace(
        TOLD, exempt_until=NOW + HOUR, exempt_reason="migration in May", notice_waiver=WORD, grace_waiver=WORD
    )
    exempt = ticket(State.EXEMPT, progress, deadline=None)
    asleep = decide(case(exempt), Sight())
    assert (asleep.trigger, asleep.due_at) == (None, NOW + HOUR)
    awake = decide(case(exempt), Sight(), situation(NOW + HOUR))
    assert awake.trigger is Trigger.REOPEN
    assert awake.ticket.progress.notice_composed_at is None
    assert awake.ticket.progress.exempt_until is None
    assert (awake.ticket.progress.notice_waiver, awake.ticket.progress.grace_waiver) == (None, None)
    assert awake.ticket.deadline is None


def test_an_exemption_without_a_date_does_not_last() -> None:
    exempt = ticket(State.EXEMPT, replace(TOLD, exempt_until=None))
    assert decide(case(exempt), Sight()).trigger is Trigger.REOPEN


def test_a_decision_without_a_reading_is_a_fault_of_the_program() -> None:
    with pytest.raises(AssertionError, match="without a reading"):
        decide(case(ticket()), Sight())


def test_the_notice_carries_the_masked_key_and_what_the_owner_needs_to_know() -> None:
    call = Activity(
        source="s3.amazonaws.com",
        name="ListBuckets",
        region="eu-west-1",
        source_ip="203.0.113.9",
        user_agent="payroll/1",
        error_code=None,
        count=40,
        first_at=NOW - DAY,
        last_at=NOW - HOUR,
    )
    (notice,) = looking(ticket(baseline=replace(BASELINE, activities=(call,)))).notices
    applications = notice.context["applications"]
    assert isinstance(applications, list)
    assert (applications[0]["source_ip"], applications[0]["count"]) == ("203.0.113.9", 40)
    context = notice.context
    assert KEY not in str(context)
    assert context["age_days"] == 400
    assert context["last_used_at"] == LAST_USE.at.isoformat() if LAST_USE.at else None
    assert context["contact"] == "security@example.com"
