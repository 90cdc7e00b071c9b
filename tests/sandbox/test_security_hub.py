"""The simulated Security Hub takes what AWS takes, ignores what AWS ignores, and says so where AWS does."""

from typing import Any

import pytest

from iamflow.sandbox.server import Sandbox
from tests.sandbox.conftest import ACCOUNT, Aws, Refused

PRODUCT = f"arn:aws:securityhub:us-east-1:{ACCOUNT}:product/{ACCOUNT}/default"


def _finding(name: str = "one", **changed: Any) -> dict[str, Any]:
    return {
        "SchemaVersion": "2018-10-08",
        "Id": name,
        "ProductArn": PRODUCT,
        "GeneratorId": "test",
        "AwsAccountId": ACCOUNT,
        "CreatedAt": "2026-11-24T08:00:00Z",
        "UpdatedAt": "2026-11-24T08:00:00.000Z",
        "Title": "title",
        "Description": "description",
        "Resources": [{"Type": "AwsAccount", "Id": f"AWS::::Account:{ACCOUNT}"}],
    } | changed


@pytest.fixture
def hub(sandbox: Sandbox, aws: Aws) -> Any:
    sandbox.seed.security_hub(ACCOUNT)
    return aws.role("securityhub")


def _set(hub: Any, name: str, **values: Any) -> Any:
    return hub.batch_update_findings(FindingIdentifiers=[{"Id": name, "ProductArn": PRODUCT}], **values)


def _one(hub: Any, name: str = "one") -> dict[str, Any]:
    (found,) = hub.get_findings(Filters={"Id": [{"Value": name, "Comparison": "EQUALS"}]})["Findings"]
    return dict(found)


def test_an_account_that_has_not_enabled_it_is_refused(aws: Aws, refused: Refused) -> None:
    hub = aws.role("securityhub")
    assert refused(hub.batch_import_findings, Findings=[_finding()]) == "InvalidAccessException"
    hub.enable_security_hub()
    assert hub.batch_import_findings(Findings=[_finding()])["SuccessCount"] == 1
    other = aws.role("securityhub", region="eu-west-1")
    assert refused(other.batch_import_findings, Findings=[_finding()]) == "InvalidAccessException"
    assert hub.describe_hub()["HubArn"] == f"arn:aws:securityhub:us-east-1:{ACCOUNT}:hub/default"
    hub.disable_security_hub()
    assert refused(hub.get_findings) == "InvalidAccessException"


def test_a_bad_finding_is_refused_in_the_body_and_the_good_ones_are_taken(hub: Any) -> None:
    answer = hub.batch_import_findings(Findings=[_finding(), _finding("two", AwsAccountId="111111111111")])
    assert (answer["SuccessCount"], answer["FailedCount"]) == (1, 1)
    (failed,) = answer["FailedFindings"]
    assert (failed["Id"], failed["ErrorCode"]) == ("two", "InvalidInput")
    assert "AwsAccountId" in failed["ErrorMessage"]
    assert [found["Id"] for found in hub.get_findings()["Findings"]] == ["one"]


def test_more_than_a_hundred_are_refused_whole(hub: Any, refused: Refused) -> None:
    many = [_finding(str(number)) for number in range(101)]
    assert refused(hub.batch_import_findings, Findings=many) == "InvalidInputException"
    assert hub.batch_import_findings(Findings=many[:100])["SuccessCount"] == 100
    first = hub.get_findings(MaxResults=60)
    rest = hub.get_findings(MaxResults=60, NextToken=first["NextToken"])
    assert (len(first["Findings"]), len(rest["Findings"]), "NextToken" in rest) == (60, 40, False)


def test_an_update_that_is_not_later_is_silently_ignored(hub: Any) -> None:
    hub.batch_import_findings(Findings=[_finding()])
    again = hub.batch_import_findings(Findings=[_finding(Title="changed")])
    assert (again["SuccessCount"], _one(hub)["Title"]) == (1, "title")
    hub.batch_import_findings(Findings=[_finding(Title="changed", UpdatedAt="2026-11-24T08:00:00.001Z")])
    assert _one(hub)["Title"] == "changed"


def test_workflow_and_note_belong_to_the_customer_until_a_finding_wakes(hub: Any) -> None:
    hub.batch_import_findings(Findings=[_finding()])
    _set(hub, "one", Workflow={"Status": "NOTIFIED"}, Note={"Text": "told", "UpdatedBy": "me"})
    archived = _finding(RecordState="ARCHIVED", UpdatedAt="2026-11-24T09:00:00Z", Workflow={"Status": "NEW"})
    hub.batch_import_findings(Findings=[archived])
    assert (_one(hub)["Workflow"], _one(hub)["Note"]["Text"]) == ({"Status": "NOTIFIED"}, "told")
    hub.batch_import_findings(Findings=[_finding(UpdatedAt="2026-11-24T10:00:00Z")])
    assert _one(hub)["Workflow"] == {"Status": "NEW"}


def test_a_suppressed_finding_stays_suppressed_when_it_wakes(hub: Any) -> None:
    hub.batch_import_findings(Findings=[_finding(RecordState="ARCHIVED")])
    _set(hub, "one", Workflow={"Status": "SUPPRESSED"})
    hub.batch_import_findings(Findings=[_finding(UpdatedAt="2026-11-24T10:00:00Z")])
    assert _one(hub)["Workflow"] == {"Status": "SUPPRESSED"}


def test_what_is_not_there_cannot_be_updated(hub: Any) -> None:
    answer = _set(hub, "nothing", Workflow={"Status": "NOTIFIED"})
    assert answer["ProcessedFindings"] == []
    (left,) = answer["UnprocessedFindings"]
    assert (left["FindingIdentifier"]["Id"], left["ErrorCode"]) == ("nothing", "FindingNotFound")
