"""Service control policies: made, attached to roots, units and accounts, detached and deleted."""

import json
from collections.abc import Mapping

from iamflow.sandbox.errors import AwsError
from iamflow.sandbox.identity import new_unique_id
from iamflow.sandbox.org_common import CONTROL_POLICY, for_managers, invalid, node_of, page, root_of, tree_of, violation
from iamflow.sandbox.org_tree import FULL_ACCESS, ControlPolicy, Node
from iamflow.sandbox.services import Exchange, Handler, Original

_CONTENT_MOST = 5120
_ATTACHED_MOST = 5


def _policy(exchange: Exchange) -> ControlPolicy:
    wanted = str(exchange.parameter("PolicyId"))
    policy = tree_of(exchange).policies.get(wanted)
    if policy is None:
        raise AwsError(code="PolicyNotFoundException", message=f"No policy is known as {wanted}.")
    return policy


def _own_policy(exchange: Exchange) -> ControlPolicy:
    policy = _policy(exchange)
    if policy.aws_managed:
        raise invalid(reason="IMMUTABLE_POLICY", message="A policy of AWS's own can't be modified.")
    return policy


def _summary(exchange: Exchange, policy: ControlPolicy) -> dict[str, object]:
    return {
        "Id": policy.identifier,
        "Arn": tree_of(exchange).policy_arn(policy),
        "Name": policy.name,
        "Description": policy.description,
        "Type": CONTROL_POLICY,
        "AwsManaged": policy.aws_managed,
    }


def _described(exchange: Exchange, policy: ControlPolicy) -> dict[str, object]:
    return {"Policy": {"PolicySummary": _summary(exchange, policy), "Content": policy.content}}


def _policy_type(exchange: Exchange, *, enabled: bool) -> object:
    tree = tree_of(exchange)
    node_of(exchange, "RootId", "RootNotFoundException", "ROOT")
    if exchange.parameter("PolicyType") != CONTROL_POLICY:
        message = "That type of policy is not available."
        raise AwsError(code="PolicyTypeNotAvailableForOrganizationException", message=message)
    if tree.policy_type_enabled is enabled:
        code = "PolicyTypeAlreadyEnabledException" if enabled else "PolicyTypeNotEnabledException"
        raise AwsError(code=code, message="The policy type is in that state already.")
    tree.policy_type_enabled = enabled
    if not enabled:  # disabling detaches everything; enabling again begins with full access everywhere
        for node in tree.nodes.values():
            node.attached = [FULL_ACCESS]
    return {"Root": root_of(exchange)}


def _create_policy(exchange: Exchange, _: Original) -> object:
    name, content = str(exchange.parameter("Name")), str(exchange.parameter("Content"))
    if exchange.parameter("Type") != CONTROL_POLICY:
        message = "That type of policy is not available."
        raise AwsError(code="PolicyTypeNotAvailableForOrganizationException", message=message)
    _check_name(exchange, name)
    _check_content(content)
    policy = ControlPolicy(
        identifier=f"p-{new_unique_id('').lower()[:8]}",
        name=name,
        description=str(exchange.parameter("Description") or ""),
        content=content,
    )
    tree_of(exchange).policies[policy.identifier] = policy
    exchange.outcome = _described(exchange, policy)
    return exchange.outcome


def _update_policy(exchange: Exchange, _: Original) -> object:
    policy = _own_policy(exchange)
    name, content = exchange.parameter("Name") or policy.name, exchange.parameter("Content") or policy.content
    if name != policy.name:
        _check_name(exchange, name)
    _check_content(content)
    described = exchange.parameter("Description")
    policy.name, policy.content = name, content
    policy.description = policy.description if described is None else described
    return _described(exchange, policy)


def _check_name(exchange: Exchange, name: str) -> None:
    if any(policy.name == name for policy in tree_of(exchange).policies.values()):
        raise AwsError(code="DuplicatePolicyException", message="A policy with the same name already exists.")


def _check_content(content: str) -> None:
    if len(content) > _CONTENT_MOST:
        message = f"The policy is larger than {_CONTENT_MOST} characters."
        raise violation(reason="POLICY_CONTENT_LIMIT_EXCEEDED", message=message)
    try:
        document = json.loads(content)
    except ValueError:
        document = None
    if not isinstance(document, Mapping) or "Statement" not in document:
        message = "The provided policy document does not meet the requirements of the specified policy type."
        raise AwsError(code="MalformedPolicyDocumentException", message=message)


def _delete_policy(exchange: Exchange, _: Original) -> object:
    policy = _own_policy(exchange)
    if _targets(exchange, policy):
        raise AwsError(code="PolicyInUseException", message="The policy is attached to one or more entities.")
    del tree_of(exchange).policies[policy.identifier]
    return {}


def _attach_policy(exchange: Exchange, _: Original) -> object:
    policy, node = _policy(exchange), node_of(exchange, "TargetId", "TargetNotFoundException")
    if not tree_of(exchange).policy_type_enabled:
        message = "The specified policy type isn't currently enabled in this root."
        raise AwsError(code="PolicyTypeNotEnabledException", message=message)
    if policy.identifier in node.attached:
        message = "The selected policy is already attached to the specified target."
        raise AwsError(code="DuplicatePolicyAttachmentException", message=message)
    if len(node.attached) >= _ATTACHED_MOST:
        message = "You have attached the maximum number of policies of that type to the target."
        raise violation(reason="MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED", message=message)
    node.attached.append(policy.identifier)
    return {}


def _detach_policy(exchange: Exchange, _: Original) -> object:
    policy, node = _policy(exchange), node_of(exchange, "TargetId", "TargetNotFoundException")
    if policy.identifier not in node.attached:
        message = "The policy isn't attached to the specified target in the specified root."
        raise AwsError(code="PolicyNotAttachedException", message=message)
    if len(node.attached) == 1:
        message = "At least one policy of that type has to stay attached to the target."
        raise violation(reason="MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED", message=message)
    node.attached.remove(policy.identifier)
    return {}


def _targets(exchange: Exchange, policy: ControlPolicy) -> list[Node]:
    return [node for node in tree_of(exchange).nodes.values() if policy.identifier in node.attached]


def _list_policies(exchange: Exchange, _: Original) -> object:
    known = tree_of(exchange).policies.values() if exchange.parameter("Filter") == CONTROL_POLICY else ()
    return page(exchange, "Policies", [_summary(exchange, policy) for policy in known])


def _list_policies_for_target(exchange: Exchange, _: Original) -> object:
    node = node_of(exchange, "TargetId", "TargetNotFoundException")
    wanted = node.attached if exchange.parameter("Filter") == CONTROL_POLICY else []
    found = [tree_of(exchange).policies[identifier] for identifier in wanted]
    return page(exchange, "Policies", [_summary(exchange, policy) for policy in found])


def _list_targets_for_policy(exchange: Exchange, _: Original) -> object:
    listed = [
        {"TargetId": node.identifier, "Arn": tree_of(exchange).arn(node), "Name": node.name, "Type": node.kind}
        for node in _targets(exchange, _policy(exchange))
    ]
    return page(exchange, "Targets", listed, "TargetId")


def _typed(*, enabled: bool) -> Handler:
    return lambda exchange, _: _policy_type(exchange, enabled=enabled)


def _describe_policy(exchange: Exchange, _: Original) -> object:
    return _described(exchange, _policy(exchange))


HANDLERS: Mapping[str, Handler] = {
    "enable_policy_type": for_managers(_typed(enabled=True)),
    "disable_policy_type": for_managers(_typed(enabled=False)),
    "create_policy": for_managers(_create_policy),
    "update_policy": for_managers(_update_policy),
    "delete_policy": for_managers(_delete_policy),
    "describe_policy": for_managers(_describe_policy),
    "attach_policy": for_managers(_attach_policy),
    "detach_policy": for_managers(_detach_policy),
    "list_policies": for_managers(_list_policies),
    "list_policies_for_target": for_managers(_list_policies_for_target),
    "list_targets_for_policy": for_managers(_list_targets_for_policy),
}
