"""Names as AWS writes them: ARNs, session names, and what a user name may look like."""

import re

from iamflow.domain.errors import PermanentError
from iamflow.domain.ids import AccountId, TicketId, UserName

SESSION_NAME_MOST = 64
"""The longest RoleSessionName (STS API reference, AssumeRole)."""

_ACCOUNT_ID = re.compile(r"\d{12}", re.ASCII)
# IAM API reference, CreateUser: UserName. No wildcard, slash or variable of the policy language can be part of one.
_USER_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
_NOT_IN_SESSION_NAMES = re.compile(r"[^\w+=,.@-]", re.ASCII)
_ASSUMED_ROLE = re.compile(r"arn:([\w-]+):sts::(\d{12}):assumed-role/([^/]+)/(.+)", re.ASCII)


def checked_account(account_id: str) -> str:
    """Return an account id that is one. Raises ``PermanentError`` otherwise."""
    if not _ACCOUNT_ID.fullmatch(account_id):
        message = f"{account_id!r} is not an AWS account id (12 digits): correct the ticket's account"
        raise PermanentError(message)
    return account_id


def checked_user(username: str) -> str:
    """Return a name that an IAM user can bear. Raises ``PermanentError`` otherwise.

    The name comes from a report that somebody else wrote, and goes into a session policy: ``*`` would widen it.
    """
    if not _USER_NAME.fullmatch(username):
        message = f"{username!r} cannot be the name of an IAM user: correct the finding's user name"
        raise PermanentError(message)
    return username


def session_name(instance: str, ticket_id: TicketId | None = None) -> str:
    """Return the RoleSessionName: ``iamflow-INSTANCE`` for reads, ``iamflow-INSTANCE-TICKET`` for a step.

    It appears in CloudTrail as the Username. A long instance is cut short, never the ticket's number.
    """
    ending = "" if ticket_id is None else f"-{ticket_id}"
    name = f"iamflow-{_NOT_IN_SESSION_NAMES.sub('-', instance)}"
    return name[: SESSION_NAME_MOST - len(ending)] + ending


def role_arn(role: str, partition: str, account_id: AccountId) -> str:
    """Return the ARN of the role to assume in an account, from its name or its ARN pattern."""
    checked = checked_account(account_id)
    if role.startswith("arn:"):
        return role.replace("{account}", checked)
    return f"arn:{partition}:iam::{checked}:role/{role.lstrip('/')}"


def role_of(assumed: str) -> tuple[str, str] | None:
    """Return (role name, session name) of an assumed-role ARN, or None for any other ARN."""
    found = _ASSUMED_ROLE.fullmatch(assumed)
    return (found[3], found[4]) if found else None


def account_of(assumed: str) -> AccountId | None:
    """Return the account of an assumed-role ARN, or None for any other ARN."""
    found = _ASSUMED_ROLE.fullmatch(assumed)
    return AccountId(found[2]) if found else None


def as_principal(caller_arn: str) -> str:
    """Return a caller as a trust policy names it: a session as its role. A session's ARN leaves out the role's path."""
    found = _ASSUMED_ROLE.fullmatch(caller_arn)
    return f"arn:{found[1]}:iam::{found[2]}:role/{found[3]}" if found else caller_arn


def user_resources(partition: str, account_id: AccountId, username: UserName) -> tuple[str, str]:
    """Return the two patterns that together match exactly one user, whatever its path.

    The first matches the user without a path, the second one with any path, since ``*`` matches slashes too. Nobody
    else can match: names are unique in an account regardless of path, and hold neither slashes nor wildcards.
    """
    prefix = f"arn:{partition}:iam::{checked_account(account_id)}:user"
    name = checked_user(username)
    return f"{prefix}/{name}", f"{prefix}/*/{name}"


def policy_arn(partition: str, account: str, name: str) -> str:
    """Return the ARN of a customer managed policy of an account, or of all accounts (``*``)."""
    return f"arn:{partition}:iam::{account}:policy/{name}"
