"""Users that infrastructure as code makes: what is changed beside it comes back, or breaks its next run.

CloudFormation marks what it makes with tags of its own, ``aws:cloudformation:…``, that nobody else can write (CloudFormation user
guide, "Resource tag"). Other tools leave whatever tags their users chose.
"""

from collections.abc import Mapping

from iamflow.domain.overrides import tag_fits
from iamflow.domain.policy import Managed, Protection

_CLOUDFORMATION = "aws:cloudformation:"
_STACK = "aws:cloudformation:stack-name"


def managed_by(tags: Mapping[str, str], protection: Protection) -> str | None:
    """Return in words what manages a user with these tags; None where none of them says that anything does."""
    if any(tag.startswith(_CLOUDFORMATION) for tag in tags):
        stack = tags.get(_STACK)
        return "CloudFormation" if stack is None else f"CloudFormation stack {stack}"
    for name, pattern in protection.managed_tags:
        if tag_fits(tags, name, pattern):
            return f"infrastructure as code (tag {name}={_value(tags, name)})"
    return None


def left_alone(managed: str | None, protection: Protection) -> bool:
    """Return whether iamflow changes nothing about a user who is managed so."""
    return managed is not None and protection.managed is not Managed.TICKET


def _value(tags: Mapping[str, str], name: str) -> str:
    return next(value for tag, value in tags.items() if tag.casefold() == name.casefold())
