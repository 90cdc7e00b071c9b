"""A role is made only as approved, nothing foreign is touched, and the key goes only when the role has taken its place."""

from dataclasses import replace

import pytest

from iamflow.domain.blueprint import UNDOING, Standing
from iamflow.domain.effect import EffectKind
from iamflow.domain.facts import LastUse
from iamflow.domain.guards import Remedy
from iamflow.domain.rotation import Confirmed

from .circumstances import DAY, HOUR, NOW, SECOND, Alone, alone, baseline, codes, effect, progress, reading, refusal
from .migrating import KINDS, STEPS, allowed, approve, migration, own, standing

FORWARD = tuple(allowed(kind) for kind in UNDOING)
BACK = tuple(allowed(kind) for kind in UNDOING.values())
CREATE, UPDATE = allowed(EffectKind.CREATE_ROLE), allowed(EffectKind.UPDATE_FUNCTION)
DEACTIVATE, DELETE = allowed(EffectKind.DEACTIVATE_KEY), allowed(EffectKind.DELETE_KEY)
SAID = Confirmed(by="os:bob", at=NOW - 2 * HOUR)
CONTRADICTED = reading(migration(DEACTIVATE, migrated=SAID), last_use=LastUse(at=NOW - HOUR))

ALONE: tuple[Alone, ...] = (
    *(alone("it is there already", standing(c, {own(c): Standing.OURS}), "step_unexpected") for c in FORWARD),
    *(alone("others rely on it", standing(c, {own(c): Standing.SHARED}), "step_unexpected") for c in FORWARD[:1]),
    *(alone("somebody else has made it", standing(c, {own(c): Standing.FOREIGN}), "foreign") for c in FORWARD),
    *(alone("somebody else has made or changed it", standing(c, {own(c): Standing.FOREIGN}), "foreign") for c in BACK),
    *(alone("it is gone already", standing(c, {own(c): Standing.ABSENT}), "step_unexpected") for c in BACK),
    *(alone("others rely on it by now", standing(c, {own(c): Standing.SHARED}), "step_unexpected") for c in BACK),
    alone("how it stands was not read", standing(CREATE, {own(CREATE): None}), "step_unread"),
    alone("nothing was read", reading(BACK[0], standings=None), "step_unread"),
    alone("another thing is named", effect(CREATE, targets=("another-role",)), "not_planned"),
    alone("another document is put", effect(CREATE, document='{"trust":"anybody"}'), "not_planned"),
    alone("another thing would be undone", effect(BACK[1], targets=("another-role",)), "not_planned"),
    alone("there is no plan", migration(BACK[0], blueprint=None), "not_planned"),
    alone("an earlier step is missing", standing(UPDATE, {STEPS[1].id: Standing.ABSENT}), "earlier_step_missing"),
    alone("an earlier step is foreign", standing(UPDATE, {STEPS[1].id: Standing.FOREIGN}), "earlier_step_missing"),
    alone("the window has not begun", approve(migration(CREATE, not_before=NOW + SECOND)), "not_before"),
    alone("a part of the role is gone", standing(DEACTIVATE, {STEPS[-1].id: Standing.ABSENT}), "role_missing"),
    alone("a part of the role is another's", standing(DELETE, {STEPS[1].id: Standing.FOREIGN}), "role_missing"),
    alone("the role was not read", reading(DEACTIVATE, standings=None), "role_unread"),
    alone("there is no plan to look at", migration(DELETE, blueprint=None), "role_unread"),
    alone("the role was never whole", migration(DELETE, provisioned_at=None), "role_unread"),
    alone("nothing has used the role", migration(DEACTIVATE, role_used_at=None), "role_unused"),
    alone("the role is too new", migration(DEACTIVATE, provisioned_at=NOW - DAY + SECOND), "key_not_idle"),
    alone("the key was used", reading(DEACTIVATE, last_use=LastUse(at=NOW - DAY + SECOND)), "key_not_idle"),
    alone("CloudTrail saw the key used", baseline(DEACTIVATE, last_event_at=NOW - HOUR), "key_not_idle"),
    alone("the key was used after the word", CONTRADICTED, "used_since_word"),
)


@pytest.mark.parametrize("case", ALONE, ids=str)
def test_it_is_refused_for_that_reason_alone(case: Alone) -> None:
    assert codes(case.spoilt) == (case.code,)


@pytest.mark.parametrize("kind", UNDOING)
def test_no_step_is_made_without_an_approval_of_exactly_this_plan(kind: EffectKind) -> None:
    c = allowed(kind)
    assert codes(replace(c, approvals=())) == ("approval_needed",)
    assert codes(migration(c, blueprint=replace(c.ticket.migration.blueprint, role="another"))) == ("approval_needed",)  # type: ignore[union-attr]  # there is one


def test_the_window_ends_where_it_was_set() -> None:
    assert refusal(approve(migration(CREATE, not_before=NOW + DAY))).until == NOW + DAY
    assert codes(approve(migration(CREATE, not_before=NOW))) == ()


def test_a_shared_provider_counts_as_there() -> None:
    assert codes(standing(UPDATE, {STEPS[0].id: Standing.SHARED})) == ()
    assert codes(standing(DEACTIVATE, {STEPS[0].id: Standing.SHARED})) == ()


def test_the_owners_word_replaces_role_use_and_idleness() -> None:
    assert codes(migration(DEACTIVATE, role_used_at=None, migrated=SAID)) == ()
    assert codes(reading(migration(DEACTIVATE, migrated=SAID), last_use=LastUse(at=NOW - 3 * HOUR))) == ()


def test_a_person_may_let_a_use_after_the_owners_word_pass() -> None:
    assert refusal(CONTRADICTED).remedy is Remedy.APPROVE
    assert codes(approve(CONTRADICTED)) == ()


def test_a_use_of_the_role_that_iam_tells_of_is_enough() -> None:
    assert codes(reading(migration(DEACTIVATE, role_used_at=None), role_used_at=NOW - HOUR)) == ()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.unprovisions])
def test_what_was_made_is_unmade_though_the_user_is_gone(kind: EffectKind) -> None:
    c = allowed(kind)
    assert codes(reading(c, user_id=None)) == ()


def test_only_the_first_step_of_a_plan_counts_for_the_caps() -> None:
    full = replace(CREATE.pace, used=20, allowance=20)
    assert codes(replace(CREATE, pace=full)) == ("over_cap",)
    assert codes(migration(replace(CREATE, pace=full), done=(STEPS[0].id,))) == ()


def test_a_step_needs_the_key_to_work_so_that_nothing_is_lost_meanwhile() -> None:
    gone = replace(CREATE, reading=replace(CREATE.reading, keys=CREATE.reading.keys[:1]))
    assert "old_key_gone" in codes(gone)
    assert codes(progress(CREATE, keep=None)) == ()
