"""AWS Organizations, as far as the accounts' tree and its service control policies go.

Only the management account may call it.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from iamflow.sandbox.errors import AwsError
from iamflow.sandbox.identity import new_unique_id
from iamflow.sandbox.org_tree import FULL_ACCESS, ORGANISATION_ID, ROOT_ID, ControlPolicy, Node, Organisation
from iamflow.sandbox.services import Exchange, Handler, Original

_PAGE = 20
_CONTENT_MOST = 5120
_ATTACHED_MOST = 5
_TYPE = "SERVICE_CONTROL_POLICY"


def _page(exchange: Exchange, key: str, items: Iterable[Mapping[str, Any]], name: str = "Id") -> object:
    """Return the page that the call asks for, in the order of a field's values."""
    after, asked = exchange.parameter("NextToken") or "", exchange.parameter("MaxResults")
    most = _PAGE if asked is None else int(asked)
    if not 1 <= most <= _PAGE:
        raise _invalid(reason="INVALID_LIST_MEMBER", message=f"MaxResults must lie between 1 and {_PAGE}.")
    rest = [item for item in sorted(items, key=lambda item: str(item[name])) if str(item[name]) > after]
    shown = rest[:most]
    return {key: shown, **({"NextToken": shown[-1][name]} if len(rest) > most else {})}


def _invalid(*, reason: str, message: str) -> AwsError:
    return AwsError(code="InvalidInputException", message=message, details={"Reason": reason})


def _violation(*, reason: str, message: str) -> AwsError:
    return AwsError(code="ConstraintViolationException", message=message, details={"Reason": reason})


def _node(exchange: Exchange, parameter: str, code: str, *kinds: str) -> Node:
    wanted = str(exchange.parameter(parameter))
    node = _tree(exchange).nodes.get(wanted)
    if node is None or (kinds and node.kind not in kinds):
        raise AwsError(code=code, message=f"You specified something that doesn't exist: {wanted}")
    return node


def _parent(exchange: Exchange, parameter: str, code: str = "ParentNotFoundException") -> Node:
    return _node(exchange, parameter, code, "ROOT", "ORGANIZATIONAL_UNIT")


def _policy(exchange: Exchange) -> ControlPolicy:
    wanted = str(exchange.parameter("PolicyId"))
    policy = _tree(exchange).policies.get(wanted)
    if policy is None:
        raise AwsError(code="PolicyNotFoundException", message=f"No policy is known as {wanted}.")
    return policy


def _own_policy(exchange: Exchange) -> ControlPolicy:
    policy = _policy(exchange)
    if policy.aws_managed:
        raise _invalid(reason="IMMUTABLE_POLICY", message="A policy of AWS's own can't be modified.")
    return policy


def _tree(exchange: Exchange) -> Organisation:
    return exchange.world.organisation


def _account(exchange: Exchange, node: Node) -> dict[str, object]:
    return {
        "Id": node.identifier,
        "Arn": _tree(exchange).arn(node),
        "Name": node.name,
        "Email": f"aws-{node.identifier}@example.com",
        "Status": "ACTIVE",
        "State": "ACTIVE",
        "JoinedMethod": "CREATED",
    }


def _unit(exchange: Exchange, node: Node) -> dict[str, object]:
    return {"Id": node.identifier, "Arn": _tree(exchange).arn(node), "Name": node.name}


def _root(exchange: Exchange) -> dict[str, object]:
    enabled = [{"Type": _TYPE, "Status": "ENABLED"}] if _tree(exchange).policy_type_enabled else []
    return {**_unit(exchange, _tree(exchange).nodes[ROOT_ID]), "PolicyTypes": enabled}


def _summary(exchange: Exchange, policy: ControlPolicy) -> dict[str, object]:
    return {
        "Id": policy.identifier,
        "Arn": _tree(exchange).policy_arn(policy),
        "Name": policy.name,
        "Description": policy.description,
        "Type": _TYPE,
        "AwsManaged": policy.aws_managed,
    }


def _described(exchange: Exchange, policy: ControlPolicy) -> dict[str, object]:
    return {"Policy": {"PolicySummary": _summary(exchange, policy), "Content": policy.content}}


def _describe_organization(exchange: Exchange, _: Original) -> object:
    home = _tree(exchange).management_account
    arn = f"arn:aws:organizations::{home}:organization/{ORGANISATION_ID}"
    account = f"arn:aws:organizations::{home}:account/{ORGANISATION_ID}/{home}"
    told = {"MasterAccountId": home, "MasterAccountArn": account, "MasterAccountEmail": f"aws-{home}@example.com"}
    return {"Organization": {"Id": ORGANISATION_ID, "Arn": arn, "FeatureSet": "ALL", **told}}


def _list_roots(exchange: Exchange, _: Original) -> object:
    return _page(exchange, "Roots", [_root(exchange)])


def _list_accounts(exchange: Exchange, _: Original) -> object:
    accounts = [node for node in _tree(exchange).nodes.values() if node.kind == "ACCOUNT"]
    return _page(exchange, "Accounts", [_account(exchange, node) for node in accounts])


def _list_accounts_for_parent(exchange: Exchange, _: Original) -> object:
    accounts = _tree(exchange).children(_parent(exchange, "ParentId").identifier, "ACCOUNT")
    return _page(exchange, "Accounts", [_account(exchange, node) for node in accounts])


def _list_units(exchange: Exchange, _: Original) -> object:
    units = _tree(exchange).children(_parent(exchange, "ParentId").identifier, "ORGANIZATIONAL_UNIT")
    return _page(exchange, "OrganizationalUnits", [_unit(exchange, node) for node in units])


def _list_children(exchange: Exchange, _: Original) -> object:
    kind = str(exchange.parameter("ChildType"))
    found = _tree(exchange).children(_parent(exchange, "ParentId").identifier, kind)
    return _page(exchange, "Children", [{"Id": node.identifier, "Type": kind} for node in found])


def _list_parents(exchange: Exchange, _: Original) -> object:
    child = _node(exchange, "ChildId", "ChildNotFoundException", "ACCOUNT", "ORGANIZATIONAL_UNIT")
    parent = _tree(exchange).nodes[str(child.parent)]
    return _page(exchange, "Parents", [{"Id": parent.identifier, "Type": parent.kind}])


def _describe_account(exchange: Exchange, _: Original) -> object:
    return {"Account": _account(exchange, _node(exchange, "AccountId", "AccountNotFoundException", "ACCOUNT"))}


def _describe_unit(exchange: Exchange, _: Original) -> object:
    code, kind = "OrganizationalUnitNotFoundException", "ORGANIZATIONAL_UNIT"
    return {"OrganizationalUnit": _unit(exchange, _node(exchange, "OrganizationalUnitId", code, kind))}


def _create_unit(exchange: Exchange, _: Original) -> object:
    parent, name = _parent(exchange, "ParentId").identifier, str(exchange.parameter("Name"))
    if any(node.name == name for node in _tree(exchange).children(parent, "ORGANIZATIONAL_UNIT")):
        raise AwsError(code="DuplicateOrganizationalUnitException", message="An OU with the same name already exists.")
    exchange.outcome = {"OrganizationalUnit": _unit(exchange, _tree(exchange).add_unit(name, parent))}
    return exchange.outcome


def _move_account(exchange: Exchange, _: Original) -> object:
    account = _node(exchange, "AccountId", "AccountNotFoundException", "ACCOUNT")
    source = _parent(exchange, "SourceParentId", "SourceParentNotFoundException")
    target = _parent(exchange, "DestinationParentId", "DestinationParentNotFoundException")
    if account.parent != source.identifier:
        raise AwsError(code="SourceParentNotFoundException", message="The account is not in that source parent.")
    account.parent = target.identifier
    return {}


def _policy_type(exchange: Exchange, *, enabled: bool) -> object:
    tree = _tree(exchange)
    _node(exchange, "RootId", "RootNotFoundException", "ROOT")
    if exchange.parameter("PolicyType") != _TYPE:
        message = "That type of policy is not available."
        raise AwsError(code="PolicyTypeNotAvailableForOrganizationException", message=message)
    if tree.policy_type_enabled is enabled:
        code = "PolicyTypeAlreadyEnabledException" if enabled else "PolicyTypeNotEnabledException"
        raise AwsError(code=code, message="The policy type is in that state already.")
    tree.policy_type_enabled = enabled
    if not enabled:  # disabling detaches everything; enabling again begins with full access everywhere
        for node in tree.nodes.values():
            node.attached = [FULL_ACCESS]
    return {"Root": _root(exchange)}


def _create_policy(exchange: Exchange, _: Original) -> object:
    name, content = str(exchange.parameter("Name")), str(exchange.parameter("Content"))
    if exchange.parameter("Type") != _TYPE:
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
    _tree(exchange).policies[policy.identifier] = policy
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
    if any(policy.name == name for policy in _tree(exchange).policies.values()):
        raise AwsError(code="DuplicatePolicyException", message="A policy with the same name already exists.")


def _check_content(content: str) -> None:
    if len(content) > _CONTENT_MOST:
        message = f"The policy is larger than {_CONTENT_MOST} characters."
        raise _violation(reason="POLICY_CONTENT_LIMIT_EXCEEDED", message=message)
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
    del _tree(exchange).policies[policy.identifier]
    return {}


def _attach_policy(exchange: Exchange, _: Original) -> object:
    policy, node = _policy(exchange), _node(exchange, "TargetId", "TargetNotFoundException")
    if not _tree(exchange).policy_type_enabled:
        message = "The specified policy type isn't currently enabled in this root."
        raise AwsError(code="PolicyTypeNotEnabledException", message=message)
    if policy.identifier in node.attached:
        message = "The selected policy is already attached to the specified target."
        raise AwsError(code="DuplicatePolicyAttachmentException", message=message)
    if len(node.attached) >= _ATTACHED_MOST:
        message = "You have attached the maximum number of policies of that type to the target."
        raise _violation(reason="MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED", message=message)
    node.attached.append(policy.identifier)
    return {}


def _detach_policy(exchange: Exchange, _: Original) -> object:
    policy, node = _policy(exchange), _node(exchange, "TargetId", "TargetNotFoundException")
    if policy.identifier not in node.attached:
        message = "The policy isn't attached to the specified target in the specified root."
        raise AwsError(code="PolicyNotAttachedException", message=message)
    if len(node.attached) == 1:
        message = "At least one policy of that type has to stay attached to the target."
        raise _violation(reason="MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED", message=message)
    node.attached.remove(policy.identifier)
    return {}


def _targets(exchange: Exchange, policy: ControlPolicy) -> list[Node]:
    return [node for node in _tree(exchange).nodes.values() if policy.identifier in node.attached]


def _list_policies(exchange: Exchange, _: Original) -> object:
    known = _tree(exchange).policies.values() if exchange.parameter("Filter") == _TYPE else ()
    return _page(exchange, "Policies", [_summary(exchange, policy) for policy in known])


def _list_policies_for_target(exchange: Exchange, _: Original) -> object:
    node = _node(exchange, "TargetId", "TargetNotFoundException")
    wanted = node.attached if exchange.parameter("Filter") == _TYPE else []
    found = [_tree(exchange).policies[identifier] for identifier in wanted]
    return _page(exchange, "Policies", [_summary(exchange, policy) for policy in found])


def _list_targets_for_policy(exchange: Exchange, _: Original) -> object:
    listed = [
        {"TargetId": node.identifier, "Arn": _tree(exchange).arn(node), "Name": node.name, "Type": node.kind}
        for node in _targets(exchange, _policy(exchange))
    ]
    return _page(exchange, "Targets", listed, "TargetId")


def _for_managers(handler: Handler) -> Handler:
    def answer(exchange: Exchange, original: Original) -> object:
        if exchange.principal.account_id != _tree(exchange).management_account:
            message = "You don't have permissions to access this resource."
            raise AwsError(code="AccessDeniedException", message=message)
        return handler(exchange, original)

    return answer


def _typed(*, enabled: bool) -> Handler:
    return lambda exchange, _: _policy_type(exchange, enabled=enabled)


HANDLERS: Mapping[str, Handler] = {
    # Any account may ask what organisation it belongs to.
    "describe_organization": _describe_organization,
    **{
        name: _for_managers(handler)
        for name, handler in {
            "list_roots": _list_roots,
            "list_accounts": _list_accounts,
            "list_accounts_for_parent": _list_accounts_for_parent,
            "list_organizational_units_for_parent": _list_units,
            "list_children": _list_children,
            "list_parents": _list_parents,
            "describe_account": _describe_account,
            "describe_organizational_unit": _describe_unit,
            "create_organizational_unit": _create_unit,
            "move_account": _move_account,
            "enable_policy_type": _typed(enabled=True),
            "disable_policy_type": _typed(enabled=False),
            "create_policy": _create_policy,
            "update_policy": _update_policy,
            "delete_policy": _delete_policy,
            "describe_policy": lambda exchange, _: _described(exchange, _policy(exchange)),
            "attach_policy": _attach_policy,
            "detach_policy": _detach_policy,
            "list_policies": _list_policies,
            "list_policies_for_target": _list_policies_for_target,
            "list_targets_for_policy": _list_targets_for_policy,
        }.items()
    },
}
