"""Where boto3 clients come from, and how one call is made.

boto3's clients may be shared by threads, its sessions may not: every client is made under one lock. Making one takes
milliseconds and hundreds of kilobytes, and there may be thousands of accounts, each step with a session of its own. So the
sessions of roles share one client for each service and region, and each call is signed with the credentials it is made with.
"""

import logging
import os
import random
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import boto3
import botocore.session
from botocore import xform_name
from botocore.client import BaseClient
from botocore.config import Config
from botocore.credentials import Credentials as BotoCredentials
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import BotoCoreError, ProfileNotFound, UnknownRegionError
from botocore.loaders import create_loader

from iamflow.aws.endpoints import endpoint_for, is_aws, shown
from iamflow.aws.errors import ACCESS, Attempt, Refusal, not_understood, refusal_of, translated
from iamflow.aws.settings import AwsSettings
from iamflow.domain.errors import BlockedError, ConfigError, TemporaryError

Answer: TypeAlias = dict[str, Any]

PAUSES = (0.5, 1.5)
"""Seconds between the attempts at a read, at most: three attempts in all."""
ONCE: tuple[float, ...] = ()
"""A change is tried once: repeating one that got no answer could undo what somebody did in between."""

_POOL = 32
"""Connections a client may hold open: more than the engine has threads."""
_KEPT = 256
"""How many clients are kept: more than the services times the regions that are called."""
_USUAL_REGION = "us-east-1"


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """Temporary credentials of a role session. Their repr shows no secret."""

    access_key_id: str
    secret: str = field(repr=False)
    token: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which client: for what, and where its credentials come from: each call, else a profile, else the host itself."""

    service: str
    region: str
    profile: str | None = None
    of_a_role: bool = False
    """Whether each call brings the credentials of a role session, and is never signed with any others."""


_SIGNING: ContextVar[Credentials | None] = ContextVar("credentials of the role session whose call is being made")


@contextmanager
def signed_with(credentials: Credentials | None) -> Iterator[None]:
    """Sign the calls made within, in this thread, with the credentials of a role session."""
    before = _SIGNING.set(credentials)
    try:
        yield
    finally:
        _SIGNING.reset(before)


class _OfTheCall(BotoCredentials):
    """The credentials of whichever role session makes the call at hand; without one, nothing is signed."""

    def __init__(self) -> None:
        super().__init__("none", "none")

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        own = _SIGNING.get(None)
        if own is None:
            message = "a call in a role session was to be signed without that session's credentials"
            raise AssertionError(message)
        return ReadOnlyCredentials(own.access_key_id, own.secret, own.token)


class _Provider:
    """Tells a botocore session to sign each call with what it brings."""

    def load_credentials(self) -> _OfTheCall:
        return _OfTheCall()


class Clients:
    """Makes clients, and keeps those that are used over and over."""

    def __init__(self, settings: AwsSettings) -> None:
        """Read the AWS config file, and check every endpoint that is named anywhere, every profile and the region.

        Raises ``ConfigError``.
        """
        # At DEBUG, botocore logs whole answers, and AssumeRole's holds a secret.
        for name in ("boto3", "botocore", "urllib3"):
            logging.getLogger(name).setLevel(logging.WARNING)
        self._settings = settings
        # AWS's service models take long to read and much memory: one copy serves every session.
        self._loader = create_loader()
        self._lock = threading.Lock()
        self._sessions: dict[str | None, boto3.Session] = {}
        self._of_roles: boto3.Session | None = None
        self._kept: OrderedDict[Wanted, BaseClient] = OrderedDict()
        config = _config_file()
        for profile in settings.profiles.values():
            if profile not in config.get("profiles", {}):
                message = f"aws.profiles: the AWS config file has no profile {profile!r}: add it or correct the name"
                raise ConfigError(message)
        self._endpoint = endpoint_for(settings, os.environ, config)
        base = self._session(None)
        self.region: str = base.region_name or _USUAL_REGION
        """The host's own region, where STS and DescribeRegions are called."""
        try:
            self.partition: str = base.get_partition_for_region(self.region)
        except UnknownRegionError as error:
            message = f"the AWS region {self.region!r} is none: correct AWS_DEFAULT_REGION or the AWS config file"
            raise ConfigError(message) from error

    def get(self, wanted: Wanted) -> BaseClient:
        """Return a client, which may be shared with other threads.

        Raises ``BlockedError`` where it would call an endpoint that is not AWS's own, and what botocore raises.
        """
        with self._lock:
            client = self._kept.pop(wanted, None) or self._made(wanted)
            self._kept[wanted] = client
            if len(self._kept) > _KEPT:
                # Not closed: another thread may be using it. Its connections go with the last reference to it.
                self._kept.popitem(last=False)
            return client

    def forget(self, profile: str | None) -> None:
        """Read a source of credentials anew at its next use: its credentials were refused."""
        with self._lock:
            self._sessions.pop(profile, None)
            for wanted in [kept for kept in self._kept if kept.profile == profile and not kept.of_a_role]:
                del self._kept[wanted]

    def close(self) -> None:
        """Close the connections of every client that is kept."""
        with self._lock:
            while self._kept:
                self._kept.popitem()[1].close()

    def method(self) -> str | None:
        """Return how botocore came by the host's credentials (``env``, ``iam-role`` …); None where there are none."""
        try:
            with self._lock:
                credentials = self._session(None).get_credentials()
        except BotoCoreError:
            return None
        return None if credentials is None else str(credentials.method)

    def _session(self, profile: str | None) -> boto3.Session:
        if profile not in self._sessions:
            self._sessions[profile] = boto3.Session(botocore_session=self._opened(profile))
        return self._sessions[profile]

    def _session_of_roles(self) -> boto3.Session:
        if self._of_roles is None:
            session = self._opened(None)
            session.register_component("credential_provider", _Provider())
            self._of_roles = boto3.Session(botocore_session=session)
        return self._of_roles

    def _opened(self, profile: str | None) -> botocore.session.Session:
        session = botocore.session.Session(profile=profile)
        session.register_component("data_loader", self._loader)
        return session

    def _made(self, wanted: Wanted) -> BaseClient:
        settings = self._settings
        # The stubs list every service by its name.
        session: Any = self._session_of_roles() if wanted.of_a_role else self._session(wanted.profile)
        client: BaseClient = session.client(
            wanted.service,
            region_name=wanted.region,
            endpoint_url=self._endpoint,
            config=Config(
                # Never by botocore: it would repeat changes, sleep in real time, and go past the trail's budget.
                retries={"total_max_attempts": 1, "mode": "standard"},
                connect_timeout=settings.connect_timeout,
                read_timeout=settings.read_timeout,
                max_pool_connections=_POOL,
                user_agent_extra="iamflow",
            ),
        )
        # The last word on where calls go is botocore's: whatever it read, and from wherever.
        if not settings.sandbox and not is_aws(client.meta.endpoint_url):
            message = f"{wanted.service}: {shown(client.meta.endpoint_url)} is not an endpoint of AWS: remove it"
            raise BlockedError(message, code=ACCESS)
        return client


def _config_file() -> Mapping[str, Any]:
    """Return the AWS config file. Raises ``ConfigError`` where it cannot be read, or lacks the profile that is chosen."""
    session = botocore.session.Session()
    try:
        session.get_scoped_config()
    except ProfileNotFound as error:
        message = f"AWS_PROFILE: {error}: add it to the AWS config file or correct the name"
        raise ConfigError(message) from error
    except BotoCoreError as error:
        message = f"the AWS config file cannot be read ({error}): correct it"
        raise ConfigError(message) from error
    config: Mapping[str, Any] = session.full_config
    return config


@dataclass(frozen=True, kw_only=True, slots=True)
class Api:
    """One service in one region for one session, with every failure translated."""

    client: BaseClient
    attempt: Attempt
    """What its calls have in common; the action is filled in by each call."""
    lost: Callable[[], None]
    """Called when AWS no longer accepts the session, so that the next call opens another."""
    wait: Callable[[float], None]
    """Waits for so many seconds."""
    pauses: tuple[float, ...] = PAUSES
    """How long to wait before each further attempt at a call, in seconds, at most."""
    credentials: Credentials | None = None
    """Those of the role session that makes the calls; None where the client has its own."""

    def call(self, operation: str, **parameters: object) -> Answer:
        """Make one call, named as in AWS's API reference. Raises what ``errors.translated`` returns."""
        for pause in self.pauses:
            try:
                return self._attempt(operation, parameters)
            except TemporaryError as error:
                if refusal_of(error) is Refusal.EXPIRED:
                    raise
                # Jitter, so that the threads of a pool that were throttled together do not come back together.
                self.wait(random.uniform(pause / 2, pause))
        return self._attempt(operation, parameters)

    def _attempt(self, operation: str, parameters: Mapping[str, object]) -> Answer:
        attempt = self.attempt_at(operation)
        try:
            with signed_with(self.credentials):
                answer: Answer = getattr(self.client, xform_name(operation))(**parameters)
        except Exception as error:  # botocore lets its parsers' own exceptions through, too
            if refusal_of(error) in {Refusal.EXPIRED, Refusal.CREDENTIALS}:
                self.lost()
            raise translated(error, attempt) from error
        return answer

    def rows(self, operation: str, key: str, **parameters: object) -> list[Answer]:
        """Return every row of a list that IAM pages with Marker. Raises ``TemporaryError`` where its end is unclear."""
        attempt = self.attempt_at(operation)
        found: list[Answer] = []
        markers: set[str] = set()
        more: dict[str, object] = {}
        while True:
            answer = self.call(operation, **parameters, **more)
            if not isinstance(answer.get(key), list):
                raise not_understood(attempt, f"lacks {key}")
            found += answer[key]
            marker = answer.get("Marker")
            if not answer.get("IsTruncated", marker is not None):
                return found
            if not isinstance(marker, str) or not marker or marker in markers:
                raise not_understood(attempt, "goes on, but does not say where")
            markers.add(marker)
            more = {"Marker": marker}

    @property
    def partition(self) -> str:
        """The partition whose service this is, as ARNs name it."""
        return self.client.meta.partition

    def attempt_at(self, operation: str) -> Attempt:
        """Return a call of this service as messages name it."""
        return replace(self.attempt, action=f"{self.client.meta.service_model.endpoint_prefix}:{operation}")
