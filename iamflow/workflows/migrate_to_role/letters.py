"""The notices of ``migrate-to-role`` that tell of its plan."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from iamflow.domain.migration import Migration
from iamflow.domain.notice import Notice, NoticeKind
from iamflow.domain.policy import Policy
from iamflow.domain.ticket import Ticket
from iamflow.workflows.migrate_to_role import snippets, texts
from iamflow.workflows.shared import notices


def tell(
    kind: NoticeKind, ticket: Ticket, policy: Policy, now: datetime, *, headline: str, reasons: Iterable[str] = ()
) -> tuple[Notice, ...]:
    """Return a notice to the owner and the security team, with the plan as it stands."""
    told = notices.tell(kind, ticket, policy, now, headline=headline, reasons=reasons)
    plan = {"migration": _context(ticket.migration)}
    return tuple(replace(notice, context={**notice.context, **plan}) for notice in told)


def _context(migration: Migration | None) -> Mapping[str, object] | None:
    if migration is None:
        return None
    blueprint, discovery = migration.blueprint, migration.discovery
    return {
        "places": [f"{place.arn}: {place.evidence}" for place in discovery.places] if discovery is not None else [],
        "unread": [f"{what}: {why}" for what, why in discovery.unread] if discovery is not None else [],
        "role": blueprint.role if blueprint is not None else None,
        "role_arn": blueprint.role_arn if blueprint is not None else None,
        "steps": list(texts.steps(blueprint)) if blueprint is not None else [],
        "warnings": list(blueprint.warnings) if blueprint is not None else [],
        "snippet": list(snippets.lines(blueprint)) if blueprint is not None else [],
    }
