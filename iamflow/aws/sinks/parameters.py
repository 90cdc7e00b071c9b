"""Systems Manager's Parameter Store: one SecureString, whose description tells what was put there.

A parameter has no labels that keep a version from whoever reads it: what is written is current at once. So a probe goes to a
parameter of its own beside it, whose name ends in ``-probe`` and which stays there.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from iamflow.aws.sinks.store import PROBE, Clients, Credential, Needs
from iamflow.domain.errors import BlockedError
from iamflow.domain.sink import Sink, SinkState, versions_in

if TYPE_CHECKING:
    from iamflow.aws.clients import Answer, Api

SUFFIX = "-probe"
_SECURE = "SecureString"

NEEDS = Needs(
    writes=("ssm:PutParameter",),
    on=("ssm:{region}:{account}:parameter/{name}", "ssm:{region}:{account}:parameter/{name}" + SUFFIX),
    reads=("ssm:DescribeParameters",),
    reads_on=("*",),
    encrypts=("kms:Encrypt",),
    service="ssm",
)


class ParameterStore:
    """Fulfils ``SecretStore``."""

    def __init__(self, sink: Sink, clients: Clients) -> None:
        """Keep to this parameter, and its probe."""
        self._sink = sink
        self._clients = clients

    def prove(self, version: str) -> "Iterator[Answer]":
        """Put the probe. Raises ``BlockedError`` where the parameter itself is there and keeps its value unencrypted."""
        named = [row for row in self._rows() if row.get("Name") == self._sink.name]
        if any(row.get("Type") != _SECURE for row in named):
            message = (
                f"the parameter {self._sink.name} is no SecureString, and its type cannot be changed: remove it, or set "
                "another name (workflows.rotate-key.name)"
            )
            raise BlockedError(message, code="sink")
        yield self._put(self._sink.name + SUFFIX, version, PROBE)

    def deliver(self, version: str, credential: Credential) -> "Iterator[Answer]":
        """Put the credential as the parameter's newest version."""
        yield self._put(self._sink.name, version, credential.text())

    def state(self) -> SinkState:
        """Return the versions that the two descriptions name."""
        told = " ".join(str(row.get("Description", "")) for row in self._rows())
        return SinkState(versions=versions_in(told))

    def _rows(self) -> list[Any]:
        names = [self._sink.name, self._sink.name + SUFFIX]
        answer = self._api().call(
            "DescribeParameters", ParameterFilters=[{"Key": "Name", "Option": "Equals", "Values": names}]
        )
        rows = answer.get("Parameters", [])
        return rows if isinstance(rows, list) else []

    def _put(self, name: str, version: str, text: str) -> "Answer":
        key = {} if self._sink.kms_key is None else {"KeyId": self._sink.kms_key}
        put = {"Name": name, "Value": text, "Type": _SECURE, "Overwrite": True}
        return self._api().call("PutParameter", **put, Description=f"access key, put here by iamflow: {version}", **key)

    def _api(self) -> "Api":
        return self._clients("ssm")
