"""Who is let in: authentication by key and signature, then authorisation by policies.

A caller who fails authentication leaves no trace in CloudTrail; one who is not authorised does.
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from moto.iam.models import AccessKeyLastUsed

from iamflow.sandbox import policies, web_identity
from iamflow.sandbox.calls import Call
from iamflow.sandbox.errors import AwsError, Refusal, refusal
from iamflow.sandbox.faults import Effect, Scope
from iamflow.sandbox.iam_policies import groups_of
from iamflow.sandbox.iam_resources import passed_roles, resource_of
from iamflow.sandbox.identity import KeyTrace, Kind, Principal, Session
from iamflow.sandbox.org_tree import ORGANISATION_ID
from iamflow.sandbox.policies import Question, Statement, Verdict
from iamflow.sandbox.signature import is_signed_with
from iamflow.sandbox.world import World

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# Roles under this path belong to AWS's services; control policies do not reach them.
_SERVICE_LINKED = "/aws-service-role/"


def authenticate(world: World, call: Call, environ: "WSGIEnvironment", body: bytes) -> Principal:
    """Return the caller, or raise the dialect's error for an unknown, inactive or expired key or a bad signature."""
    if call.action == web_identity.ACTION:
        return web_identity.caller(world, call)
    session = world.sessions.get(call.access_key_id)
    if session is not None:
        principal, secret = _session_caller(world, call, session, environ), session.secret
    else:
        trace = world.keys.get(call.access_key_id)
        if trace is None or not _usable(world, call, trace):
            raise refusal(Refusal.UNKNOWN_KEY, call.dialect)
        principal, secret = _user_caller(world, call, trace), trace.secret
    if not is_signed_with(environ, body, secret):
        raise refusal(Refusal.BAD_SIGNATURE, call.dialect)
    return principal


def scope_of(call: Call, account_id: str) -> Scope:
    """Return a call as the scope that faults are compared with."""
    return Scope(account=account_id, service=call.service, operation=call.operation, region=call.region)


def account_of(world: World, call: Call) -> str:
    """Return the account that a key belongs to, remembered after its deletion; the home account for unknown ones."""
    session = world.sessions.get(call.access_key_id)
    if session is not None:
        return session.principal.account_id
    trace = world.keys.get(call.access_key_id)
    return trace.account_id if trace else world.settings.home_account


def _usable(world: World, call: Call, trace: KeyTrace) -> bool:
    if trace.usable_from is not None and call.at < trace.usable_from:
        return False  # new, and not yet known everywhere
    key = world.iam(trace.account_id).access_keys.get(call.access_key_id)
    if key is not None and key.status == "Active":
        return True
    if trace.refused_since is None:
        return False
    delay = world.faults.length(Effect.PROPAGATION, scope_of(call, trace.account_id))
    return call.at - trace.refused_since < delay


def _user_caller(world: World, call: Call, trace: KeyTrace) -> Principal:
    user = world.iam(trace.account_id).users.get(trace.user_name)
    return Principal(
        kind=Kind.USER,
        account_id=trace.account_id,
        arn=user.arn if user else f"arn:aws:iam::{trace.account_id}:user/{trace.user_name}",
        principal_id=trace.user_id,
        name=trace.user_name,
        access_key_id=call.access_key_id,
    )


def _session_caller(world: World, call: Call, session: Session, environ: "WSGIEnvironment") -> Principal:
    if environ.get("HTTP_X_AMZ_SECURITY_TOKEN") != session.token:
        raise refusal(Refusal.UNKNOWN_KEY, call.dialect)
    if call.at >= session.expires:
        raise refusal(Refusal.EXPIRED, call.dialect)
    principal = session.principal
    if principal.kind is Kind.USER:
        # A user's session outlives his keys, but not the user.
        user = world.iam(principal.account_id).users.get(principal.name)
        if user is None or user.id != principal.principal_id:
            raise refusal(Refusal.UNKNOWN_KEY, call.dialect)
        if call.service == "iam" and not (principal.mfa or principal.console):
            # GetSessionToken: "you cannot call any IAM API operations unless MFA information is included".
            raise refusal(Refusal.UNKNOWN_KEY, call.dialect)
    return principal


def note_use(world: World, call: Call, principal: Principal) -> None:
    """Move a role's last use, or a long-term key's at most once in the step that AWS has (15 minutes)."""
    if principal.kind is Kind.ROLE:
        role: Any = world.iam(principal.account_id).roles.get(principal.principal_id.split(":")[0])
        if role is not None:
            role.last_used, role.last_used_region = call.at.replace(tzinfo=None), call.region
        return
    key = world.iam(principal.account_id).access_keys.get(principal.access_key_id)
    if key is None:
        return
    now = call.at.replace(tzinfo=None)
    if key.last_used is None or now - key.last_used.timestamp >= max(world.settings.last_used_step, timedelta(0)):
        key.last_used = AccessKeyLastUsed(timestamp=now, service=call.service, region=call.region)


def authorise(world: World, call: Call, principal: Principal) -> None:
    """Raise the dialect's refusal if a policy, or a fault, forbids the call."""
    if call.action in {"sts:GetCallerIdentity", "sts:GetSessionToken", web_identity.ACTION}:
        return  # always allowed, even against an explicit deny: no policy of the caller controls them
    context = _context(call, principal)
    resource = resource_of(world, call, principal)
    main = Question(action=call.action, resource=resource, context=context)
    questions = [main] + [
        Question(action="iam:PassRole", resource=role, context={**context, "iam:PassedToService": service})
        for role, service in passed_roles(world, call, principal.account_id)
    ]
    for question in questions:
        if (reason := _objection(world, principal, question)) is not None:
            raise _denied(call, principal, question, reason)
    if world.faults.strikes(Effect.ACCESS_DENIED, scope_of(call, principal.account_id)):
        raise _denied(call, principal, main, "with an explicit deny in a service control policy")


def _denied(call: Call, principal: Principal, question: Question, reason: str) -> AwsError:
    where = f" on resource: {question.resource}" if question.resource else ""
    message = f"User: {principal.arn} is not authorized to perform: {question.action}{where} {reason}"
    return refusal(Refusal.DENIED, call.dialect, message)


def _objection(world: World, principal: Principal, question: Question) -> str | None:
    if not principal.role_path.startswith(_SERVICE_LINKED):
        controlled = world.organisation.objection(principal.account_id, question)
        if controlled is not None:
            return controlled
    own = list(_identity_statements(world, principal))
    verdict = policies.judge(own, question)
    if verdict is Verdict.DENIED:
        return "with an explicit deny in an identity-based policy"
    if principal.kind is Kind.ROLE and own and verdict is not Verdict.ALLOWED:
        return f"because no identity-based policy allows the {question.action} action"
    if principal.session_policy is not None:
        narrowed = policies.judge(policies.statements(principal.session_policy), question)
        if narrowed is Verdict.DENIED:
            return "with an explicit deny in a session policy"
        if narrowed is not Verdict.ALLOWED:
            return f"because no session policy allows the {question.action} action"
    return None


def _identity_statements(world: World, principal: Principal) -> Iterator[Statement]:
    backend = world.iam(principal.account_id)
    holders: list[Any] = []
    if principal.kind is Kind.ROLE:
        holders = [role for role in backend.get_roles() if role.name == principal.role_name]
    elif (user := backend.users.get(principal.name)) is not None:
        holders = [user, *groups_of(world, principal.account_id, user)]
    for holder in holders:
        for document in _documents(holder):
            yield from policies.statements(json.loads(document))


def _documents(holder: Any) -> Iterator[str]:  # noqa: ANN401 - moto's users, groups and roles
    yield from holder.policies.values()
    for managed in holder.managed_policies.values():
        yield from (version.document for version in managed.versions if version.is_default)


def _context(call: Call, principal: Principal) -> dict[str, str]:
    context = {
        "aws:PrincipalArn": principal.lasting_arn,
        "aws:PrincipalAccount": principal.account_id,
        "aws:PrincipalOrgID": ORGANISATION_ID,
        "aws:PrincipalType": "User" if principal.kind is Kind.USER else "AssumedRole",
        "aws:RequestedRegion": call.region,
        "aws:SourceIp": call.source_ip,
    }
    if principal.kind is Kind.USER:
        context["aws:username"] = principal.name
    if principal.session_since is not None:
        context["aws:TokenIssueTime"] = principal.session_since.isoformat()
        context["aws:MultiFactorAuthPresent"] = "true" if principal.mfa else "false"
    if call.action == "s3:ListBucket":
        context["s3:prefix"] = str(call.parameters.get("prefix", ""))
    if isinstance(arn := call.parameters.get("PolicyArn"), str):
        context["iam:PolicyARN"] = arn
    return context
