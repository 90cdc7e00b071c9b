"""A standing exemption covers whoever fits everything that it says, until its date, and nobody whose tags are not known."""

from dataclasses import replace

import pytest

from iamflow.domain.exemption import Covered, Exemption, Subject, covering
from iamflow.domain.ids import ExemptionId, KeyId
from tests.domain.samples import ACCOUNT, ALICE, BOB, DAY, KEY, MICROSECOND, NOW, USER

OURS = Subject(account_id=ACCOUNT, account_name="Prod-payments", username=USER, key_id=KEY, workflow="disable-key")


def _exemption(number: int = 1, days: int = 30, **covers: object) -> Exemption:
    return Exemption(
        id=ExemptionId(number),
        covers=Covered(**covers),  # type: ignore[arg-type]  # the test's own words
        until=NOW + days * DAY,
        reason="a partner's system",
        by=ALICE,
        at=NOW - DAY,
    )


@pytest.mark.parametrize(
    ("covers", "fits"),
    [
        ({"account": "prod-*"}, True),
        ({"account": ACCOUNT}, True),
        ({"account": "dev-*"}, False),
        ({"username": USER}, True),
        ({"username": USER.upper()}, False),
        ({"username": USER, "account": "dev-*"}, False),
        ({"username": USER, "account": "prod-*"}, True),
        ({"key_id": KEY}, True),
        ({"key_id": KeyId("AKIAI44QH8DHBEXAMPLE")}, False),
        ({"key_id": KEY, "workflow": "disable-key"}, True),
        ({"key_id": KEY, "workflow": "rotate-key"}, False),
        ({"tag": ("Keep", "yes*")}, True),
        ({"tag": ("keep", "no*")}, False),
    ],
)
def test_everything_that_is_said_must_fit(covers: dict[str, object], fits: bool) -> None:
    assert _exemption(**covers).fits(OURS, {"keep": "YES, until spring"}) is fits


def test_tags_that_are_not_known_fit_no_exemption() -> None:
    assert not _exemption(tag=("keep", "*")).fits(OURS, None)
    assert not _exemption(tag=("keep", "*"), account="*").fits(OURS, None)


def test_it_counts_until_its_date_and_not_after_it_was_ended() -> None:
    one = _exemption(account="prod-*")
    assert one.runs(one.until - MICROSECOND)
    assert not one.runs(one.until)
    assert not replace(one, ended_at=NOW, ended_by=BOB).runs(NOW)


def test_of_several_the_one_that_lasts_longest_counts() -> None:
    found = covering([_exemption(1, 30, username=USER), _exemption(2, 90, account="prod-*")], OURS, {}, NOW)
    assert found is not None
    assert found.id == 2
    later = covering([_exemption(1, 30, username=USER)], OURS, {}, NOW + 30 * DAY)
    assert later is None


@pytest.mark.parametrize("account", ["*", "**", "?*", ""])
def test_a_pattern_that_fits_everything_names_nobody(account: str) -> None:
    assert not Covered(account=account).names_somebody
    assert Covered(account=account, username=USER).names_somebody
