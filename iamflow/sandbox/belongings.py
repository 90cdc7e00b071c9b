"""Everything that a user can have, put there at once: what a deletion has to take away again."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from moto.iam.models import IAMBackend, User

from iamflow.sandbox.iam_policies import policy_of, set_boundary
from iamflow.sandbox.identity import new_key_id, new_secret, new_unique_id
from iamflow.sandbox.world import ServiceCredential, World

BOUNDARY = "arn:aws:iam::aws:policy/PowerUserAccess"
_SSH_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl {name}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """How many a user gets of what can be many; quotas are not looked at."""

    groups: int = 2
    policies: int = 2
    inline: int = 2
    ssh_keys: int = 2
    certificates: int = 2
    service_credentials: int = 2


def give_everything(world: World, account_id: str, user: User, counts: Counts) -> None:
    """Give a user groups, policies of both kinds, a boundary, a password, MFA devices, certificates and other keys.

    Groups are called ``group-000``, managed policies ``policy-000`` and inline ones ``inline-000``; they are made if
    the account has none of that name.
    """
    backend = world.iam(account_id)
    for number in range(counts.groups):
        join(backend, user, f"group-{number:03}")
    for number in range(counts.policies):
        attach(world, account_id, user, managed_policy(backend, f"policy-{number:03}"))
    for number in range(counts.inline):
        user.put_policy(f"inline-{number:03}", document(f"sqs:Receive{number}"))
    set_boundary(world, user, BOUNDARY)
    user.password = user.password or new_secret()
    device = backend.create_virtual_mfa_device(user.name, "/")
    for serial in (device.serial_number, f"GAHT{user.id[-8:]}"):
        backend.enable_mfa_device(user.name, serial, "123456", "654321")
    for number in range(counts.ssh_keys):
        user.upload_ssh_public_key(_SSH_KEY.format(name=f"{user.name}-{number}"))
    for _ in range(counts.certificates):
        backend.upload_signing_certificate(user.name, certificate(user.name, world.clock.now()))
    now = world.clock.now()
    world.service_credentials[user.id] = [
        service_credential(user, number, now) for number in range(counts.service_credentials)
    ]


def join(backend: IAMBackend, user: User, group_name: str) -> None:
    """Put a user into a group, which is made if there is none of that name."""
    if group_name not in backend.groups:
        backend.create_group(group_name).id = new_unique_id("AGPA")
    backend.add_user_to_group(group_name, user.name)


def attach(world: World, account_id: str, user: User, arn: str) -> None:
    """Attach a managed policy to a user, AWS's own ones included; attaching it again changes nothing."""
    policy = policy_of(world, account_id, arn)
    if arn not in user.managed_policies:
        policy.attach_to(user)


def managed_policy(backend: IAMBackend, name: str, text: str | None = None) -> str:
    """Return the ARN of a customer managed policy, which is made if there is none of that name."""
    arn = f"arn:aws:iam::{backend.account_id}:policy/{name}"
    if arn not in backend.managed_policies:
        backend.create_policy("", "/", text or document("sqs:ReceiveMessage"), name, []).id = new_unique_id("ANPA")
    return arn


def document(action: str) -> str:
    """Return a policy document that allows one action everywhere."""
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]})


def certificate(name: str, now: datetime) -> str:
    """Return a new self-signed certificate in PEM, valid for a year; ``now`` is aware."""
    key, subject = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    day = timedelta(days=1)
    signed = builder.not_valid_before(now - day).not_valid_after(now + 365 * day).sign(key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM).decode()


def service_credential(user: User, number: int, now: datetime) -> ServiceCredential:
    """Return an Active credential of one service, the user's next after ``number`` others."""
    return ServiceCredential(
        identifier=new_key_id("ACCA"),
        user_name=user.name,
        service_name="codecommit.amazonaws.com",
        service_user_name=f"{user.name}{f'+{number}' if number else ''}-at-{user.account_id}",
        api_key=False,
        status="Active",
        created=now,
    )
