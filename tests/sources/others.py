"""Reports of other tools: the samples in ``tests/data``, and findings built after them with what differs from the usual."""

import copy
import json
from pathlib import Path
from typing import Any

from tests.sources.reports import DATA

CREDENTIAL = DATA / "credential_report_20261124_001111.csv"
EVENTS = DATA / "cloudtrail_events_20261124_001111.csv"
PROWLER_CSV = DATA / "prowler-output-562458925665-20261201101221.csv"
PROWLER_OCSF = DATA / "prowler-output-562458925665-20261201101221.ocsf.json"
PROWLER_ASFF = DATA / "prowler-output-562458925665-20261201101221.asff.json"
ASFF = DATA / "security_hub_asff.json"
OCSF = DATA / "security_hub_ocsf.jsonl"


def asff(**changed: Any) -> dict[str, Any]:
    """Return Security Hub's finding about an old key, with top-level fields changed; None takes one away."""
    return _changed(json.loads(ASFF.read_text())["Findings"][0], changed)


def ocsf(**changed: Any) -> dict[str, Any]:
    """Return Prowler's finding about an old key, with top-level fields changed; None takes one away."""
    found = next(one for one in json.loads(PROWLER_OCSF.read_text()) if "rotate" in one["metadata"]["event_code"])
    return _changed(found, changed)


def _changed(finding: dict[str, Any], changed: dict[str, Any]) -> dict[str, Any]:
    made = copy.deepcopy(finding)
    for name, value in changed.items():
        made[name] = value
    return {name: value for name, value in made.items() if value is not None}


def prowler(**cells: str) -> str:
    """Return a Prowler report of one finding, with only the columns that are read, as its versions 4 and 5 call them."""
    usual = {
        "TIMESTAMP": "2026-11-20 10:00:00.000001",
        "ACCOUNT_UID": "562458925665",
        "ACCOUNT_NAME": "payments",
        "PROVIDER": "aws",
        "CHECK_ID": "iam_rotate_access_key_90_days",
        "STATUS": "FAIL",
        "MUTED": "False",
        "RESOURCE_UID": "arn:aws:iam::562458925665:user/svc-billing",
        "REMEDIATION_CODE_OTHER": '"first line\nsecond; line"',
    } | cells
    return f"{';'.join(usual)}\n{';'.join(usual.values())}\n"


def write(folder: Path, content: str | bytes | object, name: str = "report.json") -> Path:
    """Write text, bytes, or anything else as JSON, and return the file's path."""
    path = folder / name
    if not isinstance(content, str | bytes):
        content = json.dumps(content)
    path.write_bytes(content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content)
    return path
