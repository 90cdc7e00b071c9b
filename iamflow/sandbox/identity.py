"""Who signs a call: long-term keys, sessions, and what happens to them when a key is switched off."""

import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

_LETTERS = string.ascii_uppercase + "234567"


class Kind(Enum):
    """The kinds of caller that CloudTrail tells apart."""

    USER = "IAMUser"
    ROLE = "AssumedRole"
    WEB = "WebIdentityUser"


@dataclass(frozen=True, kw_only=True, slots=True)
class Principal:
    """An authenticated caller. ``name`` is the user's, or the session's of a role; times are aware UTC.

    ``mfa`` tells whether the session was opened with an MFA device, ``console`` whether by signing in to the console.
    """

    kind: Kind
    account_id: str
    arn: str
    principal_id: str
    name: str
    access_key_id: str
    role_name: str | None = None
    role_path: str = "/"
    session_policy: Mapping[str, Any] | None = None
    session_since: datetime | None = None
    mfa: bool = False
    console: bool = False

    @property
    def lasting_arn(self) -> str:
        """What policies know the caller by: the user, or the role behind a session."""
        if self.kind is not Kind.ROLE:
            return self.arn
        return f"arn:aws:iam::{self.account_id}:role{self.role_path}{self.role_name}"

    @property
    def temporary(self) -> bool:
        """Whether the caller signs with a session's credentials rather than a long-term key."""
        return self.session_since is not None


@dataclass(slots=True)
class KeyTrace:
    """What stays known of a long-term key after it is gone; times are aware UTC.

    ``refused_since`` is when it last stopped being Active, and ``usable_from`` when its creation has reached everywhere.
    """

    account_id: str
    user_name: str
    user_id: str
    secret: str = field(repr=False)
    refused_since: datetime | None = None
    usable_from: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """Temporary credentials that STS handed out."""

    access_key_id: str
    secret: str = field(repr=False)
    token: str = field(repr=False)
    principal: Principal
    since: datetime
    expires: datetime


def new_key_id(prefix: str) -> str:
    """Return a random access key id with that prefix (AKIA: long-term, ASIA: session)."""
    return prefix + _random(16)


def new_unique_id(prefix: str) -> str:
    """Return a random id as IAM gives to users (AIDA), roles (AROA) and groups (AGPA)."""
    return prefix + _random(17)


def new_secret() -> str:
    """Return a random secret access key of AWS's length."""
    return secrets.token_urlsafe(30)


def new_token() -> str:
    """Return a random session token."""
    return secrets.token_urlsafe(120)


def _random(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))
