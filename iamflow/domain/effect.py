"""The changes that iamflow can make to AWS, as data, and what became of them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from iamflow.domain.ids import AccountId, IntentId, KeyId, TicketId, UserName


class EffectKind(StrEnum):
    """Each effect is one AWS call about one exact access key, or about the user that holds it."""

    ATTACH_BROWNOUT = "attach_brownout"
    LIFT_BROWNOUT = "lift_brownout"
    DEACTIVATE_KEY = "deactivate_key"
    REACTIVATE_KEY = "reactivate_key"
    DELETE_KEY = "delete_key"

    @property
    def call(self) -> str:
        """The AWS action that this effect performs, as IAM policies and CloudTrail name it."""
        return _CALLS[self]

    @property
    def step(self) -> str:
        """What this effect is to people: the step that may need an approval."""
        return _STEPS[self]

    @property
    def about_key(self) -> bool:
        """Whether this effect is about the ticket's own key, so that the key's use and state must allow it."""
        return self in _ABOUT_KEY

    @property
    def destroys(self) -> bool:
        """Whether what this effect takes cannot be given back."""
        return self in _DESTROYING

    @property
    def undoes(self) -> bool:
        """Whether this effect only gives access back; freeze, caps and mode never stop it."""
        return self in {EffectKind.REACTIVATE_KEY, EffectKind.LIFT_BROWNOUT}

    @property
    def begins(self) -> bool:
        """Whether this effect is the first to take access away: what must have happened before it is the same for each."""
        return self in {EffectKind.DEACTIVATE_KEY, EffectKind.ATTACH_BROWNOUT}


_STEPS = {
    EffectKind.ATTACH_BROWNOUT: "brown-out of this key, with its deactivation,",
    EffectKind.LIFT_BROWNOUT: "end of the brown-out",
    EffectKind.DEACTIVATE_KEY: "deactivation of this key",
    EffectKind.REACTIVATE_KEY: "reactivation of this key",
    EffectKind.DELETE_KEY: "deletion of this key",
}
_ABOUT_KEY = frozenset(
    {
        EffectKind.ATTACH_BROWNOUT,
        EffectKind.DEACTIVATE_KEY,
        EffectKind.REACTIVATE_KEY,
        EffectKind.DELETE_KEY,
    }
)
_DESTROYING = frozenset({EffectKind.DELETE_KEY})
_CALLS = {
    EffectKind.ATTACH_BROWNOUT: "iam:PutUserPolicy",
    EffectKind.LIFT_BROWNOUT: "iam:DeleteUserPolicy",
    EffectKind.DEACTIVATE_KEY: "iam:UpdateAccessKey",
    EffectKind.REACTIVATE_KEY: "iam:UpdateAccessKey",
    EffectKind.DELETE_KEY: "iam:DeleteAccessKey",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Effect:
    """One change to one access key or to one user. It names every single thing that it touches."""

    kind: EffectKind
    account_id: AccountId
    username: UserName
    key_id: KeyId | None = None
    """The key, where the effect is about one."""
    targets: tuple[str, ...] = ()
    """What is put, changed or removed, each by a call of its own, in this order: the names of policies, groups, devices;
    none where the key or the user itself is changed."""
    document: str | None = None
    """The text that is put, where the effect puts one."""

    @property
    def target(self) -> str:
        """The only target. Of an effect without one, or with several, there is none to ask for."""
        (only,) = self.targets
        return only


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
