"""What iam-audit writes is read as it is meant: in both languages, any order, with BOM or CRLF, at the report's own date."""

import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from iamflow.domain.facts import Finding, KeyFacts, KeyStatus, LastUse
from iamflow.domain.ids import AccountId, KeyId
from iamflow.sources import open_report
from tests.sources.reports import COLUMNS, DATA, NAME, findings, row, text, write

NAMED = datetime(2026, 11, 24, 0, 11, 11, tzinfo=UTC)


def only(path: Path) -> Finding:
    [finding] = findings(open_report(path))
    return finding


def test_the_real_report_is_read_whole() -> None:
    report = open_report(DATA / NAME)

    found = list(findings(report))

    assert report.rows == len(found) == 140
    assert report.info.as_of == NAMED
    assert report.info.source == f"iam-audit:{NAME}"
    assert len({finding.key_id for finding in found}) == 140
    assert {finding.account_name for finding in found} >= {"prod-payments", "dev, sandbox"}
    assert any("," in finding.username for finding in found)
    assert [finding.row for finding in found] == list(range(2, 142))


def test_a_row_becomes_a_finding_with_all_that_it_says(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        text(
            row(
                password_status="Configurada",
                password_last_used="2026-11-01 10:00:00+00:00",
                status="Inactive",
                mfa_status="Virtual",
            )
        ),
    )

    assert only(path) == Finding(
        account_id=AccountId("012345678901"),
        account_name="prod-payments",
        username="svc-billing",
        key_id=KeyId("AKIAYF5JKDJQS3LDLOIV"),
        facts=KeyFacts(
            status=KeyStatus.INACTIVE,
            created_at=datetime(2025, 11, 24, 0, 6, 2, 341905, tzinfo=UTC),
            last_use=LastUse(at=datetime(2026, 10, 1, 8, 30, tzinfo=UTC), service="s3"),
            as_of=NAMED,
            source=f"iam-audit:{NAME}",
        ),
        console=True,
        password_last_used=datetime(2026, 11, 1, 10, tzinfo=UTC),
        mfa="Virtual",
        row=2,
    )


@pytest.mark.parametrize("word", ["Configurada", "Configured", "CONFIGURED", "Yes", "sí", "true"])
def test_a_password_is_recognised_in_both_languages(tmp_path: Path, word: str) -> None:
    assert only(write(tmp_path, text(row(password_status=word)))).console


@pytest.mark.parametrize("word", ["No configurada", "Not configured", "no", "FALSE"])
def test_its_absence_too(tmp_path: Path, word: str) -> None:
    assert not only(write(tmp_path, text(row(password_status=word)))).console


@pytest.mark.parametrize("word", ["Nunca utilizada", "Never used", "never", "NUNCA", "N/A"])
def test_never_used_is_a_last_use_without_a_date(tmp_path: Path, word: str) -> None:
    finding = only(write(tmp_path, text(row(last_used_date=word, service_name="N/A"))))

    assert finding.facts.last_use == LastUse()


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("Active", KeyStatus.ACTIVE),
        ("ACTIVA", KeyStatus.ACTIVE),
        ("inactive", KeyStatus.INACTIVE),
        ("Inactiva", KeyStatus.INACTIVE),
    ],
)
def test_the_status_is_recognised_in_both_languages_and_any_case(tmp_path: Path, word: str, status: KeyStatus) -> None:
    assert only(write(tmp_path, text(row(status=word)))).facts.status is status


@pytest.mark.parametrize(
    "written",
    [
        "2026-05-07 23:45:39.500000+00:00",
        "2026-05-07T23:45:39.5Z",
        "2026-05-08 01:45:39.500+02:00",
        "2026-05-07 18:45:39.500000000-0500",
    ],
)
def test_a_date_means_the_same_time_however_it_is_written(tmp_path: Path, written: str) -> None:
    created = only(write(tmp_path, text(row(created_date=written)))).facts.created_at

    assert created == datetime(2026, 5, 7, 23, 45, 39, 500_000, tzinfo=UTC)
    assert created.tzinfo is UTC


def test_the_order_of_the_columns_does_not_matter_and_others_may_be_among_them(tmp_path: Path) -> None:
    usual = only(write(tmp_path, text(row())))
    columns = ("region", *reversed(COLUMNS), "notes")

    assert only(write(tmp_path, text(row(region="eu-west-1", notes="x"), columns=columns))) == usual


def test_other_columns_may_bear_one_name_or_none(tmp_path: Path) -> None:
    extra = text(row()).replace("mfa_status\r", "mfa_status,,,x,x\r").replace("None\r", "None,,,1,2\r")

    assert open_report(write(tmp_path, extra)).rows == 1


@pytest.mark.parametrize("change", [("\r\n", "\n"), ("account_id,", "\ufeffaccount_id,"), ("\r\n", "\r\n\r\n")])
def test_bom_line_ends_and_empty_lines_change_nothing(tmp_path: Path, change: tuple[str, str]) -> None:
    usual = only(write(tmp_path, text(row())))
    changed = only(write(tmp_path, text(row()).replace(*change)))

    assert (changed.key_id, changed.username, changed.facts) == (usual.key_id, usual.username, usual.facts)


def test_a_last_line_without_a_line_end_counts(tmp_path: Path) -> None:
    assert open_report(write(tmp_path, text(row()).rstrip())).rows == 1


def test_a_report_without_a_key_is_a_report(tmp_path: Path) -> None:
    report = open_report(write(tmp_path, text()))

    assert report.rows == 0
    assert list(findings(report)) == []


def test_the_same_row_twice_is_no_contradiction(tmp_path: Path) -> None:
    assert open_report(write(tmp_path, text(row(), row()))).rows == 2


def test_a_link_to_a_report_is_a_report(tmp_path: Path) -> None:
    (tmp_path / "latest.csv").symlink_to(write(tmp_path, text(row())))

    assert open_report(tmp_path / "latest.csv").rows == 1


@pytest.mark.parametrize("name", ["report.csv", "report_20261399_001111.csv"])
def test_without_a_date_in_its_name_a_report_is_as_old_as_its_newest_date(tmp_path: Path, name: str) -> None:
    newest = "2026-11-23 10:00:00-05:00"
    older = row(access_key_id="AKIAI44QH8DHBEXAMPLE")
    path = write(tmp_path, text(row(last_used_date=newest), older), name)

    assert open_report(path).info.as_of == datetime(2026, 11, 23, 10, tzinfo=timezone(timedelta(hours=-5)))


def test_without_any_date_a_report_is_as_old_as_its_file(tmp_path: Path) -> None:
    path = write(tmp_path, text(), "report.csv")
    os.utime(path, (1_700_000_000, 1_700_000_000))

    assert open_report(path).info.as_of == datetime.fromtimestamp(1_700_000_000, tz=UTC)


def test_a_hostile_file_name_is_made_harmless_in_the_source(tmp_path: Path) -> None:
    path = write(tmp_path, text(row()), "x\x1b[31m\n.csv")

    assert open_report(path).info.source == r"iam-audit:x\x1b[31m\x0a.csv"


def test_progress_ends_at_the_size_of_the_file(tmp_path: Path) -> None:
    rows = [row(access_key_id=f"AKIAYF5JKDJQ{number:08}") for number in range(20_000)]
    path = write(tmp_path, text(*rows))
    seen: list[tuple[int, int]] = []

    open_report(path, progress=lambda done, total: seen.append((done, total)))

    size = path.stat().st_size
    assert len(seen) >= 2
    assert [total for _, total in seen] == [size] * len(seen)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1][0] == size


def test_the_import_begins_when_it_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, text(row()))
    now = datetime(2026, 12, 24, 18, tzinfo=UTC)

    assert open_report(path, now=now).info.started_at == now
    assert open_report(path).info.started_at == NAMED
