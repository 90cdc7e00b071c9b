"""Who is never touched: at intake by name, and again before every call by name, tag and identity."""

from collections.abc import Mapping
from fnmatch import fnmatchcase

from iamflow.domain.overrides import tag_fits
from iamflow.domain.policy import Protection


def protected_by_name(account_id: str, username: str, protection: Protection) -> str | None:
    """Return why a user is protected by its name, or None."""
    for pattern in protection.users:
        if fnmatchcase(username.lower(), pattern.lower()):
            return f"protected by name (protect.users: {pattern})"
    own = {(account, name.lower()) for account, name in protection.own_usernames}
    if (account_id, username.lower()) in own:
        return "this is an identity that iamflow itself or an approver works with"
    return None


def protected_by_tag(tags: Mapping[str, str], protection: Protection) -> str | None:
    """Return why a user is protected by its tags, or None."""
    for name, pattern in protection.tags:
        if tag_fits(tags, name, pattern):
            return f"protected by its tag {name}"
    return None
