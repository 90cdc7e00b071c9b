"""Secret stores: where the secret of a new key goes, straight from AWS's answer. A new kind is a module here."""

from collections.abc import Mapping

from iamflow.aws.sinks import manager, parameters
from iamflow.aws.sinks.file import FileStore
from iamflow.aws.sinks.manager import ManagerStore
from iamflow.aws.sinks.parameters import ParameterStore
from iamflow.aws.sinks.store import Clients, Credential, Needs, SecretStore
from iamflow.domain.sink import Sink, SinkKind

NEEDS: Mapping[SinkKind, Needs] = {SinkKind.SECRETSMANAGER: manager.NEEDS, SinkKind.SSM: parameters.NEEDS}
"""The permissions that each kind takes; a file takes none of AWS's."""


def open_store(sink: Sink, clients: Clients) -> SecretStore:
    """Return the store of this place."""
    match sink.kind:
        case SinkKind.SECRETSMANAGER:
            return ManagerStore(sink, clients)
        case SinkKind.SSM:
            return ParameterStore(sink, clients)
        case SinkKind.FILE:
            return FileStore(sink)


__all__ = ["NEEDS", "Clients", "Credential", "Needs", "SecretStore", "open_store"]
