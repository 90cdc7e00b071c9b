"""Whatever a file holds, it is read or refused with an ``InputError``; nothing else ever comes out."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iamflow.domain.encoding import is_visible
from iamflow.domain.errors import InputError
from iamflow.sources import open_report
from tests.sources.reports import COLUMNS, findings, row, text, write

WHOLE = text(row(), row(access_key_id="AKIAI44QH8DHBEXAMPLE", last_used_date="Nunca utilizada")).encode()
CELLS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["", '"', '""', "N/A", "Nunca", "Active", "2026-01-01 00:00:00+00:00", "1E+11", "\0", "\r", "\n"]),
)
SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def read(path: Path) -> None:
    """Read a file to its end, or see it refused in one line."""
    try:
        report = open_report(path)
        assert len(list(findings(report))) == report.rows
    except InputError as error:
        refusal = str(error)
    else:
        return
    assert is_visible(refusal)


@SHARED
@given(content=st.binary(max_size=500))
def test_any_bytes(tmp_path: Path, content: bytes) -> None:
    read(write(tmp_path, content))


@SHARED
@given(content=st.binary(max_size=300))
def test_any_bytes_behind_a_good_header(tmp_path: Path, content: bytes) -> None:
    read(write(tmp_path, ",".join(COLUMNS).encode() + b"\n" + content))


@SHARED
@given(cells=st.dictionaries(st.sampled_from(COLUMNS), CELLS, min_size=1))
def test_any_cells(tmp_path: Path, cells: dict[str, str]) -> None:
    read(write(tmp_path, text(row(), row(**cells)).encode("utf-8", "surrogatepass")))


@SHARED
@given(place=st.integers(0, len(WHOLE) - 1), byte=st.integers(0, 255), cut=st.booleans())
def test_a_good_file_with_one_byte_changed_or_cut_there(tmp_path: Path, place: int, byte: int, *, cut: bool) -> None:
    read(write(tmp_path, WHOLE[:place] + bytes([byte]) + (b"" if cut else WHOLE[place + 1 :])))


@pytest.mark.parametrize("length", [2**12 - 1, 2**12, 2**12 + 1])
def test_a_character_or_row_that_lies_across_two_blocks(
    tmp_path: Path, length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("iamflow.sources.csv_file._BLOCK", 2**12)
    name = "é" * 40
    head = text(row()).encode()
    line = text(row(access_key_id="AKIAI44QH8DHBEXAMPLE", username=name)).encode().split(b"\r\n")[1]
    path = write(tmp_path, head + b"\n" * (length - len(head) - line.index("é".encode()) - 20) + line)

    assert [finding.username for finding in findings(open_report(path))] == ["svc-billing", name]
