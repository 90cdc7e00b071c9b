"""Everything that a user has: what ``delete-user`` takes away, what a rollback gives back, and what a restore goes by."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from typing import Any, TypeVar

from iamflow.domain.facts import KeyState, KeyStatus
from iamflow.domain.journal import canonical

_VIRTUAL = ":mfa/"

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class SshKey:
    """An SSH public key of a user. ``body`` is None where it was not read."""

    id: str
    status: KeyStatus
    body: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SigningCertificate:
    """An X.509 certificate of a user, with its text in PEM."""

    id: str
    status: KeyStatus
    body: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceCredential:
    """A password or API key for one service. AWS does not tell when it was used last."""

    id: str
    service: str
    status: KeyStatus
    username: str | None = None
    """The service's own user name, where the service has one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Belongings:
    """What one user has, as read at one time. Lists are in the order of their names."""

    user_id: str
    username: str
    path: str
    created_at: datetime
    """Aware UTC."""
    tags: dict[str, str] = field(default_factory=dict)
    boundary: str | None = None
    """The ARN of the permissions boundary."""
    groups: tuple[str, ...] = ()
    attached: tuple[str, ...] = ()
    """The ARNs of the managed policies."""
    inline: dict[str, str | None] = field(default_factory=dict)
    """The inline policies by name, each with its document; None where the documents were not read."""
    keys: tuple[KeyState, ...] = ()
    login_profile: bool = False
    mfa: tuple[str, ...] = ()
    """The serial numbers of the MFA devices."""
    ssh_keys: tuple[SshKey, ...] = ()
    certificates: tuple[SigningCertificate, ...] = ()
    service_credentials: tuple[ServiceCredential, ...] = ()

    @property
    def virtual_mfa(self) -> tuple[str, ...]:
        """The MFA devices that stay behind in the account when they are taken from the user."""
        return tuple(serial for serial in self.mfa if _VIRTUAL in serial)

    def digest(self) -> str:
        """Return the hash by which the journal knows these belongings."""
        return hashlib.sha256(canonical(_plain(asdict(self))).encode()).hexdigest()

    def names(self) -> dict[str, list[str]]:
        """Return what there is, by kind, without states and bodies: what a plan to delete all of it names."""
        return {kind: sorted(found) for kind, found in _names(self).items()}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.replace(microsecond=0).isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _names(of: Belongings) -> dict[str, set[str]]:
    return {
        "access key": {key.key_id for key in of.keys},
        "console password": {"password"} if of.login_profile else set(),
        "service credential": {credential.id for credential in of.service_credentials},
        "SSH public key": {key.id for key in of.ssh_keys},
        "signing certificate": {certificate.id for certificate in of.certificates},
        "MFA device": set(of.mfa),
        "group": set(of.groups),
        "attached policy": set(of.attached),
        "inline policy": set(of.inline),
    }


def beyond(now: Belongings, known: Belongings, *, ours: str) -> tuple[str, ...]:
    """Return what the user has now that is not among what is known, in words; ``ours`` is iamflow's own policy."""
    before = _names(known)
    return tuple(
        f"{kind} {name}" if kind != "console password" else kind
        for kind, found in _names(now).items()
        for name in sorted(found - before[kind])
        if not (kind == "inline policy" and name == ours)
    )


def without(belongings: Belongings, policy: str) -> Belongings:
    """Return the belongings without an inline policy: iamflow's own is none of the user's."""
    return replace(belongings, inline={name: text for name, text in belongings.inline.items() if name != policy})


def merged(known: Belongings, now: Belongings) -> Belongings:
    """Return what is known with whatever has been added since. What is known keeps the state in which it was found first."""
    return replace(
        known,
        tags=now.tags,
        groups=_both(known.groups, now.groups),
        attached=_both(known.attached, now.attached),
        inline={**now.inline, **known.inline},
        keys=_by_id({key.key_id: key for key in now.keys} | {key.key_id: key for key in known.keys}),
        login_profile=known.login_profile or now.login_profile,
        mfa=_both(known.mfa, now.mfa),
        ssh_keys=_by_id({key.id: key for key in (*now.ssh_keys, *known.ssh_keys)}),
        certificates=_by_id({one.id: one for one in (*now.certificates, *known.certificates)}),
        service_credentials=_by_id({one.id: one for one in (*now.service_credentials, *known.service_credentials)}),
    )


def _both(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({*one, *other}))


def _by_id(found: Mapping[Any, T]) -> tuple[T, ...]:
    return tuple(found[name] for name in sorted(found))


def differences(before: Belongings, after: Belongings) -> tuple[str, ...]:
    """Return in words every field in which a user is not as before; none means that everything is."""
    same = {"user_id", "username", "created_at"}
    return tuple(
        difference
        for name in (item.name for item in fields(Belongings) if item.name not in same)
        if (difference := _difference(name, getattr(before, name), getattr(after, name))) is not None
    )


def _difference(name: str, before: object, after: object) -> str | None:
    if before == after:
        return None
    label = name.replace("_", " ")
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        changed = sorted(key for key in {*before, *after} if before.get(key) != after.get(key))
        return f"{label}: {', '.join(changed)}"
    if isinstance(before, tuple) and isinstance(after, tuple):
        apart = {_name(item) for item in before if item not in after} | {
            _name(item) for item in after if item not in before
        }
        return f"{label}: {', '.join(sorted(apart))}"
    return f"{label}: was {before}, is {after}"


def _name(item: object) -> str:
    if isinstance(item, KeyState):
        return str(item.key_id)
    return str(getattr(item, "id", item))
