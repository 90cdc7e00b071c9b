"""A length of time is told in its two largest units, next to the time in UTC."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from iamflow.cli.render.words import duration, iso, relative, utc, when

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(0), "0 s"),
        (timedelta(seconds=40), "40 s"),
        (timedelta(seconds=60), "1 min"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=1), "1 h"),
        (timedelta(hours=3, minutes=5), "3 h 5 min"),
        (timedelta(days=1), "1 d"),
        (timedelta(days=6, hours=23, minutes=59), "6 d 23 h"),
        (timedelta(days=400, hours=5), "400 d"),
        (-timedelta(hours=2), "2 h"),
    ],
)
def test_the_two_largest_units_are_told(span: timedelta, words: str) -> None:
    assert duration(span) == words


def test_the_future_the_past_and_the_present_differ() -> None:
    assert relative(NOW + timedelta(days=6, hours=23), NOW) == "in 6 d 23 h"
    assert relative(NOW - timedelta(hours=3), NOW) == "3 h ago"
    assert relative(NOW, NOW) == "now"


def test_every_time_is_shown_in_utc() -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=-3)))
    assert utc(elsewhere) == "2026-11-24 12:00 UTC"
    assert when(elsewhere, NOW) == "2026-11-24 12:00 UTC (now)"
    assert iso(elsewhere) == "2026-11-24T12:00:00Z"
    assert when(None, NOW) == ""
    assert iso(None) is None
