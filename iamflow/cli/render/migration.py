"""Where a key is used, and the role that is to take its place: for ``ticket show`` and ``ticket plan``."""

from datetime import datetime

from iamflow.cli.render.record import Section
from iamflow.cli.render.words import when
from iamflow.domain.migration import Discovery, Migration
from iamflow.domain.ticket import Ticket
from iamflow.workflows.migrate_to_role import snippets, texts

PLAN_FIELDS = ("id", "state", "plan_digest", "discovery", "choice", "obstacle", "not_before", "blueprint")


def plan_title(ticket: Ticket) -> str:
    """Return the headline of a plan."""
    digest = f", plan {ticket.plan_digest[:12]}" if ticket.plan_digest else ""
    return f"Ticket {ticket.id}: a role for what uses {ticket.access_key_id} of {ticket.username}, {ticket.state.value}{digest}"


def plan_record(ticket: Ticket) -> dict[str, object]:
    """Return a plan as ``ticket plan --output json`` has it."""
    migration = ticket.migration
    told = {name: getattr(migration, name, None) for name in PLAN_FIELDS[3:]}
    return {"id": ticket.id, "state": ticket.state, "plan_digest": ticket.plan_digest, **told}


def plan_sections(ticket: Ticket, now: datetime) -> list[Section]:
    """Return the plan for people: where the key is used, what is chosen, every step, what to know, what to change in code."""
    migration = ticket.migration or Migration()
    plan = Section(heading="What would be made and changed, in this order")
    known = Section(heading="What to know before approving it")
    code = Section(heading="What the owner changes in the application")
    blueprint = migration.blueprint
    if blueprint is not None:
        plan.add("", *(f"{_mark(migration, number)}{line}" for number, line in enumerate(texts.steps(blueprint))))
        known.add("", *blueprint.warnings)
        code.add("", *snippets.lines(blueprint))
    return [use(ticket, now), _choice(ticket, migration, now), plan, known, code]


def _mark(migration: Migration, number: int) -> str:
    done = migration.blueprint_made.steps[number].id in migration.done
    return "[done] " if done else ""


def use(ticket: Ticket, now: datetime) -> Section:
    """Return where the key was found; nothing for a ticket that leads to no role."""
    section = Section(heading="Where the key is used")
    if ticket.migration is None or ticket.migration.discovery is None:
        return section
    discovery: Discovery = ticket.migration.discovery
    section.add("looked", f"{when(discovery.at, now)}, in {', '.join(discovery.regions)}")
    section.add("found", *(f"{place.arn}: {place.evidence}" for place in discovery.places))
    section.add("not looked through", *(f"{what}: {why}" for what, why in discovery.unread))
    section.add("proposed", discovery.proposed.value if discovery.proposed is not None else f"unknown: {discovery.why}")
    return section


def role(ticket: Ticket, now: datetime) -> Section:
    """Return how far the role has come; nothing for a ticket that leads to none."""
    section = Section(heading="Role")
    migration = ticket.migration
    if migration is None:
        return section
    if migration.blueprint is not None:
        section.add("role", migration.blueprint.role_arn)
        section.add(
            "steps", f"{len(migration.done)} of {len(migration.blueprint.steps)} done (iamflow ticket plan {ticket.id})"
        )
    section.add("lacking", migration.obstacle)
    section.add("nothing before", when(migration.not_before, now))
    section.add("made", when(migration.provisioned_at, now))
    section.add("last used", when(migration.role_used_at, now))
    if migration.migrated is not None:
        section.add("said migrated", f"{when(migration.migrated.at, now)} by {migration.migrated.by}")
    section.add("undone because", migration.undoing)
    return section


def _choice(ticket: Ticket, migration: Migration, now: datetime) -> Section:
    section = Section(heading="Scenario")
    choice = migration.choice
    section.add("lacking", migration.obstacle)
    if choice is None:
        section.add("scenario", f"not known: iamflow ticket plan {ticket.id} --scenario …")
        return section
    section.add("scenario", choice.scenario.value)
    section.add("takes the role", *choice.resources)
    section.add("source", choice.source)
    section.add("issuer", choice.issuer)
    section.add("audience", choice.audience)
    section.add("subject", choice.subject)
    section.add("narrowed", "to what CloudTrail showed of the key" if choice.narrow else "")
    section.add(
        "said by", f"{choice.by}, {when(choice.at, now)}" if choice.by is not None else "iamflow's own proposal"
    )
    section.add("nothing before", when(migration.not_before, now))
    return section
