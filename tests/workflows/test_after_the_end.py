"""After an end with an effect, CloudTrail's own event is the proof; without it, somebody is told that it is missing."""

from dataclasses import replace

import pytest

from iamflow.domain.decision import Look, Sight
from iamflow.domain.evidence import TrailEvent
from iamflow.domain.notice import NoticeKind
from iamflow.domain.states import ENDS, Confirmation, State
from iamflow.domain.ticket import Ticket
from iamflow.workflows.disable_key import WORKFLOW
from tests.workflows.samples import (
    ENFORCING,
    HOUR,
    KEY,
    MINUTE,
    NOW,
    OTHER_KEY,
    WATCHED,
    case,
    decide,
    event,
    situation,
    sweep,
    ticket,
)

DELETE = event("DeleteAccessKey", access_key_id="ASIAIAMFLOW", target_key_id=KEY, request_id="ours")
UPDATE = event("UpdateAccessKey", access_key_id="ASIAIAMFLOW", target_key_id=KEY, request_id="ours", new_status="Active")  # fmt: skip


def ended(state: State, end_request: str | None = "ours") -> Ticket:
    progress = replace(WATCHED, end_request=end_request, confirm_by=NOW + HOUR)
    return ticket(state, progress, closed_at=NOW - MINUTE, confirmation=Confirmation.PENDING)


@pytest.mark.parametrize(("state", "proof"), [(State.DELETED, DELETE), (State.ROLLED_BACK, UPDATE)])
@pytest.mark.parametrize("end_request", ["ours", None])
def test_the_event_of_the_call_confirms_the_end(state: State, proof: TrailEvent, end_request: str | None) -> None:
    decision = decide(case(ended(state, end_request)), Sight(proof=sweep(event(), proof)))
    assert decision.ticket.confirmation is Confirmation.CONFIRMED
    assert decision.ticket.progress.proof_event_id == proof.event_id
    assert decision.due_at is None
    assert decision.trigger is None
    assert decision.notices == ()


@pytest.mark.parametrize(
    ("state", "almost"),
    [
        (State.DELETED, UPDATE),
        (State.ROLLED_BACK, DELETE),
        (State.DELETED, replace(DELETE, error_code="AccessDenied")),
        (State.DELETED, replace(DELETE, target_key_id=OTHER_KEY)),
        (State.DELETED, replace(DELETE, target_key_id=None)),
        (State.DELETED, replace(DELETE, request_id="another")),
        (State.ROLLED_BACK, replace(UPDATE, new_status="Inactive")),
    ],
)
def test_an_event_of_another_call_confirms_nothing(state: State, almost: TrailEvent) -> None:
    decision = decide(case(ended(state)), Sight(proof=sweep(almost)))
    assert decision.ticket.confirmation is Confirmation.PENDING
    assert decision.due_at == NOW + 30 * MINUTE


def test_a_shorter_poll_looks_for_the_proof_earlier_and_a_longer_one_no_later() -> None:
    of = case(ended(State.DELETED))
    for poll, wait in ((MINUTE, MINUTE), (HOUR, 30 * MINUTE)):
        policy = replace(ENFORCING, timing=replace(ENFORCING.timing, poll=poll))
        assert decide(of, Sight(proof=sweep()), situation(NOW, policy)).due_at == NOW + wait


def test_an_event_without_a_request_id_and_one_of_the_tickets_own_session_are_the_proof_too() -> None:
    of, session = case(ended(State.DELETED)), "arn:aws:sts::012345678901:assumed-role/iamflow/iamflow-host-7"
    for proof, own in (
        (replace(DELETE, request_id=None), None),
        (replace(DELETE, request_id="another", principal=session), "iamflow"),
    ):
        policy = replace(ENFORCING, own_role=own)
        decision = decide(of, Sight(proof=sweep(proof)), situation(NOW, policy))
        assert decision.ticket.confirmation is Confirmation.CONFIRMED
    for stranger in (session.replace("host-7", "host-77"), session.replace("role/iamflow/", "role/admin/"), None):
        theirs = replace(DELETE, request_id="another", principal=stranger)
        policy = replace(ENFORCING, own_role="iamflow")
        assert (
            decide(of, Sight(proof=sweep(theirs)), situation(NOW, policy)).ticket.confirmation is Confirmation.PENDING
        )


def test_a_status_that_the_event_left_out_is_no_contradiction() -> None:
    decision = decide(case(ended(State.ROLLED_BACK)), Sight(proof=sweep(replace(UPDATE, new_status=None))))
    assert decision.ticket.confirmation is Confirmation.CONFIRMED


def test_the_last_look_is_at_the_end_of_the_time_and_then_somebody_is_told() -> None:
    of = case(ended(State.DELETED))
    late = decide(of, Sight(proof=sweep()), situation(NOW + 40 * MINUTE))
    assert late.due_at == NOW + HOUR
    missing = decide(of, Sight(proof=sweep()), situation(NOW + HOUR))
    assert missing.ticket.confirmation is Confirmation.MISSING
    assert missing.due_at is None
    assert missing.notices[0].kind is NoticeKind.ATTENTION
    assert "ended as deleted" in missing.reason


def test_an_end_without_a_date_to_confirm_by_is_not_waited_for() -> None:
    of = ended(State.DELETED)
    decision = decide(case(replace(of, progress=replace(of.progress, confirm_by=None))), Sight(proof=sweep()))
    assert decision.ticket.confirmation is Confirmation.MISSING


@pytest.mark.parametrize("state", sorted(ENDS))
@pytest.mark.parametrize("confirmation", [None, Confirmation.CONFIRMED, Confirmation.MISSING])
def test_an_end_that_needs_no_proof_is_left_in_peace(state: State, confirmation: Confirmation | None) -> None:
    of = case(ticket(state, confirmation=confirmation))
    assert WORKFLOW.wants(of, Sight(), situation()) == frozenset()
    decision = decide(of, Sight(proof=sweep(DELETE)))
    assert (decision.trigger, decision.effect, decision.due_at, decision.notices) == (None, None, None, ())
    assert decision.ticket == of.ticket


def test_an_end_that_waits_for_its_proof_wants_it_read_once() -> None:
    of = case(ended(State.DELETED))
    assert WORKFLOW.wants(of, Sight(), situation()) == {Look.PROOF}
    assert WORKFLOW.wants(of, Sight(proof=sweep()), situation()) == frozenset()
