"""A reading that failed is an error, never a reading that looks unused or empty."""

from typing import Any

import pytest

from iamflow.aws.cloud import AwsCloud
from iamflow.domain.errors import BlockedError, IamflowError, PermanentError, TemporaryError
from iamflow.domain.facts import LastUse
from iamflow.domain.ids import AccountId, UserName
from iamflow.domain.subject import UserSubject
from iamflow.sandbox.server import Sandbox
from tests.aws.conftest import ACCOUNT, KEY, SUBJECT, key_row
from tests.aws.scripted import Reply, Scripted, refusal, result

READS = ["GetUser", "ListAccessKeys", "GetAccessKeyLastUsed", "ListAttachedUserPolicies"]
FAULTS = ["throttle", "timeout_before", "timeout_after", "server_error"]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("operation", READS)
def test_a_read_that_fails_for_now_is_to_be_tried_later(
    cloud: AwsCloud, sandbox: Sandbox, operation: str, fault: str
) -> None:
    switch: Any = getattr(sandbox.faults, fault)
    with switch(service="iam", operation=operation), pytest.raises(TemporaryError, match=f"{ACCOUNT}: iam:{operation}"):
        cloud.read(SUBJECT)


@pytest.mark.parametrize("operation", READS)
def test_a_read_that_is_denied_waits_for_a_person(cloud: AwsCloud, sandbox: Sandbox, operation: str) -> None:
    with sandbox.faults.access_denied(service="iam", operation=operation), pytest.raises(BlockedError) as caught:
        cloud.read(SUBJECT)
    assert caught.value.code == "access"
    assert f"allow iam:{operation}; `iamflow policy show`" in str(caught.value)


def test_a_passing_fault_is_overcome_within_the_read(cloud: AwsCloud, sandbox: Sandbox) -> None:
    sandbox.faults.throttle(times=1, service="iam", operation="GetAccessKeyLastUsed")
    assert cloud.read(SUBJECT).last_use == LastUse()


@pytest.mark.parametrize("operation", READS)
@pytest.mark.parametrize("body", ["", "<html>", "<x/>", "not xml at all", "{}"])
def test_an_answer_that_cannot_be_understood_is_an_error(
    scripted: Scripted, scripted_cloud: AwsCloud, operation: str, body: str
) -> None:
    scripted.on(operation, Reply(body=body))
    with pytest.raises(IamflowError):
        scripted_cloud.read(SUBJECT)


@pytest.mark.parametrize(
    ("operation", "content"),
    [
        ("GetUser", "<User><UserName>etl</UserName></User>"),
        ("GetUser", "<User><UserId>AIDA</UserId><Tags><member><Key>Owner</Key></member></Tags></User>"),
        ("ListAccessKeys", "<IsTruncated>false</IsTruncated>"),
        ("ListAccessKeys", key_row(status="Expired")),
        ("ListAccessKeys", key_row(key_id="")),
        ("ListAccessKeys", "<AccessKeyMetadata><member><Status>Active</Status></member></AccessKeyMetadata>"),
        ("ListAccessKeys", f"{key_row()}<IsTruncated>true</IsTruncated>"),
        ("ListAccessKeys", f"{key_row()}<IsTruncated>true</IsTruncated><Marker>same</Marker>"),
        ("GetUser", "<Other/>"),
        ("GetAccessKeyLastUsed", "<UserName>etl</UserName>"),
        ("GetAccessKeyLastUsed", "<UserName>etl</UserName><AccessKeyLastUsed><LastUsedDate/></AccessKeyLastUsed>"),
        ("ListAttachedUserPolicies", "<IsTruncated>false</IsTruncated>"),
        ("ListAttachedUserPolicies", "<AttachedPolicies><member><PolicyArn>x</PolicyArn></member></AttachedPolicies>"),
    ],
)
def test_an_answer_that_lacks_something_is_an_error(
    scripted: Scripted, scripted_cloud: AwsCloud, operation: str, content: str
) -> None:
    scripted.on(operation, result(operation, content))
    with pytest.raises(TemporaryError, match=f"iam:{operation}"):
        scripted_cloud.read(SUBJECT)


@pytest.mark.parametrize("operation", READS[1:])
def test_a_user_that_vanishes_during_the_reading_is_read_again(
    scripted: Scripted, scripted_cloud: AwsCloud, operation: str
) -> None:
    scripted.on(operation, refusal("NoSuchEntity", status=404))
    with pytest.raises(TemporaryError, match="changed while it was being read"):
        scripted_cloud.read(SUBJECT)


def test_a_user_that_does_not_exist_is_a_result(cloud: AwsCloud) -> None:
    reading = cloud.read(UserSubject(account_id=ACCOUNT, username=UserName("nobody"), key_id=KEY))
    assert (reading.user_id, reading.keys, reading.last_use) == (None, (), None)


def test_a_user_count_that_is_missing_is_an_error(scripted: Scripted, scripted_cloud: AwsCloud) -> None:
    scripted.on("GetAccountSummary", result("GetAccountSummary", "<SummaryMap/>"))
    with pytest.raises(TemporaryError, match="lacks Users"):
        scripted_cloud.user_count(ACCOUNT)


@pytest.mark.parametrize("operation", READS)
def test_a_refusal_that_is_not_known_is_an_error(scripted: Scripted, scripted_cloud: AwsCloud, operation: str) -> None:
    scripted.on(operation, refusal("ValidationError"))
    with pytest.raises(PermanentError, match=f"iam:{operation} .*ValidationError"):
        scripted_cloud.read(SUBJECT)


@pytest.mark.parametrize("operation", ["GetCallerIdentity", "AssumeRole"])
def test_a_session_of_which_nothing_is_known_is_not_used(
    scripted: Scripted, scripted_cloud: AwsCloud, operation: str
) -> None:
    scripted.on(operation, result(operation, "<Other/>"))
    with pytest.raises(TemporaryError, match=f"sts:{operation} .*lacks"):
        scripted_cloud.read(SUBJECT)
    assert not scripted.calls["GetUser"]


def test_an_account_that_is_none_is_not_asked_for(scripted: Scripted, scripted_cloud: AwsCloud) -> None:
    for account_id in ("5.62459E+11", "56245892566", "*", "562458925665/x"):
        with pytest.raises(PermanentError, match="is not an AWS account id"):
            scripted_cloud.user_count(AccountId(account_id))
    assert not scripted.calls
