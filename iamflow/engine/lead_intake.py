"""From leads to rows that wait: no ticket is ever opened on a lead alone.

A ticket is about one exact key id, and unknown is never unused (safety rules 4 and 5). So it is the finding that waits until AWS
has been read (``follow_up``), not a ticket without a key id.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from iamflow.domain.lead import Lead
from iamflow.domain.policy import Policy
from iamflow.domain.rule_settings import RuleName
from iamflow.engine.admission import refusal
from iamflow.engine.ports import LeadStore

ABOUT_KEYS = frozenset({RuleName.KEY_TOO_OLD, RuleName.KEY_IN_USE})
UNREAD = "AWS has not been read yet"


@dataclass(kw_only=True, slots=True)
class Sorted:
    """What becomes of the leads of a report."""

    wanted: list[Lead] = field(default_factory=list)
    refused: list[tuple[Lead, str]] = field(default_factory=list)
    """Leads about what is not iamflow's to touch, with the reason."""


def sort_leads(leads: Sequence[Lead], policy: Policy, now: datetime) -> Sorted:
    """Leave out what no workflow deals with, and what cannot be a finding by what the report itself says."""
    found = Sorted()
    for lead in leads:
        if not is_dealt_with(lead.rule, policy) or _too_young(lead, policy, now):
            continue
        reason = refusal(lead.account_id, lead.username, policy)
        if reason is None:
            found.wanted.append(lead)
        else:
            found.refused.append((lead, reason))
    return found


def note_leads(store: LeadStore, leads: Sequence[Lead], now: datetime) -> int:
    """Write leads down, to be followed up, and return how many there are."""
    return store.note_leads(leads, now, UNREAD)


def is_dealt_with(rule: RuleName, policy: Policy) -> bool:
    """Return whether any workflow deals with what the rule finds, used lately or not, in any account at all."""
    rules = ABOUT_KEYS if rule in ABOUT_KEYS else {rule}
    return any(one.value in policy.rules.applied for one in rules)


def _too_young(lead: Lead, policy: Policy, now: datetime) -> bool:
    """Return whether the report says that the key is too young to be a finding in any account, Active or not."""
    if lead.rule not in ABOUT_KEYS or lead.created_at is None:
        return False
    return now - lead.created_at <= policy.rules.least_key_age
