"""Is it the same account, the same user, the same key, in the state in which it was to be found? (Safety rules 3, 5, 13)."""

from datetime import timedelta

from iamflow.domain.brownout import Deny, deny_in, policy_name
from iamflow.domain.effect import EffectKind
from iamflow.domain.facts import KeyStatus, same_second
from iamflow.domain.guards.circumstances import Circumstances, Refusal, Remedy
from iamflow.domain.managed import left_alone, managed_by
from iamflow.domain.protection import protected_by_name, protected_by_tag


def fresh_reading(c: Circumstances) -> Refusal | None:
    """Refuse on a reading older than ``timing.fresh_read``, or from the future: a clock put back hides a reading's age."""
    age = c.now - c.reading.read_at
    if not timedelta(0) <= age <= c.policy.timing.fresh_read:
        return Refusal(
            code="reading_not_fresh",
            sentence=f"the last reading of AWS is {age.total_seconds():.0f} s old",
            remedy=Remedy.WAIT,
        )
    return None


def clock_agrees(c: Circumstances) -> Refusal | None:
    """Refuse while this host's clock and AWS's are further apart than ``timing.clock_skew``: every wait is counted by it.

    A clock that jumped ahead would make all of them look over. Giving access back does not depend on any.
    """
    error = c.reading.clock_error()
    if c.effect.kind.undoes or abs(error) <= c.policy.timing.clock_skew:
        return None
    return Refusal(
        code="clock_wrong",
        sentence=f"this host's clock is {error.total_seconds():+.0f} s from AWS's: set it right",
        remedy=Remedy.WAIT,
    )


def same_account(c: Circumstances) -> Refusal | None:
    """Refuse unless GetCallerIdentity named the ticket's account, and the effect is about that account."""
    if c.reading.account_id != c.ticket.account_id or c.effect.account_id != c.ticket.account_id:
        return Refusal(
            code="wrong_account",
            sentence=f"the session is in account {c.reading.account_id}, the ticket is about {c.ticket.account_id}",
            remedy=Remedy.BLOCK,
        )
    return None


def same_user(c: Circumstances) -> Refusal | None:
    """Refuse unless the user is there and has the UserId that the ticket recorded: names are reused, UserIds are not."""
    if c.effect.username != c.ticket.username:
        return Refusal(
            code="wrong_user",
            sentence="the effect names another user than the ticket",
            remedy=Remedy.BLOCK,
        )
    if c.effect.kind is EffectKind.RESTORE_USER:
        return _name_is_free(c)
    if c.effect.kind.unprovisions or c.effect.kind.governs:
        return None  # what was made beside the user is unmade whatever has become of him; a guardrail is about none
    if c.reading.user_id is None:
        return Refusal(
            code="user_gone",
            sentence="the user does not exist any more",
            remedy=Remedy.BLOCK,
        )
    if c.reading.user_id != c.ticket.user_id:
        return Refusal(
            code="user_changed",
            sentence=f"the user's id is {c.reading.user_id}, the ticket is about {c.ticket.user_id}: recreated under the same name",
            remedy=Remedy.BLOCK,
        )
    return None


def _name_is_free(c: Circumstances) -> Refusal | None:
    if c.reading.user_id is None:
        return None
    return Refusal(
        code="user_exists",
        sentence=f"there is a user of this name already ({c.reading.user_id}): nobody can be restored beside it",
        remedy=Remedy.BLOCK,
    )


def same_key(c: Circumstances) -> Refusal | None:
    """Refuse unless the effect names exactly the ticket's key and that key is there with the same CreateDate.

    What is about the user is done whatever has become of a key: a brown-out's deny is lifted in any case.
    """
    if c.effect.key_id != c.ticket.access_key_id:
        return Refusal(
            code="wrong_key",
            sentence="the effect names another key than the ticket",
            remedy=Remedy.BLOCK,
        )
    if not c.effect.kind.about_key:
        return None
    key = c.reading.key(c.effect.key_id)
    if key is None:
        return Refusal(
            code="key_gone",
            sentence="the key is not there any more",
            remedy=Remedy.BLOCK,
        )
    if not same_second(key.created_at, c.ticket.key_facts.created_at):
        return Refusal(
            code="key_changed",
            sentence=f"the key was created {key.created_at:%Y-%m-%d %H:%M:%S}, "
            f"the ticket says {c.ticket.key_facts.created_at:%Y-%m-%d %H:%M:%S}",
            remedy=Remedy.BLOCK,
        )
    return None


def expected_status(c: Circumstances) -> Refusal | None:
    """Refuse to take access from a key that is not Active, and a reactivation or deletion of one that is not Inactive."""
    if not c.effect.kind.about_key:
        return None
    key = c.reading.key(c.effect.key_id)
    expected = KeyStatus.ACTIVE if c.effect.kind.begins else KeyStatus.INACTIVE
    if key is not None and key.status is not expected:
        return Refusal(
            code="unexpected_status",
            sentence=f"the key is {key.status.value}, not {expected.value}: somebody else has changed it",
            remedy=Remedy.BLOCK,
        )
    return None


def deny_is_ours(c: Circumstances) -> Refusal | None:
    """Refuse to put a brown-out's deny over, and to remove, a policy of its name that iamflow did not write as it stands."""
    if c.effect.kind not in {EffectKind.ATTACH_BROWNOUT, EffectKind.LIFT_BROWNOUT}:
        return None
    name = policy_name(c.ticket.id)
    deny = deny_in(c.reading.policies, c.ticket.id)
    if c.effect.targets != (name,) or deny is Deny.UNREAD:
        return Refusal(code="deny_unread", sentence=f"the user's policy {name} has not been read", remedy=Remedy.WAIT)
    if deny is Deny.FOREIGN:
        return Refusal(
            code="deny_foreign",
            sentence=f"the user's inline policy {name} is not what iamflow writes: compare it, and remove it by hand",
            remedy=Remedy.BLOCK,
        )
    if deny is Deny.ABSENT and c.effect.kind is EffectKind.LIFT_BROWNOUT:
        return Refusal(code="deny_absent", sentence=f"the user's policy {name} is gone already", remedy=Remedy.WAIT)
    return None


def not_protected(c: Circumstances) -> Refusal | None:
    """Refuse to take anything from a protected user. Giving access back is allowed."""
    if c.effect.kind.undoes:
        return None
    why = protected_by_name(c.ticket.account_id, c.ticket.username, c.policy.protection)
    why = why or protected_by_tag(c.reading.tags, c.policy.protection)
    if why is not None:
        return Refusal(code="protected", sentence=why, remedy=Remedy.BLOCK)
    return None


def not_managed_elsewhere(c: Circumstances) -> Refusal | None:
    """Refuse to take anything from a user whom infrastructure as code manages, where ``protect.managed`` says to leave them."""
    managed = managed_by(c.reading.tags, c.policy.protection)
    if c.effect.kind.undoes or not left_alone(managed, c.policy.protection):
        return None
    setting = c.policy.protection.managed.value
    return Refusal(
        code="managed",
        sentence=f"managed by {managed} (protect.managed: {setting}): change it there",
        remedy=Remedy.BLOCK,
    )


def not_compromised(c: Circumstances) -> Refusal | None:
    """Refuse to reactivate, by itself, a key that AWS has put into quarantine as leaked; a person may decide to."""
    if c.effect.kind.undoes and c.reading.quarantined and c.ticket.wanted_by is None:
        return Refusal(
            code="quarantined",
            sentence="AWSCompromisedKeyQuarantine is attached to this user: the key may have leaked, a person must decide",
            remedy=Remedy.BLOCK,
        )
    return None
