"""The decisions of ``enforce-mfa``: pure, one cause at a time."""

from dataclasses import replace

import pytest

from iamflow.domain.decision import Case, Decision, Look, Sight
from iamflow.domain.effect import Effect, EffectKind, Intent, Outcome, OutcomeKind
from iamflow.domain.evidence import TrailEvent
from iamflow.domain.facts import KeyState, KeyStatus, LastUse, ManagedPolicy, UserFacts, UserReading
from iamflow.domain.guards import Refusal, Remedy
from iamflow.domain.ids import IntentId, TicketId
from iamflow.domain.notice import NoticeKind
from iamflow.domain.policy import Policy
from iamflow.domain.require_mfa import INLINE_NAME, MANAGED_NAMES, Enrolment, How, MfaPolicy, Shape, shape
from iamflow.domain.rights import Rights
from iamflow.domain.states import ENDS, PAUSED, Confirmation, Resolution, State, Trigger, Wanted
from iamflow.domain.ticket import Progress, Ticket
from iamflow.domain.waits import EnforceMfaPolicy
from iamflow.workflows.enforce_mfa import WORKFLOW
from iamflow.workflows.enforce_mfa.proof import proves
from iamflow.workflows.workflow import Achievement
from tests.workflows import samples
from tests.workflows.samples import CREATED, DAY, HOUR, KEY, MINUTE, NOW, SECOND, TOLD, USER, WORD, enforcing

SHAPE = shape(TicketId(7), How.INLINE, exempt_change_password=False)
MANAGED = shape(TicketId(7), How.MANAGED, exempt_change_password=False)
ARN = f"arn:aws:iam::012345678901:policy/{MANAGED_NAMES[0]}"
BY_ATTACHING = enforcing(enforce_mfa=EnforceMfaPolicy(policy=How.MANAGED))
LOOKED = Enrolment(at=NOW - MINUTE, lacking=())
BEGUN = replace(TOLD, enrolment=LOOKED, mfa_policy=MfaPolicy(shape=SHAPE, since=NOW - MINUTE))
FACTS = UserFacts(
    console=True,
    mfa=False,
    password_last_used=None,
    key_last_used=None,
    created_at=CREATED,
    as_of=NOW - DAY,
    source="live",
)


def on(since: object = NOW - DAY, of: Shape = SHAPE, **changes: object) -> Progress:
    """Return the progress of a ticket whose policy was seen on the user."""
    policy = MfaPolicy(shape=of, since=since, attached_at=since)  # type: ignore[arg-type]  # a time
    return replace(BEGUN, mfa_policy=policy, deactivated_at=since, **changes)  # type: ignore[arg-type]  # as above


def ticket(state: State, progress: Progress | None = None, **changes: object) -> Ticket:
    """Return a ticket about a user who stands there."""
    known = progress or (on() if state is State.ENFORCED else Progress() if state is State.OPEN else TOLD)
    base = samples.ticket(State.OPEN, known, access_key_id=None, facts=FACTS, workflow="enforce-mfa", baseline=None)
    deadline = None if known.deactivated_at is not None else NOW - DAY if known.notified_at else None
    return replace(base, **{"state": state, "deadline": deadline, **changes})  # type: ignore[arg-type]  # as above


def reading(**changes: object) -> UserReading:
    """Return what AWS says: a console user without MFA, whose key has not been used for long."""
    base = samples.reading(
        KeyStatus.ACTIVE, console=True, mfa=(), inline={}, uses={KEY: LastUse(at=NOW - 200 * DAY)}, created_at=CREATED
    )
    return replace(base, last_use=None, **changes)  # type: ignore[arg-type]  # as above


PUT = {INLINE_NAME: SHAPE.document}
ALLOWED = Rights(
    arn="arn:aws:iam::012345678901:user/deploy",
    policies=('{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}',),
)


def decide(
    of: Ticket, read: UserReading | None, policy: Policy = samples.ENFORCING, rights: Rights | None = ALLOWED
) -> Decision:
    """Decide as the engine would."""
    case = samples.case(of)
    return WORKFLOW.decide(case, Sight(user=read, rights=rights), samples.situation(policy=policy))


def wants(of: Ticket, read: UserReading | None = None, **case: object) -> set[Look]:
    """Return what must be read."""
    return set(WORKFLOW.wants(samples.case(of, **case), Sight(user=read), samples.situation()))


# --- before ---------------------------------------------------------------------------------------------------------


def test_a_ticket_whose_waits_are_over_puts_the_policy_and_says_so_from_then_on() -> None:
    decision = decide(ticket(State.NOTIFIED), reading())
    assert decision.effect is not None
    assert decision.effect.kind is EffectKind.PUT_MFA_POLICY
    assert decision.effect.targets == (INLINE_NAME,)
    assert decision.effect.document == SHAPE.document
    assert decision.effect.key_id is None
    assert decision.trigger is Trigger.ENFORCE
    assert decision.ticket.is_denied
    assert not decision.ticket.key_was_deactivated


def test_a_managed_policy_that_is_not_there_is_made_first_and_nothing_is_begun() -> None:
    decision = decide(ticket(State.NOTIFIED), reading(managed={MANAGED.name: None}), BY_ATTACHING)
    assert decision.effect is not None
    assert decision.effect.kind is EffectKind.CREATE_MFA_POLICY
    assert decision.effect.document == MANAGED.document
    assert decision.trigger is None
    assert not decision.ticket.is_denied


def test_a_managed_policy_that_is_there_is_attached_by_its_arn() -> None:
    found = ManagedPolicy(arn=ARN, document=MANAGED.document, attached=False)
    decision = decide(ticket(State.NOTIFIED), reading(managed={MANAGED.name: found}), BY_ATTACHING)
    assert decision.effect is not None
    assert decision.effect.kind is EffectKind.ATTACH_MFA_POLICY
    assert decision.effect.document is None
    assert decision.ticket.progress.mfa_policy is not None
    assert decision.ticket.progress.mfa_policy.shape.arn == ARN


@pytest.mark.parametrize("state", [State.OPEN, State.NOTIFIED, State.AWAITING_APPROVAL, State.ON_HOLD, State.BLOCKED])
@pytest.mark.parametrize(
    ("read", "resolution"),
    [
        (reading(mfa=("arn:x",)), Resolution.MFA_ENABLED),
        (reading(console=False), Resolution.NO_CONSOLE),
        (reading(user_id=None), Resolution.USER_GONE),
    ],
)
def test_what_was_asked_for_having_happened_ends_the_ticket(
    state: State, read: UserReading, resolution: Resolution
) -> None:
    decision = decide(ticket(state), read)
    assert (decision.trigger, decision.resolution, decision.effect) == (Trigger.RESOLVE, resolution, None)
    assert WORKFLOW.table.next_state(ticket(state), Trigger.RESOLVE) is State.RESOLVED


def test_another_user_of_the_same_name_is_left_to_a_person() -> None:
    decision = decide(ticket(State.NOTIFIED), reading(user_id="AIDAOTHER", mfa=("arn:x",)))
    assert decision.trigger is Trigger.BLOCK
    assert decision.ticket.blocked_code == "user_changed"


def test_what_is_read_becomes_what_is_known() -> None:
    read = reading(
        keys=(KeyState(key_id=KEY, status=KeyStatus.ACTIVE, created_at=CREATED),),
        uses={KEY: LastUse(at=NOW - 20 * DAY)},
        password_last_used=NOW - 3 * DAY,
    )
    known = decide(ticket(State.OPEN, user_id=None), read).ticket
    assert isinstance(known.facts, UserFacts)
    assert known.facts.key_last_used == NOW - 20 * DAY
    assert known.facts.password_last_used == NOW - 3 * DAY
    assert known.user_id == read.user_id
    assert known.plan_digest is not None


def test_the_plan_is_another_for_another_policy_or_user_and_the_same_at_another_time() -> None:
    plan = decide(ticket(State.NOTIFIED), reading()).ticket.plan_digest
    later = reading(uses={KEY: LastUse(at=NOW - DAY)}, read_at=NOW + SECOND)
    assert decide(ticket(State.NOTIFIED), later).ticket.plan_digest == plan
    managed = reading(managed={MANAGED.name: None})
    password = enforcing(enforce_mfa=EnforceMfaPolicy(exempt_change_password=True))
    others = {
        decide(ticket(State.NOTIFIED), managed, BY_ATTACHING).ticket.plan_digest,
        decide(ticket(State.NOTIFIED), reading(), password).ticket.plan_digest,
        decide(ticket(State.NOTIFIED, user_id="AIDAOTHER"), reading(user_id="AIDAOTHER")).ticket.plan_digest,
    }
    assert len(others | {plan}) == 4


def test_the_users_rights_are_read_only_right_before_the_policy() -> None:
    assert wants(ticket(State.NOTIFIED)) == {Look.USER}
    assert wants(ticket(State.NOTIFIED), reading()) == {Look.RIGHTS}
    assert wants(ticket(State.NOTIFIED, deadline=NOW + DAY), reading()) == set()
    assert wants(ticket(State.NOTIFIED), reading(mfa=("arn:x",))) == set()
    assert wants(ticket(State.NOTIFIED), reading(console=False)) == set()
    assert wants(ticket(State.AWAITING_APPROVAL), reading()) == set()
    assert wants(ticket(State.AWAITING_APPROVAL), reading(), approvals=(samples.approval(),)) == {Look.RIGHTS}
    assert wants(ticket(State.NOTIFIED, replace(TOLD, enrolment=LOOKED)), reading()) == set()
    old = Enrolment(at=NOW - HOUR, lacking=())
    assert wants(ticket(State.NOTIFIED, replace(TOLD, enrolment=old)), reading()) == {Look.RIGHTS}
    assert wants(ticket(State.ENFORCED), reading(inline=PUT)) == set()
    assert wants(ticket(State.EXEMPT)) == set()


@pytest.mark.parametrize("kind", [EffectKind.PUT_MFA_POLICY, EffectKind.ATTACH_MFA_POLICY])
def test_a_policy_that_the_guards_refuse_was_not_begun(kind: EffectKind) -> None:
    before = ticket(State.NOTIFIED)
    proposed = decide(before, reading())
    assert proposed.effect is not None
    proposed = replace(proposed, effect=replace(proposed.effect, kind=kind))
    no = Refusal(code="frozen", sentence="everything is frozen", remedy=Remedy.WAIT)
    after = WORKFLOW.refused(samples.case(before), proposed, (no,), samples.situation())
    assert after.ticket.progress.mfa_policy is None
    assert after.ticket.progress.waiting_for == ("everything is frozen",)


# --- the policy is on, or may be ------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [State.ENFORCED, State.ON_HOLD, State.BLOCKED])
@pytest.mark.parametrize(
    ("read", "changes", "trigger", "resolution"),
    [
        (reading(inline=PUT, mfa=("arn:x",)), {}, Trigger.REMEDIATE, Resolution.MFA_ENABLED),
        (reading(inline=PUT, console=False), {}, Trigger.RESOLVE, Resolution.NO_CONSOLE),
        (
            reading(inline=PUT, mfa=("arn:x",)),
            {"wanted": Wanted.ROLLBACK, "wanted_by": WORD},
            Trigger.ROLL_BACK,
            Resolution.ROLLED_BACK,
        ),
        (reading(inline=PUT, tags={"iamflow:protected": ""}), {}, Trigger.ROLL_BACK, Resolution.ROLLED_BACK),
    ],
)
def test_in_every_way_out_the_policy_is_taken_away_first(
    state: State, read: UserReading, changes: dict[str, object], trigger: Trigger, resolution: Resolution
) -> None:
    of = ticket(state, on(), came_from=State.ENFORCED, **changes)
    decision = decide(of, read)
    assert decision.effect is not None
    assert decision.effect.kind is EffectKind.DELETE_MFA_POLICY
    assert (decision.trigger, decision.resolution) == (trigger, resolution)
    assert decision.ticket.is_denied
    assert WORKFLOW.table.next_state(of, trigger) in ENDS


def test_what_was_put_is_what_is_taken_away_whatever_the_settings_say_by_now() -> None:
    read = reading(inline=PUT, mfa=("arn:x",))
    decision = decide(ticket(State.ENFORCED), read, BY_ATTACHING)
    assert decision.effect is not None
    assert (decision.effect.kind, decision.effect.target) == (EffectKind.DELETE_MFA_POLICY, INLINE_NAME)
    assert WORKFLOW.managed_of(ticket(State.ENFORCED), BY_ATTACHING) == ()
    attached = ticket(State.ENFORCED, on(of=replace(MANAGED, arn=ARN)))
    assert WORKFLOW.managed_of(attached, samples.ENFORCING) == MANAGED_NAMES


def test_without_a_device_the_policy_stays() -> None:
    decision = decide(ticket(State.ENFORCED), reading(inline=PUT))
    assert (decision.effect, decision.trigger) == (None, None)
    assert decision.due_at == NOW + samples.ENFORCING.timing.poll


@pytest.mark.parametrize("state", [State.ENFORCED, State.ON_HOLD])
def test_somebody_elses_policy_of_that_name_is_left_to_a_person(state: State) -> None:
    read = reading(inline={INLINE_NAME: "{}"}, mfa=("arn:x",))
    decision = decide(ticket(state, on()), read)
    assert decision.effect is None
    assert decision.trigger is (None if state in PAUSED else Trigger.BLOCK)


@pytest.mark.parametrize(
    ("read", "changes", "trigger", "resolution"),
    [
        (reading(), {}, Trigger.RESOLVE, Resolution.POLICY_REMOVED),
        (reading(mfa=("arn:x",)), {}, Trigger.REMEDIATE, Resolution.MFA_ENABLED),
        (reading(console=False), {}, Trigger.RESOLVE, Resolution.NO_CONSOLE),
        (reading(), {"wanted": Wanted.ROLLBACK, "wanted_by": WORD}, Trigger.ROLL_BACK, Resolution.ROLLED_BACK),
        (reading(user_id=None), {}, Trigger.RESOLVE, Resolution.USER_GONE),
        (reading(user_id="AIDAOTHER"), {}, Trigger.RESOLVE, Resolution.USER_GONE),
    ],
)
def test_a_policy_that_is_gone_without_iamflow_ends_the_ticket_without_a_call(
    read: UserReading, changes: dict[str, object], trigger: Trigger, resolution: Resolution
) -> None:
    decision = decide(ticket(State.ENFORCED, **changes), read)
    assert (decision.trigger, decision.resolution, decision.effect) == (trigger, resolution, None)
    assert not decision.ticket.is_denied
    assert [told.kind for told in decision.notices] == [NoticeKind.ATTENTION]
    assert decision.ticket.confirmation is None


def test_an_old_answer_right_after_the_call_is_not_taken_for_a_removal() -> None:
    just = ticket(State.ENFORCED, on(NOW - SECOND))
    decision = decide(just, reading())
    assert (decision.trigger, decision.effect) == (None, None)
    assert decision.due_at == NOW - SECOND + samples.ENFORCING.timing.propagation
    assert decision.ticket.is_denied


def test_a_call_that_may_still_show_is_waited_for_and_then_forgotten() -> None:
    waiting = decide(ticket(State.NOTIFIED, BEGUN), reading())
    assert waiting.ticket.is_denied
    assert waiting.due_at is not None
    assert waiting.due_at > NOW
    old = replace(BEGUN, mfa_policy=MfaPolicy(shape=SHAPE, since=NOW - HOUR))
    forgotten = decide(ticket(State.NOTIFIED, old), reading())
    assert not forgotten.ticket.is_denied
    assert (forgotten.effect, forgotten.trigger, forgotten.due_at) == (None, None, NOW)


@pytest.mark.parametrize("state", [State.NOTIFIED, State.AWAITING_APPROVAL, State.ON_HOLD, State.BLOCKED])
def test_a_call_that_shows_after_all_is_taken_note_of(state: State) -> None:
    old = replace(BEGUN, mfa_policy=MfaPolicy(shape=SHAPE, since=NOW - HOUR))
    found = decide(ticket(state, old), reading(inline=PUT, mfa=("arn:x",)))
    assert found.trigger is (None if state in PAUSED else Trigger.ENFORCE)
    assert found.ticket.key_was_deactivated
    assert found.ticket.progress.deactivated_at == NOW


def test_a_policy_that_is_on_another_user_of_that_name_is_left_to_a_person() -> None:
    decision = decide(ticket(State.ENFORCED), reading(user_id="AIDAOTHER", inline=PUT))
    assert decision.effect is None
    assert decision.ticket.blocked_code == "user_changed"


def test_a_policy_that_the_ticket_does_not_know_of_is_taken_away() -> None:
    decision = decide(ticket(State.NOTIFIED), reading(inline=PUT, mfa=("arn:x",)))
    assert decision.effect is not None
    assert decision.effect.kind is EffectKind.DELETE_MFA_POLICY
    assert decision.trigger is None


def test_a_policy_on_another_user_of_that_name_is_not_taken_for_a_forgotten_one() -> None:
    decision = decide(ticket(State.NOTIFIED, user_id="AIDABEFORE"), reading(inline=PUT))
    assert decision.effect is None
    assert decision.ticket.blocked_code == "user_changed"


@pytest.mark.parametrize(
    ("weeks", "sent", "told"),
    [(0.9, (), None), (1, (), "week-1"), (1, ("week-1",), None), (2, ("week-1",), "week-2"), (5.5, (), "week-5")],
)
def test_each_week_is_reminded_of_once(weeks: float, sent: tuple[str, ...], told: str | None) -> None:
    since = NOW - weeks * 7 * DAY
    decision = decide(ticket(State.ENFORCED, on(since, reminders=sent)), reading(inline=PUT))
    assert decision.ticket.progress.reminders == (*sent, *([told] if told is not None else []))
    assert [notice.kind for notice in decision.notices] == ([NoticeKind.REMINDER] if told is not None else [])
    assert decision.due_at is not None
    assert decision.due_at <= NOW + samples.ENFORCING.timing.poll


def test_nobody_is_reminded_where_iamflow_only_observes_or_the_ticket_is_on_hold() -> None:
    old = on(NOW - 15 * DAY)
    assert decide(ticket(State.ENFORCED, old), reading(inline=PUT), Policy()).notices == ()
    assert decide(ticket(State.ON_HOLD, old), reading(inline=PUT)).notices == ()


def test_a_reminder_that_falls_between_two_polls_is_not_late() -> None:
    since = NOW - 7 * DAY + MINUTE
    assert decide(ticket(State.ENFORCED, on(since)), reading(inline=PUT)).due_at == NOW + MINUTE


# --- what an intent came to -----------------------------------------------------------------------------------------


def _case(kind: EffectKind, progress: Progress, of: Shape = SHAPE, opened_at: object = NOW - MINUTE) -> Case:
    effect = Effect(kind=kind, account_id=samples.ACCOUNT, username=USER, targets=(of.name,), document=of.document)
    intent = Intent(
        id=IntentId(1),
        ticket_id=TicketId(7),
        step=1,
        effect=effect,
        idempotency_key="t7:1",
        opened_at=opened_at,  # type: ignore[arg-type]  # a time
    )
    return samples.case(ticket(State.NOTIFIED, progress), intent=intent)


def _managed(document: str = MANAGED.document, *, attached: bool) -> dict[str, object]:
    return {"managed": {MANAGED.name: ManagedPolicy(arn=ARN, document=document, attached=attached)}}


_ATTACHING = replace(BEGUN, mfa_policy=MfaPolicy(shape=MANAGED, since=NOW - MINUTE))


@pytest.mark.parametrize(
    ("case", "read", "is_done"),
    [
        (_case(EffectKind.PUT_MFA_POLICY, BEGUN), reading(inline=PUT), True),
        (_case(EffectKind.PUT_MFA_POLICY, BEGUN), reading(), False),
        (_case(EffectKind.PUT_MFA_POLICY, BEGUN), reading(inline={INLINE_NAME: "{}"}), False),
        (_case(EffectKind.PUT_MFA_POLICY, BEGUN), reading(user_id=None), False),
        (_case(EffectKind.PUT_MFA_POLICY, BEGUN), reading(user_id="AIDAOTHER", inline=PUT), False),
        (_case(EffectKind.DELETE_MFA_POLICY, on()), reading(), True),
        (_case(EffectKind.DELETE_MFA_POLICY, on()), reading(user_id=None), True),
        (_case(EffectKind.DELETE_MFA_POLICY, on()), reading(inline=PUT), False),
        (_case(EffectKind.DELETE_MFA_POLICY, on()), reading(inline={INLINE_NAME: "{}"}), False),
        (_case(EffectKind.DELETE_MFA_POLICY, TOLD), reading(), True),
        (_case(EffectKind.DELETE_MFA_POLICY, TOLD), reading(inline=PUT), False),
        (_case(EffectKind.CREATE_MFA_POLICY, TOLD, MANAGED), reading(**_managed(attached=False)), True),
        (_case(EffectKind.CREATE_MFA_POLICY, TOLD, MANAGED), reading(managed={MANAGED.name: None}), False),
        (_case(EffectKind.CREATE_MFA_POLICY, TOLD, MANAGED), reading(**_managed("{}", attached=False)), False),
        (_case(EffectKind.ATTACH_MFA_POLICY, _ATTACHING, MANAGED), reading(**_managed(attached=True)), True),
        (_case(EffectKind.ATTACH_MFA_POLICY, _ATTACHING, MANAGED), reading(**_managed(attached=False)), False),
        (_case(EffectKind.DETACH_MFA_POLICY, on(of=MANAGED), MANAGED), reading(**_managed(attached=False)), True),
        (_case(EffectKind.DETACH_MFA_POLICY, on(of=MANAGED), MANAGED), reading(**_managed(attached=True)), False),
    ],
)
def test_an_intent_is_settled_by_what_aws_shows(case: Case, read: UserReading, is_done: bool) -> None:
    soon = WORKFLOW.settle(case, read, samples.situation())
    late = WORKFLOW.settle(case, read, samples.situation(NOW + HOUR))
    if is_done:
        assert soon is not None
        assert soon.kind is OutcomeKind.DONE
        return
    assert soon is None
    assert late is not None
    assert late.kind is OutcomeKind.NOT_DONE


@pytest.mark.parametrize("read", [reading(inline=None), reading(managed={})])
def test_what_was_not_read_settles_nothing(read: UserReading) -> None:
    kind, progress, of = (
        (EffectKind.DELETE_MFA_POLICY, on(), SHAPE)
        if read.inline is None
        else (EffectKind.DETACH_MFA_POLICY, on(of=MANAGED), MANAGED)
    )
    assert WORKFLOW.settle(_case(kind, progress, of), read, samples.situation(NOW + HOUR)) is None


def test_without_an_intent_there_is_nothing_to_settle() -> None:
    assert WORKFLOW.settle(samples.case(ticket(State.NOTIFIED)), reading(), samples.situation()) is None


def _achieved(kind: EffectKind, progress: Progress, read: UserReading, of: Shape = SHAPE) -> Decision:
    case = _case(kind, progress, of)
    assert case.intent is not None
    outcome = Outcome(kind=OutcomeKind.DONE, at=NOW, request_id="the-request")
    achievement = Achievement(effect=case.intent.effect, outcome=outcome, reading=read)
    return WORKFLOW.achieved(case, achievement, samples.situation())


def test_a_policy_that_was_seen_takes_access_from_then_on() -> None:
    decision = _achieved(EffectKind.PUT_MFA_POLICY, BEGUN, reading(inline=PUT))
    after = decision.ticket
    assert decision.trigger is Trigger.ENFORCE
    assert (after.progress.deactivated_at, after.deadline, after.progress.own_requests) == (NOW, None, ("the-request",))
    assert after.progress.mfa_policy is not None
    assert after.progress.mfa_policy.attached_at == NOW
    assert [notice.kind for notice in decision.notices] == [NoticeKind.ENFORCED]


@pytest.mark.parametrize(
    ("over", "trigger", "kind"),
    [
        (Resolution.MFA_ENABLED, Trigger.REMEDIATE, NoticeKind.REMEDIATED),
        (Resolution.NO_CONSOLE, Trigger.RESOLVE, NoticeKind.REMEDIATED),
        (Resolution.ROLLED_BACK, Trigger.ROLL_BACK, NoticeKind.ROLLED_BACK),
        (None, Trigger.ROLL_BACK, NoticeKind.ROLLED_BACK),
    ],
)
def test_a_policy_that_was_seen_to_be_gone_ends_the_ticket_as_was_decided(
    over: Resolution | None, trigger: Trigger, kind: NoticeKind
) -> None:
    known = on()
    assert known.mfa_policy is not None
    leaving = replace(known, mfa_policy=replace(known.mfa_policy, over=over))
    decision = _achieved(EffectKind.DELETE_MFA_POLICY, leaving, reading())
    assert (decision.trigger, decision.resolution) == (trigger, over or Resolution.ROLLED_BACK)
    assert [notice.kind for notice in decision.notices] == [kind]
    assert decision.ticket.confirmation is Confirmation.PENDING
    assert decision.ticket.progress.end_request == "the-request"
    assert not decision.ticket.is_denied


def test_why_a_policy_goes_is_kept_until_it_is_gone() -> None:
    decision = decide(ticket(State.ENFORCED), reading(inline=PUT, mfa=("arn:x",)))
    assert decision.ticket.progress.mfa_policy is not None
    assert decision.ticket.progress.mfa_policy.over is Resolution.MFA_ENABLED


@pytest.mark.parametrize("kind", [EffectKind.CREATE_MFA_POLICY, EffectKind.DELETE_MFA_POLICY])
def test_what_only_prepares_or_tidies_up_moves_nothing(kind: EffectKind) -> None:
    decision = _achieved(kind, TOLD, reading(), MANAGED if kind is EffectKind.CREATE_MFA_POLICY else SHAPE)
    assert (decision.trigger, decision.notices, decision.due_at) == (None, (), NOW)
    assert decision.ticket.progress.own_requests == ("the-request",)


# --- the proof ------------------------------------------------------------------------------------------------------


def _event(name: str = "DeleteUserPolicy", **changes: object) -> TrailEvent:
    usual = {"target_user": str(USER), "target_policy": INLINE_NAME, "request_id": "the-request"}
    return samples.event(name, **usual | changes)


@pytest.mark.parametrize(
    ("event", "proof"),
    [
        (_event(), True),
        (_event(error_code="AccessDenied"), False),
        (_event(target_user="omar"), False),
        (_event(target_policy="Other"), False),
        (_event(name="PutUserPolicy"), False),
    ],
)
def test_only_the_call_that_took_the_policy_away_is_the_proof(event: TrailEvent, proof: bool) -> None:
    ended = ticket(State.REMEDIATED, on(end_request="the-request"), confirmation=Confirmation.PENDING)
    assert proves(event, ended) is proof
    lost = ticket(State.REMEDIATED, on(), confirmation=Confirmation.PENDING)
    assert proves(event, lost) is (proof or event.request_id == "of-somebody-else")


def test_a_managed_policy_is_proven_by_its_arn() -> None:
    ended = ticket(State.REMEDIATED, on(of=replace(MANAGED, arn=ARN)))
    assert proves(_event(name="DetachUserPolicy", target_policy=ARN), ended)
    assert not proves(_event(name="DetachUserPolicy", target_policy=MANAGED.name), ended)
    assert not proves(_event(), ended)
    assert not proves(_event(), ticket(State.RESOLVED, TOLD))


# --- the table ------------------------------------------------------------------------------------------------------


def test_only_a_ticket_that_was_told_is_enforced_and_only_an_enforced_one_is_remediated() -> None:
    table = WORKFLOW.table
    for state, _ in table.states:
        before, after = ticket(state, TOLD), ticket(state, on(), came_from=State.ENFORCED)
        assert table.allows(before, Trigger.ENFORCE) is (state in {State.NOTIFIED, State.AWAITING_APPROVAL})
        for trigger in (Trigger.REMEDIATE, Trigger.ROLL_BACK):
            assert not table.allows(before, trigger)
            assert table.allows(after, trigger) is (state in {State.ENFORCED, State.ON_HOLD, State.BLOCKED})
        for trigger in (Trigger.CANCEL, Trigger.EXEMPT, Trigger.REJECT, Trigger.RENOTIFY):
            assert not table.allows(after, trigger)
        assert not table.allows(ticket(state, BEGUN), Trigger.RESOLVE), "a policy may be on"


def test_every_state_is_reached_and_leads_to_an_end() -> None:
    ways = {(source, row.dest) for row in WORKFLOW.table.transitions for source in row.sources}
    states = {state for state, _ in WORKFLOW.table.states}
    reached, ending = {State.OPEN}, states & ENDS
    for _ in states:
        reached |= {dest for source, dest in ways if source in reached}
        ending |= {source for source, dest in ways if dest in ending}
    assert reached == states
    assert ending == states
    assert {source for source, _ in ways} == states - ENDS
