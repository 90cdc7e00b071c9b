"""The changes that iamflow can make to AWS, as data, and what became of them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from iamflow.domain.ids import AccountId, IntentId, KeyId, TicketId, UserName


class EffectKind(StrEnum):
    """Each effect is one AWS call about one exact access key."""

    DEACTIVATE_KEY = "deactivate_key"
    REACTIVATE_KEY = "reactivate_key"
    DELETE_KEY = "delete_key"

    @property
    def call(self) -> str:
        """The AWS action that this effect performs, as IAM policies and CloudTrail name it."""
        return "iam:DeleteAccessKey" if self is EffectKind.DELETE_KEY else "iam:UpdateAccessKey"

    @property
    def undoes(self) -> bool:
        """Whether this effect only gives access back; freeze, caps and mode never stop it."""
        return self is EffectKind.REACTIVATE_KEY


@dataclass(frozen=True, kw_only=True, slots=True)
class Effect:
    """One change to one access key. There is no form of it that means more than one."""

    kind: EffectKind
    account_id: AccountId
    username: UserName
    key_id: KeyId


class OutcomeKind(StrEnum):
    """What became of an intent."""

    DONE = "done"
    """The effect was observed by reading AWS."""
    NOT_DONE = "not_done"
    """Reading AWS showed that it did not happen."""
    REFUSED = "refused"
    """AWS refused the call for good."""
    NOT_ATTEMPTED = "not_attempted"
    """A guard refused right before the call; no call was made."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """AWS's answer to a mutating call: its request id and the time of its Date header (UTC), where given."""

    request_id: str | None
    at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Intent:
    """A committed decision to make one change. Without an outcome it is settled by reading AWS, never by repeating."""

    id: IntentId
    ticket_id: TicketId
    step: int
    effect: Effect
    idempotency_key: str
    opened_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """How an intent was settled, when (UTC), and by what request."""

    kind: OutcomeKind
    at: datetime
    request_id: str | None = None
    detail: str | None = None
