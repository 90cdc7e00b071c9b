"""A time is aware and UTC on its way in and out, and its text sorts as time does."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import StatementError

from iamflow.engine.ports import ScanInfo
from iamflow.store.open import SqlStore
from iamflow.store.types import WIDTH, UtcTime, utc_text
from tests.store.support import LEASE, START

times = st.datetimes(timezones=st.just(UTC))
anywhere = st.datetimes(
    min_value=datetime(2, 1, 1),  # noqa: DTZ001 - Hypothesis takes naive bounds
    max_value=datetime(9998, 1, 1),  # noqa: DTZ001 - as above
    timezones=st.timedeltas(timedelta(hours=-23), timedelta(hours=23)).map(timezone),
)


def test_the_text_has_a_fixed_width() -> None:
    assert utc_text(datetime(2026, 11, 24, 0, 11, 2, 341905, tzinfo=UTC)) == "2026-11-24T00:11:02.341905Z"
    assert utc_text(datetime(2026, 11, 24, tzinfo=UTC)) == "2026-11-24T00:00:00.000000Z"


@given(one=times, other=times)
def test_texts_sort_as_times_do(one: datetime, other: datetime) -> None:
    assert (utc_text(one) < utc_text(other)) is (one < other)
    assert len(utc_text(one)) == WIDTH


@given(at=anywhere)
def test_a_time_comes_back_as_the_same_moment_in_utc(at: datetime) -> None:
    for dialect in (sqlite.dialect(), postgresql.dialect()):
        type_ = UtcTime()
        back = type_.process_result_value(type_.process_bind_param(at, dialect), dialect)
        assert back == at
        assert back is not None
        assert back.utcoffset() == timedelta(0)


def test_a_naive_time_is_refused(store: SqlStore) -> None:
    naive = datetime(2026, 11, 24)  # noqa: DTZ001 - this is the mistake
    for dialect in (sqlite.dialect(), postgresql.dialect()):
        with pytest.raises(ValueError, match="naive"):
            UtcTime().process_bind_param(naive, dialect)
    with pytest.raises(StatementError, match="naive"):
        store.begin_scan(ScanInfo(source="x", as_of=naive, sha256="0" * 64, started_at=START))
    with pytest.raises(StatementError, match="naive"):
        store.claim(holder="a", now=naive, limit=1, lease=LEASE)
