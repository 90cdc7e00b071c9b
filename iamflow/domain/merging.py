"""How what one report or reading tells joins what is known: the newest fact wins, field by field.

A field that the newer one does not know is kept from the older one, with where it comes from and as of when. "None" is what every
report and AWS itself say for "never" and "no data" alike, so that it erases nothing. What an older one tells only fills what is
not known.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from iamflow.domain.facts import LIVE, Facts, Kept, KeyFacts, LastUse, RootFacts, TargetFacts, UserFacts, created_of

F = TypeVar("F", KeyFacts, UserFacts, RootFacts)


def joined(newer: Facts, older: Facts) -> Facts:
    """Return the newer facts, with what only the older ones know. Facts about different kinds of things do not mix."""
    match newer, older:
        case (KeyFacts(), KeyFacts()):
            return replace(_filled(newer, older), seen=newer.seen or older.seen)
        case (UserFacts(), UserFacts()):
            return replace(_filled(newer, older), seen=newer.seen or older.seen)
        case (RootFacts(), RootFacts()):
            return _filled(newer, older)
        case _:
            return newer


def filled_fields(before: Facts, after: Facts) -> tuple[Kept, ...]:
    """Return what ``after`` keeps of other reports and ``before`` did not."""
    return tuple(kept for kept in kept_of(after) if kept not in kept_of(before))


def kept_of(facts: Facts) -> tuple[Kept, ...]:
    """Return what of the facts an older report told; what is known of a target is never told by reports."""
    return () if isinstance(facts, TargetFacts) else facts.kept


def is_live(facts: Facts) -> bool:
    """Return whether the facts were read from AWS itself."""
    return facts.source == LIVE or facts.source.startswith(f"{LIVE}, ")


def unconfirmed(facts: Facts, max_age: timedelta, now: datetime) -> bool:
    """Return whether nothing may follow before AWS itself was read: a report older than ``rules.max_fact_age`` told all of it."""
    return not is_live(facts) and now - facts.as_of > max_age


def _filled(newer: F, older: F) -> F:
    mine, theirs = _may_be_unknown(newer), _may_be_unknown(older)
    since = created_of(newer)
    missing: dict[str, Any] = {
        field: theirs[field]
        for field, value in mine.items()
        if not _is_known(value) and _is_known(theirs[field]) and not _before(theirs[field], since)
    }
    if not missing:
        return newer
    origins: dict[str, Kept] = {kept.field: kept for kept in older.kept}
    told: list[Kept] = [
        origins.get(field) or Kept(field=field, source=older.source, as_of=older.as_of) for field in missing
    ]
    return replace(newer, kept=(*newer.kept, *told), **missing)


def _may_be_unknown(facts: Facts) -> Mapping[str, object]:
    match facts:
        case KeyFacts():
            return {"last_use": facts.last_use}
        case UserFacts():
            return {
                "password_last_used": facts.password_last_used,
                "key_last_used": facts.key_last_used,
                "created_at": facts.created_at,
            }
        case RootFacts():
            return {"mfa": facts.mfa, "access_key": facts.access_key, "last_login": facts.last_login}
        case TargetFacts():
            return {}


def _is_known(value: object) -> bool:
    return value.at is not None if isinstance(value, LastUse) else value is not None


def _before(value: object, since: datetime | None) -> bool:
    """Return whether a use lies before the making of what it is told of: another bore the name then."""
    at = value.at if isinstance(value, LastUse) else value
    return since is not None and isinstance(at, datetime) and at < since - timedelta(seconds=1)
