"""People at AWS's web console: they sign in with a password, enrol MFA devices, and click."""

from datetime import UTC
from typing import Any

from moto.iam.models import User

from iamflow.sandbox.events import TrailEvent, identity
from iamflow.sandbox.identity import Kind, Principal, Session, new_secret
from iamflow.sandbox.people import Callers, Outcome, Place, outcome_of
from iamflow.sandbox.sts_rules import open_session
from iamflow.sandbox.world import World

_BROWSER = Place(source_ip="203.0.113.30", user_agent="Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0")
_SIGNED_IN = 12 * 3600


class Console:
    """The console's sign-in page, and whoever has come through it."""

    def __init__(self, world: World, callers: Callers) -> None:
        """Sign in to this world, and call it through these clients."""
        self._world = world
        self._callers = callers
        self._sessions: dict[tuple[str, str], Session] = {}

    def sign_in(self, account_id: str, user_name: str) -> Outcome:
        """Let a user sign in with his password, for 12 hours.

        He proves MFA if he has a device: AWS asks for it, and for none else. Without a password the sign-in fails.
        Either way the trail of us-east-1 shows ConsoleLogin; a success moves the password's last use. Who has to
        choose a new password does so first, and stays outside if a policy forbids him to.
        """
        with self._world.lock:
            user = self._world.iam(account_id).users.get(user_name)
            let_in = user is not None and bool(user.password)
            principal = _principal(account_id, user_name, user)
            event = self._event(principal, known=user is not None, let_in=let_in)
            self._world.trail.record(event)
            if user is None or not let_in:
                return Outcome(error="SignInFailure", message=event.error_message, request_id=event.request_id)
            seen: Any = user  # moto declares the attribute as always None
            seen.password_last_used = event.at.astimezone(UTC).replace(tzinfo=None)
            self._sessions[account_id, user_name] = open_session(self._world, principal, _SIGNED_IN)
            old, renew = str(user.password), bool(user.password_reset_required)
        if renew:
            changed = self.call(
                account_id,
                user_name,
                service="iam",
                operation="ChangePassword",
                OldPassword=old,
                NewPassword=new_secret(),
            )
            if not changed.ok:
                del self._sessions[account_id, user_name]
                return changed
        return Outcome(request_id=event.request_id)

    def call(
        self, account_id: str, user_name: str, *, service: str = "s3", operation: str = "ListBuckets", **parameters: str
    ) -> Outcome:
        """Let a user who has signed in do something in the console; KeyError if he never signed in."""
        session = self._sessions[account_id, user_name]
        credentials = session.access_key_id, session.secret, session.token
        return outcome_of(self._callers.client(service, credentials, _BROWSER), operation, parameters)

    def enrol_mfa(self, account_id: str, user_name: str) -> Outcome:
        """Let a user who has signed in make himself a virtual MFA device and enable it.

        The first refusal is the outcome. His open session has not proven MFA all the same: he has to sign in again.
        """
        made = self.call(
            account_id, user_name, service="iam", operation="CreateVirtualMFADevice", VirtualMFADeviceName=user_name
        )
        if not made.ok:
            return made
        return self.call(
            account_id,
            user_name,
            service="iam",
            operation="EnableMFADevice",
            UserName=user_name,
            SerialNumber=f"arn:aws:iam::{account_id}:mfa/{user_name}",
            AuthenticationCode1="123456",
            AuthenticationCode2="654321",
        )

    def _event(self, principal: Principal, *, known: bool, let_in: bool) -> TrailEvent:
        shown = dict(identity(principal))
        shown.pop("accessKeyId")
        shown.pop("sessionContext", None)
        if not known:
            # AWS does not repeat what may be a password typed into the wrong field.
            shown["userName"] = "HIDDEN_DUE_TO_SECURITY_REASONS"
        failure = None if let_in else ("Failed authentication" if known else "No username found in supplied account")
        return TrailEvent(
            at=self._world.clock.now().replace(microsecond=0),
            account_id=principal.account_id,
            region="us-east-1",
            source="signin.amazonaws.com",
            name="ConsoleLogin",
            username=shown["userName"],
            access_key_id=None,
            identity=shown,
            source_ip=_BROWSER.source_ip,
            user_agent=_BROWSER.user_agent,
            read_only=False,
            response_elements={"ConsoleLogin": "Success" if let_in else "Failure"},
            error_message=failure,
            kind="AwsConsoleSignIn",
            additional={"MobileVersion": "No", "MFAUsed": "Yes" if principal.mfa else "No"},
        )


def _principal(account_id: str, user_name: str, user: User | None) -> Principal:
    return Principal(
        kind=Kind.USER,
        account_id=account_id,
        arn=user.arn if user else f"arn:aws:iam::{account_id}:user/{user_name}",
        principal_id=user.id if user else "",
        name=user_name,
        access_key_id="",
        mfa=bool(user and user.mfa_devices),
        console=True,
    )
