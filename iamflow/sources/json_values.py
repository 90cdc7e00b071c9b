"""What stands in a JSON object under a name, where it is of the kind that is expected. Every refusal is a ``ValueError``."""

from collections.abc import Mapping

from iamflow.domain.encoding import for_log, is_visible

_LONGEST = 2048
"""Characters of a text that is used: an ARN has at most 2,048."""

Object = Mapping[str, object]


def text(element: Object, name: str) -> str:
    """Return a text that must be there."""
    found = optional(element, name)
    if not found:
        message = f"it lacks {name}"
        raise ValueError(message)
    return found


def optional(element: Object, name: str) -> str | None:
    """Return a text that may be missing; an account's id that was turned into a number is no text."""
    value = element.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        message = f"{name} is no text, but {for_log(str(value), limit=60)}: use the file as it was written"
        raise ValueError(message)  # noqa: TRY004 - what others wrote is wrong, not what was passed
    if len(value) > _LONGEST or not is_visible(value):
        message = f"{name} holds control or invisible characters, or is longer than {_LONGEST} characters"
        raise ValueError(message)
    return value


def part(element: Object, name: str) -> Object:
    """Return an object that may be missing, as an empty one."""
    value = element.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        message = f"{name} is no object"
        raise ValueError(message)  # noqa: TRY004 - what others wrote is wrong, not what was passed
    return value


def listed(element: Object, name: str) -> list[Object]:
    """Return a list of objects that must be there."""
    value = element.get(name)
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        message = f"{name} is no list of objects"
        raise ValueError(message)
    return value
