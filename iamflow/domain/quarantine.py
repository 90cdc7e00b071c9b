"""The quarantine of a user: everything that can be given back is switched off, and a deny on everything is put over the rest.

The deny meets every call of the user, whatever signs it: keys, temporary credentials made from them, the console, and the
services that know the user by an SSH key or a password. That somebody signs in to the console it does not prevent.
"""

import json
from collections.abc import Iterator

from iamflow.domain.belongings import Belongings, ServiceCredential
from iamflow.domain.brownout import Deny, same_document
from iamflow.domain.effect import EffectKind
from iamflow.domain.facts import KeyState, KeyStatus, UserReading
from iamflow.domain.ids import TicketId


def policy_name(ticket_id: TicketId) -> str:
    """Return the name of the inline policy that quarantines the user for this ticket."""
    return f"iamflow-quarantine-{ticket_id}"


def policy_document(ticket_id: TicketId) -> str:
    """Return the policy: a deny of every call."""
    statement = {"Sid": f"IamflowTicket{ticket_id}", "Effect": "Deny", "Action": "*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))


def deny_in(reading: UserReading, ticket_id: TicketId) -> Deny:
    """Return what a reading says about the deny of this ticket. A user who is gone has none."""
    name = policy_name(ticket_id)
    if reading.user_id is None:
        return Deny.ABSENT
    if name not in reading.policies:
        return Deny.UNREAD
    found = reading.policies[name]
    if found is None:
        return Deny.ABSENT
    return Deny.OURS if same_document(found, policy_document(ticket_id)) else Deny.FOREIGN


def lacking(reading: UserReading, ticket_id: TicketId, *, with_deny: bool = True) -> Iterator[str]:
    """Yield, in words, what of the quarantine is not there: whatever the user could still act with."""
    if with_deny and deny_in(reading, ticket_id) is not Deny.OURS:
        yield f"the deny {policy_name(ticket_id)} is not on the user as iamflow wrote it"
    for key in reading.keys:
        if key.status is KeyStatus.ACTIVE:
            yield f"access key {key.key_id} is Active"
    if reading.belongings is None:
        yield "what the user has was not read"
        return
    for credential in reading.belongings.service_credentials:
        if credential.status is KeyStatus.ACTIVE:
            yield f"the {credential.service} credential {credential.id} is Active"


def to_give_back(reading: UserReading, before: Belongings) -> dict[EffectKind, tuple[str, ...]]:
    """Return what a rollback has still to switch on again: what was Active before, is still there, and is Inactive now."""
    now = reading.belongings
    return {
        EffectKind.REACTIVATE_KEYS: _off(before.keys, reading.keys),
        EffectKind.ENABLE_SERVICES: _off(before.service_credentials, now.service_credentials if now else ()),
    }


_Switched = KeyState | ServiceCredential


def _off(before: tuple[_Switched, ...], now: tuple[_Switched, ...]) -> tuple[str, ...]:
    was_active = {_id(item) for item in before if item.status is KeyStatus.ACTIVE}
    return tuple(_id(item) for item in now if item.status is KeyStatus.INACTIVE and _id(item) in was_active)


def _id(item: _Switched) -> str:
    return str(item.key_id) if isinstance(item, KeyState) else item.id
