"""What a ticket, a reading and an effect are about."""

from dataclasses import dataclass

from iamflow.domain.ids import AccountId, KeyId, UserName


@dataclass(frozen=True, kw_only=True, slots=True)
class UserSubject:
    """One user of one account, and the one access key of theirs that it is about, if it is about one."""

    account_id: AccountId
    username: UserName
    key_id: KeyId | None = None
    policies: tuple[str, ...] = ()
    """The inline policies of the user that are to be read too, by name."""
