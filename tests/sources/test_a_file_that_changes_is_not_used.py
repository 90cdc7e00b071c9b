"""Nothing of a file is handed out that is not what was validated."""

from pathlib import Path

import pytest

from iamflow.domain.errors import InputError
from iamflow.sources import open_report
from tests.sources.reports import findings, row, text, write

ROWS = [row(access_key_id=f"AKIAYF5JKDJQ{number:08}") for number in range(20_000)]


@pytest.mark.parametrize(
    "changed",
    [
        text(row(username="someone-else")),
        text(row(), row(access_key_id="AKIAI44QH8DHBEXAMPLE")),
        text(),
        "",
        "no report at all",
    ],
)
def test_a_file_written_anew_yields_nothing(tmp_path: Path, changed: str) -> None:
    path = write(tmp_path, text(row()))
    report = open_report(path)
    write(tmp_path, changed)

    found = findings(report)

    with pytest.raises(InputError):
        next(found)


def test_a_change_behind_the_first_block_stops_before_any_changed_row(tmp_path: Path) -> None:
    path = write(tmp_path, text(*ROWS))
    report = open_report(path)
    content = path.read_bytes()
    place = content.rindex(b"svc-billing")
    path.write_bytes(content[:place] + b"svc-changed" + content[place + 11 :])
    names: set[str] = set()

    with pytest.raises(InputError, match="changed since it was validated"):
        names.update(finding.username for finding in findings(report))

    assert names <= {"svc-billing"}


def test_rows_cut_from_the_end_are_missed(tmp_path: Path) -> None:
    path = write(tmp_path, text(*ROWS))
    report = open_report(path)
    write(tmp_path, text(*ROWS[: len(ROWS) // 4]))

    with pytest.raises(InputError, match="changed since it was validated"):
        list(findings(report))


def test_an_unchanged_file_can_be_read_again(tmp_path: Path) -> None:
    report = open_report(write(tmp_path, text(*ROWS)))

    assert list(findings(report)) == list(findings(report))
    assert report.rows == len(ROWS)
