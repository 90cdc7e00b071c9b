"""Policies of IAM: attaching and deleting them, their size, permissions boundaries, and groups."""

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, Group, ManagedPolicy, User

from iamflow.sandbox.errors import AwsError
from iamflow.sandbox.iam_common import conflict, named_user, over_the_limit, within_quota
from iamflow.sandbox.identity import new_unique_id
from iamflow.sandbox.services import Exchange, Handler, Original
from iamflow.sandbox.world import World

_AWS_POLICY = re.compile(r"arn:aws:iam::aws:policy(?P<path>/(?:.*/)?)(?P<name>[\w+=,.@-]+)")


def policy_of(world: World, account_id: str, arn: str) -> ManagedPolicy:
    """Return a managed policy, AWS's own ones included; NoSuchEntity if there is none of that ARN."""
    policies = world.iam(account_id).managed_policies
    found = _AWS_POLICY.fullmatch(arn)
    if arn not in policies and found is not None:
        facts = _aws_policies().get(found["name"])
        if facts is not None and (facts.get("Path") or "/") == found["path"]:
            policies[arn] = AWSManagedPolicy.from_data(found["name"], account_id, "us-east-1", dict(facts))
    if arn not in policies:
        raise AwsError(code="NoSuchEntity", message=f"Policy {arn} does not exist or is not attachable.", status=404)
    return policies[arn]


@cache
def _aws_policies() -> Mapping[str, Mapping[str, Any]]:
    """Read AWS's policies as moto lists them; four megabytes, so only when one is asked for."""
    policies: Mapping[str, Mapping[str, Any]] = json.loads(aws_managed_policies_data)
    return policies


def groups_of(world: World, account_id: str, user: User) -> list[Group]:
    """Return a user's groups; he is told by his id, because a late reader sees him as he was."""
    groups = world.iam(account_id).groups.values()
    return [group for group in groups if any(member.id == user.id for member in group.users)]


def _known_policy(exchange: Exchange, original: Original) -> object:
    policy_of(exchange.world, exchange.principal.account_id, str(exchange.parameter("PolicyArn")))
    return original()


def _create_policy(exchange: Exchange, original: Original) -> object:
    _check_size(exchange, "PolicySizeQuota", [str(exchange.parameter("PolicyDocument"))])
    within_quota(exchange, "PoliciesQuota", exchange.iam.managed_policies)
    result = original()
    policy = result.result["Policy"]
    policy.id = new_unique_id("ANPA")
    exchange.outcome = {"Policy": {"PolicyName": policy.name, "PolicyId": policy.id, "Arn": policy.arn}}
    return result


def _create_policy_version(exchange: Exchange, original: Original) -> object:
    _check_size(exchange, "PolicySizeQuota", [str(exchange.parameter("PolicyDocument"))])
    return original()


def _delete_policy(exchange: Exchange, original: Original) -> object:
    arn = str(exchange.parameter("PolicyArn"))
    policy = policy_of(exchange.world, exchange.principal.account_id, arn)
    bounded = {exchange.world.boundaries.get(user.id) for user in exchange.iam.users.values()}
    if policy.attachment_count or arn in bounded:
        message = "Cannot delete a policy attached to entities."
        raise AwsError(code="DeleteConflict", message=message, status=409)
    if len(policy.versions) > 1:
        message = (
            "This policy has more than one version. Before you delete a policy, you must delete the policy's "
            "versions. The default version is deleted with the policy."
        )
        raise AwsError(code="DeleteConflict", message=message, status=409)
    return original()


def _attach_user_policy(exchange: Exchange, original: Original) -> object:
    user, arn = named_user(exchange), str(exchange.parameter("PolicyArn"))
    policy_of(exchange.world, exchange.principal.account_id, arn)
    if arn in user.managed_policies:
        return None  # attaching again changes nothing; moto would count it twice
    within_quota(exchange, "AttachedPoliciesPerUserQuota", user.managed_policies)
    return original()


def _attach_role_policy(exchange: Exchange, original: Original) -> object:
    arn = str(exchange.parameter("PolicyArn"))
    role = exchange.iam.get_role(exchange.parameter("RoleName"))
    policy_of(exchange.world, exchange.principal.account_id, arn)
    if arn in role.managed_policies:
        return None
    within_quota(exchange, "AttachedPoliciesPerRoleQuota", role.managed_policies)
    return original()


def _put_user_policy(exchange: Exchange, original: Original) -> object:
    user = named_user(exchange)
    kept = [text for name, text in user.policies.items() if name != exchange.parameter("PolicyName")]
    _check_size(exchange, "UserPolicySizeQuota", [*kept, str(exchange.parameter("PolicyDocument"))], user)
    return original.asked_for(UserName=user.name)


def _check_size(exchange: Exchange, quota: str, documents: list[str], user: User | None = None) -> None:
    """Count as IAM does: white space is free, and all inline policies of a user share one quota."""
    most = exchange.world.quota(exchange.principal.account_id, quota)
    if sum(len("".join(document.split())) for document in documents) > most:
        whose = f"user {user.name}" if user else "policy"
        raise over_the_limit(f"Maximum policy size of {most} bytes exceeded for {whose}")


def _put_user_permissions_boundary(exchange: Exchange, _: Original) -> object:
    set_boundary(exchange.world, named_user(exchange), str(exchange.parameter("PermissionsBoundary")))
    return None


def set_boundary(world: World, user: User, arn: str) -> None:
    """Put a permissions boundary on a user; NoSuchEntity if there is no such policy."""
    policy_of(world, user.account_id, arn)
    world.boundaries[user.id] = arn


def _delete_user_permissions_boundary(exchange: Exchange, _: Original) -> object:
    user = named_user(exchange)
    if exchange.world.boundaries.pop(user.id, None) is None:
        message = f"User {user.name} does not have a permissions boundary."
        raise AwsError(code="NoSuchEntity", message=message, status=404)
    return None


def _create_group(exchange: Exchange, original: Original) -> object:
    result = original()
    group = exchange.iam.groups[exchange.parameter("GroupName")]
    group.id = new_unique_id("AGPA")
    exchange.outcome = {"Group": {"GroupName": group.name, "GroupId": group.id, "Arn": group.arn}}
    return result


def _add_user_to_group(exchange: Exchange, original: Original) -> object:
    user = named_user(exchange)
    groups = groups_of(exchange.world, exchange.principal.account_id, user)
    if all(group.name != exchange.parameter("GroupName") for group in groups):
        within_quota(exchange, "GroupsPerUserQuota", groups)
    return original()


def _delete_group(exchange: Exchange, original: Original) -> object:
    group = exchange.iam.get_group(exchange.parameter("GroupName"))
    for present, remedy in (
        (group.users, "must remove users from group first"),
        (group.managed_policies, "must detach all policies first"),
        (group.policies, "must delete policies first"),
    ):
        if present:
            raise conflict(remedy=remedy)
    return original()


HANDLERS: Mapping[str, Handler] = {
    "get_policy": _known_policy,
    "get_policy_version": _known_policy,
    "attach_group_policy": _known_policy,
    "create_policy": _create_policy,
    "create_policy_version": _create_policy_version,
    "delete_policy": _delete_policy,
    "attach_user_policy": _attach_user_policy,
    "attach_role_policy": _attach_role_policy,
    "put_user_policy": _put_user_policy,
    "put_user_permissions_boundary": _put_user_permissions_boundary,
    "delete_user_permissions_boundary": _delete_user_permissions_boundary,
    "create_group": _create_group,
    "add_user_to_group": _add_user_to_group,
    "delete_group": _delete_group,
}
