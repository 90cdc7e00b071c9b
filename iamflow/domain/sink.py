"""Where the secret of a new key is put, and what can be seen there without reading the secret.

A secret goes from AWS's answer straight into the store, once. What proves later that it arrived is the *version* under which
it was put: a name that follows from the ticket and the key, and tells nothing. iamflow never reads a secret back.
"""

import hashlib
import json
import re
from dataclasses import asdict, dataclass, replace
from enum import StrEnum

from iamflow.domain.ids import AccountId, KeyId, TicketId, UserName


class SinkKind(StrEnum):
    """The kinds of secret stores."""

    SECRETSMANAGER = "secretsmanager"
    SSM = "ssm"
    FILE = "file"


DEFAULT_NAMES = {
    SinkKind.SECRETSMANAGER: "iamflow/{username}",
    SinkKind.SSM: "/iamflow/{username}",
    SinkKind.FILE: "secrets/{account_id}-{username}.json",
}
"""What a secret is called where the settings do not say it."""

WRITES = {
    SinkKind.SECRETSMANAGER: "secretsmanager:PutSecretValue",
    SinkKind.SSM: "ssm:PutParameter",
    SinkKind.FILE: "file:write",
}
"""How a write to each kind of place is called; to a file, no call of AWS is made."""

MAKES = {SinkKind.SECRETSMANAGER: "secretsmanager:CreateSecret"}
"""How a place is made where there is none yet and a write alone does not make it."""

_NOT_IN_NAMES = {
    SinkKind.SECRETSMANAGER: re.compile(r"[^\w+=.@-]", re.ASCII),
    SinkKind.SSM: re.compile(r"[^\w.-]", re.ASCII),
    SinkKind.FILE: re.compile(r"[^\w+=,.@-]", re.ASCII),
}
"""What a user's name may hold and a secret's may not (API references: CreateSecret, PutParameter)."""

_VERSION = re.compile(r"iamflow-[0-9a-f]{40}", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sink:
    """A place for a secret. In the settings, ``name`` is a pattern; for a ticket it has been filled in."""

    kind: SinkKind = SinkKind.SECRETSMANAGER
    name: str = DEFAULT_NAMES[SinkKind.SECRETSMANAGER]
    region: str | None = None
    """The region of the secret; None for the host's own."""
    kms_key: str | None = None
    """The KMS key that encrypts it; None for AWS's own of that service."""
    ticket: int | None = None
    """The ticket whose deliveries these are: those of two tickets into one place are told apart. None in the settings."""

    def of(self, account_id: AccountId, username: UserName, key_id: KeyId) -> "Sink":
        """Return the place for this user and the key that is replaced. Two users never share one."""
        legal = _NOT_IN_NAMES[self.kind].sub("-", username)
        if legal != username:
            legal += "-" + hashlib.sha256(username.encode()).hexdigest()[:8]
        name = self.name.replace("{username}", legal)
        return replace(self, name=name.replace("{account_id}", account_id).replace("{access_key_id}", key_id))

    def same_place(self, other: "Sink") -> bool:
        """Return whether both name one place, so that what is put there last is all that is read."""
        return (self.kind, self.name, self.region) == (other.kind, other.name, other.region)

    def patterned(self) -> str:
        """Return the pattern of the names as IAM policies write one."""
        return re.sub(r"\{\w+\}", "*", self.name)

    @property
    def text(self) -> str:
        """The place as one text, from which ``read`` makes it again."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def read(cls, text: str) -> "Sink":
        """Return the place that a text names."""
        found = json.loads(text)
        return cls(**{**found, "kind": SinkKind(found["kind"])})

    def in_words(self) -> str:
        """Return where the secret is, for people."""
        where = f" in {self.region}" if self.region is not None else ""
        return {
            SinkKind.SECRETSMANAGER: f"the secret {self.name} of Secrets Manager{where}",
            SinkKind.SSM: f"the parameter {self.name} of Systems Manager{where}",
            SinkKind.FILE: f"the file {self.name} on the host that runs iamflow",
        }[self.kind]


@dataclass(frozen=True, kw_only=True, slots=True)
class SinkState:
    """What was seen of a place: the versions in it that iamflow put there. Never a secret."""

    versions: frozenset[str] = frozenset()


def delivery_version(sink: Sink, key_id: KeyId) -> str:
    """Return the version under which the secret of this key is put there."""
    return _version("delivery", f"{sink.ticket}:{key_id}")


def probe_version(ticket_id: TicketId, number: int) -> str:
    """Return the version of the ticket's so many-th probe."""
    return _version("probe", f"{ticket_id}:{number}")


def versions_in(text: str) -> frozenset[str]:
    """Return the versions that a text names."""
    return frozenset(_VERSION.findall(text))


def _version(what: str, of: str) -> str:
    return "iamflow-" + hashlib.sha256(f"{what}:{of}".encode()).hexdigest()[:40]
