"""What a workflow that changes nothing in AWS answers where the engine asks about effects: nobody may ask."""

from typing import NoReturn

from iamflow.domain.decision import Case, Decision
from iamflow.domain.effect import Effect, EffectKind
from iamflow.domain.facts import UserReading
from iamflow.domain.guards import Refusal
from iamflow.domain.policy import Policy
from iamflow.domain.ticket import Ticket
from iamflow.workflows.workflow import Achievement, Situation


def refused(case: Case, _decision: Decision, _refusals: tuple[Refusal, ...], _situation: Situation) -> Decision:
    """Raise: no effect was proposed that could be refused."""
    _none(case.ticket)


def achieved(case: Case, _achievement: Achievement, _situation: Situation) -> Decision:
    """Raise: no effect can have been observed."""
    _none(case.ticket)


def settle(case: Case, _reading: UserReading, _situation: Situation) -> None:
    """Raise: no intent can be open."""
    _none(case.ticket)


def effect_of(ticket: Ticket, _kind: EffectKind, _policy: Policy) -> Effect:
    """Raise: the ticket may have no effect of any kind."""
    _none(ticket)


def _none(ticket: Ticket) -> NoReturn:
    message = f"ticket {ticket.id} ({ticket.workflow}) changes nothing in AWS"
    raise AssertionError(message)
