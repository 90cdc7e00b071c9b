"""The parts of a reading of a user that only some workflows ask for."""

import json

from iamflow.aws.answers import required, text
from iamflow.aws.clients import Answer, Api
from iamflow.aws.errors import Refusal, not_understood, refusal_of
from iamflow.domain.errors import PermanentError
from iamflow.domain.facts import ManagedPolicy


def console(iam: Api, name: str) -> bool:
    """Return whether the user has a console password: GetLoginProfile knows none for a user without one."""
    return unless_gone(iam, "GetLoginProfile", UserName=name) is not None


def mfa(iam: Api, name: str) -> tuple[str, ...]:
    """Return the serial numbers of the user's MFA devices, asked of IAM itself and never of the cached credential report."""
    attempt = iam.attempt_at("ListMFADevices")
    serials = [text(row.get("SerialNumber")) for row in iam.rows("ListMFADevices", "MFADevices", UserName=name)]
    if None in serials:
        raise not_understood(attempt, "has an MFA device without a serial number")
    return tuple(serial for serial in serials if serial is not None)


def attached(iam: Api, name: str) -> dict[str, str]:
    """Return the managed policies that are attached to the user: name by ARN."""
    rows = iam.rows("ListAttachedUserPolicies", "AttachedPolicies", UserName=name)
    attempt = iam.attempt_at("ListAttachedUserPolicies")
    return {required(row, "PolicyArn", attempt): required(row, "PolicyName", attempt) for row in rows}


def inline(iam: Api, name: str) -> dict[str, str]:
    """Return every inline policy of the user with its document; one that goes meanwhile is left out."""
    names = [str(policy) for policy in iam.rows("ListUserPolicies", "PolicyNames", UserName=name)]
    found = {policy: inline_policy(iam, name, policy) for policy in names}
    return {policy: document for policy, document in found.items() if document is not None}


def inline_policy(iam: Api, name: str, policy: str) -> str | None:
    """Return an inline policy's document; None where the user has none of that name."""
    answer = unless_gone(iam, "GetUserPolicy", UserName=name, PolicyName=policy)
    return None if answer is None else document_in(iam, "GetUserPolicy", answer)


def managed(iam: Api, arn: str, attached_ones: dict[str, str]) -> ManagedPolicy | None:
    """Return a customer managed policy as its default version reads; None where the account has none of that ARN."""
    document = managed_document(iam, arn)
    return None if document is None else ManagedPolicy(arn=arn, document=document, attached=arn in attached_ones)


def managed_document(iam: Api, arn: str) -> str | None:
    """Return the text of a managed policy's default version; None where there is no such policy."""
    answer = unless_gone(iam, "GetPolicy", PolicyArn=arn)
    if answer is None:
        return None
    version = required(answer.get("Policy", {}), "DefaultVersionId", iam.attempt_at("GetPolicy"))
    found = iam.call("GetPolicyVersion", PolicyArn=arn, VersionId=version).get("PolicyVersion", {})
    return document_in(iam, "GetPolicyVersion", found, "Document")


def document_in(iam: Api, operation: str, answer: Answer, field: str = "PolicyDocument") -> str:
    """Return the policy document of an answer as text; botocore has decoded it already."""
    document = answer.get(field)
    if document is None:
        raise not_understood(iam.attempt_at(operation), "lacks the policy")
    return document if isinstance(document, str) else json.dumps(document)


def unless_gone(iam: Api, operation: str, **parameters: object) -> Answer | None:
    """Make a call, and return None where AWS says that what it asks about does not exist."""
    try:
        return iam.call(operation, **parameters)
    except PermanentError as error:
        if refusal_of(error) is Refusal.GONE:
            return None
        raise
