"""One event of the journal in words."""

import json

from iamflow.domain.journal import Event

_FIRST = ("trigger", "action", "effect", "outcome", "kind", "sentence", "reason", "comment")


def told(event: Event) -> str:
    """Return what happened: the change of state, then the details, the telling ones first."""
    move = " → ".join(state for state in (event.from_state, event.to_state) if state)
    detail = json.loads(event.detail)
    detail.pop("v", None)  # the version of the shape tells a person nothing
    names = [*(name for name in _FIRST if name in detail), *(name for name in detail if name not in _FIRST)]
    parts = [f"{name}: {_value(detail[name])}" for name in names if detail[name] not in (None, "", [], {})]
    return "; ".join(part for part in (move, *parts) if part)


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
