"""The tree of an organisation: its root, units and accounts, and the service control policies on each of them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from iamflow.sandbox import policies
from iamflow.sandbox.identity import new_unique_id
from iamflow.sandbox.policies import Question, Verdict

ORGANISATION_ID = "o-exampleorgid"
ROOT_ID = "r-exam"
FULL_ACCESS = "p-FullAWSAccess"
_ALLOW_ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
_KINDS = {"ROOT": "root", "ORGANIZATIONAL_UNIT": "ou", "ACCOUNT": "account"}


@dataclass(kw_only=True, slots=True)
class Node:
    """A root, an organisational unit or an account; ``attached`` are policy ids, in the order of attaching."""

    identifier: str
    kind: str
    name: str
    parent: str | None
    attached: list[str] = field(default_factory=lambda: [FULL_ACCESS])
    state: str = "ACTIVE"
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(kw_only=True, slots=True)
class ControlPolicy:
    """A service control policy; ``content`` is the document as it was sent."""

    identifier: str
    name: str
    description: str
    content: str
    aws_managed: bool = False

    @property
    def statements(self) -> Sequence[Mapping[str, Any]]:
        """The statements of the document."""
        return policies.statements(json.loads(self.content))


class Organisation:
    """One organisation, with service control policies enabled as long as nobody disables them."""

    def __init__(self, management_account: str) -> None:
        """Make an organisation that this account manages; it has a root and nothing in it."""
        self.management_account = management_account
        self.policy_type_enabled = True
        self.nodes = {ROOT_ID: Node(identifier=ROOT_ID, kind="ROOT", name="Root", parent=None)}
        self.policies: dict[str, ControlPolicy] = {
            FULL_ACCESS: ControlPolicy(
                identifier=FULL_ACCESS,
                name="FullAWSAccess",
                description="Allows access to every operation",
                content=json.dumps(_ALLOW_ALL),
                aws_managed=True,
            )
        }

    def add_account(self, account_id: str, name: str, parent: str | None) -> None:
        """Put an account under a unit, or the root; an account that is there already stays where it is."""
        if account_id not in self.nodes:
            where = self.nodes[parent or ROOT_ID].identifier
            self.nodes[account_id] = Node(identifier=account_id, kind="ACCOUNT", name=name, parent=where)

    def add_unit(self, name: str, parent: str | None) -> Node:
        """Make an organisational unit under another, or the root; KeyError if there is no such parent."""
        identifier = f"ou-exam-{new_unique_id('').lower()[:8]}"
        where = self.nodes[parent or ROOT_ID].identifier
        unit = self.nodes[identifier] = Node(identifier=identifier, kind="ORGANIZATIONAL_UNIT", name=name, parent=where)
        return unit

    def children(self, parent: str, kind: str) -> list[Node]:
        """Return what of one kind lies directly under a root or unit."""
        return [node for node in self.nodes.values() if node.parent == parent and node.kind == kind]

    def arn(self, node: Node) -> str:
        """Return a node's ARN."""
        prefix = f"arn:aws:organizations::{self.management_account}:{_KINDS[node.kind]}/{ORGANISATION_ID}"
        return f"{prefix}/{node.identifier}"

    def policy_arn(self, policy: ControlPolicy) -> str:
        """Return a policy's ARN."""
        if policy.aws_managed:
            return f"arn:aws:organizations::aws:policy/service_control_policy/{policy.identifier}"
        prefix = f"arn:aws:organizations::{self.management_account}:policy/{ORGANISATION_ID}"
        return f"{prefix}/service_control_policy/{policy.identifier}"

    def objection(self, account_id: str, question: Question) -> str | None:
        """Tell why the control policies forbid something in an account; None if they do not.

        They do not reach the management account. In every other one, each level from the root down must allow the
        call, and none may deny it.
        """
        if account_id == self.management_account or not self.policy_type_enabled:
            return None
        verdicts = [policies.judge(self._statements(node), question) for node in self._line(account_id)]
        if Verdict.DENIED in verdicts:
            return "with an explicit deny in a service control policy"
        if Verdict.SILENT in verdicts:
            return f"because no service control policy allows the {question.action} action"
        return None

    def _statements(self, node: Node) -> Iterator[Mapping[str, Any]]:
        for identifier in node.attached:
            yield from self.policies[identifier].statements

    def _line(self, account_id: str) -> Iterator[Node]:
        node = self.nodes.get(account_id)
        while node is not None:
            yield node
            node = self.nodes.get(node.parent) if node.parent else None
