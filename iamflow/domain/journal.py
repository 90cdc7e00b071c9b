"""The journal: one keyed hash chain a ticket, and one of checkpoints a writer (DESIGN 8.17).

An event's hash covers the hash before it and the event's own text exactly as it is stored, so that verifying needs no
re-serialisation. Whoever holds the key can forge; whoever has only the database cannot.
"""

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from iamflow.domain.ids import TicketId
from iamflow.domain.states import State


class EventKind(StrEnum):
    """What an event records."""

    OPENED = "opened"
    TRANSITION = "transition"
    INTENT_OPENED = "intent_opened"
    INTENT_SETTLED = "intent_settled"
    NOTICE_QUEUED = "notice_queued"
    NOTICE_ACCEPTED = "notice_accepted"
    NOTICE_FAILED = "notice_failed"
    FACTS_UPDATED = "facts_updated"
    FINDING_GONE = "finding_gone"
    APPROVED = "approved"
    STEERED = "steered"
    COMMENT = "comment"
    SIGNAL = "signal"
    BASELINE = "baseline"
    SNAPSHOT = "snapshot"
    SWEEP = "sweep"
    CONFIRMATION = "confirmation"
    RETRY_LATER = "retry_later"
    RETENTION = "retention"
    RULE = "rule"


@dataclass(frozen=True, kw_only=True, slots=True)
class NewEvent:
    """Something that is about to be written to a ticket's journal. ``detail`` holds JSON values only, and no secrets."""

    kind: EventKind
    actor: str
    at: datetime
    from_state: State | None = None
    to_state: State | None = None
    detail: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """An event as stored, with its place in the chain."""

    ticket_id: TicketId
    seq: int
    at: datetime
    actor: str
    kind: str
    from_state: str | None
    to_state: str | None
    detail: str
    """The JSON text that the hash covers, with the version of its shape as ``v``."""
    prev_hash: str
    hash: str


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical(value: object) -> str:
    """Return the one JSON text of a value: sorted keys, no spaces, non-ASCII as it is."""
    return _CANONICAL.encode(value)


def genesis(key: bytes, scope: str) -> str:
    """Return the hash that a chain begins with; ``scope`` names the chain, such as ``ticket:12``."""
    return _mac(key, f"iamflow genesis {scope}")


def link(key: bytes, prev_hash: str, *fields: str) -> str:
    """Return the hash of a chain's next element. Fields are length-prefixed, so that no two lists collide."""
    return _mac(key, prev_hash + "".join([f"{len(text)}:{text}" for text in fields]))


def _mac(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode("utf-8", "surrogatepass"), "sha256").hex()
