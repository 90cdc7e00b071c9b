"""What a ticket, a reading and an effect are about."""

from dataclasses import dataclass
from enum import StrEnum

from iamflow.domain.ids import AccountId, KeyId, UserName


class Part(StrEnum):
    """What a reading of a user holds besides the user and the state of the keys, where it is asked for."""

    CONSOLE = "console"
    MFA = "mfa"
    KEY_USES = "key_uses"


@dataclass(frozen=True, kw_only=True, slots=True)
class UserSubject:
    """One user of one account, and the one access key of theirs that it is about, if it is about one."""

    account_id: AccountId
    username: UserName
    key_id: KeyId | None = None
    policies: tuple[str, ...] = ()
    """The inline policies of the user that are to be read too, by name."""
    parts: frozenset[Part] = frozenset()
