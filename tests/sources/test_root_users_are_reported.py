"""The root-audit report is understood as the audit writes it, and refused whole where it is not what it says."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from iamflow.domain.errors import InputError
from iamflow.domain.facts import Finding
from iamflow.domain.root import ROOT_USER
from iamflow.sources import open_report
from tests.sources.reports import DATA, write

HEADER = "account_id,account_name,mfa_enabled,access_key_present,root_last_login"
NAME = "root_audit_report_20261124_001111.csv"


def findings(path: Path) -> list[Finding]:
    report = open_report(path)
    assert list(report.keys()) == []
    return list(report.roots())


def a_file(folder: Path, *rows: str, header: str = HEADER, name: str = NAME) -> Path:
    return write(folder, "\r\n".join([header, *rows]) + "\r\n", name)


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        open_report(path)
    return str(caught.value)


def test_the_audits_own_sample_is_understood() -> None:
    found = findings(DATA / NAME)
    assert {finding.username for finding in found} == {ROOT_USER}
    assert {(finding.account_name, finding.root_facts.mfa, finding.root_facts.access_key) for finding in found} >= {
        ("prod-payments", False, False),
        ("dev, sandbox", False, False),
    }
    assert open_report(DATA / NAME).info.as_of == datetime(2026, 11, 24, 0, 11, 11, tzinfo=UTC)


def test_every_cell_says_what_it_means(tmp_path: Path) -> None:
    (one, other) = findings(
        a_file(
            tmp_path,
            "012345678901,payments,True,false,2026-11-20 08:00:00+02:00",
            "562458925665,,No,Sí,Nunca",
        )
    )
    assert (one.account_id, one.row) == ("012345678901", 2)
    assert (one.root_facts.mfa, one.root_facts.access_key) == (True, False)
    assert one.root_facts.last_login == datetime(2026, 11, 20, 6, tzinfo=UTC)
    assert (other.root_facts.mfa, other.root_facts.access_key, other.root_facts.last_login) == (False, True, None)


def test_columns_may_stand_in_any_order_among_others(tmp_path: Path) -> None:
    header = "note,root_last_login,access_key_present,mfa_enabled,account_name,account_id"
    (found,) = findings(a_file(tmp_path, "x,Nunca,True,False,payments,012345678901", header=header))
    assert (found.account_id, found.root_facts.mfa, found.root_facts.access_key) == ("012345678901", False, True)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("12345678901,payments,True,False,Nunca", "row 3: account id"),
        ("562458925665,payments,maybe,False,Nunca", 'row 3: mfa_enabled "maybe" is neither True nor False'),
        ("562458925665,payments,True,,Nunca", 'row 3: access_key_present "" is neither'),
        ("562458925665,payments,True,False,2026-11-20 08:00:00", "has no offset from UTC"),
        ("562458925665,payments,True,False", "row 3: it has 4 cells where the first row has 5"),
        ("012345678901,payments,False,False,Nunca", "something else of account 012345678901 than row 2 does"),
    ],
)
def test_one_bad_row_refuses_the_whole_file(tmp_path: Path, row: str, why: str) -> None:
    assert why in refusal(a_file(tmp_path, "012345678901,payments,True,False,Nunca", row))


def test_an_account_that_is_listed_twice_in_the_same_words_counts_once(tmp_path: Path) -> None:
    row = "012345678901,payments,True,True,Nunca"
    assert len(findings(a_file(tmp_path, row, row))) == 1


def test_a_file_that_names_no_date_is_as_of_its_newest_sign_in(tmp_path: Path) -> None:
    rows = (
        "012345678901,payments,True,True,2026-11-20 08:00:00+00:00",
        "562458925665,other,True,True,2026-11-21 08:00:00+00:00",
    )
    report = open_report(a_file(tmp_path, *rows, name="roots.csv"))
    assert report.info.as_of == datetime(2026, 11, 21, 8, tzinfo=UTC)
    assert report.rows == 2
