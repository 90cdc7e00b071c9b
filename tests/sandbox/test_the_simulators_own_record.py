"""The sandbox knows what really happened, whatever its callers believe."""

from iamflow.sandbox.clock import VirtualClock
from iamflow.sandbox.server import Sandbox
from tests.sandbox.conftest import Aws, Events, Refused

KEY = "AKIAYF5JKDJQS3LDLOIV"
ACCOUNT = "562458925665"


def test_a_mutation_is_recorded_with_who_what_and_when(sandbox: Sandbox, aws: Aws, clock: VirtualClock) -> None:
    answer = aws.role("iam", name="iamflow-1-7").update_access_key(UserName="etl", AccessKeyId=KEY, Status="Inactive")
    (made,) = sandbox.mutations()
    assert (made.at, made.account_id, made.service, made.operation) == (clock.now(), ACCOUNT, "iam", "UpdateAccessKey")
    assert (made.user_name, made.access_key_id, made.target) == ("etl", KEY, KEY)
    assert (made.role_name, made.session_name) == ("iamflow", "iamflow-1-7")
    assert made.principal_arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/iamflow/iamflow-1-7"
    assert made.request_id == answer["ResponseMetadata"]["RequestId"]
    assert made.error is None


def test_reads_and_sign_ins_are_no_mutations(sandbox: Sandbox, aws: Aws) -> None:
    iam = aws.role("iam")
    iam.list_users()
    iam.get_user(UserName="etl")
    aws.role("cloudtrail").lookup_events()
    sandbox.use_key(KEY)
    assert sandbox.mutations() == ()


def test_a_refused_mutation_is_recorded_with_its_error(sandbox: Sandbox, aws: Aws, refused: Refused) -> None:
    refused(aws.role("iam").delete_access_key, UserName="etl", AccessKeyId="AKIAIOSFODNN7EXAMPLE")
    assert [made.error for made in sandbox.mutations()] == ["NoSuchEntity"]


def test_mutations_can_be_told_apart_by_role(sandbox: Sandbox, aws: Aws) -> None:
    sandbox.owner.tag_user(ACCOUNT, "etl", {"Team": "data"})
    aws.role("iam").update_access_key(UserName="etl", AccessKeyId=KEY, Status="Inactive")
    assert [made.operation for made in sandbox.mutations()] == ["TagUser", "UpdateAccessKey"]
    assert [made.operation for made in sandbox.mutations(role_name="iamflow")] == ["UpdateAccessKey"]


def test_no_secret_is_in_the_record(sandbox: Sandbox, aws: Aws) -> None:
    sandbox.seed.user(ACCOUNT, "ana")
    aws.role("iam").create_login_profile(UserName="ana", Password="correct-Horse-7")
    assert "correct-Horse-7" not in repr(sandbox.mutations())
    assert sandbox.seed.secret(KEY) not in repr(sandbox._world)


def test_calls_are_counted_by_account_region_service_and_operation(sandbox: Sandbox) -> None:
    sandbox.use_key(KEY, region="eu-west-1")
    sandbox.use_key(KEY, region="eu-west-1")
    assert sandbox.calls()[ACCOUNT, "eu-west-1", "s3", "ListBuckets"] == 2


def test_an_answer_bears_the_sandboxs_date_and_the_trails_request_id(aws: Aws, events: Events) -> None:
    answer = aws.role("iam").tag_user(UserName="etl", Tags=[{"Key": "Team", "Value": "data"}])
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert headers["date"] == "Tue, 24 Nov 2026 08:00:00 GMT"
    assert headers["x-amzn-requestid"] == answer["ResponseMetadata"]["RequestId"]
    assert headers["x-amzn-requestid"] in events(EventName="TagUser")[0]["CloudTrailEvent"]


def test_an_error_bears_the_sandboxs_date_too(sandbox: Sandbox) -> None:
    sandbox.owner.deactivate_key(ACCOUNT, "etl", KEY)
    assert sandbox.use_key(KEY, service="sts", operation="GetCallerIdentity").request_id


def test_an_applications_outcome_bears_its_request_id(sandbox: Sandbox, events: Events) -> None:
    outcome = sandbox.use_key(KEY)
    assert outcome.request_id in events(AccessKeyId=KEY)[0]["CloudTrailEvent"]
