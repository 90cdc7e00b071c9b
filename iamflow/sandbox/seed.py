"""Laying out an organisation in the simulated AWS, as of any date."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.account.models import AlternateContact, account_backends
from moto.iam.models import AccessKeyLastUsed, AWSManagedPolicy, User

from iamflow.sandbox.belongings import Counts, attach, give_everything, join, managed_policy, service_credential
from iamflow.sandbox.events import Resource, TrailEvent
from iamflow.sandbox.identity import KeyTrace, new_secret, new_unique_id
from iamflow.sandbox.workloads import ec2_of
from iamflow.sandbox.world import Hub, Root, World

# Some of what AWSCompromisedKeyQuarantineV3 denies.
_LEAKED = ["iam:CreateAccessKey", "iam:CreateUser", "iam:AttachUserPolicy", "iam:PutUserPolicy", "ec2:RunInstances"]

_IMAGE = "ami-0abcdef1234567890"


@dataclass(frozen=True, kw_only=True, slots=True)
class PastCall:
    """A call that a key made before the sandbox began, as CloudTrail tells it; ``at`` is aware UTC."""

    access_key_id: str
    at: datetime
    source: str = "s3.amazonaws.com"
    name: str = "ListBuckets"
    region: str = "us-east-1"
    source_ip: str = "198.51.100.7"
    user_agent: str = "Boto3/1.34.0"
    error_code: str | None = None
    resources: tuple[Resource, ...] = field(default=())


class Seed:
    """Puts accounts, users, keys and past events in place. Nothing of it is a call: the trail stays silent."""

    def __init__(self, world: World) -> None:
        """Seed this world."""
        self._world = world

    def account(
        self,
        account_id: str,
        name: str,
        *,
        alternate_contact: str | None = None,
        trusted: bool = True,
        unit: str | None = None,
    ) -> None:
        """Add an account with iamflow's role in it, under an organisational unit or the root.

        ``alternate_contact`` is the security contact's address; KeyError if there is no such unit.
        """
        with self._world.lock:
            self._world.organisation.add_account(account_id, name, unit)
            self.role_trust(account_id, allowed=trusted)
            if alternate_contact is not None:
                contact = AlternateContact("SECURITY", "Security", name, alternate_contact, "+1 555 0100")
                account_backends[account_id]["aws"]._alternate_contacts["SECURITY"] = contact  # noqa: SLF001 - moto has no other way in

    def account_state(self, account_id: str, state: str) -> None:
        """Suspend or close an account, or bring it back (``ACTIVE``): nobody can enter it then. KeyError for unknown ones."""
        with self._world.lock:
            self._world.organisation.nodes[account_id].state = state
            self.role_trust(account_id, allowed=state == "ACTIVE")

    def account_tags(self, account_id: str, tags: Mapping[str, str]) -> None:
        """Tag an account as the organisation has it; KeyError for unknown ones."""
        with self._world.lock:
            self._world.organisation.nodes[account_id].tags = dict(tags)

    def reports_take(self, length: timedelta) -> None:
        """Let credential reports be in the making for so long from now on; by default they are made at once."""
        with self._world.lock:
            self._world.report_takes = length

    def credential_report(self, account_id: str, content: bytes) -> None:
        """Let this be an account's credential report, as if it had just been made, whatever users there are."""
        with self._world.lock:
            self._world.reports[account_id] = self._world.clock.now(), content

    def unit(self, name: str, *, parent: str | None = None) -> str:
        """Add an organisational unit under another, or the root, and return its id."""
        with self._world.lock:
            return self._world.organisation.add_unit(name, parent).identifier

    def user(
        self,
        account_id: str,
        name: str,
        *,
        user_id: str | None = None,
        created: datetime | None = None,
        tags: Mapping[str, str] | None = None,
        password: bool = False,
        password_last_used: datetime | None = None,
        mfa: str = "None",
        path: str = "/",
    ) -> str:
        """Add a user and return his UserId; ``mfa`` is None, Virtual or Hardware, as in an audit report."""
        with self._world.lock:
            backend = self._world.iam(account_id)
            listed = [{"Key": key, "Value": value} for key, value in (tags or {}).items()]
            user = backend.create_user("us-east-1", name, path, listed)
            user.id = user_id or new_unique_id("AIDA")
            user.create_date = _naive(created or self._world.clock.now())
            if password or password_last_used is not None:
                user.password = new_secret()
                moto_user: Any = user  # moto declares the attribute as always None
                moto_user.password_last_used = _naive(password_last_used) if password_last_used else None
            self._mfa(account_id, user, mfa)
            return user.id

    def _mfa(self, account_id: str, user: User, mfa: str) -> None:
        backend = self._world.iam(account_id)
        if mfa == "Virtual":
            device = backend.create_virtual_mfa_device(user.name, "/")
            backend.enable_mfa_device(user.name, device.serial_number, "123456", "654321")
        elif mfa == "Hardware":
            backend.enable_mfa_device(user.name, f"GAHT{user.id[-8:]}", "123456", "654321")

    def security_contact(self, account_id: str, address: str) -> None:
        """Let an account name its alternate contact for security matters."""
        with self._world.lock:
            accounts: Any = account_backends[account_id]["aws"]
            accounts.put_alternate_contact("SECURITY", address, "Security", "+1 555 0100", "Security")

    def key(
        self,
        account_id: str,
        user_name: str,
        key_id: str,
        *,
        status: str = "Active",
        created: datetime | None = None,
        last_used: datetime | None = None,
        service: str | None = None,
        region: str | None = None,
    ) -> None:
        """Add an access key under exactly that id; its secret is new, see ``secret``."""
        with self._world.lock:
            backend, now = self._world.iam(account_id), self._world.clock.now()
            user = backend.get_user(user_name)
            key = user.create_access_key("AKIA", status)
            key.access_key_id, key.secret_access_key = key_id, new_secret()
            key.create_date = _naive(created or now)
            if last_used is not None:
                key.last_used = AccessKeyLastUsed(_naive(last_used), service or "sts", region or "us-east-1")
            backend.access_keys[key_id] = key
            trace = KeyTrace(account_id, user_name, user.id, key.secret_access_key)
            # An inactive key's change reached every region long ago.
            trace.refused_since = now - timedelta(days=1) if status == "Inactive" else None
            self._world.keys[key_id] = trace

    def everything(self, account_id: str, user_name: str, counts: Counts | None = None) -> None:
        """Give a user everything that a user can have, beside access keys and tags; see ``belongings``."""
        with self._world.lock:
            give_everything(
                self._world, account_id, self._world.iam(account_id).get_user(user_name), counts or Counts()
            )

    def service_credential(self, account_id: str, user_name: str, *, status: str = "Active") -> None:
        """Give a user one more credential of a single service, such as CodeCommit's."""
        with self._world.lock:
            user = self._world.iam(account_id).get_user(user_name)
            theirs = self._world.service_credentials.setdefault(user.id, [])
            made = service_credential(user, len(theirs), self._world.clock.now())
            made.status = status
            theirs.append(made)

    def group(self, account_id: str, user_name: str, group_name: str) -> None:
        """Put a user into a group, which is made if there is none of that name."""
        with self._world.lock:
            backend = self._world.iam(account_id)
            join(backend, backend.get_user(user_name), group_name)

    def policy(self, account_id: str, name: str, document: Mapping[str, Any]) -> str:
        """Add a customer managed policy and return its ARN."""
        with self._world.lock:
            return managed_policy(self._world.iam(account_id), name, json.dumps(document))

    def attached(self, account_id: str, user_name: str, arn: str) -> None:
        """Attach a managed policy, one of AWS's own too, to a user."""
        with self._world.lock:
            attach(self._world, account_id, self._world.iam(account_id).get_user(user_name), arn)

    def instance(
        self, account_id: str, *, region: str, private_ip: str, public_ip: str | None = None, name: str = "app"
    ) -> str:
        """Add a running EC2 instance with these addresses and return its id; it has no instance profile."""
        with self._world.lock:
            tags = {"instance": {"Name": name}}
            backend = ec2_of(account_id, region)
            kind = {"instance_type": "t3.micro", "is_instance_type_default": True}
            made = backend.run_instances(_IMAGE, 1, None, [], private_ip=private_ip, tags=tags, **kind)
            instance = made.instances[0]
            instance.nics[0].public_ip = public_ip
            return str(instance.id)

    def root(self, account_id: str, *, mfa: bool = True, access_keys: bool = False) -> None:
        """Let an account's root user have MFA and access keys, or not; by default he has MFA and no keys."""
        with self._world.lock:
            self._world.roots[account_id] = Root(mfa=mfa, access_keys=access_keys)

    def quota(self, account_id: str, name: str, most: int) -> None:
        """Raise (or lower) one of an account's quotas, such as ``AccessKeysPerUserQuota``; KeyError for unknown ones."""
        with self._world.lock:
            self._world.quota(account_id, name)
            self._world.quotas[account_id, name] = most

    def new_keys_work_after(self, delay: timedelta) -> None:
        """Refuse keys that are made from now on until they are that old; about ten seconds in AWS."""
        with self._world.lock:
            self._world.new_key_delay = delay

    def secret(self, key_id: str) -> str:
        """Return the secret of a key; KeyError if the key was never known."""
        return self._world.keys[key_id].secret

    def trail_event(self, past: PastCall) -> None:
        """Put a call that a key made in the past into CloudTrail; it is found at once."""
        with self._world.lock:
            trace = self._world.keys[past.access_key_id]
            arn = f"arn:aws:iam::{trace.account_id}:user/{trace.user_name}"
            caller = {
                "type": "IAMUser", "principalId": trace.user_id, "arn": arn, "accountId": trace.account_id,
                "accessKeyId": past.access_key_id, "userName": trace.user_name,
            }  # fmt: skip
            event = TrailEvent(
                at=past.at.astimezone(UTC).replace(microsecond=0),
                account_id=trace.account_id, region=past.region, source=past.source, name=past.name,
                username=trace.user_name, access_key_id=past.access_key_id, identity=caller,
                source_ip=past.source_ip, user_agent=past.user_agent,
                read_only=past.name.startswith(("Get", "List", "Describe")),
                error_code=past.error_code, error_message=past.error_code, resources=past.resources,
            )  # fmt: skip
            self._world.trail.record(event, visible_at=past.at)

    def role_trust(self, account_id: str, *, allowed: bool) -> None:
        """Let iamflow's role in an account trust the home account, or trust nobody."""
        settings = self._world.settings
        trusted = settings.home_account if allowed else account_id
        statement: dict[str, Any] = {
            "Effect": "Allow" if allowed else "Deny",
            "Principal": {"AWS": f"arn:aws:iam::{trusted}:root"},
            "Action": "sts:AssumeRole",
        }
        if settings.external_id is not None:
            statement["Condition"] = {"StringEquals": {"sts:ExternalId": settings.external_id}}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        with self._world.lock:
            backend = self._world.iam(account_id)
            if any(role.name == settings.role_name for role in backend.get_roles()):
                backend.get_role(settings.role_name).assume_role_policy_document = document
            else:
                backend.create_role(settings.role_name, document, "/", None, "iamflow's hand", [], "3600")

    def no_role(self, account_id: str) -> None:
        """Take iamflow's role out of an account."""
        with self._world.lock:
            backend = self._world.iam(account_id)
            role = backend.get_role(self._world.settings.role_name)
            role.policies.clear()
            backend.delete_role(role.name)

    def quarantine(self, account_id: str, user_name: str) -> None:
        """Mark a user's key as leaked, as AWS does: its quarantine policy is attached to the user."""
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": _LEAKED, "Resource": "*"}]}
        with self._world.lock:
            backend = self._world.iam(account_id)
            now = self._world.clock.now().isoformat()
            facts = {"Document": document, "CreateDate": now, "UpdateDate": now}
            policy = AWSManagedPolicy.from_data("AWSCompromisedKeyQuarantineV3", account_id, "us-east-1", facts)
            backend.managed_policies.setdefault(policy.arn, policy)
            backend.attach_user_policy(policy.arn, user_name)

    def security_hub(self, account_id: str, region: str | None = None) -> Hub:
        """Enable Security Hub in an account's region (the first, where none is named), and return what it holds."""
        with self._world.lock:
            place = (account_id, region or self._world.settings.regions[0])
            return self._world.hubs.setdefault(place, Hub())

    def role_policy(self, account_id: str, document: Mapping[str, Any]) -> None:
        """Allow iamflow's role in an account only what this policy document allows."""
        with self._world.lock:
            self._world.iam(account_id).get_role(self._world.settings.role_name).put_policy(
                "iamflow", json.dumps(document)
            )


def _naive(moment: datetime) -> datetime:
    """Return a time as moto keeps it: naive, in UTC."""
    return moment.astimezone(UTC).replace(tzinfo=None)
