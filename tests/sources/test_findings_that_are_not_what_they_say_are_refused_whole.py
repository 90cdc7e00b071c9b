"""Every way in which a report of another tool is none is refused in one line: file, place and reason."""

import json
from pathlib import Path
from typing import Any

import pytest

from iamflow.domain.errors import InputError
from iamflow.sources import open_report
from tests.sources import others
from tests.sources.others import asff, ocsf, prowler, write


def refusal(path: Path, format_name: str = "auto") -> str:
    with pytest.raises(InputError) as refused:
        open_report(path, format_name)
    message = str(refused.value)
    assert message.isprintable()
    return message.removeprefix(f"{path.parent}/")


def _user(arn: str) -> list[dict[str, str]]:
    return [{"Type": "AwsIamUser", "Id": arn}]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"AwsAccountId": 111111111111}, "AwsAccountId is no text, but 111111111111"),
        ({"AwsAccountId": "11111111111"}, "eaten its leading zero"),
        (
            {"AwsAccountId": "222222222222"},
            "is about account 222222222222, and names something of account 111111111111",
        ),
        ({"Resources": None}, "Resources is no list"),
        ({"Resources": []}, "names 0 users"),
        ({"Resources": _user("arn:aws:iam::111111111111:user/a") * 2}, "names 2 users"),
        ({"Resources": _user("AIDACKCEVSQ6C2EXAMPLE")}, "is no ARN of an IAM user"),
        ({"Resources": _user("arn:aws:iam::111111111111:user/")}, "is no ARN of an IAM user"),
        ({"Resources": _user("arn:aws:iam::111111111111:user/a\u202eb")}, "control or invisible"),
        ({"Resources": _user("arn:aws:iam::111111111111:user/" + "u" * 200)}, "longer than 128"),
        ({"UpdatedAt": None}, "it lacks UpdatedAt"),
        ({"UpdatedAt": "yesterday"}, "is no time"),
        ({"Compliance": "FAILED"}, "Compliance is no object"),
        ({"AwsAccountName": "\x1b[2J"}, "control or invisible"),
        ({"GeneratorId": ["IAM.3"]}, "GeneratorId is no text"),
    ],
)
def test_a_bad_finding_is_refused_with_its_place(tmp_path: Path, changed: dict[str, Any], reason: str) -> None:
    message = refusal(write(tmp_path, {"Findings": [asff(), asff(**changed)]}))
    assert message.startswith("report.json: Findings[1]: ")
    assert reason in message


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"time": None}, "is no time"),
        ({"time": True}, "is no time"),
        ({"time": 10**30}, "is no time"),
        ({"resources": []}, "has 0 resources"),
        ({"cloud": {"account": {"uid": 562458925665}}}, "uid is no text"),
        ({"cloud": {}}, "it lacks uid"),
        ({"metadata": "prowler"}, "metadata is no object"),
    ],
)
def test_a_bad_ocsf_finding_is_refused_with_its_place(tmp_path: Path, changed: dict[str, Any], reason: str) -> None:
    message = refusal(write(tmp_path, [ocsf(), ocsf(**changed)]))
    assert message.startswith("report.json: [1]: ")
    assert reason in message


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[" + json.dumps(asff()), "followed by neither a comma nor the end"),
        ("[" + json.dumps(asff()) + ",]", "Expecting value"),
        ("[" + json.dumps(asff())[:-40], "not well-formed JSON"),
        ("[" + json.dumps(asff()) + "] [", "something follows its end"),
        ('{"Findings": [' + json.dumps(asff()) + "]", "the object does not end"),
        ('{"Findings": [' + json.dumps(asff()) + '], "NextToken"}', "lacks its value"),
        ("[1]", "an object is expected"),
        ('["finding"]', "an object is expected"),
        ("[{}]", "neither in ASFF nor in OCSF"),
        ('{"a": 1}', "neither in ASFF nor in OCSF"),
        ("[" + json.dumps(asff()) + ", {}]", "no finding in ASFF or OCSF"),
        ("[" + json.dumps(asff()).replace('"AwsAccountId"', '"Id": "twice", "Id"', 1) + "]", "stands twice"),
        ("[" + json.dumps(asff(Confidence=1)).replace('"Confidence": 1', '"Confidence": NaN') + "]", "NaN is no value"),
        (
            "[" + json.dumps(asff(Confidence=1)).replace('"Confidence": 1', '"Confidence": -Infinity') + "]",
            "-Infinity is no",
        ),
        ("[" + "[" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
        ('["' + "x" * 3_000_000 + '"]', "longer than 1 MiB"),
        ("[" + json.dumps(asff()) + "]\0", "NUL byte"),
    ],
)
def test_json_that_is_none_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    assert reason in refusal(write(tmp_path, text))


def test_other_encodings_are_refused(tmp_path: Path) -> None:
    assert "it is UTF-16" in refusal(write(tmp_path, json.dumps([asff()]).encode("utf-16")))
    assert "it is not UTF-8" in refusal(write(tmp_path, b'[{"a": "\xff"}]'))


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"ACCOUNT_UID": "5.62459E+11"}, "a spreadsheet has turned it into a number"),
        ({"ACCOUNT_UID": "<account_uid>"}, "is not 12 digits"),
        ({"TIMESTAMP": "20.11.2026"}, "is no time"),
        ({"RESOURCE_UID": "arn:aws:s3:::bucket"}, "is no ARN of an IAM user"),
        ({"ACCOUNT_NAME": "x" * 300}, "account name is longer"),
    ],
)
def test_a_bad_row_of_prowler_is_refused_with_its_number(tmp_path: Path, cells: dict[str, str], reason: str) -> None:
    message = refusal(write(tmp_path, prowler(**cells)))
    assert message.startswith("report.json: row 2: ")
    assert reason in message


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (prowler() + "one;cell\n", "row 3: it has 2 cells"),
        (prowler() + '"never closed;', "unexpected end of data"),
        (prowler() + '"' + "x\n" * 600_000, "field larger than field limit"),
        (prowler() + "y" * 2_000_000, "longer than 1 MiB"),
        (prowler() + "\0", "NUL byte"),
    ],
)
def test_a_prowler_file_that_is_none_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    assert reason in refusal(write(tmp_path, text))


def _credential(old: str, new: str) -> bytes:
    content = others.CREDENTIAL.read_text(encoding="utf-8")
    assert old in content
    return content.replace(old, new, 1).encode("utf-8", "surrogatepass")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("562458925665:user/carla", "5624:user/carla", "row 5: "),
        (",false,true,2026-01-28", ",perhaps,true,2026-01-28", "neither true nor false"),
        ("2025-10-20T00:11:11+00:00", "20.10.2025", "is no date"),
        ("carla,arn", "carla\u202e,arn", "control or invisible"),
        ("carla,arn", '"car\nla",arn', "a cell holds a line break"),
        (
            "user/carla,2026-10-05T00:11:11+00:00,true",
            "user/carla,2026-10-05T00:11:11+00:00,not_supported",
            "console password",
        ),
        ("carla,arn:aws:iam::562458925665:user/carla", "etl,arn:aws:iam::562458925665:user/etl", "tells of"),
        ("true,2026-07-27T00:11:11+00:00", "true,N/A", "no date says since when"),
    ],
)
def test_a_bad_row_of_a_credential_report_is_refused(tmp_path: Path, old: str, new: str, reason: str) -> None:
    assert reason in refusal(write(tmp_path, _credential(old, new)))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2026-11-24 00:11:04+00:00,,etl,562458925665,p,", "the event has no name"),
        ("yesterday,GetObject,etl,562458925665,p,", "is no date"),
        ("2026-11-24 00:11:04+00:00,GetObject,etl,5.6E+11,p,", "a spreadsheet"),
        ("2026-11-24 00:11:04+00:00,GetObject, etl,562458925665,p,", "spaces around it"),
        ("2026-11-24 00:11:04+00:00,GetObject", "it has 2 cells"),
    ],
)
def test_a_bad_event_is_refused_with_its_row(tmp_path: Path, row: str, reason: str) -> None:
    header = "eventTime,eventName,username,account_id,account_name,resources\n"
    message = refusal(write(tmp_path, header + row + "\n", "e.csv"))
    assert message.startswith("e.csv: row 2: ")
    assert reason in message


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        (others.PROWLER_CSV, "iam-audit"),
        (others.PROWLER_OCSF, "security-hub"),
        (others.ASFF, "credential-report"),
        (others.CREDENTIAL, "prowler"),
    ],
)
def test_a_report_asked_for_as_another_is_refused(path: Path, wanted: str) -> None:
    with pytest.raises(InputError, match=wanted):
        open_report(path, wanted)
