"""What IAM's operations have in common: finding what a call names, quotas, and the errors for both."""

from collections.abc import Iterable, Sized

from moto.iam.models import User

from iamflow.sandbox.errors import AwsError
from iamflow.sandbox.identity import Kind
from iamflow.sandbox.services import Exchange

_CONFLICT = 409


def missing(*, kind: str, name: object) -> AwsError:
    """Return IAM's error for something that is not there."""
    return AwsError(code="NoSuchEntity", message=f"The {kind} with name {name} cannot be found.", status=404)


def conflict(*, remedy: str) -> AwsError:
    """Return IAM's error for a deletion that something is in the way of; it names one blocker, not all."""
    return AwsError(code="DeleteConflict", message=f"Cannot delete entity, {remedy}.", status=_CONFLICT)


def already(message: str) -> AwsError:
    """Return IAM's error for a name that is taken."""
    return AwsError(code="EntityAlreadyExists", message=message, status=_CONFLICT)


def over_the_limit(message: str) -> AwsError:
    """Return IAM's error for a quota that is used up."""
    return AwsError(code="LimitExceeded", message=message, status=_CONFLICT)


def invalid(value: object, name: str, constraint: str) -> AwsError:
    """Return IAM's error for a parameter that is not one."""
    message = f"1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: {constraint}"
    return AwsError(code="ValidationError", message=message)


def named_user(exchange: Exchange) -> User:
    """Return the user that the call names, or the caller himself."""
    name = exchange.parameter("UserName")
    if name is None:
        if exchange.principal.kind is not Kind.USER:
            message = "Must specify userName when calling with non-User credentials"
            raise AwsError(code="ValidationError", message=message)
        name = exchange.principal.name
    user = exchange.iam.users.get(name)
    if user is None:
        raise missing(kind="user", name=name)
    return user


def choice(exchange: Exchange, name: str, allowed: Iterable[str]) -> str:
    """Return a parameter that must be one of a few words."""
    value, words = str(exchange.parameter(name)), list(allowed)
    if value not in words:
        raise invalid(value, name[:1].lower() + name[1:], f"Member must satisfy enum value set: [{', '.join(words)}]")
    return value


def within_quota(exchange: Exchange, quota: str, held: Sized) -> None:
    """Raise LimitExceeded if one more would be too many; the account's quota may have been raised."""
    most = exchange.world.quota(exchange.principal.account_id, quota)
    if len(held) >= most:
        raise over_the_limit(f"Cannot exceed quota for {quota.removesuffix('Quota')}: {most}")
