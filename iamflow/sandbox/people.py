"""Who acts beside iamflow: applications that use keys, and the people who own them. All over signed HTTP."""

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import boto3
from botocore.awsrequest import AWSPreparedRequest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from iamflow.sandbox.identity import Session, new_unique_id
from iamflow.sandbox.sts_rules import open_session, role_principal, trusts_service
from iamflow.sandbox.web_identity import Claims, make_token
from iamflow.sandbox.world import World

_STAFF_ROLE = "AWSReservedSSO_AdministratorAccess_0123456789abcdef"
_STAFF_PATH = "/aws-reserved/sso.amazonaws.com/"
_WORKING_DAY = 8 * 3600
_USER_SESSION = 36 * 3600
_ROLE_SESSION = 6 * 3600
# What has to go before a user can: the list, its key, what items are named by, and what takes one away.
_TAKEN_AWAY = (
    ("list_access_keys", "AccessKeyMetadata", "AccessKeyId", "delete_access_key"),
    (
        "list_service_specific_credentials",
        "ServiceSpecificCredentials",
        "ServiceSpecificCredentialId",
        "delete_service_specific_credential",
    ),
    ("list_ssh_public_keys", "SSHPublicKeys", "SSHPublicKeyId", "delete_ssh_public_key"),
    ("list_signing_certificates", "Certificates", "CertificateId", "delete_signing_certificate"),
    ("list_mfa_devices", "MFADevices", "SerialNumber", "deactivate_mfa_device"),
    ("list_groups_for_user", "Groups", "GroupName", "remove_user_from_group"),
    ("list_attached_user_policies", "AttachedPolicies", "PolicyArn", "detach_user_policy"),
    ("list_user_policies", "PolicyNames", "PolicyName", "delete_user_policy"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What an application's call came to; ``error`` is the code that it saw, None if the call worked."""

    error: str | None = None
    message: str | None = None
    request_id: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the call worked."""
        return self.error is None


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a call comes from."""

    region: str = "us-east-1"
    source_ip: str = "198.51.100.7"
    user_agent: str = "Boto3/1.34.0 Python/3.11"


class Callers:
    """Makes clients of the sandbox for any credentials, and keeps them: a new boto3 session costs 100 ms."""

    def __init__(self, endpoint_url: str) -> None:
        """Call that endpoint."""
        self._endpoint_url = endpoint_url
        self._clients: dict[tuple[object, ...], Any] = {}
        self._lock = threading.Lock()

    def client(self, service: str, credentials: tuple[str, str, str | None], place: Place) -> Any:  # noqa: ANN401 - boto3
        """Return a client that signs with these credentials (id, secret, token) and never tries twice."""
        wanted = (service, credentials, place)
        with self._lock:  # boto3 makes clients in one thread only
            if wanted not in self._clients:
                self._clients[wanted] = self._made(*wanted)
            return self._clients[wanted]

    def _made(self, service: str, credentials: tuple[str, str, str | None], place: Place) -> Any:  # noqa: ANN401 - boto3
        key_id, secret, token = credentials
        config = Config(
            retries={"total_max_attempts": 1}, user_agent=place.user_agent, connect_timeout=5, read_timeout=30
        )
        made = _session().client(
            service,
            region_name=place.region,
            endpoint_url=self._endpoint_url,
            aws_access_key_id=key_id,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=config,
        )

        def tell_address(request: AWSPreparedRequest, **_: object) -> None:
            request.headers["X-Forwarded-For"] = place.source_ip

        made.meta.events.register("before-send", tell_address)
        return made

    def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()


class Applications:
    """Programs that run with someone's access key."""

    def __init__(self, world: World, callers: Callers) -> None:
        """Call this world through these clients."""
        self._world = world
        self._callers = callers
        self._sessions: dict[str, tuple[str, str, str]] = {}
        self._running: dict[str, Session] = {}

    def use_key(self, key_id: str, call: tuple[str, str], place: Place, *, session: bool) -> Outcome:
        """Make a call (service, operation) with a key, or with a session that was minted from the key before."""
        credentials = self._minted(key_id, place) if session else (key_id, self._world.keys[key_id].secret, None)
        if isinstance(credentials, Outcome):
            return credentials
        service, operation = call
        return outcome_of(self._callers.client(service, credentials, place), operation, {})

    def use_role(
        self, account_id: str, role_name: str, call: tuple[str, str], place: Place, *, through: str
    ) -> Outcome:
        """Make a call (service, operation) on a machine or function that a service of AWS runs under a role."""
        with self._world.lock:
            role = next((role for role in self._world.iam(account_id).get_roles() if role.name == role_name), None)
            if role is None or not trusts_service(role, through):
                return Outcome(error="AccessDenied", message=f"{through} may not assume the role {role_name}")
            session = self._running.get(role.id)
            if session is None or session.expires <= self._world.clock.now():
                principal = role_principal(
                    self._world, (account_id, role.name, role.id), through.split(".", maxsplit=1)[0]
                )
                principal = replace(principal, role_path=role.path)
                session = self._running[role.id] = open_session(self._world, principal, _ROLE_SESSION)
        service, operation = call
        credentials = session.access_key_id, session.secret, session.token
        return outcome_of(self._callers.client(service, credentials, place), operation, {})

    def use_pipeline(self, role_arn: str, claims: Claims, call: tuple[str, str], place: Place) -> Outcome:
        """Make a call (service, operation) in a pipeline that takes a role by its token."""
        client = self._callers.client("sts", ("none", "none", None), place)
        named = {"RoleArn": role_arn, "RoleSessionName": "pipeline", "WebIdentityToken": make_token(claims)}
        try:
            made = client.assume_role_with_web_identity(**named)["Credentials"]
        except (ClientError, BotoCoreError) as error:
            return _failure(error)
        service, operation = call
        credentials = made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"]
        return outcome_of(self._callers.client(service, credentials, place), operation, {})

    def open_session(self, key_id: str, place: Place, *, mfa: bool = False) -> Outcome:
        """Mint a session of 36 hours from a key, for later calls with it; with ``mfa``, by the user's first device."""
        proof = self._proof(key_id) if mfa else {}
        found = self._fresh(key_id, place, proof)
        return found if isinstance(found, Outcome) else Outcome()

    def _proof(self, key_id: str) -> Mapping[str, str]:
        trace = self._world.keys[key_id]
        with self._world.lock:
            devices = list(self._world.iam(trace.account_id).users[trace.user_name].mfa_devices)
        if not devices:
            msg = f"{trace.user_name} has no MFA device to prove himself with"
            raise ValueError(msg)
        return {"SerialNumber": devices[0], "TokenCode": "123456"}

    def _minted(self, key_id: str, place: Place) -> tuple[str, str, str] | Outcome:
        kept = self._sessions.get(key_id)
        if kept is not None and self._world.sessions[kept[0]].expires > self._world.clock.now():
            return kept
        return self._fresh(key_id, place, {})

    def _fresh(self, key_id: str, place: Place, proof: Mapping[str, str]) -> tuple[str, str, str] | Outcome:
        client = self._callers.client("sts", (key_id, self._world.keys[key_id].secret, None), place)
        try:
            made = client.get_session_token(DurationSeconds=_USER_SESSION, **proof)["Credentials"]
        except (ClientError, BotoCoreError) as error:
            return _failure(error)
        self._sessions[key_id] = made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"]
        return self._sessions[key_id]


class Owner:
    """The people of an organisation, who act behind iamflow's back through their own sign-in."""

    def __init__(self, world: World, callers: Callers) -> None:
        """Act on this world through these clients."""
        self._world = world
        self._callers = callers
        self._sessions: dict[str, Session] = {}

    def reactivate_key(self, account_id: str, user_name: str, key_id: str) -> None:
        """Set a key Active again."""
        self._iam(account_id).update_access_key(UserName=user_name, AccessKeyId=key_id, Status="Active")

    def deactivate_key(self, account_id: str, user_name: str, key_id: str) -> None:
        """Set a key Inactive."""
        self._iam(account_id).update_access_key(UserName=user_name, AccessKeyId=key_id, Status="Inactive")

    def create_key(self, account_id: str, user_name: str) -> str:
        """Make a new key for a user and return its id."""
        made: Mapping[str, Any] = self._iam(account_id).create_access_key(UserName=user_name)
        return str(made["AccessKey"]["AccessKeyId"])

    def delete_key(self, account_id: str, user_name: str, key_id: str) -> None:
        """Delete a key."""
        self._iam(account_id).delete_access_key(UserName=user_name, AccessKeyId=key_id)

    def tag_user(self, account_id: str, user_name: str, tags: Mapping[str, str]) -> None:
        """Put tags on a user."""
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        self._iam(account_id).tag_user(UserName=user_name, Tags=listed)

    def delete_user(self, account_id: str, user_name: str) -> None:
        """Delete a user with everything that he has."""
        iam = self._iam(account_id)
        if self._world.iam(account_id).users[user_name].password:
            iam.delete_login_profile(UserName=user_name)
        for listing, key, identifier, deletion in _TAKEN_AWAY:
            # One page at a time, from the start: what was shown is gone before the next is asked for.
            while found := getattr(iam, listing)(UserName=user_name)[key]:
                for item in found:
                    name = item if isinstance(item, str) else item[identifier]
                    getattr(iam, deletion)(UserName=user_name, **{identifier: name})
        serial = f"arn:aws:iam::{account_id}:mfa/{user_name}"
        if serial in self._world.iam(account_id).virtual_mfa_devices:
            iam.delete_virtual_mfa_device(SerialNumber=serial)
        iam.delete_user(UserName=user_name)

    def recreate_user(self, account_id: str, user_name: str) -> str:
        """Delete a user with everything he has, make one of the same name, and return the new UserId."""
        self.delete_user(account_id, user_name)
        return str(self._iam(account_id).create_user(UserName=user_name)["User"]["UserId"])

    def client(self, account_id: str, service: str, region: str = "us-east-1") -> Any:  # noqa: ANN401 - boto3
        """Return a boto3 client that signs as a person with all rights in an account, who signed in for the day."""
        session = self._sessions.get(account_id)
        if session is None or session.expires <= self._world.clock.now():
            role = (account_id, _STAFF_ROLE, new_unique_id("AROA"))
            principal = replace(role_principal(self._world, role, "owner@example.com"), role_path=_STAFF_PATH)
            session = self._sessions[account_id] = open_session(self._world, principal, _WORKING_DAY)
        credentials = (session.access_key_id, session.secret, session.token)
        place = Place(region=region, source_ip="203.0.113.20", user_agent="AWS Console")
        return self._callers.client(service, credentials, place)

    def _iam(self, account_id: str) -> Any:  # noqa: ANN401 - boto3
        return self.client(account_id, "iam")


@cache
def _session() -> Any:  # noqa: ANN401 - the stubs list every service by name
    """Return the process's one session for the sandbox's own callers; loading AWS's models takes half a second."""
    return boto3.Session(aws_access_key_id="none", aws_secret_access_key="none")  # noqa: S106 - clients bring their own


def outcome_of(client: Any, operation: str, parameters: Mapping[str, Any]) -> Outcome:  # noqa: ANN401 - boto3
    """Make a call of that name, as AWS writes it, and tell what it came to."""
    method = getattr(client, re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", operation).lower())
    try:
        answer = method(**parameters)
    except (ClientError, BotoCoreError) as error:
        return _failure(error)
    return Outcome(request_id=answer["ResponseMetadata"].get("RequestId"))


def _failure(error: ClientError | BotoCoreError) -> Outcome:
    if isinstance(error, ClientError):
        described = error.response["Error"]
        request_id = error.response["ResponseMetadata"].get("RequestId")
        return Outcome(error=described["Code"], message=described["Message"], request_id=request_id)
    return Outcome(error=type(error).__name__, message=str(error))
