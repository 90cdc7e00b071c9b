"""What the operations of AWS Organizations have in common: pages, finding what a call names, and errors."""

from collections.abc import Iterable, Mapping
from typing import Any

from iamflow.sandbox.errors import AwsError
from iamflow.sandbox.org_tree import ROOT_ID, Node, Organisation
from iamflow.sandbox.services import Exchange, Handler, Original

CONTROL_POLICY = "SERVICE_CONTROL_POLICY"
_PAGE = 20


def page(exchange: Exchange, key: str, items: Iterable[Mapping[str, Any]], name: str = "Id") -> object:
    """Return the page that the call asks for, in the order of a field's values."""
    after, asked = exchange.parameter("NextToken") or "", exchange.parameter("MaxResults")
    most = _PAGE if asked is None else int(asked)
    if not 1 <= most <= _PAGE:
        raise invalid(
            reason="MAX_VALUE_EXCEEDED" if most > _PAGE else "MIN_VALUE_EXCEEDED",
            message=f"MaxResults must lie between 1 and {_PAGE}.",
        )
    rest = [item for item in sorted(items, key=lambda item: str(item[name])) if str(item[name]) > after]
    shown = rest[:most]
    return {key: shown, **({"NextToken": shown[-1][name]} if len(rest) > most else {})}


def invalid(*, reason: str, message: str) -> AwsError:
    """Return the error for a parameter that is not one."""
    return AwsError(code="InvalidInputException", message=message, details={"Reason": reason})


def violation(*, reason: str, message: str) -> AwsError:
    """Return the error for a limit that a call would break."""
    return AwsError(code="ConstraintViolationException", message=message, details={"Reason": reason})


def node_of(exchange: Exchange, parameter: str, code: str, *kinds: str) -> Node:
    """Return the node that a parameter names; that error if there is none, or none of these kinds."""
    wanted = str(exchange.parameter(parameter))
    node = tree_of(exchange).nodes.get(wanted)
    if node is None or (kinds and node.kind not in kinds):
        raise AwsError(code=code, message=f"You specified something that doesn't exist: {wanted}")
    return node


def tree_of(exchange: Exchange) -> Organisation:
    """Return the organisation."""
    return exchange.world.organisation


def unit_of(exchange: Exchange, node: Node) -> dict[str, object]:
    """Describe a unit."""
    return {"Id": node.identifier, "Arn": tree_of(exchange).arn(node), "Name": node.name}


def root_of(exchange: Exchange) -> dict[str, object]:
    """Describe the root."""
    enabled = [{"Type": CONTROL_POLICY, "Status": "ENABLED"}] if tree_of(exchange).policy_type_enabled else []
    return {**unit_of(exchange, tree_of(exchange).nodes[ROOT_ID]), "PolicyTypes": enabled}


def for_managers(handler: Handler) -> Handler:
    """Let a handler answer the management account only."""

    def answer(exchange: Exchange, original: Original) -> object:
        if exchange.principal.account_id != tree_of(exchange).management_account:
            message = "You don't have permissions to access this resource."
            raise AwsError(code="AccessDeniedException", message=message)
        return handler(exchange, original)

    return answer
