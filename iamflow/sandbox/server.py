"""The simulated AWS as a whole: start it, seed it, call it, break it, and ask it what really happened."""

from collections import Counter
from types import TracebackType
from typing import TYPE_CHECKING, Self

from iamflow.domain.clock import Clock
from iamflow.sandbox.console import Console
from iamflow.sandbox.control import PREFIX, Control
from iamflow.sandbox.deliveries import Deliveries
from iamflow.sandbox.errors import Reply
from iamflow.sandbox.gateway import Gateway
from iamflow.sandbox.identity import new_key_id
from iamflow.sandbox.moto_host import MotoHost
from iamflow.sandbox.people import Applications, Callers, Outcome, Owner, Place
from iamflow.sandbox.seed import Seed
from iamflow.sandbox.settings import SandboxSettings
from iamflow.sandbox.trail import Trail
from iamflow.sandbox.web_identity import Claims
from iamflow.sandbox.wire import Answer, LoopbackServer
from iamflow.sandbox.world import Mutation, World

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_HOST_USER = "iamflow-host"


class Sandbox:
    """One simulated AWS, listening on loopback between ``start`` and ``stop`` (or in a ``with`` block)."""

    def __init__(self, *, clock: Clock, settings: SandboxSettings | None = None) -> None:
        """Prepare a sandbox that lives by this clock; nothing runs yet."""
        self.clock = clock
        self.settings = settings or SandboxSettings()
        self._host_key = new_key_id("AKIA")

    def start(self) -> Self:
        """Reset moto, add the home account, and listen.

        Raises RuntimeError if another sandbox runs in this process, and OSError if the port is taken.
        """
        self._moto = MotoHost(self.clock)
        bucket = self.settings.trail_bucket
        trail = Trail(
            delay=self.settings.trail_delay,
            lookups_per_second=self.settings.lookups_per_second,
            delivers=bucket is not None,
        )
        self._world = World(clock=self.clock, settings=self.settings, trail=trail)
        if bucket is not None:
            self._world.deliveries = Deliveries(self._world, bucket)
        self.seed = Seed(self._world)
        self.faults = self._world.faults
        try:
            self._server = LoopbackServer(self.settings.port, self._answering())
        except OSError:
            self._moto.close()
            raise
        self._callers = Callers(self.endpoint_url)
        self._applications = Applications(self._world, self._callers)
        self.owner = Owner(self._world, self._callers)
        self.console = Console(self._world, self._callers)
        home = self.settings.home_account
        self.seed.account(home, "home")
        self.seed.user(home, _HOST_USER)
        self.seed.key(home, _HOST_USER, self._host_key)
        self._server.start()
        return self

    def _answering(self) -> Answer:
        gateway, control = Gateway(self._world, self._moto), Control(self)

        def answer(environ: "WSGIEnvironment", body: bytes) -> Reply | None:
            if self.settings.control and environ.get("PATH_INFO", "").startswith(PREFIX):
                return control.answer(environ, body)
            return gateway.answer(environ, body)

        return answer

    def stop(self) -> None:
        """Stop listening and forget everything."""
        self._server.stop()
        self._callers.close()
        self._moto.close()

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    @property
    def deliveries(self) -> Deliveries:
        """The trail's bucket; ValueError where the settings name none."""
        if self._world.deliveries is None:
            msg = "this sandbox has no trail that delivers: set trail_bucket"
            raise ValueError(msg)
        return self._world.deliveries

    @property
    def endpoint_url(self) -> str:
        """Where the sandbox listens, for ``AWS_ENDPOINT_URL``."""
        return f"http://127.0.0.1:{self._server.port}"

    def environment(self) -> dict[str, str]:
        """Return the environment variables with which a program takes the sandbox for AWS."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": self._host_key,
            "AWS_SECRET_ACCESS_KEY": self.seed.secret(self._host_key),
            "AWS_DEFAULT_REGION": self.settings.regions[0],
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def use_key(
        self,
        key_id: str,
        *,
        service: str = "s3",
        operation: str = "ListBuckets",
        region: str = "us-east-1",
        source_ip: str = "198.51.100.7",
        user_agent: str = "Boto3/1.34.0 Python/3.11",
        session: bool = False,
    ) -> Outcome:
        """Let an application call with a key.

        With ``session`` it calls with a session minted from the key (GetSessionToken, 36 hours), which is kept and
        used again, and which goes on working after the key was deactivated. KeyError if the key was never known.
        """
        place = Place(region=region, source_ip=source_ip, user_agent=user_agent)
        return self._applications.use_key(key_id, (service, operation), place, session=session)

    def open_session(self, key_id: str, *, mfa: bool = False) -> Outcome:
        """Let an application mint a session from a key now, for later calls with ``use_key(..., session=True)``.

        With ``mfa`` it proves the user's MFA device; ValueError if he has none.
        """
        return self._applications.open_session(key_id, Place(), mfa=mfa)

    def use_role(
        self,
        account_id: str,
        role_name: str,
        *,
        through: str = "ec2.amazonaws.com",
        service: str = "s3",
        operation: str = "ListBuckets",
        region: str = "us-east-1",
    ) -> Outcome:
        """Let an application call that runs under a role, as an instance, function or task does.

        ``through`` is the service that assumes the role for it; AccessDenied if the role does not trust that service.
        """
        call = service, operation
        return self._applications.use_role(account_id, role_name, call, Place(region=region), through=through)

    def use_pipeline(
        self,
        role_arn: str,
        *,
        subject: str,
        issuer: str = "token.actions.githubusercontent.com",
        audience: str = "sts.amazonaws.com",
        service: str = "s3",
        operation: str = "ListBuckets",
    ) -> Outcome:
        """Let a pipeline take a role by its issuer's token, valid for five minutes, and call under that role.

        ``subject`` is what trust policies look at, like ``repo:acme/app:ref:refs/heads/main``.
        """
        expires = self.clock.now().timestamp() + 300
        claims = Claims(issuer=issuer, subject=subject, audience=audience, expires=expires)
        return self._applications.use_pipeline(role_arn, claims, (service, operation), Place())

    def mutations(self, *, role_name: str | None = None) -> tuple[Mutation, ...]:
        """Return every changing call in order, refused ones too; only those of one role's sessions if it is named."""
        with self._world.lock:
            return tuple(made for made in self._world.mutations if role_name in {None, made.role_name})

    def calls(self) -> Counter[tuple[str, str, str, str]]:
        """Return how often each (account, region, service, operation) was called by an authenticated caller."""
        with self._world.lock:
            return self._world.calls.copy()

    def key_status(self, account_id: str, key_id: str) -> str | None:
        """Return Active or Inactive, or None if the account has no such key."""
        with self._world.lock:
            key = self._world.iam(account_id).access_keys.get(key_id)
            return key.status if key else None
