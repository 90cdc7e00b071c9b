"""Circumstances in which a guardrail may be made, attached, detached and deleted, and ways to spoil one thing in them."""

from dataclasses import replace

from iamflow.domain.effect import Effect, EffectKind
from iamflow.domain.facts import TargetFacts, UserReading
from iamflow.domain.guardrail import (
    AccountPreview,
    ControlPolicy,
    Guardrail,
    OrganisationReading,
    Preview,
    WrittenPolicy,
    named,
    policy_document,
    policy_name,
)
from iamflow.domain.guards import Circumstances, Freeze, Pace
from iamflow.domain.ids import AccountId, TicketId
from iamflow.domain.people import Identity
from iamflow.domain.plan import digest_of
from iamflow.domain.policy import Policy
from iamflow.domain.scope import AccountScope
from iamflow.domain.states import Mode, State
from iamflow.domain.ticket import Approval, Progress, Ticket
from iamflow.workflows.org_mfa_guardrail import WORKFLOW

from .circumstances import ACCOUNT, ALICE, BOB, DAY, HOUR, NOW, SECOND

KINDS = WORKFLOW.effects
CREATE, ATTACH, DETACH, DELETE = KINDS
PUTTING = (CREATE, ATTACH)

TARGET = "ou-exam-12345678"
MEMBER = AccountId("210987654321")
NAME = policy_name(TicketId(7))
DOCUMENT = policy_document(TicketId(7), exempt_change_password=False)
POLICY_ID = "p-iamflow7"
CAROL = Identity(os="carol", sts="arn:aws:sts::999999999999:assumed-role/Admin/carol")

QUIET = AccountPreview(account_id=MEMBER, name="member", read_at=NOW - HOUR)
WRITTEN = WrittenPolicy(name=NAME, document=DOCUMENT, since=NOW - HOUR, policy_id=POLICY_ID)
_OURS = ControlPolicy(policy_id=POLICY_ID, document=DOCUMENT, targets=())
_POLICY = Policy(mode=Mode.ENFORCE, scope=AccountScope(enforce=frozenset({ACCOUNT, MEMBER})))


def allowed(kind: EffectKind) -> Circumstances:
    """Return circumstances in which no guard has anything against this effect."""
    created, attached = kind is not CREATE, kind is DETACH
    guardrail = Guardrail(preview=Preview(accounts=(QUIET,)), policy=WRITTEN if created else None)
    found = replace(_OURS, targets=(TARGET,) if attached else ()) if created else None
    effect = Effect(
        kind=kind,
        account_id=ACCOUNT,
        username=named(TARGET),
        targets=(POLICY_ID,) if created else (NAME,),
        document=None if created else DOCUMENT,
    )
    c = Circumstances(
        now=NOW,
        effect=effect,
        ticket=_ticket(guardrail, State.MONITORING if kind.undoes else State.AWAITING_APPROVAL),
        reading=_reading(found),
        policy=_POLICY,
        freeze=Freeze(on=False),
        lease_held=True,
        enforced_since=NOW - 30 * DAY,
        approvals=(),
        pace=Pace(used=0, allowance=20),
        follows=WORKFLOW.follows.get(kind, frozenset()),
    )
    return c if kind.undoes else approved(c)


def _ticket(guardrail: Guardrail, state: State) -> Ticket:
    return Ticket(
        id=TicketId(7),
        workflow=WORKFLOW.name,
        workflow_version=1,
        account_id=ACCOUNT,
        account_name="management",
        username=named(TARGET),
        requester=ALICE,
        state=state,
        state_since=NOW - DAY,
        due_at=NOW,
        facts=TargetFacts(target=TARGET, target_name="workloads", as_of=NOW - HOUR, source="live"),
        progress=Progress(guardrail=guardrail),
        opened_at=NOW - DAY,
    )


def _reading(policy: ControlPolicy | None) -> UserReading:
    return UserReading(
        read_at=NOW - 10 * SECOND,
        account_id=ACCOUNT,
        user_id=None,
        organisation=OrganisationReading(
            management_account=ACCOUNT,
            enabled=True,
            target_name="workloads",
            attached=("p-FullAWSAccess",),
            policy=policy,
        ),
    )


def approved(c: Circumstances, *people: Identity) -> Circumstances:
    """Return the circumstances with approvals of exactly this plan, by two people or by these."""
    digest = digest_of(c.ticket, c.reading, c.policy)
    approvals = tuple(
        Approval(ticket_id=c.ticket.id, by=person, digest=digest or "", at=NOW - HOUR, expires_at=NOW + DAY)
        for person in people or (BOB, CAROL)
    )
    return replace(c, approvals=approvals)


def guardrail(c: Circumstances, **changes: object) -> Circumstances:
    """Return the circumstances with something changed about how far the guardrail has come."""
    before = c.ticket.progress.guardrail
    assert before is not None
    progress = replace(c.ticket.progress, guardrail=replace(before, **changes))  # type: ignore[arg-type]  # the caller's names
    return replace(c, ticket=replace(c.ticket, progress=progress))


def preview(c: Circumstances, **changes: object) -> Circumstances:
    """Return the circumstances with something else in the preview, which people have approved and accepted."""
    changed = guardrail(c, preview=Preview(accounts=(replace(QUIET, **changes),)))  # type: ignore[arg-type]  # as above
    accepted = guardrail(changed, accepted=digest_of(changed.ticket, changed.reading, changed.policy))
    return approved(accepted)


def organisation(c: Circumstances, **changes: object) -> Circumstances:
    """Return the circumstances with something else read of the organisation."""
    assert c.reading.organisation is not None
    found = replace(c.reading.organisation, **changes)  # type: ignore[arg-type]  # as above
    return replace(c, reading=replace(c.reading, organisation=found))


def policy(c: Circumstances, **changes: object) -> Circumstances:
    """Return the circumstances with something else read of the policy."""
    return organisation(c, policy=replace(_OURS, **changes))  # type: ignore[arg-type]  # as above
