"""What is seen after a quarantine: any call of the user is a use, a sign-in or a change is for a person, the rest is nothing."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from iamflow.domain.effect import EffectKind
from iamflow.domain.evidence import SignalKind, TrailEvent
from iamflow.domain.facts import LastUse, UserReading
from iamflow.domain.states import State
from iamflow.domain.ticket import Ticket
from iamflow.domain.user_signals import from_event, from_events, from_reading, is_activity
from tests.guards.circumstances import DEACTIVATED, KEY, NOW, SECOND, USER
from tests.guards.taking import DENY, SNAPSHOT, allowed, quarantined

PROPAGATION = timedelta(minutes=2)
LATE = DEACTIVATED + PROPAGATION + SECOND
HIS = f"arn:aws:iam::012345678901:user/staff/{USER}"


def ticket(**changes: object) -> Ticket:
    """A user that is being watched."""
    return replace(allowed(EffectKind.DELETE_KEYS).ticket, **changes)  # type: ignore[arg-type]  # the caller's names


def event(name: str = "ListBuckets", at: datetime = LATE, **more: object) -> TrailEvent:
    """An event of the user, changed as told."""
    base = TrailEvent(
        event_id="e1", at=at, region="us-east-1", source="s3.amazonaws.com", name=name, username=USER, principal=HIS,
        access_key_id="ASIASESSION", source_ip="203.0.113.77", user_agent="payroll/1", error_code="AccessDenied",
    )  # fmt: skip
    return replace(base, **more)  # type: ignore[arg-type]  # the caller's names


def kind(of: TrailEvent, about: Ticket | None = None) -> SignalKind | None:
    """Return what an event means."""
    signal = from_event(of, about or ticket(), PROPAGATION)
    return signal.kind if signal is not None else None


@pytest.mark.parametrize("error", ["AccessDenied", None])
def test_a_call_of_the_user_is_a_use_whether_it_was_refused_or_not(error: str | None) -> None:
    assert kind(event(error_code=error)) is SignalKind.USER_ACTED


def test_a_call_with_any_of_the_users_keys_is_a_use() -> None:
    assert kind(event(username=None, principal=None, access_key_id=KEY)) is SignalKind.USER_ACTED


def test_a_call_that_came_while_the_deny_was_spreading_is_a_straggler() -> None:
    assert kind(event(at=LATE - SECOND)) is SignalKind.STRAGGLER
    assert kind(event(at=DEACTIVATED)) is None


@pytest.mark.parametrize("failed", [None, "Failed authentication"])
def test_a_sign_in_holds_whether_it_came_through_or_not(failed: str | None) -> None:
    assert kind(event("ConsoleLogin", error_code=failed, access_key_id=None)) is SignalKind.SIGNED_IN


def test_a_role_session_that_bears_the_users_name_is_none_of_the_user() -> None:
    role = f"arn:aws:sts::012345678901:assumed-role/iamflow/{USER}"
    assert kind(event(principal=role)) is None


def test_iamflows_own_calls_mean_nothing() -> None:
    own = ticket(progress=replace(ticket().progress, own_requests=("r1",)))
    assert kind(event(request_id="r1"), own) is None
    assert kind(event(request_id="r2"), own) is SignalKind.USER_ACTED


def test_a_new_key_and_one_that_is_switched_on_are_for_a_person() -> None:
    admin = {"username": "admin", "principal": "arn:aws:iam::012345678901:user/admin", "error_code": None}
    made = event("CreateAccessKey", target_user=USER, target_key_id="AKIANEW", **admin)
    on = event("UpdateAccessKey", target_key_id=KEY, new_status="Active", **admin)
    assert (kind(made), kind(on)) == (SignalKind.CHANGED, SignalKind.CHANGED)
    assert kind(replace(on, new_status="Inactive")) is None
    assert kind(replace(made, error_code="AccessDenied")) is None
    assert kind(replace(made, target_user="somebody")) is None


def test_what_a_person_has_let_pass_is_not_held_again_and_a_use_cannot_be_let_pass() -> None:
    signed_in, used = event("ConsoleLogin", error_code=None), event()
    marks = tuple(
        signal.mark for signal in from_events([signed_in, replace(used, event_id="e2")], ticket(), PROPAGATION)
    )
    seen = ticket(progress=replace(ticket().progress, acknowledged=marks))
    assert kind(signed_in, seen) is None
    assert kind(used, seen) is SignalKind.USER_ACTED


def test_iam_and_cloudtrail_mark_one_sign_in_alike() -> None:
    told = from_event(event("ConsoleLogin", error_code=None), ticket(), PROPAGATION)
    (read,) = from_reading(replace(quarantined(), password_last_used=LATE), ticket(), PROPAGATION)
    assert told is not None
    assert told.mark == read.mark


def _read(**changes: object) -> list[tuple[SignalKind, str]]:
    reading: UserReading = replace(quarantined(), **changes)  # type: ignore[arg-type]  # the caller's names
    return [(signal.kind, signal.mark) for signal in from_reading(reading, ticket(), PROPAGATION)]


def test_a_user_under_a_whole_quarantine_gives_no_sign() -> None:
    assert _read() == []


def test_a_last_use_that_moves_on_is_a_use() -> None:
    assert [kind_ for kind_, _ in _read(uses={KEY: LastUse(at=LATE)})] == [SignalKind.USER_ACTED]
    assert [kind_ for kind_, _ in _read(uses={KEY: LastUse(at=LATE - SECOND)})] == [SignalKind.STRAGGLER]
    assert _read(uses={KEY: LastUse(at=DEACTIVATED)}) == []


def test_what_is_added_or_switched_on_is_named() -> None:
    has = quarantined().belongings
    assert has is not None
    assert _read(belongings=replace(has, groups=("admins", "new"))) == [(SignalKind.CHANGED, "new:group new")]
    assert _read(keys=SNAPSHOT.keys) == [(SignalKind.CHANGED, f"active:{KEY}")]
    assert _read(policies={DENY: None}) == [(SignalKind.CHANGED, "deny-changed")]
    assert _read(policies={DENY: "{}"}) == [(SignalKind.CHANGED, "deny-changed")]


def test_keys_that_are_still_on_while_the_quarantine_is_being_put_are_no_sign() -> None:
    beginning = ticket(state=State.QUARANTINED)
    reading = replace(quarantined(), keys=SNAPSHOT.keys)
    assert from_reading(reading, beginning, PROPAGATION) == ()
    held = ticket(state=State.ON_HOLD, came_from=State.QUARANTINED)
    assert from_reading(reading, held, PROPAGATION) == ()


def test_before_a_quarantine_nothing_is_a_signal_but_all_is_activity() -> None:
    before = allowed(EffectKind.ATTACH_QUARANTINE).ticket
    assert kind(event(), before) is None
    assert from_reading(replace(quarantined(), password_last_used=NOW), before, PROPAGATION) == ()
    assert is_activity(event(), before)
    assert is_activity(event("ConsoleLogin", error_code=None), before)
    assert not is_activity(event("ConsoleLogin", error_code=None, error_message="Failed authentication"), before)
    assert not is_activity(event(principal=f"arn:aws:sts::012345678901:assumed-role/x/{USER}"), before)
