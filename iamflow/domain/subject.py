"""What a ticket, a reading and an effect are about."""

from dataclasses import dataclass
from enum import StrEnum

from iamflow.domain.blueprint import Blueprint
from iamflow.domain.ids import AccountId, KeyId, SubjectId, UserName
from iamflow.domain.sink import Sink


class Part(StrEnum):
    """What a reading of a user holds besides the user and the state of the keys, where it is asked for."""

    CONSOLE = "console"
    MFA = "mfa"
    KEY_USES = "key_uses"
    BELONGINGS = "belongings"
    """Everything that the user has, by name and state."""
    BODIES = "bodies"
    """With the belongings: the documents of inline policies and the bodies of SSH public keys, one call each."""
    UNASSIGNED_MFA = "unassigned_mfa"
    """The virtual MFA devices of the account that belong to nobody: what is left of one that was taken from its user."""
    INLINE = "inline"


class About(StrEnum):
    """What the tickets of a workflow are about."""

    KEY = "key"
    USER = "user"
    ROOT = "root"
    """An account's root user."""
    TARGET = "target"
    """An organisational unit or a member account, under the organisation's management account."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Governed:
    """What a reading for a guardrail asks Organizations for."""

    target: str
    policy: str
    """The policy's name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UserSubject:
    """One user of one account, and the one access key of theirs that it is about, if it is about one."""

    account_id: AccountId
    username: UserName
    key_id: KeyId | None = None
    policies: tuple[str, ...] = ()
    """The inline policies of the user that are to be read too, by name."""
    parts: frozenset[Part] = frozenset()
    managed: tuple[str, ...] = ()
    """The customer managed policies of the account that are to be read too, by name."""
    sink: Sink | None = None
    """The place of a new key's secret, where that is to be looked at too; never the secret itself."""
    blueprint: Blueprint | None = None
    """What was planned so that a role takes the key's place, where it is to be looked at how that stands."""

    governed: Governed | None = None
    """The target and the policy of a guardrail; the reading is then about them, and about no user."""


def subject_id(account_id: AccountId, username: str, key_id: KeyId | None) -> SubjectId:
    """Return a key as ``key:AKIA…``, a user as ``user:ACCOUNT/NAME``."""
    return SubjectId(f"user:{account_id}/{username}" if key_id is None else f"key:{key_id}")
