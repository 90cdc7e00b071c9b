"""What every secret store can do: take a probe, take a secret, and show what arrived without showing a secret."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from iamflow.domain.sink import SinkState

if TYPE_CHECKING:
    # Permissions are had without boto3, which the module of the clients imports.
    from iamflow.aws.clients import Answer, Api

Clients = Callable[[str], "Api"]
"""The client of a service, by its name."""

PROBE = json.dumps({"iamflow": "a probe of whether this place can be written to; it is no secret"})
"""What a probe puts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Credential:
    """A new key on its way from AWS's answer into the store. Its repr shows no secret."""

    account_id: str
    username: str
    access_key_id: str
    secret: str = field(repr=False)

    def text(self, **more: str) -> str:
        """Return what is stored: JSON, with the names that AWS's own answers use."""
        return json.dumps(
            {
                "AccountId": self.account_id,
                "UserName": self.username,
                "AccessKeyId": self.access_key_id,
                "SecretAccessKey": self.secret,
                **more,
            }
        )


class SecretStore(Protocol):
    """One place for one secret. A write is made once and never repeated; each call of AWS yields its answer.

    Raises ``BlockedError`` where a person must change something, and what every call of AWS raises.
    """

    def prove(self, version: str) -> "Iterator[Answer]":
        """Write something that changes nothing for whoever reads the secret, under this version."""
        ...

    def deliver(self, version: str, credential: Credential) -> "Iterator[Answer]":
        """Write the credential under this version, as what is read from now on."""
        ...

    def state(self) -> SinkState:
        """Return which versions are there. Never reads a secret, and is not allowed to."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Needs:
    """The permissions that one kind of store takes. Resources are patterns of ARNs, ``{account}`` and ``{name}`` to be filled."""

    writes: tuple[str, ...]
    on: tuple[str, ...]
    reads: tuple[str, ...]
    reads_on: tuple[str, ...]
    """Where the reads are good for; ``*`` for those that can be limited to nothing."""
    encrypts: tuple[str, ...]
    """What a KMS key of the user's own is used for, through the service alone."""
    service: str
    """The service, as the condition ``kms:ViaService`` names it."""
