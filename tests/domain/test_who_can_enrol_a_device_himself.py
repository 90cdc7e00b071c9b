"""Only a user whose own policies let him enrol a device for certain counts as one who can: anything else takes a person."""

import json
from collections.abc import Mapping

import pytest

from iamflow.domain.rights import ENROLMENT, Rights, cannot_enrol

ARN = "arn:aws:iam::012345678901:user/people/maria"
DEVICE = "arn:aws:iam::012345678901:mfa/maria"
CREATE, ENABLE = ENROLMENT


def statement(
    action: object = ENROLMENT, resource: object = "*", effect: str = "Allow", **more: object
) -> Mapping[str, object]:
    listed = list(action) if isinstance(action, tuple) else action
    return {"Effect": effect, "Action": listed, "Resource": resource, **more}


def policy(*statements: Mapping[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def rights(*statements: Mapping[str, object], boundary: str | None = None, arn: str = ARN) -> Rights:
    return Rights(arn=arn, policies=(policy(*statements),), boundary=boundary)


MINE = statement(resource=[ARN, DEVICE])
ALL = statement("*")
DENY_WITHOUT_MFA = {
    "Effect": "Deny",
    "NotAction": [CREATE, ENABLE],
    "Resource": "*",
    "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
}


@pytest.mark.parametrize(
    "found",
    [
        rights(MINE),
        rights(ALL),
        rights(statement("iam:*")),
        rights(statement("IAM:create*", "*"), statement("iam:?nableMFADevice", ARN)),
        rights(statement(CREATE, DEVICE), statement(ENABLE, ARN)),
        rights(statement(resource=["arn:aws:iam::*:mfa/${aws:username}", "arn:aws:iam::*:user/*/${aws:username}"])),
        rights(statement(resource=["arn:aws:iam::*:mfa/*", "arn:aws:iam::*:user/*"])),
        rights({"Effect": "Allow", "NotAction": "iam:DeleteUser", "Resource": "*"}),
        rights({"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:iam::*:user/omar"}),
        rights(MINE, DENY_WITHOUT_MFA),
        rights(MINE, statement("iam:DeleteVirtualMFADevice", effect="Deny")),
        rights(MINE, statement(resource="arn:aws:iam::*:user/omar", effect="Deny")),
        rights(MINE, boundary=policy(statement("iam:*"))),
        Rights(arn=ARN, policies=(policy(statement(CREATE)), policy(statement(ENABLE)))),
        Rights(arn=ARN, policies=(json.dumps({"Statement": dict(MINE)}),)),
    ],
)
def test_who_is_allowed_both_calls_on_himself_can_enrol(found: Rights) -> None:
    assert cannot_enrol(found) == ()


@pytest.mark.parametrize(
    ("found", "reasons"),
    [
        (Rights(arn=ARN, policies=()), 2),
        (rights(statement("s3:*")), 2),
        (rights(statement(CREATE)), 1),
        (rights(statement(ENABLE)), 1),
        (rights(statement(resource="arn:aws:iam::*:user/omar")), 2),
        (rights(statement(resource="arn:aws:iam::*:mfa/${aws:username}")), 1),
        (rights(statement(resource="arn:aws:iam::*:user/Maria")), 2),
        (rights({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}), 2),
        (rights({"Effect": "Allow", "Action": "*", "NotResource": ARN}), 1),
        (rights({"Effect": "Allow", "Action": list(ENROLMENT)}), 2),
        (rights({"Effect": "Allow", "Resource": "*"}), 2),
        (rights(MINE, statement("iam:*", effect="Deny")), 2),
        (rights(MINE, statement(ENABLE, effect="Deny")), 1),
    ],
)
def test_who_is_not_allowed_one_of_them_is_told_which(found: Rights, reasons: int) -> None:
    assert len(cannot_enrol(found)) == reasons


def test_what_depends_on_a_condition_is_not_known_and_counts_against_him() -> None:
    where = {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}
    allowed = rights(statement(Condition=where))
    denied = rights(MINE, statement(effect="Deny", Condition=where))
    assert cannot_enrol(allowed) == (
        "no policy allows the user iam:CreateVirtualMFADevice on himself",
        "no policy allows the user iam:EnableMFADevice on himself",
    )
    assert cannot_enrol(denied) == (
        "a policy denies the user iam:CreateVirtualMFADevice, or may",
        "a policy denies the user iam:EnableMFADevice, or may",
    )


def test_a_boundary_must_allow_it_too() -> None:
    assert cannot_enrol(rights(ALL, boundary=policy(statement(CREATE)))) == (
        "the user's permissions boundary does not allow iam:EnableMFADevice",
    )
    assert len(cannot_enrol(rights(ALL, boundary=policy(ALL, statement(effect="Deny"))))) == 2
    assert len(cannot_enrol(rights(boundary=policy(ALL)))) == 2, "a boundary grants nothing"


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"Statement": 5}', '"Allow"', "null"])
def test_a_policy_that_cannot_be_read_may_deny_everything(text: str) -> None:
    found = Rights(arn=ARN, policies=(policy(ALL), text))
    assert len(cannot_enrol(found)) == 2


def test_a_user_whose_arn_is_not_understood_cannot_be_judged() -> None:
    assert cannot_enrol(rights(ALL, arn="arn:aws:iam::012345678901:root")) == (
        "the user's ARN is not one that iamflow understands",
    )


@pytest.mark.parametrize("pattern", ["arn:aws:iam::012345678901:user/people/mari[a]", "arn:aws:iam::.*"])
def test_only_the_wildcards_of_aws_are_wildcards(pattern: str) -> None:
    assert len(cannot_enrol(rights(statement(resource=pattern)))) == 2
