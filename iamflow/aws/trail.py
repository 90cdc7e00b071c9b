"""CloudTrail's LookupEvents: one page at a time, within its budget."""

from collections.abc import Mapping
from contextlib import suppress

from iamflow.aws.answers import text
from iamflow.aws.budget import LookupBudget
from iamflow.aws.clients import Answer, Api
from iamflow.aws.errors import Refusal, not_understood, refusal_of
from iamflow.aws.events import parsed
from iamflow.domain.errors import BlockedError, TemporaryError
from iamflow.domain.evidence import TrailEvent, TrailQuery
from iamflow.domain.ids import AccountId, Region
from iamflow.engine.ports import TrailPage

_PAGE = 50
"""The most events that AWS gives at once (CloudTrail API reference, LookupEvents: MaxResults)."""
_TURNS = 3
_SHUT = frozenset({Refusal.DENIED, Refusal.CREDENTIALS})
"""How a region that is denied for good answers: by policy, or, where it is not enabled, by not knowing the caller."""


class TrailReader:
    """Reads the trails of all accounts and regions under one budget."""

    def __init__(self, budget: LookupBudget) -> None:
        """Share this budget."""
        self._budget = budget

    def page(self, trail: Api, place: tuple[AccountId, Region], query: TrailQuery, token: str | None) -> TrailPage:
        """Return one page, newest first.

        Raises ``TemporaryError`` where the budget or AWS has no room now, or an event cannot be understood: one that is
        left out might be the decisive one. Raises ``BlockedError`` (``region_denied``) where the region is denied.
        """
        account_id, region = place
        try:
            answer = self._asked(trail, place, query, {} if token is None else {"NextToken": token})
        except BlockedError as error:
            if refusal_of(error) not in _SHUT:
                raise
            message = (
                f"account {account_id}: CloudTrail cannot be read in {region}: allow cloudtrail:LookupEvents there "
                f"(role and service control policies), or excuse the region: "
                f"aws.regions_excused: {{{region}: why it cannot matter}}"
            )
            raise BlockedError(message, code="region_denied") from error
        return TrailPage(events=_events(trail, answer, region), token=text(answer.get("NextToken")))

    def _asked(self, trail: Api, place: tuple[AccountId, Region], query: TrailQuery, more: Mapping[str, str]) -> Answer:
        """Ask up to three times, in a turn of its own each time: a sweep should not fail for one throttled page."""
        for _ in range(_TURNS - 1):
            with suppress(TemporaryError):
                return self._ask(trail, place, query, more)
        return self._ask(trail, place, query, more)

    def _ask(self, trail: Api, place: tuple[AccountId, Region], query: TrailQuery, more: Mapping[str, str]) -> Answer:
        self._budget.wait_turn(*place)
        return trail.call(
            "LookupEvents",
            LookupAttributes=[{"AttributeKey": query.attribute.value, "AttributeValue": query.value}],
            StartTime=query.start,
            EndTime=query.end,
            MaxResults=_PAGE,
            **more,
        )


def _events(trail: Api, answer: Answer, region: Region) -> tuple[TrailEvent, ...]:
    attempt = trail.attempt_at("LookupEvents")
    rows = answer.get("Events")
    if not isinstance(rows, list):
        raise not_understood(attempt, "lacks the events")
    try:
        return tuple(parsed(row, region) for row in rows)
    except (ValueError, TypeError) as error:
        raise not_understood(attempt, f"has an event that cannot be understood ({type(error).__name__})") from error
