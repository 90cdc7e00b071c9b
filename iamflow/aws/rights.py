"""The policies that decide what a user may do: his own, those of his groups, and his permissions boundary."""

from collections.abc import Iterator

from iamflow.aws import parts
from iamflow.aws.answers import required
from iamflow.aws.arns import checked_user
from iamflow.aws.clients import Api
from iamflow.aws.errors import Refusal, not_understood, refusal_of
from iamflow.domain.errors import PermanentError, TemporaryError
from iamflow.domain.ids import UserName
from iamflow.domain.rights import Rights


def read_rights(iam: Api, username: UserName) -> Rights:
    """Read every policy that bears on a user. Raises ``TemporaryError`` where one of them goes meanwhile."""
    name = checked_user(username)
    try:
        user = iam.call("GetUser", UserName=name).get("User", {})
        arns = [*parts.attached(iam, name)]
        documents = [*parts.inline(iam, name).values()]
        for row in iam.rows("ListGroupsForUser", "Groups", UserName=name):
            group = required(row, "GroupName", iam.attempt_at("ListGroupsForUser"))
            arns += _attached_to_group(iam, group)
            documents += _inline_of_group(iam, group)
        boundary = user.get("PermissionsBoundary")
        limit = required(boundary, "PermissionsBoundaryArn", iam.attempt_at("GetUser")) if boundary else None
        return Rights(
            arn=required(user, "Arn", iam.attempt_at("GetUser")),
            policies=(*documents, *(_document(iam, arn) for arn in dict.fromkeys(arns))),
            boundary=_document(iam, limit) if limit is not None else None,
        )
    except PermanentError as error:
        if refusal_of(error) is not Refusal.GONE:
            raise
        message = f"user {name!r} changed while the policies were being read; they will be read again"
        raise TemporaryError(message) from error


def _attached_to_group(iam: Api, group: str) -> Iterator[str]:
    attempt = iam.attempt_at("ListAttachedGroupPolicies")
    for row in iam.rows("ListAttachedGroupPolicies", "AttachedPolicies", GroupName=group):
        yield required(row, "PolicyArn", attempt)


def _inline_of_group(iam: Api, group: str) -> Iterator[str]:
    for policy in iam.rows("ListGroupPolicies", "PolicyNames", GroupName=group):
        answer = iam.call("GetGroupPolicy", GroupName=group, PolicyName=policy)
        yield parts.document_in(iam, "GetGroupPolicy", answer)


def _document(iam: Api, arn: str) -> str:
    document = parts.managed_document(iam, arn)
    if document is None:
        raise not_understood(iam.attempt_at("GetPolicy"), "has no policy where another answer names one")
    return document
