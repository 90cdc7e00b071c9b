"""The slots of a credential report are joined with key ids by the second in which a key was made, and never by a guess."""

from datetime import UTC, datetime, timedelta

from iamflow.domain.credential_report import KeySlot
from iamflow.domain.facts import KeyState, KeyStatus, LastUse
from iamflow.domain.ids import KeyId
from iamflow.domain.key_slots import joined, without

MADE = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SECOND = timedelta(seconds=1)
USED, EARLIER = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC)


def slot(number: int, created: datetime = MADE, used: datetime | None = None) -> KeySlot:
    return KeySlot(number=number, active=True, created_at=created, last_used_at=used, service="s3" if used else None)


def key(name: str, created: datetime = MADE) -> KeyState:
    return KeyState(key_id=KeyId(name), status=KeyStatus.ACTIVE, created_at=created)


def test_each_key_is_the_slot_of_its_second() -> None:
    slots = (slot(1, used=USED), slot(2, MADE + SECOND))
    one, other = joined(slots, (key("B", MADE + SECOND), key("A", MADE + timedelta(milliseconds=900))))
    assert (one.key.key_id, one.slots) == ("B", (slots[1],))
    assert (other.key.key_id, other.slots) == ("A", (slots[0],))
    assert other.last_use == LastUse(at=USED, service="s3")


def test_a_second_more_or_less_is_no_difference_where_nothing_fits_exactly() -> None:
    (one,) = joined((slot(1, used=USED),), (key("A", MADE + SECOND),))
    assert one.last_use == LastUse(at=USED, service="s3")
    (other,) = joined((slot(1, used=USED),), (key("A", MADE + 2 * SECOND),))
    assert (other.slots, other.last_use, other.latest_use) == ((), None, None)


def test_two_keys_of_one_second_have_the_later_use_at_most_and_none_that_is_known() -> None:
    both = joined((slot(1, used=EARLIER), slot(2, used=USED)), (key("A"), key("B")))
    assert [one.last_use for one in both] == [None, None]
    assert [one.latest_use for one in both] == [LastUse(at=USED, service="s3")] * 2


def test_two_keys_of_one_second_need_no_telling_apart_where_the_report_says_the_same_of_both() -> None:
    both = joined((slot(1), slot(2)), (key("A"), key("B")))
    assert [one.last_use for one in both] == [LastUse(), LastUse()]


def test_the_use_of_one_key_tells_that_of_the_other() -> None:
    first, second = joined((slot(1), slot(2, used=USED)), (key("A"), key("B")))
    assert without([second], first, LastUse(at=USED))[0].last_use == LastUse()
    assert without([second], first, LastUse())[0].last_use == LastUse(at=USED, service="s3")


def test_a_use_since_the_report_tells_nothing_of_the_other_key() -> None:
    first, second = joined((slot(1), slot(2, used=USED)), (key("A"), key("B")))
    assert without([second], first, LastUse(at=USED + timedelta(days=1))) == (second,)


def test_one_key_that_is_left_of_two_of_one_second_is_neither_slot_for_sure() -> None:
    (left,) = joined((slot(1), slot(2, used=USED)), (key("B"),))
    assert left.last_use is None


def test_a_key_that_the_report_has_no_room_for_is_none_of_its_slots() -> None:
    keys = joined((slot(1), slot(2, MADE + SECOND)), (key("A"), key("B", MADE + SECOND), key("C", MADE + 9 * SECOND)))
    assert [len(one.slots) for one in keys] == [1, 1, 0]
