"""Which events and readings after a deactivation are signals, of which kind, and which mean nothing (DESIGN 8.4)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from iamflow.domain.evidence import Baseline, SignalKind, TrailEvent
from iamflow.domain.facts import LastUse
from iamflow.domain.signals import DECISIVE, HOLDING, from_event, from_events, from_reading
from iamflow.domain.states import State
from tests.workflows.samples import (
    BASELINE,
    DEACTIVATED,
    HOUR,
    INACTIVE,
    KEY,
    MINUTE,
    OTHER_KEY,
    SECOND,
    TOLD,
    USER,
    WATCHED,
    event,
    key_made,
    reading,
    ticket,
)

PROPAGATION = 2 * MINUTE
WATCHING = ticket(State.MONITORING)
UNTOUCHED = ticket(State.NOTIFIED, TOLD)
LATER = DEACTIVATED + HOUR
OWN_USER = "arn:aws:iam::012345678901:user/deploy"
ROLE_OF_THAT_NAME = "arn:aws:sts::012345678901:assumed-role/ci/deploy"

USED = event(at=LATER)
SESSION = event(at=LATER, access_key_id="ASIAMINTED", principal=OWN_USER)
NEW_KEY = event("CreateAccessKey", at=LATER, access_key_id="ASIAX", target_user=USER, target_key_id="AKIANEW", username="owner")  # fmt: skip
TOGGLED = event("UpdateAccessKey", at=LATER, access_key_id="ASIAX", target_key_id=KEY, new_status="Active", username="owner")  # fmt: skip


def kind_of(seen: TrailEvent, **progress: object) -> SignalKind | None:
    of = replace(WATCHING, progress=replace(WATCHED, **progress))  # type: ignore[arg-type]  # the progress's own names
    signal = from_event(seen, of, PROPAGATION)
    return signal.kind if signal is not None else None


@pytest.mark.parametrize(
    ("seen", "kind"),
    [
        (USED, SignalKind.KEY_USED),
        (replace(USED, error_code="AccessDenied"), SignalKind.KEY_USED),
        (replace(USED, name="CreateAccessKey", target_user=USER), SignalKind.KEY_USED),
        (replace(USED, at=DEACTIVATED + PROPAGATION + SECOND), SignalKind.KEY_USED),
        (replace(USED, at=DEACTIVATED + PROPAGATION), SignalKind.STRAGGLER),
        (replace(USED, at=DEACTIVATED + SECOND), SignalKind.STRAGGLER),
        (replace(USED, at=DEACTIVATED), None),
        (replace(USED, at=DEACTIVATED - HOUR), None),
        (replace(USED, access_key_id=OTHER_KEY), None),
        (replace(USED, access_key_id=None), None),
        (SESSION, SignalKind.SESSION_ALIVE),
        (replace(SESSION, principal=None), SignalKind.SESSION_ALIVE),
        (replace(SESSION, principal=ROLE_OF_THAT_NAME), None),
        (replace(SESSION, console=True), None),
        (replace(SESSION, username="somebody"), None),
        (replace(SESSION, username=None), None),
        (NEW_KEY, SignalKind.NEW_KEY),
        (replace(NEW_KEY, error_code="LimitExceeded"), None),
        (replace(NEW_KEY, target_user="somebody"), None),
        (replace(NEW_KEY, target_user=None), None),
        (TOGGLED, SignalKind.TOGGLED),
        (replace(TOGGLED, principal=OWN_USER), SignalKind.TOGGLED),
        (replace(TOGGLED, username=None), SignalKind.TOGGLED),
        (replace(TOGGLED, error_code="AccessDenied"), None),
        (replace(TOGGLED, new_status="Inactive"), None),
        (replace(TOGGLED, target_key_id=OTHER_KEY), None),
    ],
)
def test_an_event_means_what_it_shows_and_no_more(seen: TrailEvent, kind: SignalKind | None) -> None:
    assert kind_of(seen) is kind


@pytest.mark.parametrize("seen", [USED, SESSION, NEW_KEY, TOGGLED])
def test_iamflows_own_calls_are_known_by_their_request_ids(seen: TrailEvent) -> None:
    ours = replace(seen, request_id="ours")
    assert kind_of(ours, own_requests=("ours",)) is None
    assert kind_of(replace(seen, request_id=None), own_requests=("ours",)) is not None


@pytest.mark.parametrize("seen", [USED, SESSION, NEW_KEY, TOGGLED])
def test_before_a_deactivation_nothing_is_a_signal(seen: TrailEvent) -> None:
    assert from_event(seen, UNTOUCHED, PROPAGATION) is None
    assert from_reading(reading(last_use=LastUse(at=LATER)), UNTOUCHED, PROPAGATION) == ()


@pytest.mark.parametrize("seen", [SESSION, NEW_KEY, TOGGLED, replace(USED, at=DEACTIVATED + SECOND)])
def test_what_a_person_has_let_pass_is_no_signal_any_more(seen: TrailEvent) -> None:
    signal = from_event(seen, WATCHING, PROPAGATION)
    assert signal is not None
    assert signal.kind in HOLDING
    assert kind_of(seen, acknowledged=(signal.mark,)) is None


def test_nobody_can_let_a_use_of_the_key_pass() -> None:
    signal = from_event(USED, WATCHING, PROPAGATION)
    assert signal is not None
    assert kind_of(USED, acknowledged=(signal.mark,)) is SignalKind.KEY_USED
    used = reading(INACTIVE, last_use=LastUse(at=LATER))
    (read,) = from_reading(used, WATCHING, PROPAGATION)
    passed = replace(WATCHING, progress=replace(WATCHED, acknowledged=(read.mark,)))
    assert [found.kind for found in from_reading(used, passed, PROPAGATION)] == [SignalKind.KEY_USED]


def test_a_session_that_the_baseline_saw_being_minted_is_named_as_such() -> None:
    minted: Baseline = replace(BASELINE, minted=("ASIAMINTED",))
    known = from_event(SESSION, replace(WATCHING, baseline=minted), PROPAGATION)
    unknown = from_event(SESSION, replace(WATCHING, baseline=None), PROPAGATION)
    assert known is not None
    assert unknown is not None
    assert "minted from this key still works" in known.sentence
    assert "may have been minted" in unknown.sentence


def test_a_sentence_names_who_acted_as_well_as_it_can() -> None:
    for seen, who in (
        (replace(TOGGLED, principal=OWN_USER), OWN_USER),
        (TOGGLED, "owner"),
        (replace(TOGGLED, username=None), "somebody"),
    ):
        signal = from_event(seen, WATCHING, PROPAGATION)
        assert signal is not None
        assert signal.sentence.startswith(who)
    refused = from_event(replace(USED, error_code="AccessDenied"), WATCHING, PROPAGATION)
    assert refused is not None
    assert "refused with AccessDenied" in refused.sentence


@pytest.mark.parametrize(
    ("last_use", "kind"),
    [
        (None, None),
        (LastUse(), None),
        (LastUse(at=DEACTIVATED), None),
        (LastUse(at=DEACTIVATED + SECOND), SignalKind.STRAGGLER),
        (LastUse(at=DEACTIVATED + PROPAGATION), SignalKind.STRAGGLER),
        (LastUse(at=DEACTIVATED + PROPAGATION + SECOND, service="s3"), SignalKind.KEY_USED),
    ],
)
def test_a_last_use_that_moved_on_means_what_its_date_says(last_use: LastUse | None, kind: SignalKind | None) -> None:
    found = from_reading(reading(INACTIVE, last_use=last_use), WATCHING, PROPAGATION)
    assert [signal.kind for signal in found] == ([kind] if kind else [])


@pytest.mark.parametrize(("age", "seen"), [(-HOUR, 0), (timedelta(0), 0), (SECOND, 1)])
def test_only_a_key_made_after_the_deactivation_is_a_new_key(age: timedelta, seen: int) -> None:
    found = from_reading(reading(INACTIVE, key_made(DEACTIVATED + age)), WATCHING, PROPAGATION)
    assert [signal.kind for signal in found] == [SignalKind.NEW_KEY] * seen


def test_a_new_key_is_one_signal_whether_the_trail_or_the_list_shows_it() -> None:
    from_trail = from_event(replace(NEW_KEY, target_key_id=OTHER_KEY), WATCHING, PROPAGATION)
    (from_list,) = from_reading(reading(INACTIVE, key_made(LATER)), WATCHING, PROPAGATION)
    assert from_trail is not None
    assert from_trail.mark == from_list.mark


def test_events_are_counted_once_and_told_oldest_first() -> None:
    newer = replace(USED, event_id="newer", at=LATER + HOUR)
    found = from_events([newer, USED, replace(USED), event(at=DEACTIVATED - HOUR)], WATCHING, PROPAGATION)
    assert [signal.event and signal.event.event_id for signal in found] == [USED.event_id, "newer"]


def test_every_kind_of_signal_that_is_seen_either_decides_or_holds() -> None:
    seen = {SignalKind.KEY_USED, SignalKind.SESSION_ALIVE, SignalKind.NEW_KEY, SignalKind.STRAGGLER, SignalKind.TOGGLED}
    assert seen <= DECISIVE | HOLDING
    assert not DECISIVE & HOLDING
