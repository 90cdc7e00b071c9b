"""Which access keys the two slots of a credential report's row are: the report names no ids, ListAccessKeys names no uses.

They are joined by the second in which a key was made. Two keys of one second are told apart by their uses at best; that is for
the caller to find out, where it matters.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from iamflow.domain.credential_report import KeySlot
from iamflow.domain.facts import KeyState, LastUse, same_second


@dataclass(frozen=True, kw_only=True, slots=True)
class JoinedKey:
    """A key, and what the report may say of it."""

    key: KeyState
    slots: tuple[KeySlot, ...]
    """The slots that it may be: one as a rule, two where two keys were made in one second, none for a key that is newer than the
    report or that the report has no room for."""

    @property
    def last_use(self) -> LastUse | None:
        """What the report says of its last use; None where it says nothing, or two things."""
        uses = {use_in(slot) for slot in self.slots}
        return uses.pop() if len(uses) == 1 else None

    @property
    def latest_use(self) -> LastUse | None:
        """The latest use that may be the key's: no use of it was later, as far as the report goes. None where it says nothing."""
        used = sorted((use_in(slot) for slot in self.slots), key=lambda use: use.at.timestamp() if use.at else 0.0)
        return used[-1] if used else None


def use_in(slot: KeySlot) -> LastUse:
    """Return what a slot says of the last use."""
    return LastUse(at=slot.last_used_at, service=slot.service)


def joined(slots: Sequence[KeySlot], keys: Sequence[KeyState]) -> tuple[JoinedKey, ...]:
    """Return every key with the slots that it may be. A slot whose key is gone is with none of them.

    IAM tells both times in whole seconds, and may round one of them: where nothing fits exactly, one second is no difference.
    """
    taken = {slot.number for slot in slots for key in keys if _whole(slot.created_at) == _whole(key.created_at)}
    left = [slot for slot in slots if slot.number not in taken]

    def fitting(key: KeyState) -> tuple[KeySlot, ...]:
        exact = tuple(slot for slot in slots if _whole(slot.created_at) == _whole(key.created_at))
        return exact or tuple(slot for slot in left if same_second(slot.created_at, key.created_at))

    return tuple(JoinedKey(key=key, slots=fitting(key)) for key in keys)


def without(others: Sequence[JoinedKey], known: JoinedKey, use: LastUse) -> tuple[JoinedKey, ...]:
    """Return the other keys once the use of one is known: the slot that says just that is the known key's, and none of theirs."""
    said = [slot for slot in known.slots if slot.last_used_at == use.at]
    if len(said) != 1:
        return tuple(others)
    return tuple(replace(other, slots=tuple(slot for slot in other.slots if slot is not said[0])) for other in others)


def _whole(at: datetime) -> datetime:
    return at.replace(microsecond=0)
