"""What a cell of a report may hold, and what it means. Every refusal is a ``ValueError`` that says why."""

import re
from datetime import UTC, datetime
from functools import lru_cache

from iamflow.domain.encoding import for_log, is_visible
from iamflow.domain.facts import KeyStatus

_ACCOUNT = re.compile(r"[0-9]{12}")
_EATEN = re.compile(r"[0-9]{1,11}|[0-9.,]+[eE]\+?[0-9]+|[0-9]{12}[.,]0*")
_KEY = re.compile(r"A[KS]IA[A-Z0-9]{12,124}")
_DATE = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(Z|[+-][0-9]{2}:?[0-9]{2})?"
)

_NAME_LIMIT = 128
"""Characters. IAM allows 64 in a user name, Organizations 50 in an account's."""

_ACTIVE = frozenset({"active", "activa", "activo"})
_INACTIVE = frozenset({"inactive", "inactiva", "inactivo"})
_YES = frozenset({"configurada", "configurado", "configured", "set", "enabled", "yes", "true", "sí", "si"})
_NO = frozenset(
    {"no configurada", "no configurado", "not configured", "not set", "disabled", "no", "false", "none", "n/a"}
)
_TRUE = frozenset({"true", "yes", "sí", "si", "1"})
_FALSE = frozenset({"false", "no", "0"})
_NO_MFA = frozenset({"none", "", "no", "ninguno", "n/a"})
_NEVER = frozenset(
    {"nunca", "never", "nunca utilizada", "nunca utilizado", "never used", "n/a", "none", "no_information"}
)
_NO_SERVICE = frozenset({"", "n/a", "none"}) | _NEVER


def shown(text: str) -> str:
    """Return a cell as an error message shows it."""
    return f'"{for_log(text, limit=60)}"'


@lru_cache(maxsize=4096)
def account_id(text: str) -> str:
    """Return a 12-digit account id; one that a spreadsheet has turned into a number is refused with that explanation."""
    if _ACCOUNT.fullmatch(text):
        return text
    if _EATEN.fullmatch(text.strip()):
        message = (
            f"account id {shown(text)} is not 12 digits: a spreadsheet has turned it into a number and eaten its leading "
            "zero or its last digits; use the file as iam-audit wrote it"
        )
        raise ValueError(message)
    message = f"account id {shown(text)} is not 12 digits"
    raise ValueError(message)


@lru_cache(maxsize=4096)
def account_name(text: str) -> str:
    """Return an account's name; it may be empty."""
    return _name(text, "account name")


@lru_cache(maxsize=16384)
def username(text: str) -> str:
    """Return a user name. Spaces around it would name another user than the one that is shown, so they are refused."""
    if not text:
        message = "the user name is empty"
        raise ValueError(message)
    if text != text.strip():
        message = f"user name {shown(text)} has spaces around it"
        raise ValueError(message)
    return _name(text, "user name")


def key_id(text: str) -> str:
    """Return a whole access key id. What is none is not quoted: it may be a secret in the wrong column."""
    if _KEY.fullmatch(text):
        return text
    message = "what stands under access_key_id is no access key id (AKIA followed by capital letters and digits)"
    raise ValueError(message)


@lru_cache(maxsize=1024)
def status(text: str) -> KeyStatus:
    """Return a key's status from its English or Spanish word."""
    word = text.strip().lower()
    if word in _ACTIVE:
        return KeyStatus.ACTIVE
    if word in _INACTIVE:
        return KeyStatus.INACTIVE
    message = f"status {shown(text)} is neither Active nor Inactive"
    raise ValueError(message)


@lru_cache(maxsize=1024)
def configured(text: str) -> bool:
    """Return whether a password is set."""
    word = text.strip().lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    message = f"password status {shown(text)} is neither Configurada nor No configurada"
    raise ValueError(message)


@lru_cache(maxsize=64)
def yes_or_no(text: str, column: str) -> bool:
    """Return what a cell of this column says that is True or False."""
    word = text.strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    message = f"{column} {shown(text)} is neither True nor False"
    raise ValueError(message)


def date(text: str) -> datetime:
    """Return the time that a cell holds, in UTC. One without an offset is refused: it could be any of 24 hours."""
    found = _DATE.fullmatch(text)
    if found is None:
        message = f"{shown(text)} is no date such as 2026-05-07 23:45:39+00:00"
        raise ValueError(message)
    if found[1] is None:
        message = f"the date {shown(text)} has no offset from UTC, such as +00:00"
        raise ValueError(message)
    try:
        return known_date(text)
    except (ValueError, OverflowError) as error:
        message = f"{shown(text)} is a date that does not exist"
        raise ValueError(message) from error


def known_date(text: str) -> datetime:
    """Return the time that a cell holds which ``date`` has accepted, in UTC."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo is UTC else at.astimezone(UTC)


def date_or_never(text: str) -> datetime | None:
    """Return the time that a cell holds, or None for the words that stand for never (and for: not known)."""
    # Most cells are dates, and begin with a digit, which none of the words does.
    return None if not text[:1].isdigit() and text.strip().lower() in _NEVER else date(text)


def known_date_or_never(text: str) -> datetime | None:
    """Return the time that a cell holds which ``date_or_never`` has accepted, or None for never."""
    return known_date(text) if text[:1].isdigit() else None


@lru_cache(maxsize=4096)
def service(text: str) -> str | None:
    """Return the service that a key was last used with, or None where the cell says that there is none."""
    return None if text.strip().lower() in _NO_SERVICE else _name(text, "service name")


@lru_cache(maxsize=4096)
def event_name(text: str) -> str:
    """Return the name of a call."""
    if not text:
        message = "the event has no name"
        raise ValueError(message)
    return _name(text, "event name")


@lru_cache(maxsize=1024)
def mfa(text: str) -> str:
    """Return the kind of MFA device, as the report words it."""
    return _name(text, "MFA status")


@lru_cache(maxsize=1024)
def has_mfa(text: str) -> bool:
    """Return whether the user has an MFA device: any kind that the report names, but for the words for none."""
    return text.strip().lower() not in _NO_MFA


def _name(text: str, what: str) -> str:
    if len(text) > _NAME_LIMIT:
        message = f"the {what} is longer than {_NAME_LIMIT} characters"
        raise ValueError(message)
    if not is_visible(text):
        message = f"{what} {shown(text)} holds control or invisible characters"
        raise ValueError(message)
    return text
