"""The guardrail: a service control policy that denies people of member accounts everything without MFA."""

import re

from iamflow.domain.ids import UserName

_TARGET = re.compile(r"ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}|[0-9]{12}", re.ASCII)


def is_target(text: str) -> bool:
    """Return whether this is the id of an organisational unit or of an account (Organizations API reference, AttachPolicy)."""
    return _TARGET.fullmatch(text) is not None


def named(target: str) -> UserName:
    """Return how tickets name a target in the user's place. No IAM user can bear the name: it never reaches such a call."""
    return UserName(f"<{target}>")


def target_of(username: str) -> str:
    """Return the target of a ticket that names it so."""
    return username.removeprefix("<").removesuffix(">")
