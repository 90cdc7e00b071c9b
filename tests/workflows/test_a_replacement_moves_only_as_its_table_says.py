"""rotate-key, without AWS and database: where its tickets may stand, what its open intents come to, whose keys are whose."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iamflow.domain.decision import Case
from iamflow.domain.effect import Effect, EffectKind, Intent, OutcomeKind
from iamflow.domain.evidence import TrailEvent
from iamflow.domain.facts import KeyState, KeyStatus, LastUse, UserReading
from iamflow.domain.ids import IntentId, KeyId, TicketId
from iamflow.domain.rotation import Origin, Rotation, origin, room, strangers
from iamflow.domain.sink import Sink, SinkState, delivery_version, probe_version
from iamflow.domain.states import ENDS, State, Trigger
from iamflow.domain.ticket import Progress, Ticket
from iamflow.workflows.rotate_key import WORKFLOW
from iamflow.workflows.rotate_key.strays import goes_first
from iamflow.workflows.workflow import Situation
from tests.workflows.samples import (
    ACCOUNT,
    CREATED,
    DAY,
    ENFORCING,
    HOUR,
    KEY,
    MINUTE,
    NOW,
    SECOND,
    TOLD,
    USER,
    USER_ID,
    WATCHED,
    ticket,
)

TABLE = WORKFLOW.table
STATES = [state for state, _ in TABLE.states]
NEW, THEIRS = KeyId("AKIAIOSFODNN7NEWKEY1"), KeyId("AKIAIOSFODNN7THEIRS1")
SINK = replace(Sink().of(ACCOUNT, USER, KEY), ticket=7)
BEGUN = Rotation(sink=SINK.text, since=NOW - HOUR, known=(KEY,), probes=2, begun_at=NOW - HOUR)
MADE = replace(BEGUN, new_key=NEW, delivered_at=NOW - DAY)
UNTOUCHED, REPLACED = TOLD, replace(TOLD, rotation=MADE)
TAKEN = replace(WATCHED, rotation=MADE)
ROLE_SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/iamflow/iamflow-bastion-7"


def standing(state: State, progress: Progress, came_from: State | None = None) -> Ticket:
    return replace(ticket(state, progress, came_from=came_from), workflow="rotate-key", workflow_version=1)


EVERY = [
    standing(state, progress, came_from)
    for state, progress in product(STATES, [UNTOUCHED, REPLACED, TAKEN])
    for came_from in ([None, *STATES] if state in {State.ON_HOLD, State.BLOCKED} else [None])
]


def test_the_old_key_goes_only_after_a_new_one_was_made_and_is_deleted_only_after_it_was_watched() -> None:
    for one in EVERY:
        if TABLE.allows(one, Trigger.DEACTIVATE):
            assert one.is_replaced
            assert not one.key_was_deactivated
            assert one.state in {State.AWAITING_ADOPTION, State.AWAITING_APPROVAL}
        if TABLE.allows(one, Trigger.DELETE):
            assert one.key_was_deactivated
            assert one.state in {State.MONITORING, State.AWAITING_APPROVAL}


def test_a_ticket_with_a_new_key_is_rolled_back_from_everywhere_and_never_just_ended() -> None:
    for one in EVERY:
        under_way = one.state not in ENDS | {State.OPEN, State.EXEMPT}
        late = one.key_was_deactivated and one.state in {State.NOTIFIED, State.ISSUED, State.AWAITING_ADOPTION}
        if one.is_replaced and under_way and not late:
            assert TABLE.next_state(one, Trigger.ROLL_BACK) is State.ROLLED_BACK
        if one.is_replaced:
            assert not TABLE.allows(one, Trigger.CANCEL)
            assert not TABLE.allows(one, Trigger.EXEMPT)


def test_a_rejection_ends_a_ticket_without_a_new_key_and_holds_any_other() -> None:
    ends = [
        TABLE.next_state(standing(State.AWAITING_APPROVAL, p), Trigger.REJECT) for p in (UNTOUCHED, REPLACED, TAKEN)
    ]
    assert ends == [State.CANCELLED, State.ON_HOLD, State.ON_HOLD]


def test_no_trigger_leads_out_of_an_end() -> None:
    assert not [trigger for trigger in Trigger for one in EVERY if one.state in ENDS and TABLE.allows(one, trigger)]


# --- open intents -----------------------------------------------------------------------------------------------------


def reading(*keys: KeyId, versions: frozenset[str] = frozenset()) -> UserReading:
    return UserReading(
        read_at=NOW,
        account_id=ACCOUNT,
        user_id=USER_ID,
        keys=tuple(KeyState(key_id=key, status=KeyStatus.ACTIVE, created_at=CREATED) for key in (KEY, *keys)),
        uses={key: LastUse() for key in (KEY, *keys)},
        last_use=LastUse(),
        sink=SinkState(versions=versions),
    )


def settle(kind: EffectKind, seen: UserReading, *, ago: object = MINUTE, targets: tuple[str, ...] = ("x",)) -> object:
    effect = Effect(kind=kind, account_id=ACCOUNT, username=USER, key_id=KEY, targets=targets, document=SINK.text)
    opened = Intent(
        id=IntentId(1),
        ticket_id=TicketId(7),
        step=1,
        effect=effect,
        idempotency_key="t7:1",
        opened_at=NOW - ago,  # type: ignore[operator]  # a length of time
    )
    case = Case(ticket=standing(State.NOTIFIED, replace(TOLD, rotation=BEGUN)), intent=opened)
    found = WORKFLOW.settle(case, seen, Situation(now=NOW, policy=ENFORCING))
    return found.kind if found is not None else None


DELIVERED = frozenset({delivery_version(SINK, NEW)})
OF_ANOTHER_TICKET = frozenset({delivery_version(replace(SINK, ticket=8), NEW)})


@pytest.mark.parametrize(
    ("seen", "ago", "outcome"),
    [
        (reading(NEW, versions=DELIVERED), MINUTE, OutcomeKind.DONE),
        (reading(NEW), MINUTE, None),
        (reading(), MINUTE, None),
        (reading(versions=DELIVERED), MINUTE, None),
        (reading(NEW), HOUR, OutcomeKind.NOT_DONE),
        (reading(NEW, versions=OF_ANOTHER_TICKET), HOUR, OutcomeKind.NOT_DONE),
        (reading(), HOUR, OutcomeKind.NOT_DONE),
        (reading(THEIRS, versions=DELIVERED), HOUR, OutcomeKind.NOT_DONE),
        (reading(THEIRS, NEW, versions=DELIVERED), MINUTE, OutcomeKind.DONE),
        (replace(reading(NEW, versions=DELIVERED), user_id="AIDAOTHER"), HOUR, OutcomeKind.NOT_DONE),
        (replace(reading(NEW), sink=None), HOUR, OutcomeKind.NOT_DONE),
    ],
)
def test_a_key_counts_as_issued_only_with_its_own_secret_in_its_place(
    seen: UserReading, ago: object, outcome: OutcomeKind | None
) -> None:
    assert settle(EffectKind.ISSUE_KEY, seen, ago=ago) == outcome


def test_a_making_is_given_up_only_once_both_of_its_calls_must_have_ended() -> None:
    last = 60 * SECOND + 2 * 30 * SECOND + ENFORCING.timing.propagation
    assert settle(EffectKind.ISSUE_KEY, reading(NEW), ago=last) is None
    assert settle(EffectKind.ISSUE_KEY, reading(NEW), ago=last + SECOND) is OutcomeKind.NOT_DONE


def test_a_probe_counts_once_its_own_version_shows() -> None:
    own, other = probe_version(TicketId(7), 2), probe_version(TicketId(7), 1)
    seen = reading(versions=frozenset({own}))
    assert settle(EffectKind.PROVE_SINK, seen, targets=(own,)) is OutcomeKind.DONE
    assert settle(EffectKind.PROVE_SINK, seen, targets=(other,)) is None
    assert settle(EffectKind.PROVE_SINK, seen, targets=(other,), ago=HOUR) is OutcomeKind.NOT_DONE


@pytest.mark.parametrize("kind", [EffectKind.FREE_SLOT, EffectKind.WITHDRAW_KEY])
def test_a_deletion_counts_once_just_that_key_is_gone(kind: EffectKind) -> None:
    assert settle(kind, reading(THEIRS), targets=(NEW,)) is OutcomeKind.DONE
    assert settle(kind, reading(NEW), targets=(NEW,)) is None
    assert settle(kind, reading(NEW), targets=(NEW,), ago=HOUR) is OutcomeKind.NOT_DONE
    assert settle(kind, replace(reading(), user_id=None), targets=(NEW,), ago=HOUR) is OutcomeKind.NOT_DONE


# --- whose key it is --------------------------------------------------------------------------------------------------


def made(key: KeyId = NEW, **more: object) -> TrailEvent:
    event = TrailEvent(
        event_id="e1",
        at=NOW,
        region="us-east-1",
        source="iam.amazonaws.com",
        name="CreateAccessKey",
        principal=ROLE_SESSION,
        request_id="r1",
        target_key_id=key,
    )
    return replace(event, **more)  # type: ignore[arg-type]  # names are the caller's


SOMEBODY = f"arn:aws:iam::{ACCOUNT}:user/ana"


@pytest.mark.parametrize(
    ("events", "requests", "role", "whose"),
    [
        ([made()], (), "iamflow", Origin.OURS),
        ([made(principal=SOMEBODY)], ("r1",), None, Origin.OURS),
        ([], ("r1",), "iamflow", Origin.UNKNOWN),
        ([made(THEIRS)], ("r1",), "iamflow", Origin.UNKNOWN),
        ([made(name="UpdateAccessKey")], ("r1",), "iamflow", Origin.UNKNOWN),
        ([made(error_code="LimitExceeded")], ("r1",), "iamflow", Origin.UNKNOWN),
        ([made(principal=SOMEBODY)], (), "iamflow", Origin.FOREIGN),
        ([made(principal=None)], (), "iamflow", Origin.FOREIGN),
        ([made()], (), None, Origin.FOREIGN),
        ([made()], (), "another-role", Origin.FOREIGN),
        ([made(principal=ROLE_SESSION.replace("-7", "-17"))], (), "iamflow", Origin.FOREIGN),
        ([made(principal=ROLE_SESSION.replace("-7", "-70"))], (), "iamflow", Origin.FOREIGN),
        ([made(principal=ROLE_SESSION.replace("/iamflow-bastion", "/ana"))], (), "iamflow", Origin.FOREIGN),
        ([made(principal=ROLE_SESSION.replace("role/iamflow/", "role/iamflow2/"))], (), "iamflow", Origin.FOREIGN),
        ([made(), made(event_id="e2", principal=SOMEBODY, request_id="r2")], (), "iamflow", Origin.FOREIGN),
    ],
)
def test_a_key_is_iamflows_own_only_where_cloudtrail_shows_the_call_as_its_own(
    events: list[TrailEvent], requests: tuple[str, ...], role: str | None, whose: Origin
) -> None:
    assert origin(NEW, events, TicketId(7), requests, role) is whose


@given(st.sets(st.sampled_from([KEY, NEW, THEIRS])), st.sets(st.sampled_from([KEY, NEW, THEIRS])))
def test_a_stranger_is_whatever_nobody_knew_made_or_let_pass(known: set[KeyId], passed: set[KeyId]) -> None:
    rotation = replace(BEGUN, known=tuple(known))
    found = strangers(rotation, reading(NEW, THEIRS), {f"new-key:{key}" for key in passed})
    assert {key.key_id for key in found} == {KEY, NEW, THEIRS} - known - passed


@given(st.lists(st.tuples(st.booleans(), st.sampled_from([State.NOTIFIED, State.ON_HOLD])), min_size=1, max_size=4))
def test_of_the_tickets_that_make_keys_for_a_user_exactly_one_does_not_wait(others: list[tuple[bool, State]]) -> None:
    waiting = replace(BEGUN, begun_at=None)
    tickets = [
        replace(standing(state, replace(TOLD, rotation=BEGUN if begun else waiting)), id=TicketId(number))
        for number, (begun, state) in enumerate(others, 1)
    ]
    active = [one for one in tickets if one.state is State.NOTIFIED]
    free = [
        one
        for one in active
        if goes_first(Case(ticket=one, others=tuple(Case(ticket=o) for o in tickets if o != one))) is None
    ]
    assert len(free) == (1 if active else 0)


def test_there_is_room_only_below_what_aws_says_and_what_it_refused() -> None:
    two = reading(THEIRS)
    assert room(two, 3, None)
    assert not room(two, 2, None)
    assert not room(two, 5, replace(BEGUN, quota=2))
    assert room(two, 5, replace(BEGUN, quota=3))
