"""DESIGN section 3: reminders half-way and one day before, each once, also when iamflow comes late."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iamflow.domain.schedule import HALF_WAY, LAST_DAY, due_reminder, next_grace_look, reminders
from iamflow.domain.ticket import Ticket

from .samples import DAY, HOUR, MICROSECOND, NOW, WEEK, ticket

HALF, LAST, END = NOW + WEEK / 2, NOW + 6 * DAY, NOW + WEEK


def _told(*sent: str) -> Ticket:
    return ticket(deadline=END, notified_at=NOW, reminders=sent)


def test_reminders_come_half_way_and_one_day_before_the_end() -> None:
    assert reminders(NOW, END) == ((HALF_WAY, HALF), (LAST_DAY, LAST))


@pytest.mark.parametrize(
    ("grace", "names"),
    [
        (2 * DAY + 2 * MICROSECOND, [HALF_WAY, LAST_DAY]),
        (2 * DAY, [HALF_WAY]),
        (DAY, [HALF_WAY]),
        (timedelta(seconds=1), [HALF_WAY]),
    ],
)
def test_a_short_grace_period_has_one_reminder(grace: timedelta, names: list[str]) -> None:
    assert [name for name, _ in reminders(NOW, NOW + grace)] == names


@pytest.mark.parametrize(
    ("now", "name"),
    [
        (NOW, None),
        (HALF - MICROSECOND, None),
        (HALF, HALF_WAY),
        (LAST - MICROSECOND, HALF_WAY),
        (LAST, LAST_DAY),
        (END - MICROSECOND, LAST_DAY),
        (END, None),
        (END + WEEK, None),
    ],
)
def test_a_reminder_is_due_from_its_date_until_the_next_or_the_end(now: datetime, name: str | None) -> None:
    assert due_reminder(_told(), now) == name


def test_a_reminder_that_went_out_is_not_due_again() -> None:
    assert due_reminder(_told(HALF_WAY), HALF + HOUR) is None
    assert due_reminder(_told(HALF_WAY), LAST) == LAST_DAY
    assert due_reminder(_told(HALF_WAY, LAST_DAY), LAST + HOUR) is None


def test_a_late_run_sends_only_the_newest() -> None:
    assert due_reminder(_told(), LAST + HOUR) == LAST_DAY
    assert due_reminder(_told(LAST_DAY), LAST + HOUR) is None


def test_without_a_grace_period_there_is_nothing_to_remind_of() -> None:
    assert due_reminder(ticket(notified_at=NOW), LAST) is None
    assert due_reminder(ticket(deadline=END), LAST) is None


@given(st.lists(st.timedeltas(timedelta(0), 2 * WEEK), max_size=30), st.timedeltas(timedelta(hours=1), 10 * DAY))
def test_however_often_and_late_iamflow_looks_no_reminder_goes_out_twice(
    looks: list[timedelta], grace: timedelta
) -> None:
    sent: list[str] = []
    for look in sorted(looks):
        told = ticket(deadline=NOW + grace, notified_at=NOW, reminders=tuple(sent))
        name = due_reminder(told, NOW + look)
        if name is not None:
            sent.append(name)

    assert len(sent) == len(set(sent))
    assert sent in ([], [HALF_WAY], [LAST_DAY], [HALF_WAY, LAST_DAY])


@given(st.timedeltas(timedelta(hours=1), 30 * DAY))
def test_following_the_looks_misses_no_reminder_and_ends_at_the_deadline(grace: timedelta) -> None:
    told, now, seen = ticket(deadline=NOW + grace, notified_at=NOW), NOW, []
    while now < NOW + grace:
        following = next_grace_look(told, now)
        assert following is not None
        assert following > now
        now = following
        seen.append(due_reminder(told, now))

    assert now == NOW + grace
    assert seen == [*(name for name, _ in reminders(NOW, NOW + grace)), None]


def test_a_look_at_a_ticket_past_its_deadline_is_due_at_once() -> None:
    assert next_grace_look(_told(), END + DAY) == END


def test_without_a_notice_the_next_look_is_the_deadline_if_there_is_one() -> None:
    assert next_grace_look(ticket(deadline=END), NOW) == END
    assert next_grace_look(ticket(notified_at=NOW), NOW) is None
