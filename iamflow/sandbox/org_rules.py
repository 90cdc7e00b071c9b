"""AWS Organizations, as far as the accounts' tree goes. Only the management account may ask."""

from collections.abc import Mapping

from iamflow.sandbox.errors import AwsError
from iamflow.sandbox.org_common import for_managers, node_of, page, root_of, tree_of, unit_of
from iamflow.sandbox.org_tree import ORGANISATION_ID, Node
from iamflow.sandbox.services import Exchange, Handler, Original


def _parent(exchange: Exchange, parameter: str, code: str = "ParentNotFoundException") -> Node:
    return node_of(exchange, parameter, code, "ROOT", "ORGANIZATIONAL_UNIT")


def _account(exchange: Exchange, node: Node) -> dict[str, object]:
    return {
        "Id": node.identifier,
        "Arn": tree_of(exchange).arn(node),
        "Name": node.name,
        "Email": f"aws-{node.identifier}@example.com",
        # The older field does not know every state.
        "Status": "SUSPENDED" if node.state == "CLOSED" else node.state,
        "State": node.state,
        "JoinedMethod": "CREATED",
    }


def _describe_organization(exchange: Exchange, _: Original) -> object:
    home = tree_of(exchange).management_account
    arn = f"arn:aws:organizations::{home}:organization/{ORGANISATION_ID}"
    account = f"arn:aws:organizations::{home}:account/{ORGANISATION_ID}/{home}"
    told = {"MasterAccountId": home, "MasterAccountArn": account, "MasterAccountEmail": f"aws-{home}@example.com"}
    return {"Organization": {"Id": ORGANISATION_ID, "Arn": arn, "FeatureSet": "ALL", **told}}


def _list_roots(exchange: Exchange, _: Original) -> object:
    return page(exchange, "Roots", [root_of(exchange)])


def _list_accounts(exchange: Exchange, _: Original) -> object:
    accounts = [node for node in tree_of(exchange).nodes.values() if node.kind == "ACCOUNT"]
    return page(exchange, "Accounts", [_account(exchange, node) for node in accounts])


def _list_accounts_for_parent(exchange: Exchange, _: Original) -> object:
    accounts = tree_of(exchange).children(_parent(exchange, "ParentId").identifier, "ACCOUNT")
    return page(exchange, "Accounts", [_account(exchange, node) for node in accounts])


def _list_units(exchange: Exchange, _: Original) -> object:
    units = tree_of(exchange).children(_parent(exchange, "ParentId").identifier, "ORGANIZATIONAL_UNIT")
    return page(exchange, "OrganizationalUnits", [unit_of(exchange, node) for node in units])


def _list_children(exchange: Exchange, _: Original) -> object:
    kind = str(exchange.parameter("ChildType"))
    found = tree_of(exchange).children(_parent(exchange, "ParentId").identifier, kind)
    return page(exchange, "Children", [{"Id": node.identifier, "Type": kind} for node in found])


def _list_parents(exchange: Exchange, _: Original) -> object:
    child = node_of(exchange, "ChildId", "ChildNotFoundException", "ACCOUNT", "ORGANIZATIONAL_UNIT")
    parent = tree_of(exchange).nodes[str(child.parent)]
    return page(exchange, "Parents", [{"Id": parent.identifier, "Type": parent.kind}])


def _describe_account(exchange: Exchange, _: Original) -> object:
    return {"Account": _account(exchange, node_of(exchange, "AccountId", "AccountNotFoundException", "ACCOUNT"))}


def _list_tags(exchange: Exchange, _: Original) -> object:
    node = node_of(exchange, "ResourceId", "TargetNotFoundException")
    return page(exchange, "Tags", [{"Key": key, "Value": value} for key, value in node.tags.items()], "Key")


def _describe_unit(exchange: Exchange, _: Original) -> object:
    code, kind = "OrganizationalUnitNotFoundException", "ORGANIZATIONAL_UNIT"
    return {"OrganizationalUnit": unit_of(exchange, node_of(exchange, "OrganizationalUnitId", code, kind))}


def _create_unit(exchange: Exchange, _: Original) -> object:
    parent, name = _parent(exchange, "ParentId").identifier, str(exchange.parameter("Name"))
    if any(node.name == name for node in tree_of(exchange).children(parent, "ORGANIZATIONAL_UNIT")):
        raise AwsError(code="DuplicateOrganizationalUnitException", message="An OU with the same name already exists.")
    exchange.outcome = {"OrganizationalUnit": unit_of(exchange, tree_of(exchange).add_unit(name, parent))}
    return exchange.outcome


def _move_account(exchange: Exchange, _: Original) -> object:
    account = node_of(exchange, "AccountId", "AccountNotFoundException", "ACCOUNT")
    source = _parent(exchange, "SourceParentId", "SourceParentNotFoundException")
    target = _parent(exchange, "DestinationParentId", "DestinationParentNotFoundException")
    if account.parent != source.identifier:
        raise AwsError(code="SourceParentNotFoundException", message="The account is not in that source parent.")
    account.parent = target.identifier
    return {}


HANDLERS: Mapping[str, Handler] = {
    "describe_organization": _describe_organization,  # any account may ask what organisation it belongs to
    "list_roots": for_managers(_list_roots),
    "list_accounts": for_managers(_list_accounts),
    "list_accounts_for_parent": for_managers(_list_accounts_for_parent),
    "list_organizational_units_for_parent": for_managers(_list_units),
    "list_children": for_managers(_list_children),
    "list_parents": for_managers(_list_parents),
    "describe_account": for_managers(_describe_account),
    "describe_organizational_unit": for_managers(_describe_unit),
    "list_tags_for_resource": for_managers(_list_tags),
    "create_organizational_unit": for_managers(_create_unit),
    "move_account": for_managers(_move_account),
}
