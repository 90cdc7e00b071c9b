"""Every way in which a file is not a good report is refused in one line: file, row and reason."""

import os
from pathlib import Path

import pytest

from iamflow.domain.errors import InputError
from iamflow.sources import open_report
from tests.sources.reports import COLUMNS, DATA, row, text, write

OTHER_KEY = "AKIAI44QH8DHBEXAMPLE"


def refusal(path: Path, format_name: str = "auto") -> str:
    """Return the one line with which a file is refused, without the folder."""
    with pytest.raises(InputError) as refused:
        open_report(path, format_name)
    message = str(refused.value)
    assert message.isprintable()
    assert "\n" not in message
    return message.removeprefix(f"{path.parent}/")


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"account_id": "5.62459E+11"}, "a spreadsheet has turned it into a number"),
        ({"account_id": "562458925665.0"}, "a spreadsheet has turned it into a number"),
        ({"account_id": "12345678901"}, "leading zero"),
        ({"account_id": ""}, "is not 12 digits"),
        ({"account_id": "\uff10" * 12}, "is not 12 digits"),
        ({"username": ""}, "user name is empty"),
        ({"username": " admin"}, "spaces around it"),
        ({"username": "eve\x1b[2J"}, "control or invisible"),
        ({"username": "eve\u202e"}, "control or invisible"),
        ({"username": "u" * 200}, "longer than 128"),
        ({"account_name": "prod\x07"}, "control or invisible"),
        ({"password_status": "perhaps"}, "password status"),
        ({"status": "Enabled"}, "neither Active nor Inactive"),
        ({"status": ""}, "neither Active nor Inactive"),
        ({"created_date": ""}, "is no date"),
        ({"created_date": "Nunca"}, "is no date"),
        ({"created_date": "24/11/2025"}, "is no date"),
        ({"created_date": "2025-11-24 00:06:02"}, "no offset from UTC"),
        ({"created_date": "2025-02-30 00:06:02+00:00"}, "does not exist"),
        ({"created_date": "0001-01-01 00:00:00+14:00"}, "does not exist"),
        ({"created_date": "2025-W47-1 00:06:02+00:00"}, "is no date"),
        ({"last_used_date": ""}, "is no date"),
        ({"last_used_date": "sometimes"}, "is no date"),
        ({"password_last_used": "2026-10-01"}, "is no date"),
        ({"access_key_id": ""}, "no access key id"),
        ({"access_key_id": "akiayf5jkdjqs3ldloiv"}, "no access key id"),
        ({"access_key_id": "AIDAYF5JKDJQS3LDLOIV"}, "no access key id"),
    ],
)
def test_a_bad_cell_is_refused_with_its_row(tmp_path: Path, cells: dict[str, str], reason: str) -> None:
    path = write(tmp_path, text(row(access_key_id=OTHER_KEY), row(**cells)))

    message = refusal(path)

    assert message.startswith(f"{path.name}: row 3: ")
    assert reason in message


def test_what_stands_in_place_of_a_key_id_is_not_quoted_since_it_may_be_a_secret(tmp_path: Path) -> None:
    secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

    assert secret not in refusal(write(tmp_path, text(row(access_key_id=secret))))


def test_a_file_of_credentials_is_refused_without_quoting_it(tmp_path: Path) -> None:
    path = write(tmp_path, "AKIAYF5JKDJQS3LDLOIV,wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n")

    message = refusal(path)

    assert "wJalr" not in message
    assert "does not name the columns" in message


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b"\xef\xbb\xbf", "it is empty"),
        (b"\n\n", "does not name the columns"),
        (text(row()).encode("utf-16"), "UTF-16"),
        (text(row()).encode("utf-16-le"), "row 1: it holds a NUL byte"),
        (text(row()).encode().replace(b"billing", b"bill\0ng"), "row 2: it holds a NUL byte"),
        (text(row(username="jos\xe9")).encode("latin-1"), "row 2: it is not UTF-8"),
        (text(row()).replace(",", ";").encode(), "semicolons"),
        (text(row(username='"svc-billing')).encode(), "row 2: a quoted cell is not closed"),
        (text(row(username='"svc\nbilling"')).encode(), "row 2: a quoted cell is not closed"),
        (text(row()).encode()[:-40] + b'"', "row 2: "),
        (text(row(username='"svc"billing')).encode(), "row 2: it is not well-formed CSV"),
        (text(row(username="svc\rbilling")).encode(), "row 2: there is a carriage return inside the row"),
        (text(row(username="x" * 9_000)).encode(), "row 2: the row is longer than 8 KiB"),
        (b"x" * 3_000_000, "row 1: the row is longer than 8 KiB"),
        (text(row()).encode() + b"one,two\r\n", "row 3: it has 2 cells where the first row has 11"),
        (text(row(username="a,b")).encode(), "row 2: it has 12 cells where the first row has 11"),
    ],
)
def test_a_file_that_is_no_csv_text_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    assert reason in refusal(write(tmp_path, content))


@pytest.mark.parametrize("column", COLUMNS)
def test_a_missing_column_is_named(tmp_path: Path, column: str) -> None:
    columns = tuple(name for name in COLUMNS if name != column)

    assert f"row 1: its first row lacks {column}" in refusal(write(tmp_path, text(row(), columns=columns)))


def test_a_column_that_stands_twice_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, text(row(), columns=(*COLUMNS, "status")))

    assert "the column status stands twice" in refusal(path)


@pytest.mark.parametrize(
    "cells",
    [
        {"account_id": "999999999999"},
        {"username": "somebody-else"},
        {"status": "Inactive"},
        {"created_date": "2025-11-24 00:06:03+00:00"},
        {"last_used_date": "Nunca utilizada"},
    ],
)
def test_two_rows_that_contradict_each_other_about_a_key_are_refused(tmp_path: Path, cells: dict[str, str]) -> None:
    path = write(tmp_path, text(row(), row(access_key_id=OTHER_KEY), row(**cells)))

    assert "row 4: it says something else" in refusal(path)
    assert "than row 2 does" in refusal(path)


def test_a_bad_row_behind_many_good_ones_is_found_with_its_number(tmp_path: Path) -> None:
    rows = [row(access_key_id=f"AKIAYF5JKDJQ{number:08}") for number in range(30_000)]
    path = write(tmp_path, text(*rows, row(status="Enabled")))

    assert f"row {30_002}: status" in refusal(path)


def test_a_first_row_that_is_almost_another_reports_is_told_what_it_lacks(tmp_path: Path) -> None:
    columns = "user,arn,user_creation_time,password_enabled,mfa_active,access_key_1_active,access_key_2_active,new"

    assert "its first row lacks password_last_used, access_key_1_last_rotated" in refusal(
        write(tmp_path, columns + "\n")
    )


def test_a_format_that_there_is_not_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    assert "use one of auto, iam-audit" in refusal(write(tmp_path, text(row())), "excel")


def test_a_report_asked_for_as_another_is_refused(tmp_path: Path) -> None:
    assert "lacks mfa_enabled" in refusal(write(tmp_path, text(row())), "root-audit")


def test_another_report_asked_for_as_iam_audit_is_refused() -> None:
    assert "lacks username" in refusal(DATA / "root_audit_report_20261124_001111.csv", "iam-audit")


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "missing.csv")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()

    assert refusal(tmp_path / "folder.csv") == "folder.csv: it is a folder"


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")

    assert refusal(tmp_path / "pipe.csv") == "pipe.csv: it is not a regular file"


def test_a_link_to_a_device_is_refused(tmp_path: Path) -> None:
    (tmp_path / "zeros.csv").symlink_to("/dev/zero")

    assert "it is not a regular file" in refusal(tmp_path / "zeros.csv")


def test_a_file_of_more_than_two_gibibytes_is_refused_unread(tmp_path: Path) -> None:
    path = write(tmp_path, text(row()))
    os.truncate(path, 2 * 1024**3 + 1)

    assert "it is larger than 2 GiB" in refusal(path)


def test_a_name_that_is_none_is_refused(tmp_path: Path) -> None:
    assert "it cannot be opened" in refusal(tmp_path / "x\0.csv")
