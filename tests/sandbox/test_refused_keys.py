"""A key that is Inactive or deleted opens nothing, and its attempts leave no trace."""

from datetime import timedelta

import pytest

from iamflow.sandbox.clock import VirtualClock
from iamflow.sandbox.server import Sandbox
from tests.sandbox.conftest import Aws, Events, Refused

KEY = "AKIAYF5JKDJQS3LDLOIV"
ACCOUNT = "562458925665"
CODES = [
    ("sts", "GetCallerIdentity", "InvalidClientTokenId"),
    ("iam", "ListUsers", "InvalidClientTokenId"),
    ("s3", "ListBuckets", "InvalidAccessKeyId"),
    ("ec2", "DescribeInstances", "AuthFailure"),
    ("dynamodb", "ListTables", "UnrecognizedClientException"),
    ("sqs", "ListQueues", "InvalidClientTokenId"),
]


@pytest.mark.parametrize(("service", "operation", "code"), CODES)
def test_an_inactive_key_is_refused_in_each_protocols_words(
    sandbox: Sandbox, service: str, operation: str, code: str
) -> None:
    assert sandbox.use_key(KEY, service=service, operation=operation).ok
    sandbox.owner.deactivate_key(ACCOUNT, "etl", KEY)
    assert sandbox.use_key(KEY, service=service, operation=operation).error == code


def test_a_deleted_key_is_refused_like_an_inactive_one(sandbox: Sandbox) -> None:
    sandbox.owner.delete_key(ACCOUNT, "etl", KEY)
    assert sandbox.use_key(KEY, service="sts", operation="GetCallerIdentity").error == "InvalidClientTokenId"


def test_a_reactivated_key_works_again(sandbox: Sandbox) -> None:
    sandbox.owner.deactivate_key(ACCOUNT, "etl", KEY)
    sandbox.owner.reactivate_key(ACCOUNT, "etl", KEY)
    assert sandbox.use_key(KEY).ok


def test_a_key_that_was_never_there_is_refused(aws: Aws, refused: Refused) -> None:
    stranger = {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "x" * 40}
    assert refused(aws.with_credentials("sts", stranger).get_caller_identity) == "InvalidClientTokenId"


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("sts", "get_caller_identity", "SignatureDoesNotMatch"),
        ("s3", "list_buckets", "SignatureDoesNotMatch"),
        ("ec2", "describe_instances", "AuthFailure"),
        ("dynamodb", "list_tables", "InvalidSignatureException"),
    ],
)
def test_a_wrong_secret_is_refused(aws: Aws, refused: Refused, service: str, operation: str, code: str) -> None:
    forged = {"AccessKeyId": KEY, "SecretAccessKey": "x" * 40}
    assert refused(getattr(aws.with_credentials(service, forged), operation)) == code


def test_a_signature_covers_query_strings_and_odd_paths(aws: Aws) -> None:
    s3 = aws.key("s3")
    s3.create_bucket(Bucket="letters")
    s3.put_object(Bucket="letters", Key="a b/ü+~=&.txt", Body=b"hello")
    assert s3.get_object(Bucket="letters", Key="a b/ü+~=&.txt")["Body"].read() == b"hello"
    assert s3.list_objects_v2(Bucket="letters", Prefix="a b/ü+")["KeyCount"] == 1


def test_refused_calls_are_not_in_the_trail(sandbox: Sandbox, events: Events) -> None:
    sandbox.owner.deactivate_key(ACCOUNT, "etl", KEY)
    sandbox.use_key(KEY)
    sandbox.use_key(KEY, service="dynamodb", operation="ListTables")
    assert events(AccessKeyId=KEY) == []


def test_refused_calls_do_not_move_the_last_use(sandbox: Sandbox, aws: Aws, clock: VirtualClock) -> None:
    iam = aws.role("iam")
    sandbox.use_key(KEY)
    before = iam.get_access_key_last_used(AccessKeyId=KEY)["AccessKeyLastUsed"]
    sandbox.owner.deactivate_key(ACCOUNT, "etl", KEY)
    clock.advance(timedelta(minutes=30))
    sandbox.use_key(KEY)
    assert iam.get_access_key_last_used(AccessKeyId=KEY)["AccessKeyLastUsed"] == before


def test_refused_calls_are_not_counted_as_calls(sandbox: Sandbox) -> None:
    sandbox.owner.delete_key(ACCOUNT, "etl", KEY)
    sandbox.use_key(KEY)
    assert sandbox.calls()[ACCOUNT, "us-east-1", "s3", "ListBuckets"] == 0
