"""A new key is made only where its secret can be kept, another deleted only where nobody needs it, the old one taken last."""

from dataclasses import replace

import pytest

from iamflow.domain.decision import Case
from iamflow.domain.effect import EffectKind
from iamflow.domain.facts import KeyState, KeyStatus, LastUse
from iamflow.domain.guards import Circumstances, Remedy
from iamflow.domain.ids import KeyId, TicketId
from iamflow.domain.rotation import Confirmed, mark
from iamflow.domain.sink import SinkState
from iamflow.domain.states import State

from .circumstances import (
    CREATED,
    DAY,
    HOUR,
    KEY,
    NOW,
    SECOND,
    Alone,
    alone,
    baseline,
    codes,
    effect,
    progress,
    refusal,
)
from .replacing import IDLE, NEW, allowed, approve, key, rotation, used, without

PROVE, ISSUE, FREE, WITHDRAW, DEACTIVATE, DELETE = (
    allowed(kind)
    for kind in (
        EffectKind.PROVE_SINK,
        EffectKind.ISSUE_KEY,
        EffectKind.FREE_SLOT,
        EffectKind.WITHDRAW_KEY,
        EffectKind.DEACTIVATE_KEY,
        EffectKind.DELETE_KEY,
    )
)
STRANGER = KeyState(key_id=NEW, status=KeyStatus.ACTIVE, created_at=NOW - HOUR)
WITH_STRANGER = replace(ISSUE, reading=replace(ISSUE.reading, keys=(*ISSUE.reading.keys, STRANGER)))
SAID = Confirmed(by="os:bob", at=NOW - 2 * HOUR)


def _claimed(c: Circumstances, key_id: KeyId) -> Circumstances:
    """Return the circumstances with another open ticket about this key."""
    other = replace(
        c.ticket, id=TicketId(c.ticket.id + 1), workflow="disable-key", access_key_id=key_id, state=State.MONITORING
    )
    return replace(c, others=(Case(ticket=other),))


def _beside(c: Circumstances, key_id: KeyId) -> Circumstances:
    """Return the circumstances with another ticket of the user that has put a secret into the same place."""
    other = replace(c.ticket, id=TicketId(c.ticket.id + 1), access_key_id=key_id, state=State.AWAITING_ADOPTION)
    return replace(c, others=(Case(ticket=other),))


ALONE = (
    alone("the old key is gone", without(PROVE, KEY), "old_key_gone"),
    alone("the old key is another", key(ISSUE, KEY, created_at=CREATED + DAY), "old_key_changed"),
    alone("the old key is Inactive", key(ISSUE, KEY, status=KeyStatus.INACTIVE), "old_key_inactive"),
    alone(
        "AWS believes the user's key to have leaked",
        replace(ISSUE, reading=replace(ISSUE.reading, quarantined=True)),
        "compromised",
    ),
    alone("the store was never proven", rotation(ISSUE, proven_at=None), "sink_unproven"),
    alone("the store was proven long ago", rotation(ISSUE, proven_at=NOW - HOUR), "sink_unproven"),
    alone("the proof does not show", replace(ISSUE, reading=replace(ISSUE.reading, sink=SinkState())), "sink_unproven"),
    alone("the store was not looked at", replace(ISSUE, reading=replace(ISSUE.reading, sink=None)), "sink_unproven"),
    alone("the effect names another store", effect(ISSUE, document="{}"), "wrong_sink"),
    alone("there is a new key already", rotation(ISSUE, new_key=NEW), "issued_already"),
    alone("the place holds another new key's secret", _beside(ISSUE, KEY), "place_taken"),
    alone("somebody made a key", WITH_STRANGER, "unknown_key"),
    alone("the effect names no key", effect(FREE, targets=()), "wrong_key"),
    alone("the proposal was another key", approve(rotation(FREE, slot=NEW)), "wrong_key"),
    alone("the idle key is Active again", key(FREE, IDLE, status=KeyStatus.ACTIVE), "slot_active"),
    alone("the idle key is another", key(FREE, IDLE, created_at=CREATED + 9 * DAY), "slot_changed"),
    alone("the idle key was used", used(FREE, IDLE, LastUse(at=NOW - DAY)), "slot_not_idle"),
    alone("the idle key's use was not read", used(FREE, IDLE, None), "use_unknown"),
    alone("the idle key has a ticket", _claimed(FREE, IDLE), "other_ticket"),
    alone("the new key has a ticket", _claimed(WITHDRAW, NEW), "other_ticket"),
    alone("the effect names an older key", effect(WITHDRAW, targets=(IDLE,)), "wrong_key"),
    alone("the effect names a key known before", rotation(WITHDRAW, known=(KEY, IDLE, NEW)), "wrong_key"),
    alone("no key was ever begun", rotation(WITHDRAW, begun_at=None), "not_ours"),
    alone("the key is older than the try", key(WITHDRAW, NEW, created_at=NOW - HOUR - SECOND), "not_ours"),
    alone("the new key was used", used(WITHDRAW, NEW, LastUse(at=NOW - 30 * SECOND)), "new_key_used"),
    alone("the new key's use was not read", used(WITHDRAW, NEW, None), "use_unknown"),
    alone("the new key is Inactive", key(DELETE, NEW, status=KeyStatus.INACTIVE), "new_key_missing"),
    alone("the new key is gone", without(DELETE, NEW), "new_key_missing"),
    alone("nothing was delivered", rotation(DELETE, delivered_at=None), "new_key_missing"),
    alone("the new key was not used", used(DEACTIVATE, NEW, LastUse()), "not_adopted"),
    alone("the old key was just used", used(DEACTIVATE, KEY, LastUse(at=NOW - DAY + SECOND)), "not_idle"),
    alone("the baseline shows a use", baseline(DEACTIVATE, last_event_at=NOW - HOUR), "not_idle"),
    alone("the new key is too new", rotation(DEACTIVATE, delivered_at=NOW - DAY + SECOND), "not_idle"),
    alone(
        "the owner's word is contradicted",
        used(rotation(DEACTIVATE, migrated=SAID), KEY, LastUse(at=NOW - HOUR)),
        "used_since_migrated",
    ),
)


@pytest.mark.parametrize("case", ALONE, ids=str)
def test_each_reason_blocks_alone(case: Alone) -> None:
    assert codes(case.spoilt) == (case.code,)


@pytest.mark.parametrize("c", [PROVE, ISSUE, FREE, WITHDRAW, DEACTIVATE, DELETE], ids=lambda c: c.effect.kind.value)
def test_where_all_is_well_nothing_is_refused(c: Circumstances) -> None:
    assert codes(c) == ()


@pytest.mark.parametrize("missing", [KEY, IDLE, NEW])
def test_no_key_but_the_proposed_one_is_ever_deleted_for_room(missing: str) -> None:
    named = effect(FREE, targets=(missing,))
    assert ("wrong_key" in codes(named)) is (missing != IDLE)


def test_a_key_goes_for_room_only_with_an_approval_of_just_that() -> None:
    assert refusal_of(replace(FREE, approvals=())) == {"approval_needed"}
    approved_before = approve(rotation(FREE, slot=None))
    other_plan = replace(FREE, approvals=approved_before.approvals)
    assert refusal_of(other_plan) == {"approval_needed"}


def refusal_of(c: Circumstances) -> set[str]:
    """Return the codes of all refusals, each once."""
    return set(codes(c))


def test_another_ticket_of_the_user_is_in_the_way_only_where_its_secret_is_in_the_same_place() -> None:
    beside = _beside(ISSUE, IDLE)
    (other,) = beside.others
    rotation_ = other.ticket.progress.rotation
    assert rotation_ is not None
    elsewhere = replace(rotation_, sink=replace(rotation_.place, name="elsewhere").text)
    moved = replace(other.ticket, progress=replace(other.ticket.progress, rotation=elsewhere))
    assert refusal(beside).remedy is Remedy.WAIT
    assert codes(replace(beside, others=(replace(other, ticket=moved),))) == ()


def test_the_new_key_of_another_ticket_is_no_stranger() -> None:
    beside = _beside(WITH_STRANGER, IDLE)
    (other,) = beside.others
    rotation_ = other.ticket.progress.rotation
    assert rotation_ is not None
    theirs = replace(rotation_, new_key=NEW, sink=replace(rotation_.place, name="elsewhere").text)
    moved = replace(other.ticket, progress=replace(other.ticket.progress, rotation=theirs))
    assert codes(replace(beside, others=(replace(other, ticket=moved),))) == ()


def test_a_stranger_that_a_person_let_pass_stops_no_key() -> None:
    assert codes(progress(WITH_STRANGER, acknowledged=(mark(NEW),))) == ()


def test_the_owners_word_replaces_the_proof_of_use_and_the_idle_time() -> None:
    said = rotation(used(DEACTIVATE, NEW, LastUse()), migrated=SAID)
    assert codes(said) == ()
    assert codes(used(said, KEY, LastUse(at=SAID.at))) == ()


def test_a_use_after_that_word_is_let_through_by_an_approval() -> None:
    contradicted = used(rotation(DEACTIVATE, migrated=SAID), KEY, LastUse(at=NOW - HOUR))
    assert refusal(contradicted).remedy is Remedy.APPROVE
    assert codes(approve(contradicted)) == ()


def test_an_old_key_that_is_not_idle_waits_until_it_is() -> None:
    waiting = refusal(used(DEACTIVATE, KEY, LastUse(at=NOW - HOUR)))
    assert waiting.remedy is Remedy.WAIT
    assert waiting.until == NOW - HOUR + DAY


def test_a_recent_use_needs_no_approval_where_a_new_key_takes_its_place() -> None:
    assert codes(used(DEACTIVATE, KEY, LastUse(at=NOW - 2 * DAY))) == ()
