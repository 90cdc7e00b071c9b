"""The monitoring window and the sweep that closes it: when it ends, and whether what was read of it is enough."""

from datetime import datetime
from enum import StrEnum

from iamflow.domain.policy import Policy
from iamflow.domain.ticket import Ticket


class Shortcoming(StrEnum):
    """What a final sweep lacks."""

    INCONCLUSIVE = "sweep_inconclusive"
    TOO_SHORT = "sweep_too_short"
    OTHER_REGIONS = "sweep_other_regions"


def window_ends(ticket: Ticket, policy: Policy) -> datetime | None:
    """Return the later of what the settings say now and what was set at the deactivation; None before one was observed."""
    since = ticket.progress.deactivated_at
    if since is None:
        return None
    return max(since + policy.of(ticket.workflow).monitor, ticket.progress.window_ends_at or since)


def watched_to_the_end(ticket: Ticket, policy: Policy) -> bool:
    """Return whether a whole search for what a guardrail denied began after its window and CloudTrail's delivery lag."""
    guardrail, ends = ticket.progress.guardrail, window_ends(ticket, policy)
    searched = guardrail.watch.searched_at if guardrail is not None and guardrail.watch is not None else None
    return ends is not None and searched is not None and searched >= ends + policy.of(ticket.workflow).delivery_lag


def shortcoming(ticket: Ticket, policy: Policy, now: datetime) -> Shortcoming | None:
    """Return what the ticket's final sweep lacks, or None when it is enough for a deletion.

    It must have read every region for the whole window, after CloudTrail's delivery lag, and have left out only regions that
    the settings excuse today. One that claims to have run later than now was run on a clock that has since been put back:
    it proves nothing. That a deactivation was observed at all is for others to see.
    """
    sweep, since = ticket.progress.final_sweep, ticket.progress.deactivated_at
    if sweep is None or not sweep.conclusive or not sweep.regions:
        return Shortcoming.INCONCLUSIVE
    if not set(sweep.excused) <= set(policy.excused):
        return Shortcoming.OTHER_REGIONS
    ends = window_ends(ticket, policy)
    if since is None or ends is None:
        return None
    ran_in_time = ends + policy.of(ticket.workflow).delivery_lag <= sweep.run_at <= now
    return None if sweep.start <= since and sweep.end >= ends and ran_in_time else Shortcoming.TOO_SHORT
