"""What Security Hub neither accepts nor refuses by name is never taken for accepted; who can put a refusal right is told apart."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from iamflow.aws.cloud import AwsCloud
from iamflow.domain.errors import BlockedError, PermanentError, TemporaryError
from iamflow.domain.hub import HubStanding, WorkflowStatus
from iamflow.domain.ids import Region
from iamflow.sandbox.clock import VirtualClock
from tests.aws.conftest import ACCOUNT, START
from tests.aws.scripted import Reply, Scripted

TWO: list[Mapping[str, Any]] = [{"Id": "one"}, {"Id": "two"}]
COMPLETE = [
    dict.fromkeys(("SchemaVersion", "ProductArn", "GeneratorId", "AwsAccountId", "CreatedAt", "UpdatedAt", "Title", "Description"), "x")
    | {"Resources": []} | one
    for one in TWO
]  # fmt: skip
STANDING = HubStanding(status=WorkflowStatus.NOTIFIED, note="iamflow: told")


def _says(scripted: Scripted, operation: str, answer: object, status: int = 200, **headers: str) -> None:
    scripted.on(operation, Reply(body=json.dumps(answer), status=status, headers=headers))


def _refuses(scripted: Scripted, code: str, status: int) -> None:
    _says(scripted, "BatchImportFindings", {"message": "no", "Code": code}, status, **{"x-amzn-ErrorType": code})


def test_what_is_refused_is_named_with_the_reason(scripted: Scripted, scripted_cloud: AwsCloud) -> None:
    failed = {"Id": "two", "ErrorCode": "InvalidInput", "ErrorMessage": "bad\n\x1b[31mtitle"}
    answer = {"FailedCount": 1, "SuccessCount": 1, "FailedFindings": [failed]}
    _says(scripted, "BatchImportFindings", answer)
    refused = scripted_cloud.security_hub(None).import_findings(ACCOUNT, COMPLETE)
    assert refused == {"two": "InvalidInput: bad [31mtitle"}


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"FailedCount": 0, "SuccessCount": 1, "FailedFindings": []},
        {"FailedCount": 1, "SuccessCount": 1, "FailedFindings": []},
        {"FailedCount": 0, "SuccessCount": 2, "FailedFindings": [{"Id": "one"}]},
    ],
)
def test_an_answer_that_does_not_add_up_is_tried_again(
    scripted: Scripted, scripted_cloud: AwsCloud, answer: dict[str, object]
) -> None:
    _says(scripted, "BatchImportFindings", answer)
    with pytest.raises(TemporaryError, match="does not account for every finding"):
        scripted_cloud.security_hub(None).import_findings(ACCOUNT, COMPLETE)
    assert scripted.calls["BatchImportFindings"] == 1


def test_an_update_that_is_not_confirmed_is_not_processed(scripted: Scripted, scripted_cloud: AwsCloud) -> None:
    unknown = {
        "FindingIdentifier": {"Id": "two", "ProductArn": "x"},
        "ErrorCode": "FindingNotFound",
        "ErrorMessage": "no",
    }
    processed = [{"Id": "one", "ProductArn": "x"}]
    _says(scripted, "BatchUpdateFindings", {"ProcessedFindings": processed, "UnprocessedFindings": [unknown]})
    hub = scripted_cloud.security_hub(None)
    assert hub.update_findings(ACCOUNT, ["one", "two", "three"], STANDING) == {
        "two": "FindingNotFound: no",
        "three": "Security Hub did not say that it was processed",
    }


@pytest.mark.parametrize(
    ("code", "status", "expected", "named"),
    [
        ("InvalidAccessException", 401, BlockedError, "Security Hub is not enabled in eu-west-1"),
        ("AccessDeniedException", 403, BlockedError, "allow securityhub:BatchImportFindings"),
        ("LimitExceededException", 429, TemporaryError, "put off"),
        ("TooManyRequestsException", 429, TemporaryError, "put off"),
        ("InternalException", 500, TemporaryError, "tried again"),
        ("InvalidInputException", 400, PermanentError, "refused"),
    ],
)
def test_each_refusal_is_for_the_one_who_can_put_it_right(
    scripted: Scripted, scripted_cloud: AwsCloud, code: str, status: int, expected: type[Exception], named: str
) -> None:
    _refuses(scripted, code, status)
    with pytest.raises(expected, match=named) as caught:
        scripted_cloud.security_hub(Region("eu-west-1")).import_findings(ACCOUNT, COMPLETE)
    assert ACCOUNT in str(caught.value)


def test_calls_are_spaced(scripted: Scripted, scripted_cloud: AwsCloud, clock: VirtualClock) -> None:
    _says(scripted, "BatchImportFindings", {"FailedCount": 0, "SuccessCount": 2, "FailedFindings": []})
    hub = scripted_cloud.security_hub(None)
    for _ in range(11):
        assert hub.import_findings(ACCOUNT, COMPLETE) == {}
    assert (clock.now() - START).total_seconds() == pytest.approx(2.0)
