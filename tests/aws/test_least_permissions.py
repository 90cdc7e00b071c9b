"""The policies that are shown are the least that the calls need, and those that the calls are made with."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from iamflow.aws.cloud import AwsCloud
from iamflow.aws.effects import CALLS
from iamflow.aws.permissions import host_policy, one_line, policy_document, trust_policy
from iamflow.aws.roles import Role
from iamflow.domain.effect import EffectKind
from iamflow.domain.errors import BlockedError
from iamflow.domain.evidence import Attribute, TrailQuery
from iamflow.domain.ids import Region, TicketId
from iamflow.sandbox.server import Sandbox
from tests.aws.conftest import ACCOUNT, DENY, EFFECTS, KEY_EFFECTS, START, SUBJECT, effect

HELPS = {"sts:GetCallerIdentity", "account:GetAlternateContact"}
"""What AWS allows to everybody, and what everything works without (``test_an_account_names_its_security_contact``)."""
GOLDEN = Path(__file__).parent / "least_permissions.json"


def test_the_policies_are_the_golden_ones() -> None:
    shown = {role.value: policy_document(KEY_EFFECTS, role) for role in Role}
    shown["all together"] = policy_document(KEY_EFFECTS)
    browning = {f"{role.value} with a brown-out": policy_document(EFFECTS, role) for role in Role}
    shown |= {**browning, "all together with a brown-out": policy_document(EFFECTS)}
    assert json.loads(GOLDEN.read_text()) == json.loads(json.dumps(shown))


def use_everything(cloud: AwsCloud) -> None:
    cloud.read(replace(SUBJECT, policies=(DENY,)))
    cloud.regions(ACCOUNT)
    cloud.user_count(ACCOUNT)
    query = TrailQuery(attribute=Attribute.USERNAME, value="etl", start=START, end=START)
    cloud.look_up(ACCOUNT, Region("us-east-1"), query)


def grant(sandbox: Sandbox, document: Mapping[str, object]) -> None:
    sandbox.seed.role_policy(ACCOUNT, document)


@pytest.mark.parametrize("role", Role)
def test_each_role_can_do_its_work_and_nothing_else(sandbox: Sandbox, cloud: AwsCloud, role: Role) -> None:
    grant(sandbox, policy_document(EFFECTS, role))
    use_everything(cloud)
    for kind in EFFECTS:
        with cloud.step(SUBJECT, TicketId(1), kind) as step:
            assert step.read().user_id is not None
            if CALLS[kind].role is role:
                step.apply(effect(kind))
                continue
            with pytest.raises(BlockedError, match=kind.call):
                step.apply(effect(kind))


def actions(document: Mapping[str, object]) -> list[str]:
    return [action for statement in cast("list[Any]", document["Statement"]) for action in statement["Action"]]


@pytest.mark.parametrize("left_out", [a for a in actions(policy_document(EFFECTS)) if a not in HELPS])
def test_no_permission_is_superfluous(sandbox: Sandbox, cloud: AwsCloud, left_out: str) -> None:
    document: Any = policy_document(EFFECTS)
    for statement in document["Statement"]:
        statement["Action"] = [action for action in statement["Action"] if action != left_out]
    grant(sandbox, document)
    with pytest.raises(BlockedError):  # noqa: PT012 - which of the calls it is depends on the permission
        use_everything(cloud)
        for kind in EFFECTS:
            with cloud.step(SUBJECT, TicketId(1), kind) as step:
                step.apply(effect(kind))


def test_only_the_effects_in_use_are_allowed() -> None:
    shown = one_line(policy_document([EffectKind.DEACTIVATE_KEY]))
    assert "iam:UpdateAccessKey" in shown
    assert "iam:DeleteAccessKey" not in shown


def test_a_users_policies_are_written_and_read_only_where_a_brownout_is_asked_for() -> None:
    assert "UserPolicy" not in one_line(policy_document(KEY_EFFECTS)).replace("ListAttachedUserPolicies", "")
    operator = one_line(policy_document(EFFECTS, Role.OPERATOR))
    assert all(f"iam:{call}UserPolicy" in operator for call in ("Get", "Put", "Delete"))
    reaper = one_line(policy_document(EFFECTS, Role.REAPER))
    assert "iam:GetUserPolicy" in reaper
    assert "iam:PutUserPolicy" not in reaper


def test_a_trust_policy_names_its_principal_and_the_external_id() -> None:
    assert one_line(trust_policy("arn:aws:iam::1:role/bastion", "x")) == (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::1:role/bastion"},'
        '"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"x"}}}]}'
    )


@pytest.mark.parametrize("role", ["security/flow", "arn:aws:iam::{account}:role/security/flow"])
def test_the_host_may_only_enter_the_role(role: str) -> None:
    assert host_policy(role)["Statement"] == [
        {
            "Sid": "EnterAccounts",
            "Effect": "Allow",
            "Action": ["sts:AssumeRole"],
            "Resource": "arn:aws:iam::*:role/security/flow",
        }
    ]
