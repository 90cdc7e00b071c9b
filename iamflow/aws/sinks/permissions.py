"""The least permissions that a place for secrets takes: to look at it, and to write to it. Never to read a secret."""

from collections.abc import Iterable

from iamflow.aws.sinks import NEEDS
from iamflow.domain.sink import Sink

Statement = dict[str, object]

_ANY_REGION = "*"


def store_statements(sink: Sink, where: tuple[str, str], *, writes: bool, exact: bool = False) -> list[Statement]:
    """Return the statements for a place in (partition, account).

    With ``exact`` they are without names, for a session that is narrowed to one secret, and short. A file takes none.
    """
    needs = NEEDS.get(sink.kind)
    if needs is None:
        return []

    def resources(patterns: Iterable[str]) -> list[str]:
        return [_resource(pattern, sink, where) for pattern in patterns]

    found = [_statement(None if exact else "SeeSecrets", needs.reads, resources(needs.reads_on))]
    if writes:
        found.append(_statement(None if exact else "KeepSecrets", needs.writes, resources(needs.on)))
    if writes and sink.kms_key is not None:
        via = {"StringLike": {"kms:ViaService": f"{needs.service}.{sink.region or _ANY_REGION}.amazonaws.com*"}}
        found.append({**_statement(None if exact else "EncryptSecrets", needs.encrypts, ["*"]), "Condition": via})
    return found


def _resource(pattern: str, sink: Sink, where: tuple[str, str]) -> str:
    """Return the ARN that a pattern stands for. A parameter's name begins with the slash that its ARN has already."""
    if pattern == "*":
        return pattern
    partition, account = where
    name = sink.patterned().lstrip("/")
    filled = pattern.format(region=sink.region or _ANY_REGION, account=account, name=name)
    return f"arn:{partition}:{filled}"


def _statement(sid: str | None, actions: Iterable[str], resources: list[str]) -> Statement:
    named: Statement = {} if sid is None else {"Sid": sid}
    resource = resources[0] if len(resources) == 1 else resources
    return {**named, "Effect": "Allow", "Action": sorted(actions), "Resource": resource}
