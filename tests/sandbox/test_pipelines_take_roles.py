"""A pipeline takes a role by its issuer's token, if the account knows the issuer and the role trusts the subject."""

import json
import urllib.error
import urllib.request
from datetime import timedelta
from typing import Any

import pytest

from iamflow.sandbox.clock import VirtualClock
from iamflow.sandbox.server import Sandbox
from iamflow.sandbox.web_identity import Claims, make_token
from tests.sandbox.conftest import ACCOUNT, Aws, Refused

ISSUER = "token.actions.githubusercontent.com"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"
MAIN = "repo:acme/app:ref:refs/heads/main"


@pytest.fixture(name="role")
def _role(aws: Aws) -> str:
    iam = aws.role("iam")
    iam.create_open_id_connect_provider(Url=f"https://{ISSUER}", ClientIDList=["sts.amazonaws.com"])
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": PROVIDER},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringEquals": {f"{ISSUER}:aud": "sts.amazonaws.com"},
            "StringLike": {f"{ISSUER}:sub": "repo:acme/app:*"},
        },
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    made = iam.create_role(RoleName="deploy", Path="/ci/", AssumeRolePolicyDocument=document)
    return str(made["Role"]["Arn"])


def test_a_trusted_pipeline_works_under_the_role_and_its_use_is_seen(
    sandbox: Sandbox, aws: Aws, clock: VirtualClock, role: str
) -> None:
    clock.advance(timedelta(minutes=1))
    assert sandbox.use_pipeline(role, subject=MAIN).ok
    used = aws.role("iam").get_role(RoleName="deploy")["Role"]["RoleLastUsed"]
    assert used["LastUsedDate"] == clock.now()


def test_another_repository_is_refused(sandbox: Sandbox, role: str) -> None:
    outcome = sandbox.use_pipeline(role, subject="repo:mallory/app:ref:refs/heads/main")
    assert outcome.error == "AccessDenied"


def test_an_issuer_or_audience_that_the_account_does_not_know_is_refused(sandbox: Sandbox, role: str) -> None:
    assert sandbox.use_pipeline(role, subject=MAIN, issuer="gitlab.com").error == "InvalidIdentityToken"
    assert sandbox.use_pipeline(role, subject=MAIN, audience="other").error == "InvalidIdentityToken"


def test_a_role_that_does_not_exist_is_refused_like_one_that_does_not_trust(sandbox: Sandbox, role: str) -> None:
    for arn in (role + "x", "arn:aws:iam::999999999999:role/deploy"):
        assert sandbox.use_pipeline(arn, subject=MAIN).error == "AccessDenied"


def test_an_expired_token_and_what_is_no_token_are_refused(
    aws: Aws, clock: VirtualClock, role: str, refused: Refused
) -> None:
    claims = Claims(issuer=ISSUER, subject=MAIN, audience="sts.amazonaws.com", expires=clock.now().timestamp())
    call = aws.home("sts").assume_role_with_web_identity
    named = {"RoleArn": role, "RoleSessionName": "pipeline"}
    assert refused(call, WebIdentityToken=make_token(claims), **named) == "ExpiredTokenException"
    assert refused(call, WebIdentityToken="none", **named) == "InvalidIdentityToken"


def test_the_trail_shows_the_subject_and_no_token(sandbox: Sandbox, events: Any, role: str) -> None:
    sandbox.use_pipeline(role, subject=MAIN)
    (event,) = events(EventName="AssumeRoleWithWebIdentity")
    record = json.loads(event["CloudTrailEvent"])
    assert (record["userIdentity"]["type"], record["userIdentity"]["userName"]) == ("WebIdentityUser", MAIN)
    assert "webIdentityToken" not in record["requestParameters"]
    assert [done.operation for done in sandbox.mutations()] == ["CreateOpenIDConnectProvider", "CreateRole"]


def test_any_other_call_without_a_signature_is_refused(sandbox: Sandbox) -> None:
    form = b"Action=CreateUser&UserName=mallory&Version=2010-05-08"
    asked = urllib.request.Request(sandbox.endpoint_url, data=form)  # noqa: S310 - http on loopback
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(asked)  # noqa: S310
    assert (caught.value.code, b"MissingAuthenticationToken" in caught.value.read()) == (403, True)
    caught.value.close()
