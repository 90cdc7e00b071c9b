"""The part of a change record that tells of a new key: which it is, where its secret is, whether it was taken."""

from iamflow.cli.render.record import Section
from iamflow.cli.render.ticket import Shown
from iamflow.cli.render.words import when
from iamflow.domain.states import State


def replacement(shown: Shown) -> Section:
    """Return what is to be told of the key's replacement; nothing where none was begun."""
    section = Section(heading="New key")
    rotation = shown.ticket.progress.rotation
    if rotation is None:
        return section
    section.add("key", rotation.new_key or "")
    section.add("secret", f"in {rotation.place.in_words()}" if rotation.new_key is not None else "")
    section.add("delivered", when(rotation.delivered_at, shown.now))
    section.add("owner told", when(rotation.told_at, shown.now))
    if rotation.migrated is not None:
        section.add("all migrated", f"{when(rotation.migrated.at, shown.now)}, entered by {rotation.migrated.by}")
    section.add("deleted unused", *rotation.withdrawn)
    if rotation.slot is not None and shown.ticket.state is State.AWAITING_APPROVAL:
        used = when(rotation.slot_last_use, shown.now) or "no use is known"
        section.add("room", f"by deleting {rotation.slot}, which is Inactive; last used: {used}")
    return section
