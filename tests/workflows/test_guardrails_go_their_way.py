"""What a guardrail's table allows, what a reading settles, and which event proves its end: all without AWS."""

from dataclasses import replace
from datetime import timedelta

import pytest

from iamflow.domain.decision import Case, Denials, Sight
from iamflow.domain.effect import EffectKind, Intent, OutcomeKind
from iamflow.domain.evidence import TrailEvent
from iamflow.domain.guardrail import AccountPreview, Preview, Watch, policy_document
from iamflow.domain.guards import Circumstances
from iamflow.domain.ids import IntentId, TicketId
from iamflow.domain.states import Resolution, State, Trigger, Wanted
from iamflow.workflows.org_mfa_guardrail import WORKFLOW, proof
from iamflow.workflows.root_hygiene import WORKFLOW as ROOT_HYGIENE
from iamflow.workflows.workflow import Situation
from tests.guards.circumstances import HOUR, NOW, SECOND, reading, ticket
from tests.guards.governing import (
    ATTACH,
    CREATE,
    DELETE,
    DETACH,
    KINDS,
    MEMBER,
    TARGET,
    WRITTEN,
    allowed,
    guardrail,
    organisation,
    policy,
)

OTHERS = policy_document(TicketId(8), exempt_change_password=False)
ON = replace(WRITTEN, attached_at=NOW - HOUR)


def situation(c: Circumstances) -> Situation:
    return Situation(now=c.now, policy=c.policy)


def case(c: Circumstances, *, ago: timedelta = SECOND) -> Case:
    intent = Intent(
        id=IntentId(1), ticket_id=c.ticket.id, step=1, effect=c.effect, idempotency_key="k", opened_at=c.now - ago
    )
    return Case(ticket=c.ticket, intent=intent, approvals=c.approvals, enforced_since=c.enforced_since)


def settled(c: Circumstances, *, ago: timedelta = SECOND) -> OutcomeKind | None:
    outcome = WORKFLOW.settle(case(c, ago=ago), c.reading, situation(c))
    return outcome.kind if outcome is not None else None


DONE = (
    policy(allowed(CREATE)),
    policy(allowed(ATTACH), targets=(TARGET,)),
    policy(allowed(DETACH)),
    organisation(allowed(DETACH), policy=None),
    organisation(allowed(DELETE), policy=None),
)


@pytest.mark.parametrize("c", DONE, ids=lambda c: c.effect.kind.value)
def test_what_a_reading_shows_is_done(c: Circumstances) -> None:
    assert settled(c) is OutcomeKind.DONE


@pytest.mark.parametrize("kind", KINDS)
def test_what_does_not_show_is_waited_for_and_then_not_done(kind: EffectKind) -> None:
    assert settled(allowed(kind)) is None
    assert settled(allowed(kind), ago=HOUR) is OutcomeKind.NOT_DONE


@pytest.mark.parametrize("kind", KINDS)
def test_an_organisation_that_was_not_read_settles_nothing(kind: EffectKind) -> None:
    assert settled(reading(allowed(kind), organisation=None), ago=HOUR) is None


@pytest.mark.parametrize("kind", [CREATE, ATTACH])
def test_somebody_elses_policy_is_never_taken_for_iamflows_own(kind: EffectKind) -> None:
    assert settled(policy(allowed(kind), document=OTHERS, targets=(TARGET,)), ago=HOUR) is OutcomeKind.NOT_DONE


def test_nothing_is_proposed_while_a_member_account_is_unknown() -> None:
    unknown = Preview(accounts=(AccountPreview(account_id=MEMBER, name="member"),))
    c = allowed(CREATE)
    decision = WORKFLOW.decide(replace(case(c), intent=None), Sight(user=c.reading, preview=unknown), situation(c))
    assert (decision.effect, decision.trigger, decision.due_at) == (None, None, NOW)
    assert decision.ticket.plan_digest is None


def test_a_policy_that_is_made_is_attached_next_and_deleted_where_a_rollback_is_wanted() -> None:
    c = allowed(ATTACH)
    sight = Sight(user=c.reading)
    decision = WORKFLOW.decide(replace(case(c), intent=None), sight, situation(c))
    assert decision.effect is not None
    assert (decision.effect.kind, decision.trigger) == (ATTACH, Trigger.ENFORCE)
    unwanted = ticket(c, wanted=Wanted.ROLLBACK)
    decision = WORKFLOW.decide(replace(case(unwanted), intent=None), sight, situation(c))
    assert decision.effect is not None
    assert (decision.effect.kind, decision.resolution) == (DELETE, Resolution.ROLLED_BACK)


def test_nobody_cancels_or_rejects_what_is_made() -> None:
    made = allowed(ATTACH).ticket
    none = allowed(CREATE).ticket
    for trigger in (Trigger.CANCEL, Trigger.REJECT):
        assert WORKFLOW.table.allows(none, trigger)
        assert not WORKFLOW.table.allows(made, trigger)
    assert not WORKFLOW.table.allows(none, Trigger.REMEDIATE)
    assert not WORKFLOW.table.allows(made, Trigger.RESOLVE)


def test_only_a_monitored_guardrail_is_kept() -> None:
    attached = replace(made_on().ticket, progress=replace(made_on().ticket.progress, deactivated_at=NOW - HOUR))
    allowed_in = {state for state, _ in WORKFLOW.table.states if _allows(attached, state, Trigger.REMEDIATE)}
    assert allowed_in == {State.MONITORING}


def made_on() -> Circumstances:
    return guardrail(allowed(DETACH), policy=ON)


def _allows(one: object, state: State, trigger: Trigger) -> bool:
    return WORKFLOW.table.allows(replace(one, state=state), trigger)  # type: ignore[type-var]  # a ticket


def test_a_root_user_that_was_put_right_ends_a_ticket_wherever_it_stands_but_exempt() -> None:
    states = {state for state, _ in ROOT_HYGIENE.table.states}
    root = replace(allowed(CREATE).ticket, workflow="root-hygiene")
    allowed_in = {state for state in states if ROOT_HYGIENE.table.allows(replace(root, state=state), Trigger.REMEDIATE)}
    assert allowed_in == {State.OPEN, State.NOTIFIED, State.ON_HOLD, State.BLOCKED}


EVENT = TrailEvent(
    event_id="e",
    at=NOW,
    region="us-east-1",
    source="organizations.amazonaws.com",
    name="AttachPolicy",
    request_id="r",
    target_policy=WRITTEN.policy_id,
)


@pytest.mark.parametrize(
    ("event", "proves"),
    [
        (EVENT, True),
        (replace(EVENT, error_code="AccessDenied"), False),
        (replace(EVENT, source="iam.amazonaws.com"), False),
        (replace(EVENT, name="DeletePolicy"), False),
    ],
)
def test_the_attachment_proves_what_was_kept(event: TrailEvent, proves: bool) -> None:
    kept = made_on().ticket
    kept = replace(kept, progress=replace(kept.progress, end_request="r"))
    assert proof.proves(event, kept) is proves


def test_after_a_lost_answer_the_policys_id_is_the_proof() -> None:
    gone = guardrail(allowed(DELETE), policy=replace(ON, removed_at=NOW)).ticket
    event = replace(EVENT, name="DeletePolicy", request_id="unknown")
    assert proof.proves(event, gone)
    assert not proof.proves(replace(event, target_policy="p-other"), gone)
    assert not proof.proves(replace(event, target_policy=None), gone)


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (
            "User: x is not authorized to perform: s3:ListAllMyBuckets with an explicit deny in a service control policy",
            True,
        ),
        ("User: x is not authorized to perform: s3:ListAllMyBuckets", True),
        ("Access Denied", True),
        (None, True),
        ("User: x is not authorized to perform: y because no identity-based policy allows the y action", False),
        ("User: x is not authorized to perform: y with an explicit deny in a permissions boundary", False),
    ],
)
def test_people_are_told_of_what_was_denied_unless_it_is_said_that_something_else_denied_it(
    message: str | None, told: bool
) -> None:
    c = guardrail(policy(allowed(DETACH), targets=(TARGET,)), policy=ON)
    watched = replace(
        c.ticket, progress=replace(c.ticket.progress, deactivated_at=NOW - HOUR, window_ends_at=NOW + HOUR)
    )
    event = TrailEvent(
        event_id="e", at=NOW, region="us-east-1", source="s3.amazonaws.com", name="ListBuckets", username="etl",
        error_code="AccessDenied", error_message=message,
    )  # fmt: skip
    sight = Sight(user=c.reading, denials=Denials(events=(event,), watch=Watch(began_at=NOW, searched_at=NOW)))
    decision = WORKFLOW.decide(Case(ticket=watched), sight, situation(c))
    assert [signal.sentence for signal in decision.ticket.progress.signals] == (
        ["ListBuckets (s3.amazonaws.com) was denied to etl"] if told else []
    )
