"""The permissions that a role in a key's place must have: those of the user, and those of roles that applications have."""

from collections.abc import Iterator, Sequence

from iamflow.aws import parts
from iamflow.aws.answers import required
from iamflow.aws.arns import checked_user
from iamflow.aws.clients import Answer, Api
from iamflow.aws.errors import Refusal, refusal_of
from iamflow.domain.errors import PermanentError, TemporaryError
from iamflow.domain.ids import UserName
from iamflow.domain.migration import Grants


def read(iam: Api, username: UserName, roles: Sequence[str]) -> Grants:
    """Read every policy of the user, of his groups, and of these roles (ARNs), and the account's identity providers.

    Raises ``TemporaryError`` where one of them goes meanwhile.
    """
    name = checked_user(username)
    try:
        user = iam.call("GetUser", UserName=name).get("User", {})
        boundary = user.get("PermissionsBoundary") or {}
        inline = [(f"user {policy}", document) for policy, document in sorted(parts.inline(iam, name).items())]
        attached = sorted(parts.attached(iam, name))
        for row in iam.rows("ListGroupsForUser", "Groups", UserName=name):
            group = required(row, "GroupName", iam.attempt_at("ListGroupsForUser"))
            inline += _inline(iam, "Group", group)
            attached += _attached(iam, "Group", group)
        for arn in roles:
            role = arn.rsplit("/", 1)[-1]
            inline += _inline(iam, "Role", role)
            attached += _attached(iam, "Role", role)
        return Grants(
            inline=tuple(inline),
            attached=tuple(dict.fromkeys(attached)),
            boundary=boundary.get("PermissionsBoundaryArn"),
            providers=tuple(_providers(iam)),
            partition=iam.partition,
        )
    except PermanentError as error:
        if refusal_of(error) is not Refusal.GONE:
            raise
        message = f"user {name!r}, or a policy of his, changed while it was being read; it will be read again"
        raise TemporaryError(message) from error


def _inline(iam: Api, kind: str, name: str) -> Iterator[tuple[str, str]]:
    named = {f"{kind}Name": name}
    for policy in sorted(str(one) for one in iam.rows(f"List{kind}Policies", "PolicyNames", **named)):
        answer: Answer = iam.call(f"Get{kind}Policy", PolicyName=policy, **named)
        yield f"{kind.lower()} {name} {policy}", parts.document_in(iam, f"Get{kind}Policy", answer)


def _attached(iam: Api, kind: str, name: str) -> list[str]:
    operation = f"ListAttached{kind}Policies"
    rows = iam.rows(operation, "AttachedPolicies", **{f"{kind}Name": name})
    return sorted(required(row, "PolicyArn", iam.attempt_at(operation)) for row in rows)


def _providers(iam: Api) -> Iterator[tuple[str, tuple[str, ...]]]:
    for row in iam.call("ListOpenIDConnectProviders").get("OpenIDConnectProviderList", []):
        arn = required(row, "Arn", iam.attempt_at("ListOpenIDConnectProviders"))
        answer = parts.unless_gone(iam, "GetOpenIDConnectProvider", OpenIDConnectProviderArn=arn)
        if answer is not None:
            yield arn, tuple(answer.get("ClientIDList", []))
