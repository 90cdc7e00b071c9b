"""A whole user is taken away only idle, recorded, switched off, by people's word, and while no other ticket acts on it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from iamflow.domain.effect import EffectKind, Intent
from iamflow.domain.facts import KeyStatus, LastUse
from iamflow.domain.guards import Remedy, refusals
from iamflow.domain.guards.user import idle_since
from iamflow.domain.ids import IntentId, KeyId
from iamflow.domain.states import State

from .circumstances import (
    DAY,
    DEACTIVATED,
    KEY,
    NOW,
    OTHER_KEY,
    SECOND,
    TICK,
    alone,
    baseline,
    codes,
    effect,
    progress,
    reading,
    refusal,
    ticket,
)
from .taking import (
    CREDENTIAL,
    DELETING,
    DENY,
    GIVING_BACK,
    QUARANTINING,
    RESTORING,
    SNAPSHOT,
    TAKING,
    allowed,
    approve,
    beside,
    has,
)

ATTACH, LIFT, DELETE_DENY = (
    EffectKind.ATTACH_QUARANTINE,
    EffectKind.LIFT_QUARANTINE,
    EffectKind.DELETE_QUARANTINE,
)
LAST = EffectKind.DELETE_USER
BEGINNING = DELETING[:-1]
LATE = DEACTIVATED + timedelta(minutes=2) + SECOND
UNUSED_AFTER = allowed(ATTACH).policy.rules.unused_after


def _used(at: object) -> dict[str, object]:
    return {"uses": {KEY: LastUse(at=at), OTHER_KEY: LastUse()}}  # type: ignore[arg-type]  # a time, or none


ALONE = (
    *(alone("AWS holds it for leaked", reading(allowed(kind), quarantined=True), "leaked") for kind in TAKING),
    *(alone("another ticket took a key", beside(allowed(kind), progress=allowed(LAST).ticket.progress), "other_ticket_took") for kind in TAKING),
    *(alone("no snapshot", ticket(allowed(kind), snapshot=None), "not_in_snapshot") for kind in TAKING),
    *(alone("the session is elsewhere", reading(allowed(kind), account_id="000000000000"), "wrong_account") for kind in (*GIVING_BACK, *RESTORING)),
    alone("somebody made a policy of that name", reading(allowed(ATTACH), policies={DENY: "{}"}), "quarantine_foreign"),
    alone("the deny was changed", reading(allowed(LIFT), policies={DENY: "{}"}), "quarantine_foreign"),
    alone("the deny is gone", reading(allowed(LIFT), policies={DENY: None}), "quarantine_absent"),
    alone("nobody looked for the deny", reading(allowed(LIFT), policies={}), "quarantine_unread"),
    alone("it names another policy", effect(allowed(LIFT), targets=("Other",)), "quarantine_unread"),
    alone("it names another policy", effect(allowed(DELETE_DENY), targets=("Other",)), "quarantine_unread"),
    alone("a key was used", approve(reading(allowed(ATTACH), **_used(NOW - 90 * DAY))), "user_active"),
    alone("somebody signed in", approve(reading(allowed(ATTACH), password_last_used=NOW - DAY)), "user_active"),
    alone("CloudTrail shows a call", baseline(allowed(ATTACH), last_event_at=NOW - DAY), "user_active"),
    alone("the user is new", approve(reading(allowed(ATTACH), created_at=NOW - DAY, **_used(None), keys=())), "user_active"),
    alone("nobody approved it", ticket(replace(allowed(ATTACH), approvals=()), state=State.NOTIFIED), "always_approved"),
    *(alone("a key was used since", reading(allowed(kind), **_used(LATE)), "user_used") for kind in BEGINNING),
    alone("a key was used since", reading(allowed(LAST), **_used(LATE)), "user_used"),
    alone("somebody signed in since", reading(allowed(DELETING[0]), password_last_used=LATE), "user_used_since"),
    alone("a call still got through", reading(allowed(DELETING[0]), **_used(DEACTIVATED + SECOND)), "user_used_since"),
    *(
        alone("a credential is on", has(allowed(kind), service_credentials=(CREDENTIAL,)), "not_quarantined")
        for kind in BEGINNING
    ),
    *(
        alone("a key is on", reading(allowed(kind), keys=SNAPSHOT.keys), "not_quarantined")
        for kind in BEGINNING
    ),
    alone("the deny is gone", reading(allowed(DELETING[0]), policies={DENY: None}), "not_quarantined"),
    *(alone("there is another group", has(allowed(kind), groups=("admins", "new")), "not_in_snapshot") for kind in DELETING),
    alone("there is a user of that name", reading(allowed(EffectKind.RESTORE_USER), user_id="AIDAOTHER"), "user_exists"),
)  # fmt: skip


@pytest.mark.parametrize("kind", [*GIVING_BACK, *RESTORING])
def test_nothing_of_all_this_stands_in_the_way_of_giving_back(kind: EffectKind) -> None:
    c = beside(ticket(allowed(kind), snapshot=SNAPSHOT), progress=allowed(LAST).ticket.progress)
    assert codes(c) == ()


@pytest.mark.parametrize("kind", QUARANTINING[1:])
def test_what_was_approved_once_goes_on_without_another_word(kind: EffectKind) -> None:
    c = progress(allowed(kind), approval_reasons=("held: a sign-in",), once_rolled_back=True)
    assert codes(replace(c, pace=replace(c.pace, used=20))) == ()


@pytest.mark.parametrize("kind", DELETING)
def test_a_deletion_that_has_begun_is_brought_to_its_end(kind: EffectKind) -> None:
    c = ticket(allowed(kind), state=State.DELETING)
    c = progress(c, approval_reasons=("held: a sign-in",), once_rolled_back=True)
    assert codes(replace(c, pace=replace(c.pace, used=20))) == ()


@pytest.mark.parametrize("kind", DELETING[:-1])
def test_a_deletion_that_has_not_begun_is_paced_and_approved(kind: EffectKind) -> None:
    c = progress(allowed(kind), approval_reasons=("held: a sign-in",), once_rolled_back=True)
    assert codes(replace(c, pace=replace(c.pace, used=20))) == ("over_cap", "approval_needed", "rolled_back_before")


def test_two_people_are_asked_where_the_settings_want_two() -> None:
    c = allowed(ATTACH)
    two = replace(c.policy, delete_user=replace(c.policy.delete_user, approvals=2))
    assert codes(replace(c, policy=two)) == ("approval_needed", "always_approved")
    assert refusal(replace(c, policy=two, ticket=replace(c.ticket, state=State.NOTIFIED))).sentence.endswith("2 people")


def test_a_sign_in_that_a_person_has_looked_at_does_not_stop_the_deletion() -> None:
    c = reading(allowed(DELETING[0]), password_last_used=LATE)
    assert refusal(c).remedy is Remedy.APPROVE
    assert codes(approve(c)) == ()


def test_a_late_use_is_stopped_whoever_approves_it() -> None:
    c = approve(reading(allowed(DELETING[0]), **_used(LATE)))
    assert refusal(c).remedy is Remedy.BLOCK


def test_idle_counts_to_the_instant() -> None:
    c = reading(allowed(ATTACH), **_used(NOW - UNUSED_AFTER - TICK))
    assert codes(approve(c)) == ()
    assert codes(approve(reading(c, **_used(NOW - UNUSED_AFTER)))) == ("user_active",)


def test_a_user_of_whom_nothing_at_all_is_known_is_not_idle() -> None:
    c = reading(allowed(ATTACH), created_at=None, uses={}, keys=())
    assert idle_since(c) is None
    assert "user_active" in codes(approve(c))


def test_a_new_key_is_a_sign_of_life() -> None:
    new = replace(SNAPSHOT.keys[0], key_id=KeyId("AKIANEW"), created_at=NOW - DAY)
    c = reading(allowed(ATTACH), keys=(*SNAPSHOT.keys, new))
    assert "user_active" in codes(approve(c))


def test_the_snapshot_must_show_what_was_on_when_the_quarantine_begins() -> None:
    off = tuple(replace(key, status=KeyStatus.INACTIVE) for key in SNAPSHOT.keys)
    assert refusal(has(allowed(ATTACH), keys=off)).code == "not_in_snapshot"
    assert refusal(
        has(allowed(ATTACH), service_credentials=(replace(CREDENTIAL, status=KeyStatus.INACTIVE),))
    ).code == ("not_in_snapshot")


@pytest.mark.parametrize(
    "lacking",
    [{"inline": {"own": None}}, {"ssh_keys": (replace(SNAPSHOT.ssh_keys[0], body=None),)}],
    ids=["document", "body"],
)
def test_a_snapshot_without_a_document_is_none(lacking: dict[str, object]) -> None:
    c = ticket(allowed(DELETING[0]), snapshot=replace(SNAPSHOT, **lacking))  # type: ignore[arg-type]  # a field by name
    assert refusal(c).sentence.endswith("the snapshot lacks a document")


def test_a_ticket_that_has_taken_nothing_is_not_waited_for() -> None:
    assert codes(beside(allowed(ATTACH))) == ()


def test_a_ticket_that_is_about_to_act_is_waited_for() -> None:
    c = beside(allowed(ATTACH))
    acting = Intent(
        id=IntentId(1), ticket_id=c.others[0].ticket.id, step=1, effect=c.effect, idempotency_key="x", opened_at=NOW
    )
    waiting = replace(c, others=(replace(c.others[0], intent=acting),))
    (only,) = refusals(waiting)
    assert (only.code, only.remedy) == ("other_ticket_took", Remedy.WAIT)
    assert "8 (disable-key, notified)" in only.sentence


def test_what_was_not_read_is_not_taken_for_nothing() -> None:
    c = reading(allowed(DELETING[0]), belongings=None)
    assert {"not_in_snapshot", "not_quarantined"} <= set(codes(c))


def test_whatever_is_lacking_of_the_quarantine_is_named() -> None:
    c = reading(allowed(DELETING[0]), keys=SNAPSHOT.keys, policies={DENY: None})
    assert refusal(c).sentence == (
        f"the quarantine is not whole any more: the deny {DENY} is not on the user as iamflow wrote it, "
        f"access key {KEY} is Active"
    )
