"""The roles that iamflow's permissions are divided among (DOMAIN section 7)."""

from enum import StrEnum


class Role(StrEnum):
    """Who is to be given a policy: reading, taking access and giving it back, deleting, issuing, making roles, reporting."""

    OBSERVER = "observer"
    OPERATOR = "operator"
    REAPER = "reaper"
    ISSUER = "issuer"
    BUILDER = "builder"
    REPORTER = "reporter"
