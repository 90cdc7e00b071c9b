"""May a key be replaced: can the secret be kept, is there room, is the new key there and taken? (Safety rules 2, 4 and 5)."""

from datetime import datetime

from iamflow.domain.effect import EffectKind
from iamflow.domain.facts import KeyStatus, same_second
from iamflow.domain.guards.approval import approved
from iamflow.domain.guards.circumstances import Circumstances, Refusal, Remedy
from iamflow.domain.ids import KeyId
from iamflow.domain.rotation import (
    PROOF_LASTS,
    Rotation,
    never_used,
    new_key_taken,
    old_key_idle_since,
    probe_of,
    strangers,
)


def old_key_stays(c: Circumstances) -> Refusal | None:
    """Refuse to do anything about a replacement while the ticket's own key is not there, Active and the same as before.

    Whatever goes wrong with a new key, the old one then works.
    """
    if not c.effect.kind.replaces:
        return None
    key = c.reading.key(c.ticket.access_key_id)
    if key is None:
        return _block("old_key_gone", "the key that is to be replaced is not there any more")
    if not same_second(key.created_at, c.ticket.key_facts.created_at):
        return _block("old_key_changed", "the key that is to be replaced is not the one that the ticket recorded")
    if key.status is not KeyStatus.ACTIVE:
        return _block("old_key_inactive", "the key that is to be replaced is Inactive: somebody else has changed it")
    return None


def user_is_not_leaked(c: Circumstances) -> Refusal | None:
    """Refuse to give another key to a user whom AWS has put into quarantine: whoever has the leaked key may take it too."""
    if c.effect.kind not in {EffectKind.PROVE_SINK, EffectKind.ISSUE_KEY} or not c.reading.quarantined:
        return None
    return _block(
        "compromised", "AWSCompromisedKeyQuarantine is attached to this user: no new key until a person has looked"
    )


def sink_was_proven(c: Circumstances) -> Refusal | None:
    """Refuse to make a key before a write to the place of its secret was seen to have arrived there, just before."""
    if c.effect.kind is not EffectKind.ISSUE_KEY:
        return None
    rotation = c.ticket.progress.rotation
    if rotation is not None and rotation.new_key is not None:
        return _block("issued_already", "a new key has been made for this ticket already")
    proven = rotation.proven_at if rotation is not None else None
    if rotation is None or proven is None or abs(c.now - proven) > PROOF_LASTS:
        return _wait("sink_unproven", "no write to the secret store has been seen to work in the last minutes")
    if c.effect.document != rotation.sink:
        return _block("wrong_sink", "the effect names another place for the secret than the ticket")
    if c.reading.sink is None or probe_of(c.ticket.id, rotation) not in c.reading.sink.versions:
        return _wait("sink_unproven", "the last write to the secret store does not show there")
    return None


def place_is_free(c: Circumstances) -> Refusal | None:
    """Refuse to put a secret where another open ticket of the user has put one that its owner may still be taking."""
    rotation = c.ticket.progress.rotation
    if c.effect.kind not in {EffectKind.PROVE_SINK, EffectKind.ISSUE_KEY} or rotation is None:
        return None
    if not any(other.made and other.place.same_place(rotation.place) for other in _of_others(c)):
        return None
    return _wait("place_taken", "another ticket of the user has put its new key's secret into the same place")


def nobody_else_made_a_key(c: Circumstances) -> Refusal | None:
    """Refuse to make a key while the user has one that appeared since, and whose making nobody has looked at."""
    rotation = c.ticket.progress.rotation
    if c.effect.kind is not EffectKind.ISSUE_KEY or rotation is None:
        return None
    if strangers(rotation, c.reading, c.ticket.progress.acknowledged, _of_others(c)):
        return _wait("unknown_key", "the user has a key that was made since the replacement was begun")
    return None


def slot_is_the_one_proposed(c: Circumstances) -> Refusal | None:
    """Refuse to delete another key of the user for room unless it is exactly the one proposed, as it was, and Inactive."""
    if c.effect.kind is not EffectKind.FREE_SLOT:
        return None
    rotation, target = c.ticket.progress.rotation, _only_target(c)
    if rotation is None or target is None or target != rotation.slot or target in _own(c, rotation):
        return _block("wrong_key", "the effect names another key than the one that was proposed")
    key = c.reading.key(target)
    if key is None or rotation.slot_created_at is None or not same_second(key.created_at, rotation.slot_created_at):
        return _block("slot_changed", "the key whose deletion was proposed is not there as it was")
    if key.status is not KeyStatus.INACTIVE:
        return _block("slot_active", "the key whose deletion was proposed is not Inactive any more")
    return None


def slot_is_idle(c: Circumstances) -> Refusal | None:
    """Refuse to delete another key of the user for room unless it was idle for long, and never by time alone."""
    if c.effect.kind is not EffectKind.FREE_SLOT or slot_is_the_one_proposed(c) is not None:
        return None
    target = _only_target(c)
    key = c.reading.key(target)
    use = c.reading.uses.get(target) if c.reading.uses is not None and target is not None else None
    if use is None or key is None:
        return _wait("use_unknown", "the last use of the key whose deletion was proposed could not be read")
    if (use.at or key.created_at) > c.now - c.policy.rotate_key.free_after:
        return _block("slot_not_idle", "the key whose deletion was proposed was used since, or is too young to tell")
    if approved(c):
        return None
    told = f"last used on {use.at:%Y-%m-%d}" if use.at is not None else "no last use is known, which is not unused"
    return Refusal(
        code="approval_needed",
        sentence=f"the key {target} of the user would be deleted to make room for a new one: Inactive, {told}",
        remedy=Remedy.APPROVE,
    )


def withdrawn_key_is_ours(c: Circumstances) -> Refusal | None:
    """Refuse to delete a key as iamflow's own making unless the ticket recorded it so, and it is no older than the attempt."""
    if c.effect.kind is not EffectKind.WITHDRAW_KEY:
        return None
    rotation, target = c.ticket.progress.rotation, _only_target(c)
    foreign = rotation is None or target is None or target != rotation.withdrawing
    if rotation is None or foreign or target in {c.ticket.access_key_id, *rotation.known}:
        return _block("wrong_key", "the effect names another key than the one that iamflow made")
    key = c.reading.key(target)
    if key is None:
        return _wait("gone_already", "the key that iamflow made is gone already")
    if rotation.begun_at is None or key.created_at < rotation.begun_at.replace(microsecond=0):
        return _block("not_ours", "the key is older than iamflow's first try to make one")
    return None


def withdrawn_key_is_unused(c: Circumstances) -> Refusal | None:
    """Refuse to delete a key that iamflow made unless AWS was asked, just now, and has no use of it on record."""
    if c.effect.kind is not EffectKind.WITHDRAW_KEY or withdrawn_key_is_ours(c) is not None:
        return None
    target = _only_target(c)
    if target is None or c.reading.uses is None or target not in c.reading.uses:
        return _wait("use_unknown", "the last use of the key that iamflow made could not be read")
    if not never_used(target, c.reading):
        return _block("new_key_used", "the key that iamflow made has been used: it stays")
    return None


def nobody_else_acts_on_it(c: Circumstances) -> Refusal | None:
    """Refuse to delete a key beside the ticket's own that another open ticket is about: its own waits count."""
    claimed = {other.ticket.access_key_id for other in c.others} & set(c.effect.targets)
    if c.effect.kind not in {EffectKind.FREE_SLOT, EffectKind.WITHDRAW_KEY} or not claimed:
        return None
    return _block("other_ticket", "another open ticket is about the key that would be deleted: let that one end first")


def new_key_is_there(c: Circumstances) -> Refusal | None:
    """Refuse to take a replaced key's access, and to delete it, while the new one is not there and Active."""
    if not _takes_replaced(c):
        return None
    rotation = c.ticket.progress.rotation
    new = c.reading.key(rotation.new_key) if rotation is not None else None
    if rotation is None or rotation.delivered_at is None or new is None or new.status is not KeyStatus.ACTIVE:
        return _block("new_key_missing", "the new key is not there and Active: without the old one the user has none")
    return None


def replacement_was_adopted(c: Circumstances) -> Refusal | None:
    """Refuse to take a replaced key's access before the new one is in use and the old one idle, or the owner has said so.

    A use of the old key after that word contradicts it.
    """
    rotation, idle = c.ticket.progress.rotation, c.policy.of(c.ticket.workflow).idle
    if c.effect.kind is not EffectKind.DEACTIVATE_KEY or rotation is None or idle is None:
        return None
    used = _latest_use(c)
    if rotation.migrated is not None:
        return _contradicted(c, rotation.migrated.at, used)
    if not new_key_taken(rotation, c.reading):
        return _wait("not_adopted", "the new key has not been used yet, and nobody has said that everything uses it")
    until = (old_key_idle_since(rotation, used) or c.now) + idle
    if c.now < until:
        return Refusal(
            code="not_idle",
            sentence=f"the old key has not been idle for long enough: until {until:%Y-%m-%d %H:%M} UTC at least",
            remedy=Remedy.WAIT,
            until=until,
        )
    return None


def _contradicted(c: Circumstances, said_at: datetime, used: datetime | None) -> Refusal | None:
    if used is None or used <= said_at or approved(c):
        return None
    return Refusal(
        code="used_since_migrated",
        sentence=f"the old key was used on {used:%Y-%m-%d %H:%M} UTC, after it was said that nothing uses it any more",
        remedy=Remedy.APPROVE,
    )


def _takes_replaced(c: Circumstances) -> bool:
    replaced = c.policy.of(c.ticket.workflow).idle is not None and c.ticket.migration is None
    return replaced and c.effect.kind in {EffectKind.DEACTIVATE_KEY, EffectKind.DELETE_KEY}


def _latest_use(c: Circumstances) -> datetime | None:
    used = c.reading.last_use.at if c.reading.last_use is not None else None
    seen = c.ticket.baseline.last_event_at if c.ticket.baseline is not None else None
    return max((at for at in (used, seen) if at is not None), default=None)


def _of_others(c: Circumstances) -> list[Rotation]:
    found = (other.ticket.progress.rotation for other in c.others)
    return [rotation for rotation in found if rotation is not None]


def _only_target(c: Circumstances) -> KeyId | None:
    return KeyId(c.effect.targets[0]) if len(c.effect.targets) == 1 else None


def _own(c: Circumstances, rotation: Rotation) -> set[KeyId | None]:
    return {c.ticket.access_key_id, rotation.new_key, rotation.withdrawing}


def _wait(code: str, sentence: str) -> Refusal:
    return Refusal(code=code, sentence=sentence, remedy=Remedy.WAIT)


def _block(code: str, sentence: str) -> Refusal:
    return Refusal(code=code, sentence=sentence, remedy=Remedy.BLOCK)
