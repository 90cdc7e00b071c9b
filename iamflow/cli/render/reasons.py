"""``ticket why``: what stands against the next step."""

from collections.abc import Sequence
from datetime import datetime

from iamflow.cli.render.record import Section
from iamflow.cli.render.words import when
from iamflow.engine.queries import Why, reasons_in_words

REFUSAL_FIELDS = ("code", "sentence", "remedy", "until")


def headline(answer: Why) -> str:
    """Return which ticket this is about, and which step."""
    ticket = answer.ticket
    step = f"{answer.next_effect.value} ({answer.next_effect.call})" if answer.next_effect else "no change to AWS"
    return f"Ticket {ticket.id}: {ticket.state.value}; on its way to: {step}"


def reasons(answer: Why, now: datetime) -> list[Section]:
    """Return every reason as a sentence, and what comes next and when."""
    against = Section(heading="Why it is not done now")
    against.add("", *reasons_in_words(answer))
    if answer.ticket.blocked_reason:
        against.add("", answer.ticket.blocked_reason)
    if not against.lines:
        against.add("", "nothing stands against it; it is done at the next look" if answer.next_effect else "")
    coming = Section(heading="What comes next")
    coming.add("next", answer.next_step)
    coming.add("next look", when(answer.ticket.due_at, now))
    coming.add("next slot", when(next_slot(answer), now))
    if not answer.ticket.ended:
        coming.add("expected end", when(answer.expected_end, now) or "when a person has decided")
    return [against, coming]


def next_slot(answer: Why) -> datetime | None:
    """Return when the caps let this ticket's next step through, where they make it wait."""
    slots = [refusal.until for refusal in answer.refusals if refusal.code == "over_cap"]
    return next((slot for slot in slots if slot is not None), answer.ticket.progress.paced_until)


def refusal_records(answer: Why) -> Sequence[dict[str, object]]:
    """Return the refusals for a program."""
    return [{name: getattr(refusal, name) for name in REFUSAL_FIELDS} for refusal in answer.refusals]


def why_record(answer: Why) -> dict[str, object]:
    """Return the whole answer for a program."""
    ticket = answer.ticket
    return {
        "id": ticket.id,
        "state": ticket.state,
        "next_effect": answer.next_effect,
        "refusals": refusal_records(answer),
        "unread": answer.unread,
        "waiting_for": ticket.progress.waiting_for,
        "blocked_reason": ticket.blocked_reason,
        "next_step": answer.next_step,
        "due_at": ticket.due_at,
        "next_slot": next_slot(answer),
        "expected_end": answer.expected_end,
    }
