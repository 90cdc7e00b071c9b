"""What is asked of AWS on the way from a key to a role: where the key is used, and what the role must be allowed."""

from iamflow.domain.decision import Sight
from iamflow.domain.migration import Grants, Workloads
from iamflow.domain.subject import UserSubject
from iamflow.domain.ticket import Ticket
from iamflow.engine.deps import Engine


def usage(engine: Engine, subject: UserSubject, ticket: Ticket, sight: Sight) -> Workloads:
    """Return what uses the key: by what holds it, by the addresses that CloudTrail saw, and what a person has named."""
    baseline = sight.baseline or ticket.baseline
    activities = baseline.activities if baseline is not None else ()
    addresses = tuple(dict.fromkeys(activity.source_ip for activity in activities if activity.source_ip is not None))
    choice = ticket.migration.choice if ticket.migration is not None else None
    return engine.cloud.usage(subject, addresses, choice.resources if choice is not None else ())


def grants(engine: Engine, subject: UserSubject, ticket: Ticket) -> Grants:
    """Return what the role must be allowed: what the user is, and the roles that the chosen applications have already."""
    migration = ticket.migration
    if migration is None or migration.choice is None or migration.discovery is None:
        return engine.cloud.grants(subject, ())
    wanted = set(migration.choice.resources)
    roles = (place.role for place in migration.discovery.places if place.arn in wanted)
    return engine.cloud.grants(subject, tuple(dict.fromkeys(role for role in roles if role is not None)))
