"""A guardrail reaches only what was looked at, enforced and accepted, and only a policy of iamflow's own is ever touched."""

import json
from dataclasses import replace

import pytest

from iamflow.domain.effect import EffectKind
from iamflow.domain.guardrail import PREVIEW_LASTS, Person, policy_document
from iamflow.domain.guards import Freeze, Pace, Remedy
from iamflow.domain.ids import KeyId, TicketId, UserName
from iamflow.domain.scope import AccountScope

from .circumstances import (
    ACCOUNT,
    ALICE,
    BOB,
    HOUR,
    NOW,
    SECOND,
    TICK,
    alone,
    codes,
    effect,
    reading,
    refusal,
    ticket,
)
from .governing import (
    ATTACH,
    CREATE,
    DELETE,
    DETACH,
    DOCUMENT,
    KINDS,
    MEMBER,
    PUTTING,
    TARGET,
    allowed,
    approved,
    guardrail,
    organisation,
    policy,
    preview,
)

OTHER_DOCUMENT = policy_document(TicketId(8), exempt_change_password=False)
LOCKED = Person(username=UserName("ana"), locked=True)
KEYED = Person(username=UserName("etl"), locked=False, keys=(KeyId("AKIAIOSFODNN7EXAMPLE"),))
SAFE = Person(username=UserName("maria"), locked=False)
FULL = tuple(f"p-{number}" for number in range(5))

ALONE = (
    *(alone("another account manages it", organisation(allowed(kind), management_account=MEMBER), "not_management") for kind in KINDS),
    *(alone("the session is elsewhere", reading(allowed(kind), account_id=MEMBER), "wrong_account") for kind in KINDS),
    *(alone("the target is gone", organisation(allowed(kind), target_name=None), "target_gone") for kind in PUTTING),
    *(alone("policies are not enabled", organisation(allowed(kind), enabled=False), "scp_disabled") for kind in PUTTING),
    *(alone("five policies are there", organisation(allowed(kind), attached=FULL), "too_many_policies") for kind in PUTTING),
    *(alone("somebody changed the policy", policy(allowed(kind), document=OTHER_DOCUMENT), "scp_foreign") for kind in (ATTACH, DELETE)),
    alone("somebody changed the policy", policy(allowed(DETACH), document=OTHER_DOCUMENT, targets=(TARGET,)), "scp_foreign"),
    alone("somebody made one of its name", policy(allowed(CREATE), document="{}"), "scp_foreign"),
    *(alone("it names another policy", effect(allowed(kind), targets=("p-other",)), "scp_foreign") for kind in KINDS),
    alone("it writes another document", effect(allowed(CREATE), document=OTHER_DOCUMENT), "scp_foreign"),
    alone("it is there already", effect(policy(allowed(CREATE)), targets=allowed(CREATE).effect.targets), "scp_unexpected"),
    alone("it is gone", organisation(allowed(DETACH), policy=None), "scp_unexpected"),
    alone("it is attached already", policy(allowed(ATTACH), targets=(TARGET,)), "scp_unexpected"),
    alone("it is detached already", policy(allowed(DETACH)), "scp_unexpected"),
    alone("it is still attached", policy(allowed(DELETE), targets=(TARGET,)), "scp_unexpected"),
    alone("it is attached elsewhere", policy(allowed(DELETE), targets=("ou-exam-87654321",)), "scp_elsewhere"),
    *(alone("the preview is old", preview(allowed(kind), read_at=NOW - PREVIEW_LASTS), "preview_outdated") for kind in PUTTING),
    *(alone("a member is only observed", replace(allowed(kind), policy=replace(allowed(kind).policy, scope=AccountScope(enforce=frozenset({ACCOUNT})))), "member_not_enforced") for kind in PUTTING),
    *(alone("a protected user is hit", preview(allowed(kind), people=(replace(LOCKED, protected="by its tag"),)), "protected_user") for kind in PUTTING),
    *(alone("nobody accepted the damage", guardrail(preview(allowed(kind), people=(LOCKED,)), accepted=None), "damage") for kind in PUTTING),
    *(alone("another damage was accepted", guardrail(preview(allowed(kind), people=(KEYED,)), accepted="0" * 64), "damage") for kind in PUTTING),
    *(alone("everything is frozen", replace(allowed(kind), freeze=Freeze(on=True)), "frozen") for kind in PUTTING),
    *(alone("the reading is old", reading(allowed(kind), read_at=NOW - 60 * SECOND - TICK), "reading_not_fresh") for kind in KINDS),
    *(alone("the lease is lost", replace(allowed(kind), lease_held=False), "lease_lost") for kind in KINDS),
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_an_organisation_that_was_not_read_stops_everything(kind: EffectKind) -> None:
    assert "organisation_unread" in codes(reading(allowed(kind), organisation=None))


@pytest.mark.parametrize("kind", PUTTING)
def test_a_preview_that_is_missing_or_not_whole_stops_it(kind: EffectKind) -> None:
    assert "no_preview" in codes(guardrail(allowed(kind), preview=None))
    incomplete = codes(preview(allowed(kind), unread="no role there"))
    assert "preview_incomplete" in incomplete
    assert "approval_needed" in incomplete, "there is nothing whole that people could approve"


@pytest.mark.parametrize("kind", PUTTING)
@pytest.mark.parametrize("people", [(BOB,), (BOB, BOB), (BOB, ALICE)])
def test_two_distinct_people_must_approve_and_never_the_requester(kind: EffectKind, people: tuple[object, ...]) -> None:
    assert codes(approved(allowed(kind), *people)) == ("approval_needed", "always_approved")  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", PUTTING)
def test_an_approval_of_another_preview_does_not_count(kind: EffectKind) -> None:
    approved_before = allowed(kind)
    changed = replace(preview(approved_before, people=(LOCKED,)), approvals=approved_before.approvals)
    assert "approval_needed" in codes(changed)


@pytest.mark.parametrize("kind", PUTTING)
def test_whoever_has_mfa_and_no_key_is_no_damage(kind: EffectKind) -> None:
    assert codes(guardrail(preview(allowed(kind), people=(SAFE,)), accepted=None)) == ()


@pytest.mark.parametrize("kind", PUTTING)
def test_a_root_user_without_mfa_is_damage(kind: EffectKind) -> None:
    assert codes(guardrail(preview(allowed(kind), root_locked=True), accepted=None)) == ("damage",)


@pytest.mark.parametrize("kind", PUTTING)
def test_accepted_damage_is_let_through(kind: EffectKind) -> None:
    assert codes(preview(allowed(kind), people=(LOCKED, KEYED), root_access_key=True)) == ()


@pytest.mark.parametrize("kind", KINDS)
def test_the_caps_do_not_apply(kind: EffectKind) -> None:
    assert codes(replace(allowed(kind), pace=Pace(used=9, allowance=1))) == ()


@pytest.mark.parametrize("kind", [DETACH, DELETE])
def test_taking_it_away_needs_nothing_but_the_policy(kind: EffectKind) -> None:
    c = replace(allowed(kind), freeze=Freeze(on=True), enforced_since=None, approvals=())
    assert codes(guardrail(organisation(c, attached=FULL, enabled=False), preview=None)) == ()


@pytest.mark.parametrize("password", [False, True])
@pytest.mark.parametrize("kind", [DETACH, DELETE])
def test_a_policy_that_the_ticket_does_not_know_of_is_taken_away_if_iamflow_wrote_it(
    kind: EffectKind, password: bool
) -> None:
    written = policy_document(TicketId(7), exempt_change_password=password)
    forgotten = guardrail(allowed(kind), policy=None)
    targets = (TARGET,) if kind is DETACH else ()
    assert codes(policy(forgotten, document=written, targets=targets)) == ()
    assert codes(policy(forgotten, document=OTHER_DOCUMENT, targets=targets)) == ("scp_foreign",)


def test_the_management_account_is_no_target() -> None:
    c = ticket(allowed(ATTACH), username=f"<{ACCOUNT}>")
    assert "target_is_management" in codes(effect(c, username=f"<{ACCOUNT}>"))


def test_a_preview_is_good_for_its_whole_time() -> None:
    assert codes(preview(allowed(ATTACH), read_at=NOW - PREVIEW_LASTS + TICK)) == ()
    assert "preview_outdated" in codes(preview(allowed(ATTACH), read_at=NOW + HOUR))


def test_what_a_person_has_to_do_is_said() -> None:
    found = refusal(policy(allowed(DELETE), targets=("ou-exam-87654321",)))
    assert found.remedy is Remedy.BLOCK
    assert "ou-exam-87654321" in found.sentence
    hit = refusal(preview(allowed(ATTACH), people=(replace(LOCKED, protected="by its tag"),)))
    assert "ana" in hit.sentence


def test_the_policy_is_compared_by_what_it_says_and_not_by_how_it_is_laid_out() -> None:
    assert codes(policy(allowed(ATTACH), document=json.dumps(json.loads(DOCUMENT), indent=2))) == ()
