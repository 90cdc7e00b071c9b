"""Decisions from the discovery to the last step of an approved plan."""

from dataclasses import replace
from datetime import datetime

from iamflow.domain.blueprint import IN_IAM, Blueprint, Scenario, foreign, missing
from iamflow.domain.decision import Case, Decision, Sight
from iamflow.domain.evidence import Baseline
from iamflow.domain.facts import UserReading
from iamflow.domain.journal import EventKind, NewEvent
from iamflow.domain.migration import TRIES_MOST, Discovery, Migration, Workloads, tried
from iamflow.domain.notice import NoticeKind
from iamflow.domain.plan import plan_digest
from iamflow.domain.states import State, Trigger
from iamflow.domain.ticket import Ticket
from iamflow.workflows.migrate_to_role import cutover, letters, plan
from iamflow.workflows.migrate_to_role.effects import step_effect
from iamflow.workflows.migrate_to_role.trust import ISSUERS
from iamflow.workflows.shared import common
from iamflow.workflows.workflow import Situation


def decide(case: Case, sight: Sight, situation: Situation) -> Decision:
    """Decide about a ticket that is on its way to a role, and whose waits before that are over."""
    ticket = case.ticket
    migration = of(ticket)
    if ticket.state is State.DISCOVERING:
        return _discovered(ticket, migration, sight, situation)
    if migration.choice is None:
        return _unknown(ticket, migration, "how the application runs that uses the key is not known", situation)
    if not migration.made and sight.usage is not None and migration.discovery is not None:
        looked = _with_named(migration, sight.usage, situation.now)
        return Decision(
            ticket=replace(ticket, migration=looked), due_at=situation.now, reason="looked at what was named"
        )
    if not migration.made:
        planned = _planned(case, migration, sight, situation)
        if planned is not None:
            return planned
    return _carry_out(case, migration, common.required(sight.user), situation)


def of(ticket: Ticket) -> Migration:
    """Return the ticket's way to a role."""
    if ticket.migration is None:
        message = f"ticket {ticket.id} leads to no role"
        raise AssertionError(message)
    return ticket.migration


# --- where the key is used --------------------------------------------------------------------------------------------


def _discovered(ticket: Ticket, migration: Migration, sight: Sight, situation: Situation) -> Decision:
    if sight.usage is None or sight.baseline is None:
        return common.stay(ticket, due_at=situation.now, reason="it is being found out where the key is used")
    found = discovery_of(sight.usage, sight.baseline, situation.now)
    if migration.discovery is not None and migration.discovery.proposed is None:
        found = replace(found, why=f"{found.why}; {migration.discovery.why}")
    choice = migration.choice or plan.proposed(found, narrow=situation.policy.migrate_to_role.narrow)
    learned = replace(migration, discovery=found, choice=choice)
    detail = {
        "regions": list(sight.baseline.regions),
        "excused": [list(pair) for pair in sight.baseline.excused],
        "truncated": list(sight.baseline.truncated),
        "activities": len(sight.baseline.activities),
    }
    return Decision(
        ticket=replace(ticket, migration=learned, baseline=sight.baseline),
        trigger=Trigger.PLAN,
        due_at=situation.now,
        events=(NewEvent(kind=EventKind.BASELINE, actor=common.DAEMON, at=situation.now, detail=detail),),
        reason=found.why,
    )


def discovery_of(usage: Workloads, baseline: Baseline, now: datetime) -> Discovery:
    """Return what was found, with what it proposes: the one scenario that everything found is of, else nothing."""
    scenarios = {place.scenario for place in usage.places}
    proposed = next(iter(scenarios)) if len(scenarios) == 1 else None
    pipelines = sorted({agent for activity in baseline.activities if (agent := _pipeline(activity.user_agent))})
    if proposed is not None and not pipelines:
        names = ", ".join(place.arn for place in usage.places)
        why = f"the key is used by {names}"
    elif not usage.places and pipelines:
        why = f"the key is used by pipelines of {', '.join(pipelines)}: say which (--scenario ci-oidc)"
    elif not usage.places:
        why = "no function, service or instance of the account was found that uses the key"
    else:
        proposed = None
        kinds = ", ".join(sorted({place.scenario.value for place in usage.places} | set(pipelines)))
        why = f"the key is used in several ways ({kinds}): say which is to take the role first"
    return Discovery(
        at=now, regions=usage.regions, places=usage.places, unread=usage.unread, proposed=proposed, why=why
    )


def _pipeline(agent: str | None) -> str | None:
    """Return whose pipelines a user agent speaks of, by the names that their tools give themselves."""
    told = (agent or "").lower()
    return next((name for name in ISSUERS if name in told), None)


def _with_named(migration: Migration, usage: Workloads, now: datetime) -> Migration:
    """Add what a person has named to what was found. What AWS does not know is no part of the choice any more."""
    before = migration.discovery
    if before is None or migration.choice is None:
        return migration
    known = {place.arn for place in before.places}
    added = tuple(place for place in usage.places if place.arn not in known)
    found = replace(before, at=now, places=(*before.places, *added), unread=usage.unread)
    unknown = plan.lacking(migration.choice, found)
    left = tuple(arn for arn in migration.choice.resources if arn not in unknown)
    obstacle = f"AWS knows no {', '.join(unknown)} in the account" if unknown else None
    return replace(migration, discovery=found, choice=replace(migration.choice, resources=left), obstacle=obstacle)


def _unknown(ticket: Ticket, migration: Migration, lacks: str, situation: Situation) -> Decision:
    """Wait for a person to say how the application runs, or what else the plan lacks; tell once what that is."""
    due_at = situation.now + situation.policy.timing.recheck
    found = migration.discovery.why if migration.discovery is not None else ""
    how = f"iamflow ticket plan {ticket.id} --scenario {'|'.join(Scenario)}"
    sentence = f"{lacks}: {how}" if migration.choice is None else lacks
    progress = replace(ticket.progress, waiting_for=(sentence,))
    told = replace(ticket, progress=progress, migration=replace(migration, obstacle=lacks, blueprint=None))
    told = replace(told, plan_digest=None)
    moves = ticket.state is State.AWAITING_APPROVAL
    if migration.obstacle == lacks:
        return Decision(ticket=told, trigger=Trigger.PLAN if moves else None, due_at=due_at, reason=sentence)
    letter = letters.tell(
        NoticeKind.SCENARIO_UNKNOWN,
        told,
        situation.policy,
        situation.now,
        headline=sentence,
        reasons=[found] if found else [],
    )
    return Decision(
        ticket=told, trigger=Trigger.PLAN if moves else None, due_at=due_at, notices=letter, reason=sentence
    )


# --- the plan ---------------------------------------------------------------------------------------------------------


def _planned(case: Case, migration: Migration, sight: Sight, situation: Situation) -> Decision | None:
    """Make the plan, or compare the one that there is with what AWS says by now; None where it is still the same."""
    ticket = case.ticket
    if sight.grants is None or migration.choice is None or migration.discovery is None:
        return common.stay(ticket, due_at=situation.now, reason="the plan is being made")
    materials = plan.Materials(
        choice=migration.choice, discovery=migration.discovery, grants=sight.grants, baseline=ticket.baseline
    )
    built = plan.build(ticket, materials)
    if isinstance(built, str):
        return _unknown(ticket, migration, built, situation)
    if ticket.state is State.AWAITING_APPROVAL and built == migration.blueprint:
        return None
    return _ask(ticket, replace(migration, blueprint=built, obstacle=None), sight, situation)


def _ask(ticket: Ticket, migration: Migration, sight: Sight, situation: Situation) -> Decision:
    """Ask for an approval of the plan. A plan that has changed since is asked about again."""
    policy, now = situation.policy, situation.now
    planned = replace(ticket, migration=migration, progress=replace(ticket.progress, waiting_for=()))
    digest = plan_digest(planned, common.required(sight.user), policy.excused, policy.of(ticket.workflow).brownout)
    planned = replace(planned, plan_digest=digest)
    changed = ticket.state is State.AWAITING_APPROVAL
    headline = "the plan has changed, and needs an approval again" if changed else "the plan needs an approval"
    told = letters.tell(NoticeKind.APPROVAL_NEEDED, planned, policy, now, headline=headline)
    return Decision(
        ticket=planned,
        trigger=None if changed else Trigger.REQUIRE_APPROVAL,
        due_at=now + policy.timing.recheck,
        notices=told,
        reason=headline,
    )


# --- carrying it out --------------------------------------------------------------------------------------------------


def _carry_out(case: Case, migration: Migration, reading: UserReading, situation: Situation) -> Decision:
    """Propose the next step of an approved plan, one a look."""
    ticket, now = case.ticket, situation.now
    blueprint = migration.blueprint_made
    if not any(approval.used_at is None for approval in case.approvals):
        reason = "waiting for an approval of the plan"
        return common.stay(ticket, due_at=now + situation.policy.timing.recheck, reason=reason)
    if migration.not_before is not None and now < migration.not_before:
        return common.stay(ticket, due_at=migration.not_before, reason="waiting for the maintenance window")
    standings = reading.standings or {}
    strange = foreign(blueprint, standings)
    if strange:
        reason = (
            f"{strange[0].target} is there and iamflow did not make it, or has been changed by somebody else: "
            f"look at it, then iamflow ticket retry {ticket.id}"
        )
        return common.block(ticket, situation, code="foreign", reason=reason)
    return _next_step(ticket, migration, (blueprint, reading), situation)


def _next_step(
    ticket: Ticket, migration: Migration, seen: tuple[Blueprint, UserReading], situation: Situation
) -> Decision:
    blueprint, reading = seen
    now, propagation = situation.now, situation.policy.timing.propagation
    remaining = missing(blueprint, reading.standings or {})
    if not remaining:
        return cutover.provisioned(ticket, migration, now, situation)
    step = remaining[0]
    if step.kind not in IN_IAM and migration.changed_at is not None and now < migration.changed_at + propagation:
        return common.stay(ticket, due_at=migration.changed_at + propagation, reason="the role is reaching all of AWS")
    if migration.trying == step.id and migration.tries >= TRIES_MOST:
        reason = (
            f"{step.kind.value} {step.target} was tried {migration.tries} times and does not show: look at it, then "
        )
        again = replace(ticket, migration=replace(migration, tries=0))
        return common.block(again, situation, code="never_shows", reason=f"{reason}iamflow ticket retry {ticket.id}")
    begun = replace(tried(migration, step.id), begun_at=migration.begun_at or now)
    return Decision(
        ticket=replace(ticket, migration=begun),
        effect=step_effect(ticket, step),
        due_at=now,
        reason=f"the plan is approved; {len(remaining)} of {len(blueprint.steps)} steps are left",
    )
