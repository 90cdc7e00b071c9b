"""Whatever a report of another tool holds, it is read or refused with an ``InputError``, whole; nothing else ever comes out."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iamflow.domain.encoding import is_visible
from iamflow.domain.errors import InputError
from iamflow.sources import format_in, open_report
from tests.sources import others
from tests.sources.others import asff, ocsf, prowler, write

SHARED = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
SAMPLES = {
    path.name: path.read_bytes()
    for path in (others.CREDENTIAL, others.EVENTS, others.PROWLER_CSV, others.PROWLER_OCSF, others.ASFF, others.OCSF)
}
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["FAILED", "IAM.3", "NaN"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)


def read(path: Path) -> None:
    """Read a file to its end, or see it refused in one line."""
    format_in(path)
    try:
        report = open_report(path)
        told = [*report.leads(), *report.users(), *report.roots(), *report.sightings()]
    except InputError as error:
        refusal = str(error)
    else:
        assert all(is_visible(one.username) for one in told if hasattr(one, "username"))
        assert all(is_visible(remark) for remark in report.remarks)
        return
    assert is_visible(refusal)


@pytest.mark.parametrize("name", SAMPLES)
@SHARED
@given(data=st.data())
def test_a_good_file_with_bytes_changed_or_cut_off(tmp_path: Path, name: str, data: st.DataObject) -> None:
    whole = SAMPLES[name]
    place = data.draw(st.integers(0, len(whole) - 1))
    inserted = data.draw(st.binary(max_size=4))
    cut = data.draw(st.booleans())
    read(write(tmp_path, whole[:place] + inserted + (b"" if cut else whole[place + 1 :])))


@SHARED
@given(name=st.sampled_from(sorted(asff())), value=VALUES)
def test_a_finding_of_security_hub_with_any_value_anywhere(tmp_path: Path, name: str, value: Any) -> None:
    read(write(tmp_path, json.dumps({"Findings": [asff(), asff() | {name: value}]})))


@SHARED
@given(name=st.sampled_from(sorted(ocsf())), value=VALUES)
def test_a_finding_in_ocsf_with_any_value_anywhere(tmp_path: Path, name: str, value: Any) -> None:
    read(write(tmp_path, json.dumps([ocsf() | {name: value}])))


@SHARED
@given(value=VALUES, prefix=st.sampled_from(["[", '{"Findings":[', "", '{"findings": [\n']))
def test_any_json_behind_any_beginning(tmp_path: Path, value: Any, prefix: str) -> None:
    read(write(tmp_path, prefix + json.dumps(value)))


@SHARED
@given(
    cells=st.dictionaries(
        st.sampled_from(["CHECK_ID", "STATUS", "ACCOUNT_UID", "RESOURCE_UID", "TIMESTAMP", "MUTED"]),
        st.text(max_size=30) | st.sampled_from(['"', ";", "\n", "\0", "FAIL", "9" * 30]),
    )
)
def test_a_row_of_prowler_with_any_cells(tmp_path: Path, cells: dict[str, str]) -> None:
    read(write(tmp_path, prowler(**cells)))


@SHARED
@given(
    lines=st.lists(
        st.text(alphabet=st.sampled_from('user,arn:/-+T0123456789truefalsN"\r\n\0é'), max_size=80), max_size=5
    )
)
def test_any_rows_behind_the_header_of_a_credential_report(tmp_path: Path, lines: list[str]) -> None:
    header = others.CREDENTIAL.read_text(encoding="utf-8").split("\n", 1)[0]
    read(write(tmp_path, "\n".join([header, *lines])))
