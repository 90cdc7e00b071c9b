"""MFA is required by exactly iamflow's own policy, of a user who has none, can enrol himself, and uses no key."""

from dataclasses import replace
from datetime import timedelta

import pytest

from iamflow.domain.effect import EffectKind
from iamflow.domain.facts import LastUse
from iamflow.domain.guards import Remedy
from iamflow.domain.ids import TicketId
from iamflow.domain.require_mfa import INLINE_MOST, INLINE_NAME, MANAGED_NAMES, Enrolment, How, MfaPolicy, shape
from iamflow.domain.waits import EnforceMfaPolicy

from .circumstances import (
    DAY,
    HOUR,
    KEY,
    NOW,
    OTHER_KEY,
    TICK,
    WORD,
    Alone,
    alone,
    codes,
    effect,
    progress,
    reading,
    refusal,
    refusing,
    ticket,
)
from .requiring import KINDS, PUTTING, REQUIRING, allowed, approve, foreign, managed, shape_of, unread

LOCKED = Enrolment(at=NOW - HOUR, lacking=("no policy allows the user iam:EnableMFADevice on himself",))
PUT, CREATE, ATTACH = EffectKind.PUT_MFA_POLICY, EffectKind.CREATE_MFA_POLICY, EffectKind.ATTACH_MFA_POLICY
DELETE, DETACH = EffectKind.DELETE_MFA_POLICY, EffectKind.DETACH_MFA_POLICY
_SPACE = INLINE_MOST - len(shape_of(PUT).document)


def _own(kind: EffectKind, *, attached: bool) -> dict[str, object]:
    return {shape_of(kind).name: managed(shape_of(kind), attached=attached)}


ALONE = (
    *(alone("it is not iamflow's policy", foreign(allowed(kind)), "mfa_policy_foreign") for kind in KINDS),
    *(alone("nobody looked for the policy", unread(allowed(kind)), "mfa_policy_unread") for kind in KINDS),
    *(
        alone("it names another policy", effect(allowed(kind), targets=("Other",)), "mfa_policy_unread")
        for kind in KINDS
    ),
    *(alone("it names none", effect(allowed(kind), targets=()), "mfa_policy_unread") for kind in KINDS),
    alone(
        "it is on the user already",
        reading(allowed(PUT), inline={INLINE_NAME: shape_of(PUT).document}),
        "mfa_policy_attached",
    ),
    alone(
        "it is attached already", reading(allowed(ATTACH), managed=_own(ATTACH, attached=True)), "mfa_policy_attached"
    ),
    alone("it is not made yet", reading(allowed(ATTACH), managed={MANAGED_NAMES[0]: None}), "mfa_policy_unexpected"),
    alone(
        "it is made already", reading(allowed(CREATE), managed=_own(CREATE, attached=False)), "mfa_policy_unexpected"
    ),
    alone("it is gone already", reading(allowed(DELETE), inline={}), "mfa_policy_unexpected"),
    alone(
        "it is detached already",
        reading(allowed(DETACH), managed=_own(DETACH, attached=False)),
        "mfa_policy_unexpected",
    ),
    *(alone("the user has a device", reading(allowed(kind), mfa=("arn:x",)), "mfa_not_missing") for kind in REQUIRING),
    *(alone("there is no password", reading(allowed(kind), console=False), "mfa_not_missing") for kind in REQUIRING),
    *(alone("devices were not read", reading(allowed(kind), mfa=None), "mfa_unknown") for kind in REQUIRING),
    *(alone("the password was not read", reading(allowed(kind), console=None), "mfa_unknown") for kind in REQUIRING),
    alone(
        "the inline policies would be too long",
        reading(allowed(PUT), inline={"work": "x" * (_SPACE + 1)}),
        "inline_policies_too_long",
    ),
    *(alone("nobody looked", progress(allowed(kind), enrolment=None), "enrolment_unknown") for kind in REQUIRING),
    *(
        alone(
            "the look is a day old",
            progress(allowed(kind), enrolment=Enrolment(at=NOW - DAY, lacking=())),
            "enrolment_unknown",
        )
        for kind in REQUIRING
    ),
    *(
        alone(
            "the look is from the future",
            progress(allowed(kind), enrolment=Enrolment(at=NOW + TICK, lacking=())),
            "enrolment_unknown",
        )
        for kind in REQUIRING
    ),
    *(alone("he cannot enrol", progress(allowed(kind), enrolment=LOCKED), "cannot_enrol") for kind in REQUIRING),
    *(
        alone(
            "a key is in use",
            reading(allowed(kind), uses={KEY: LastUse(at=NOW - 7 * DAY + TICK), OTHER_KEY: LastUse()}),
            "recently_used",
        )
        for kind in PUTTING
    ),
    *(alone("uses were not read", reading(allowed(kind), uses=None), "use_unknown") for kind in REQUIRING),
    *(alone("the owner keeps", progress(allowed(kind), keep=WORD), "owner_keeps") for kind in REQUIRING),
    *(alone("it is about a key", ticket(allowed(kind), access_key_id=KEY), "wrong_key") for kind in (DELETE, DETACH)),
)


@pytest.mark.parametrize("case", ALONE, ids=str)
def test_one_reason_is_enough(case: Alone) -> None:
    assert codes(case.spoilt) == (case.code,)
    assert len(refusing(case.spoilt)) == 1


@pytest.mark.parametrize("kind", REQUIRING)
def test_a_person_may_approve_that_a_user_is_locked_out(kind: EffectKind) -> None:
    locked = progress(allowed(kind), enrolment=LOCKED)
    assert refusal(locked).remedy is Remedy.APPROVE
    assert codes(approve(locked)) == ()


@pytest.mark.parametrize("kind", PUTTING)
def test_a_person_may_approve_that_keys_in_use_are_stopped(kind: EffectKind) -> None:
    used = reading(allowed(kind), uses={KEY: LastUse(at=NOW - HOUR)})
    assert refusal(used).remedy is Remedy.APPROVE
    assert "an Active key of the user" in refusal(used).sentence
    assert codes(approve(used)) == ()


@pytest.mark.parametrize("kind", PUTTING)
def test_a_key_that_was_used_before_that_does_not_count(kind: EffectKind) -> None:
    assert codes(reading(allowed(kind), uses={KEY: LastUse(at=NOW - 7 * DAY)})) == ()


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_can_approve_what_is_done_to_a_policy_of_somebody_else(kind: EffectKind) -> None:
    assert codes(approve(foreign(allowed(kind)))) == ("mfa_policy_foreign",)


@pytest.mark.parametrize("kind", [DELETE, DETACH])
def test_the_policy_is_taken_away_whatever_stops_everything_else(kind: EffectKind) -> None:
    away = reading(allowed(kind), mfa=("arn:x",), console=False, uses=None)
    away = progress(away, enrolment=None, keep=WORD)
    assert (
        codes(replace(away, policy=replace(away.policy, caps=replace(away.policy.caps, per_account_per_day=0)))) == ()
    )


def test_inline_policies_may_fill_the_quota_to_the_last_character_and_white_space_is_free() -> None:
    full = reading(allowed(PUT), inline={"work": " \n".join("x" * _SPACE)})
    assert codes(full) == ()


def test_an_older_policy_of_that_name_would_be_replaced_and_does_not_count_twice() -> None:
    over = reading(allowed(PUT), inline={"work": "x" * _SPACE, "more": "y"})
    assert codes(over) == ("inline_policies_too_long",)
    assert refusal(over).remedy is Remedy.BLOCK
    assert f"{INLINE_MOST + 1} characters" in refusal(over).sentence


def test_a_managed_policy_takes_no_room() -> None:
    assert codes(reading(allowed(ATTACH), inline={"work": "x" * INLINE_MOST})) == ()


@pytest.mark.parametrize("hours", [1, 23])
def test_a_look_of_the_same_day_is_good_enough(hours: int) -> None:
    looked = Enrolment(at=NOW - timedelta(hours=hours), lacking=())
    assert codes(progress(allowed(PUT), enrolment=looked)) == ()


def test_what_was_written_may_be_taken_away_whatever_the_settings_say_by_now() -> None:
    written = shape(TicketId(7), How.INLINE, exempt_change_password=True)
    c = progress(allowed(DELETE), mfa_policy=MfaPolicy(shape=written, since=NOW - DAY, attached_at=NOW - DAY))
    assert codes(reading(c, inline={INLINE_NAME: written.document})) == ()
    assert codes(reading(c, inline={INLINE_NAME: shape_of(DELETE).document})) == ("mfa_policy_foreign",)


@pytest.mark.parametrize("password", [False, True])
def test_what_the_ticket_does_not_know_of_may_be_taken_away_where_it_names_the_ticket(password: bool) -> None:
    c = progress(allowed(DELETE), mfa_policy=None)
    mine = shape(TicketId(7), How.INLINE, exempt_change_password=password)
    of_another = shape(TicketId(8), How.INLINE, exempt_change_password=password)
    assert codes(reading(c, inline={INLINE_NAME: mine.document})) == ()
    assert codes(reading(c, inline={INLINE_NAME: of_another.document})) == ("mfa_policy_foreign",)


def test_the_policy_is_the_one_that_the_settings_ask_for() -> None:
    asked = shape(TicketId(7), How.INLINE, exempt_change_password=True)
    c = allowed(PUT)
    c = replace(c, policy=replace(c.policy, enforce_mfa=EnforceMfaPolicy(exempt_change_password=True)))
    room = INLINE_MOST - len(asked.document)
    assert codes(reading(c, inline={"work": "x" * room})) == ()
    assert codes(reading(c, inline={"work": "x" * (room + 1)})) == ("inline_policies_too_long",)
