"""How a ticket about the replacement of a key is brought to where a test begins, and what AWS holds of it."""

import json
from datetime import timedelta
from email import message_from_string, policy
from typing import Any

import pytest
from moto.secretsmanager.models import secretsmanager_backends
from moto.ssm.models import ssm_backends

from iamflow.domain.ids import KeyId
from iamflow.domain.people import RULES
from iamflow.domain.rotation import Rotation
from iamflow.domain.states import State
from iamflow.domain.ticket import NewTicket, Ticket
from iamflow.engine.advance import advance
from iamflow.engine.outbox import deliver
from iamflow.workflows.rotate_key.table import TABLE
from tests.world import ACCOUNT, DAY, KEY, START, World

SECRET_NAME = "iamflow/etl"
NEW_CALLS = ["CreateSecret", "PutSecretValue", "CreateAccessKey", "PutSecretValue"]
"""The changing calls that make a key and put its secret away, the first time for a user."""


def opened(
    world: World, *, name: str = "etl", key_id: KeyId = KEY, idle: timedelta | None = 2 * DAY, made: bool = False
) -> Ticket:
    """Make a user (unless he was made before) with an old key that is in use, and open a ticket about its replacement."""
    if not made:
        world.user(name)
    finding = world.key(key_id, name, idle=idle)
    new = NewTicket(
        workflow=TABLE.workflow,
        workflow_version=TABLE.version,
        account_id=ACCOUNT,
        account_name="payments",
        username=finding.username,  # type: ignore[arg-type]  # as the intake makes one of it
        access_key_id=key_id,
        requester=RULES,
        facts=finding.facts,
        opened_at=START,
        due_at=START,
    )
    (ticket,) = world.app.store.open_new([new], "rules")
    return ticket


def awaiting_adoption(world: World) -> Ticket:
    """A ticket whose new key was made, and whose owner was told where its secret is."""
    opened(world)
    return world.pass_until(State.AWAITING_ADOPTION)


def watched(world: World) -> Ticket:
    """A ticket whose new key was taken, and whose old one is Inactive and watched."""
    awaiting_adoption(world)
    take(world)
    return world.pass_until(State.MONITORING)


def take(world: World) -> None:
    """Let an application use the new key, a minute after it was made."""
    world.clock.advance(timedelta(minutes=1))
    assert world.sandbox.use_key(new_key(world), service="s3", operation="ListBuckets").ok


def rotation(world: World, ref: str = KEY) -> Rotation:
    """Return how far the replacement has come."""
    found = world.ticket(ref).progress.rotation
    assert found is not None
    return found


def new_key(world: World) -> KeyId:
    """Return the id of the new key."""
    found = rotation(world).new_key
    assert found is not None
    return found


def keys_of(world: World, name: str = "etl") -> dict[str, str]:
    """Return the user's keys as AWS has them, each with its status."""
    backend = world.sandbox._world.iam(ACCOUNT)
    return {key.access_key_id: key.status for key in backend.users[name].access_keys}


def secret(world: World, name: str = SECRET_NAME, stage: str = "AWSCURRENT") -> dict[str, Any] | None:
    """Return what Secrets Manager holds under a stage; None where there is nothing."""
    found = secretsmanager_backends[ACCOUNT]["us-east-1"].secrets.get(name)
    versions = found.versions.values() if found is not None else []
    texts = [version["secret_string"] for version in versions if stage in version["version_stages"]]
    return dict(json.loads(texts[0])) if texts else None


def parameter(world: World, name: str) -> dict[str, Any] | None:
    """Return what Parameter Store holds; None where there is nothing."""
    found = ssm_backends[ACCOUNT]["us-east-1"].get_parameters([name]).get(name)
    return dict(json.loads(found.decrypt(found.value))) if found is not None else None


def works(world: World, held: dict[str, Any] | None) -> bool:
    """Return whether what was put away is a key of the user with its right secret."""
    assert held is not None
    return bool(world.sandbox.seed.secret(held["AccessKeyId"]) == held["SecretAccessKey"])


def proven(world: World) -> None:
    """Bring a ticket to the moment at which the next look makes the new key: the secret store has just taken a write."""
    opened(world)
    for _ in range(6):
        if rotation_begun(world) and rotation(world).proven_at is not None:
            return
        advance(world.engine)
        deliver(world.engine, world.app.channels)
    pytest.fail("the secret store was not proven")


def rotation_begun(world: World) -> bool:
    """Return whether a replacement has been begun."""
    return world.ticket().progress.rotation is not None


def check_replaced(world: World) -> None:
    """Check that there is one new key beside the old one, with its own secret in the store, and nothing left over."""
    assert keys_of(world) == {KEY: "Active", new_key(world): "Active"}
    held = secret(world)
    assert held is not None
    assert held["AccessKeyId"] == new_key(world)
    assert works(world, held)
    assert [entry.intent for entry in world.app.store.intents() if entry.outcome is None] == []
    assert list(world.app.store.verify()) == []


def last_mail(world: World) -> str:
    """Return the text of the mail that went out last, on one line."""
    parsed = message_from_string(world.mails()[-1], policy=policy.default)
    return f"{parsed['Subject']} {' '.join(str(parsed.get_content()).split())}"
