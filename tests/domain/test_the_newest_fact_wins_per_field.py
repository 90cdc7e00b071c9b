"""The newest fact wins, field by field: what a newer report does not know erases nothing, and an older one only fills."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iamflow.domain.facts import Facts, Kept, KeyFacts, KeyStatus, LastUse, RootFacts, Sighting, TargetFacts, UserFacts
from iamflow.domain.merging import filled_fields, is_live, joined, kept_of, unconfirmed

NOW = datetime(2026, 11, 24, tzinfo=UTC)
DAY = timedelta(days=1)
MADE = NOW - 300 * DAY
USED = NOW - 50 * DAY
WEEK = 7 * DAY


def key(source: str, as_of: datetime, used: datetime | None = None, made: datetime = MADE) -> KeyFacts:
    return KeyFacts(
        status=KeyStatus.ACTIVE, created_at=made, last_use=LastUse(at=used, service="s3"), as_of=as_of, source=source
    )


def user(source: str, as_of: datetime, **more: datetime | None) -> UserFacts:
    known: dict[str, datetime | None] = {"password_last_used": None, "key_last_used": None, "created_at": None, **more}
    return UserFacts(console=True, mfa=False, as_of=as_of, source=source, **known)


def test_what_a_newer_report_knows_wins() -> None:
    older, newer = key("a", NOW - DAY, USED), key("b", NOW, USED + DAY)
    assert joined(newer, older) == newer


def test_what_it_does_not_know_is_kept_with_its_source_and_age() -> None:
    facts = joined(key("b", NOW), key("a", NOW - DAY, USED))
    assert isinstance(facts, KeyFacts)
    assert (facts.last_use.at, facts.source, facts.as_of) == (USED, "b", NOW)
    assert facts.kept == (Kept(field="last_use", source="a", as_of=NOW - DAY),)


def test_where_a_fact_comes_from_is_not_lost_over_several_reports() -> None:
    first = key("a", NOW - 2 * DAY, USED)
    third = joined(key("c", NOW), joined(key("b", NOW - DAY), first))
    assert kept_of(third) == (Kept(field="last_use", source="a", as_of=NOW - 2 * DAY),)


def test_a_fact_that_is_known_again_is_no_longer_the_older_ones() -> None:
    kept = joined(key("b", NOW - DAY), key("a", NOW - 2 * DAY, USED))
    assert kept_of(joined(key("c", NOW, USED + DAY), kept)) == ()


def test_each_field_of_a_user_is_kept_on_its_own() -> None:
    older = user("a", NOW - DAY, created_at=MADE, key_last_used=USED)
    newer = user("b", NOW, password_last_used=USED + DAY)
    facts = joined(newer, older)
    assert isinstance(facts, UserFacts)
    assert (facts.created_at, facts.key_last_used, facts.password_last_used) == (MADE, USED, USED + DAY)
    assert {kept.field for kept in facts.kept} == {"created_at", "key_last_used"}
    assert {kept.field for kept in filled_fields(newer, facts)} == {"created_at", "key_last_used"}


def test_a_use_from_before_the_user_was_made_is_another_users() -> None:
    recreated = user("live", NOW, created_at=NOW - 10 * DAY)
    assert joined(recreated, user("a", NOW - DAY, key_last_used=USED)) == recreated


def test_of_root_users_as_well() -> None:
    older = RootFacts(mfa=False, access_key=True, last_login=USED, as_of=NOW - DAY, source="a")
    newer = RootFacts(mfa=True, access_key=None, last_login=None, as_of=NOW, source="b")
    facts = joined(newer, older)
    assert isinstance(facts, RootFacts)
    assert (facts.mfa, facts.access_key, facts.last_login) == (True, True, USED)


def test_the_latest_call_that_was_seen_stays() -> None:
    seen = Sighting(at=USED, event="GetObject", source="cloudtrail-events:e.csv")
    facts = joined(key("b", NOW, USED), replace(key("a", NOW - DAY), seen=seen))
    assert isinstance(facts, KeyFacts)
    assert facts.seen == seen


def test_facts_about_other_things_do_not_mix() -> None:
    target = TargetFacts(target="ou-1", target_name=None, as_of=NOW, source="a")
    assert joined(target, key("b", NOW - DAY, USED)) == target
    assert kept_of(target) == ()


@pytest.mark.parametrize(
    ("facts", "waits"),
    [
        (key("iam-audit:a.csv", NOW - 8 * DAY), True),
        (key("iam-audit:a.csv", NOW - 7 * DAY), False),
        (key("live", NOW - 100 * DAY), False),
        (key("live, after prowler:p.csv", NOW - 100 * DAY), False),
        (key("livestock.csv", NOW - 100 * DAY), True),
    ],
)
def test_only_a_stale_reports_word_waits_for_a_confirmation(facts: Facts, waits: bool) -> None:
    assert unconfirmed(facts, WEEK, NOW) is waits
    assert is_live(facts) is facts.source.startswith("live,") or facts.source == "live"


MAYBE = st.none() | st.datetimes(datetime(2026, 1, 1), datetime(2026, 11, 24)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001


@given(uses=st.lists(MAYBE, min_size=1, max_size=6))
def test_whatever_order_reports_come_in_the_newest_known_use_is_what_is_known(uses: list[datetime | None]) -> None:
    reports = [
        key(f"r{number}", NOW + number * DAY, used, made=datetime(2025, 1, 1, tzinfo=UTC))
        for number, used in enumerate(uses)
    ]
    facts: Facts = reports[0]
    for report in reports[1:]:
        facts = joined(report, facts)
    backwards: Facts = reports[-1]
    for report in reversed(reports[:-1]):
        backwards = joined(backwards, report)
    assert facts == backwards
    assert isinstance(facts, KeyFacts)
    assert facts.last_use.at == next((used for used in reversed(uses) if used is not None), None)
