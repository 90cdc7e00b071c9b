"""The way of a call: faults, authentication, authorisation, the service, and what the trail remembers."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import copy, deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast
from wsgiref.handlers import format_date_time

from moto.iam.models import User

from iamflow.sandbox import (
    admission,
    credential_report,
    iam_credentials,
    iam_pages,
    iam_policies,
    iam_roles,
    iam_rules,
    lookups,
    org_policies,
    org_rules,
    secret_stores,
    security_hub,
    sts_rules,
    web_identity,
    workloads,
)
from iamflow.sandbox.calls import Call, read_call, read_unsigned
from iamflow.sandbox.errors import AwsError, Dialect, Refusal, Reply, refusal, render
from iamflow.sandbox.events import event_of, told
from iamflow.sandbox.faults import Effect, Scope
from iamflow.sandbox.identity import Principal
from iamflow.sandbox.moto_host import MotoHost
from iamflow.sandbox.services import ENVIRON_KEY, Exchange, Handler, install
from iamflow.sandbox.world import Mutation, Shadow, World

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# Set on first use of the service: moto loads each when it is needed.
_HANDLERS: Mapping[str, tuple[str, Mapping[str, Handler]]] = {
    "iam": (
        "moto.iam.responses:IamResponse",
        {
            **iam_rules.HANDLERS,
            **iam_credentials.HANDLERS,
            **iam_policies.HANDLERS,
            **iam_roles.HANDLERS,
            **iam_pages.HANDLERS,
            **credential_report.HANDLERS,
        },
    ),
    "sts": ("moto.sts.responses:TokenResponse", {**sts_rules.HANDLERS, **web_identity.HANDLERS}),
    "cloudtrail": ("moto.cloudtrail.responses:CloudTrailResponse", lookups.TRAIL_HANDLERS),
    "organizations": (
        "moto.organizations.responses:OrganizationsResponse",
        {**org_rules.HANDLERS, **org_policies.HANDLERS},
    ),
    "lambda": ("moto.awslambda.responses:LambdaResponse", workloads.LAMBDA_HANDLERS),
    "ecs": ("moto.ecs.responses:EC2ContainerServiceResponse", workloads.ECS_HANDLERS),
    "ec2": ("moto.ec2.responses:EC2Response", workloads.EC2_HANDLERS),
    "secretsmanager": ("moto.secretsmanager.responses:SecretsManagerResponse", secret_stores.HANDLERS),
}
_ANSWERED_FAULTS = (
    (Effect.THROTTLE, Refusal.THROTTLED),
    (Effect.SERVER_ERROR, Refusal.BROKEN),
    (Effect.UNMODIFIABLE, Refusal.UNMODIFIABLE),
    (Effect.CONCURRENT, Refusal.CONCURRENT),
    (Effect.GONE, Refusal.GONE),
)
_REQUEST_ID = re.compile(rb"(<(?:RequestId|RequestID|requestId)>)[^<]*(</)")
_OWN_HEADERS = frozenset({"date", "x-amzn-requestid", "x-amz-request-id", "content-length", "connection", "server"})
_ERROR_STATUS = 400
_ERROR_CODE = re.compile(rb"<Code>([^<]*)</Code>")
_ERROR_MESSAGE = re.compile(rb"<Message>([^<]*)</Message>")


class Gateway:
    """Answers requests, one at a time."""

    def __init__(self, world: World, host: MotoHost) -> None:
        """Serve this world, with moto behind it."""
        self._world = world
        self._host = host
        self._installed: set[str] = set()

    def answer(self, environ: "WSGIEnvironment", body: bytes) -> Reply | None:
        """Answer one request; None stands for a connection that breaks without an answer."""
        with self._world.lock:
            now = self._world.clock.now()
            call = read_call(environ, body, now) or read_unsigned(environ, body, now)
            if call is None:
                return render(
                    AwsError(code="MissingAuthenticationToken", message="The request is not signed.", status=403),
                    Dialect.REST,
                    "",
                )
            reply = self._admit(call, environ, body)
            return reply and self._dressed(call, reply)

    def _admit(self, call: Call, environ: "WSGIEnvironment", body: bytes) -> Reply | None:
        faults, scope = self._world.faults, admission.scope_of(call, admission.account_of(self._world, call))
        if faults.strikes(Effect.TIMEOUT_BEFORE, scope):
            return None
        try:
            if faults.strikes(Effect.REGION_DOWN, scope):
                raise refusal(Refusal.UNAVAILABLE, call.dialect)
            principal = admission.authenticate(self._world, call, environ, body)
        except AwsError as error:
            return render(error, call.dialect, call.request_id)
        self._world.calls[principal.account_id, call.region, call.service, call.operation] += 1
        admission.note_use(self._world, call, principal)
        exchange = Exchange(world=self._world, call=call, principal=principal)
        try:
            reply = self._served(exchange, environ, body, scope)
        except AwsError as error:
            exchange.error = (error.code, error.message)
            reply = render(error, call.dialect, call.request_id)
        self._remember(exchange)
        return None if faults.strikes(Effect.TIMEOUT_AFTER, scope) else reply

    def _served(self, exchange: Exchange, environ: "WSGIEnvironment", body: bytes, scope: Scope) -> Reply:
        call = exchange.call
        for effect, reason in _ANSWERED_FAULTS:
            if self._world.faults.strikes(effect, scope):
                raise refusal(reason, call.dialect)
        admission.authorise(self._world, call, exchange.principal)
        if call.action == "ec2:DescribeRegions":
            return lookups.describe_regions(exchange)
        if call.service == "securityhub":
            return security_hub.answer(exchange)
        self._install(call.service)
        if call.service == "s3" and self._world.deliveries is not None:
            self._world.deliveries.bring(call.at)
        asked = {
            **environ,
            ENVIRON_KEY: exchange,
            "HTTP_X_MOTO_ACCOUNT_ID": exchange.principal.account_id,
        }
        try:
            with _stale(exchange, scope):
                reply = self._host.ask(asked, body)
        except NotImplementedError:
            raise refusal(Refusal.NOT_BUILT, call.dialect) from None
        except AwsError:
            raise
        except Exception as error:
            message = f"The simulated AWS failed at {call.action}: {type(error).__name__}: {error}"
            raise refusal(Refusal.BROKEN, call.dialect, message) from error
        if reply.status >= _ERROR_STATUS and exchange.error is None:
            exchange.error = _error_in(reply)
        return reply

    def _install(self, service: str) -> None:
        if service in _HANDLERS and service not in self._installed:
            install(self._host, *_HANDLERS[service])
            self._installed.add(service)

    def _remember(self, exchange: Exchange) -> None:
        call, principal = exchange.call, exchange.principal
        if call.management:
            event = event_of(call, principal, exchange.outcome, exchange.error)
            self._world.trail.record(event, visible_at=call.at + self._world.trail.delay)
            if call.operation == "AssumeRole" and exchange.error is None:
                self._record_in_target(exchange)
        if not call.read_only:
            self._world.mutations.append(_mutation(call, principal, exchange.error))

    def _record_in_target(self, exchange: Exchange) -> None:
        """Show an assumed role in the role's account too, where the caller is only known by his account."""
        target = str(exchange.call.parameters["RoleArn"]).split(":")[4]
        if target == exchange.principal.account_id:
            return
        event = event_of(exchange.call, exchange.principal, exchange.outcome, None)
        caller = {
            "type": "AWSAccount",
            "principalId": exchange.principal.principal_id,
            "accountId": exchange.principal.account_id,
        }
        self._world.trail.record(
            replace(event, account_id=target, identity=caller, username=None, access_key_id=None),
            visible_at=exchange.call.at + self._world.trail.delay,
        )

    def _dressed(self, call: Call, reply: Reply) -> Reply:
        """Put the sandbox's date and request id on an answer, in its body as well."""
        kept = tuple((name, value) for name, value in reply.headers if name.lower() not in _OWN_HEADERS)
        own = (
            ("Date", format_date_time(self._world.clock.now().timestamp())),
            ("x-amzn-RequestId", call.request_id),
            ("x-amz-request-id", call.request_id),
            ("Server", "AmazonEC2"),
        )
        body = reply.body
        if call.dialect in {Dialect.QUERY, Dialect.EC2, Dialect.S3}:
            body = _REQUEST_ID.sub(rb"\g<1>" + call.request_id.encode() + rb"\g<2>", body)
        return Reply(status=reply.status, headers=kept + own, body=body)


def _mutation(call: Call, principal: Principal, error: tuple[str, str] | None) -> Mutation:
    return Mutation(
        at=call.at,
        account_id=principal.account_id,
        service=call.service,
        operation=call.operation,
        parameters=told(call),
        principal_arn=principal.arn,
        role_name=principal.role_name,
        session_name=principal.name if principal.role_name else None,
        request_id=call.request_id,
        error=error[0] if error else None,
    )


def _error_in(reply: Reply) -> tuple[str, str]:
    """Read an error that moto wrote down itself."""
    named = {name.lower(): value for name, value in reply.headers}.get("x-amzn-errortype")
    code, message = _ERROR_CODE.search(reply.body), _ERROR_MESSAGE.search(reply.body)
    fallback = named or f"HTTP{reply.status}"
    return (code.group(1).decode() if code else fallback, message.group(1).decode() if message else "")


@contextmanager
def _stale(exchange: Exchange, scope: Scope) -> Iterator[None]:
    """Show a reader the user as he was, and keep him as he is for later readers before a change."""
    world, call = exchange.world, exchange.call
    lasting = world.faults.length(Effect.STALE_READS, scope)
    if not lasting:
        yield
        return
    users = exchange.iam.users
    if not call.read_only:
        name = str(call.parameters.get("UserName"))
        before = _photograph(users.get(name))
        yield
        key = (exchange.principal.account_id, name)
        if key not in world.shadows or world.shadows[key].until <= call.at:
            world.shadows[key] = Shadow(before, call.at + lasting)
        return
    present = dict(users)
    for (account_id, name), shadow in world.shadows.items():
        if account_id == exchange.principal.account_id and call.at < shadow.until:
            users.pop(name, None)
            users.update({} if shadow.user is None else {name: shadow.user})
    try:
        yield
    finally:
        users.clear()
        users.update(present)


def _photograph(user: User | None) -> User | None:
    """Copy what changes of a user: his keys, password, policies and devices."""
    if user is None:
        return None
    picture: Any = copy(user)
    picture.access_keys = [copy(key) for key in user.access_keys]
    picture.policies, picture.managed_policies = dict(user.policies), dict(user.managed_policies)
    picture.mfa_devices = dict(user.mfa_devices)
    picture.ssh_public_keys = deepcopy(user.ssh_public_keys)
    return cast("User", picture)
