"""Reads what a decision needs from AWS, one ticket at a time, and decides. Runs in the pool; touches no database."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from iamflow.domain.decision import Case, Decision, Look, Sight
from iamflow.domain.effect import Intent, Outcome, OutcomeKind
from iamflow.domain.errors import TemporaryError
from iamflow.domain.facts import UserReading
from iamflow.domain.owners import find_owner
from iamflow.domain.root import AccountReading
from iamflow.domain.states import State
from iamflow.domain.subject import Part, UserSubject
from iamflow.domain.ticket import Ticket
from iamflow.engine import exemptions, guardrails, migration, sweeps
from iamflow.engine.deps import Engine
from iamflow.engine.failures import after_failure
from iamflow.workflows.workflow import Achievement, Workflow


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """One case after its look: what was read, what was decided, and what it settled."""

    case: Case
    workflow: Workflow
    decision: Decision
    reading: UserReading | None = None
    settles: Outcome | None = None
    """How the open intent, if there was one, turned out."""
    users: int | None = None
    """The number of users in the account, read where an effect is proposed that the caps count."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """An intent whose outcome is known, with the reading that showed it."""

    case: Case
    workflow: Workflow
    intent: Intent
    outcome: Outcome
    reading: UserReading


def subject_of(engine: Engine, workflow: Workflow, ticket: Ticket) -> UserSubject:
    """Return the one key that the ticket is about, with the policies of its user that matter to it."""
    return UserSubject(
        account_id=ticket.account_id,
        username=ticket.username,
        key_id=ticket.access_key_id,
        policies=workflow.policies_of(ticket, engine.policy),
        parts=workflow.parts | workflow.parts_of(ticket),
        managed=workflow.managed_of(ticket, engine.policy),
        sink=workflow.sink_of(ticket),
        governed=workflow.governed_of(ticket),
        blueprint=workflow.blueprint_of(ticket),
    )


def look(engine: Engine, workflow: Workflow, case: Case) -> Seen:
    """Look at one ticket and decide. Whatever goes wrong with it becomes its own decision."""
    try:
        if case.intent is not None:
            return _settle(engine, workflow, case)
        return _decide(engine, workflow, case)
    except Exception as error:  # noqa: BLE001 - one ticket's trouble must not hold up the others
        return Seen(
            case=case,
            workflow=workflow,
            decision=after_failure(engine, workflow, case, error),
        )


def _decide(engine: Engine, workflow: Workflow, case: Case) -> Seen:
    sight = Sight()
    while missing := workflow.wants(case, sight, engine.situation()):
        sight = _read(engine, subject_of(engine, workflow, case.ticket), case.ticket, sight, min(missing))
    situation = engine.situation()
    decision = exemptions.applied(workflow.decide(case, sight, situation), case, sight, situation, workflow)
    users = None
    if decision.effect is not None and not decision.effect.kind.undoes:
        users = engine.cloud.user_count(case.ticket.account_id)
    return Seen(case=case, workflow=workflow, decision=decision, reading=sight.user, users=users)


def _read(engine: Engine, subject: UserSubject, ticket: Ticket, sight: Sight, what: Look) -> Sight:
    match what:
        case Look.USER:
            reading = engine.cloud.read(subject)
            _require_time(engine, ticket, reading)
            contact = _security_contact(engine, ticket, reading.tags) if subject.governed is None else None
            seen = replace(sight, user=replace(reading, security_contact=contact))
        case Look.QUOTA:
            seen = replace(sight, quota=engine.cloud.key_quota(ticket.account_id))
        case Look.SNAPSHOT:
            whole = replace(subject, parts=subject.parts | {Part.BODIES})
            seen = replace(sight, snapshot=engine.cloud.read(whole))
        case Look.RIGHTS:
            seen = replace(sight, rights=engine.cloud.rights(subject))
        case Look.USAGE:
            seen = replace(sight, usage=migration.usage(engine, subject, ticket, sight))
        case Look.GRANTS:
            seen = replace(sight, grants=migration.grants(engine, subject, ticket))
        case Look.ADOPTION:
            seen = replace(sight, adoption=sweeps.adoption(engine, ticket))
        case _:
            seen = _beyond_users(engine, ticket, sight, what)
    return seen


def _beyond_users(engine: Engine, ticket: Ticket, sight: Sight, what: Look) -> Sight:
    """Return the sight with what is about an account, an organisation, or a trail."""
    match what:
        case Look.ACCOUNT:
            account = engine.cloud.read_account(ticket.account_id)
            _require_time(engine, ticket, account)
            contact = _security_contact(engine, ticket, {})
            seen = replace(sight, account=replace(account, security_contact=contact))
        case Look.PREVIEW:
            seen = replace(sight, preview=guardrails.preview(engine, ticket))
        case Look.DENIALS:
            seen = replace(sight, denials=guardrails.denials(engine, ticket))
        case _:
            seen = _searched(engine, ticket, sight, what)
    return seen


def _searched(engine: Engine, ticket: Ticket, sight: Sight, what: Look) -> Sight:
    """Return the sight with what CloudTrail tells."""
    match what:
        case Look.BASELINE:
            seen = replace(sight, baseline=sweeps.baseline(engine, ticket))
        case Look.REACTIONS:
            last_use = sight.user.last_use if sight.user is not None else None
            informed = replace(ticket, progress=replace(ticket.progress, last_use=last_use))
            seen = replace(sight, reactions=sweeps.reactions(engine, informed))
        case Look.BROWNOUT:
            seen = replace(sight, brownout=sweeps.brownout(engine, ticket))
        case Look.FINAL_SWEEP:
            seen = replace(sight, final_sweep=sweeps.final_sweep(engine, ticket))
        case Look.PROOF:
            prove = sweeps.proof if ticket.progress.guardrail is None else guardrails.proof
            seen = replace(sight, proof=prove(engine, ticket))
        case Look.ORIGIN:
            seen = replace(sight, origin=sweeps.origin(engine, ticket))
        case _:
            message = f"nothing reads {what}"
            raise AssertionError(message)
    return seen


def _security_contact(engine: Engine, ticket: Ticket, tags: Mapping[str, str]) -> str | None:
    """Return whom the account names for security matters, where nobody was told yet and nothing else leads to anybody."""
    rules = engine.policy.owners
    if not rules.account_contact or ticket.state is not State.OPEN:
        return None
    found = find_owner(tags, ticket.account_id, rules)
    known = found is not None and found.source != "default"
    return None if known else engine.cloud.security_contact(ticket.account_id)


def _require_time(engine: Engine, ticket: Ticket, reading: UserReading | AccountReading) -> None:
    """Refuse to go on before a deactivation while the clock is wrong: a grace period begun by it would end by another.

    A key that has been deactivated, or is being denied, is watched all the same, and what was asked to be taken back is; the
    next step is the guards' affair.
    """
    error = reading.clock_error()
    if abs(error) > engine.policy.timing.clock_skew and not (ticket.took_access or ticket.wanted is not None):
        message = (
            f"this host's clock is {error.total_seconds():+.0f} s from AWS's: set it right, nothing begins until then"
        )
        raise TemporaryError(message)


def _settle(engine: Engine, workflow: Workflow, case: Case) -> Seen:
    """Settle an intent that a crash or a lost answer left open, by reading AWS and never by repeating the call."""
    reading = engine.cloud.read(subject_of(engine, workflow, case.ticket))
    situation = engine.situation()
    outcome = workflow.settle(case, reading, situation)
    if outcome is None or case.intent is None:
        due_at = situation.now + engine.policy.timing.retry_base
        waiting = Decision(
            ticket=case.ticket,
            due_at=due_at,
            reason="AWS has not caught up with the last call yet",
        )
        return Seen(case=case, workflow=workflow, decision=waiting, reading=reading)
    return Seen(
        case=case,
        workflow=workflow,
        decision=after_outcome(
            engine,
            Settled(
                case=case,
                workflow=workflow,
                intent=case.intent,
                outcome=outcome,
                reading=reading,
            ),
        ),
        reading=reading,
        settles=outcome,
    )


def after_outcome(engine: Engine, seen: Settled) -> Decision:
    """Return what follows from a settled intent: the step it was for, or another look soon."""
    if seen.outcome.kind is not OutcomeKind.DONE:
        reason = seen.outcome.detail or seen.outcome.kind.value
        # Not at once: what AWS has just failed to do, it is likely to fail at again.
        due_at = engine.now() + engine.policy.timing.retry_base
        return Decision(ticket=seen.case.ticket, due_at=due_at, reason=reason)
    achievement = Achievement(effect=seen.intent.effect, outcome=seen.outcome, reading=seen.reading)
    return seen.workflow.achieved(seen.case, achievement, engine.situation())
