"""Secrets Manager: one secret, whose versions tell what was put there and whose policy is never touched.

A probe is a version of its own, labelled IAMFLOW_PROBE and not AWSCURRENT, so that nobody who reads the secret sees it. Only
in a secret that has no version yet does AWS make it the current one as well (API reference, PutSecretValue): nobody can have
been reading that secret.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from iamflow.aws.codes import code_of
from iamflow.aws.sinks.store import PROBE, Clients, Credential, Needs
from iamflow.domain.errors import PermanentError
from iamflow.domain.sink import Sink, SinkState

if TYPE_CHECKING:
    from iamflow.aws.clients import Answer, Api

PROBE_LABEL = "IAMFLOW_PROBE"
_ABSENT = "ResourceNotFoundException"
_THERE = "ResourceExistsException"

NEEDS = Needs(
    writes=("secretsmanager:CreateSecret", "secretsmanager:PutSecretValue"),
    on=("secretsmanager:{region}:{account}:secret:{name}-??????",),
    reads=("secretsmanager:DescribeSecret",),
    reads_on=("secretsmanager:{region}:{account}:secret:{name}-??????",),
    encrypts=("kms:Decrypt", "kms:GenerateDataKey"),
    service="secretsmanager",
)


class ManagerStore:
    """Fulfils ``SecretStore``."""

    def __init__(self, sink: Sink, clients: Clients) -> None:
        """Keep to this secret."""
        self._sink = sink
        self._clients = clients

    def prove(self, version: str) -> "Iterator[Answer]":
        """Put a version that is not the current one; make the secret where there is none yet."""
        if self._described() is None:
            yield from self._created()
        yield self._put(version, PROBE, [PROBE_LABEL])

    def _created(self) -> "Iterator[Answer]":
        key = {} if self._sink.kms_key is None else {"KmsKeyId": self._sink.kms_key}
        description = "access key, put here by iamflow"
        try:
            yield self._api().call("CreateSecret", Name=self._sink.name, Description=description, **key)
        except PermanentError as error:
            # Another ticket of the user may prove the same place at the same time: whoever comes second finds it made.
            if code_of(error) != _THERE:
                raise

    def deliver(self, version: str, credential: Credential) -> "Iterator[Answer]":
        """Put the credential as the current version; what was current before is AWSPREVIOUS then."""
        yield self._put(version, credential.text(), ["AWSCURRENT"])

    def state(self) -> SinkState:
        """Return the ids of the versions that bear a label."""
        found = self._described()
        return SinkState(versions=frozenset((found or {}).get("VersionIdsToStages", {})))

    def _described(self) -> "Answer | None":
        try:
            return self._api().call("DescribeSecret", SecretId=self._sink.name)
        except PermanentError as error:
            if code_of(error) == _ABSENT:
                return None
            raise

    def _put(self, version: str, text: str, stages: list[str]) -> "Answer":
        put = {"SecretId": self._sink.name, "ClientRequestToken": version, "SecretString": text}
        return self._api().call("PutSecretValue", **put, VersionStages=stages)

    def _api(self) -> "Api":
        return self._clients("secretsmanager")
