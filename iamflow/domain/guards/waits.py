"""Has every wait run its whole course? (Safety rules 2, 11 and 12, DESIGN 8.12)."""

from iamflow.domain.brownout import Lack, lack
from iamflow.domain.effect import EffectKind
from iamflow.domain.guards.circumstances import Circumstances, Refusal, Remedy
from iamflow.domain.states import State
from iamflow.domain.window import Shortcoming, shortcoming, window_ends


def step_is_in_turn(c: Circumstances) -> Refusal | None:
    """Refuse a step from a state that it does not follow, so that nothing happens to a ticket on hold, blocked, exempt or ended.

    The machine refuses such a trigger too, but it is asked only once the effect has been observed, which is too late.
    """
    if c.effect.kind.undoes:
        return None
    if c.ticket.state in c.follows:
        return None
    before = sorted(state.value for state in c.follows if state is not State.AWAITING_APPROVAL)
    names = " or ".join(before) or "nothing"
    return Refusal(
        code="not_in_turn",
        sentence=f"the ticket is {c.ticket.state.value}; this step follows {names}, or the approval after it",
        remedy=Remedy.WAIT,
    )


def notice_was_accepted(c: Circumstances) -> Refusal | None:
    """Refuse to take access away when nobody was told, unless a person waived the notice on the record.

    The notice must have been accepted since iamflow was last allowed to act in the account: going from ``observe`` to
    ``enforce`` starts every grace period anew.
    """
    if not c.effect.kind.needs_notice or c.ticket.progress.notice_waiver is not None:
        return None
    accepted = c.ticket.progress.notified_at
    if accepted is None or accepted > c.now:
        return Refusal(
            code="not_notified",
            sentence="no channel has accepted the notice to the owner",
            remedy=Remedy.WAIT,
        )
    if c.enforced_since is not None and accepted < c.enforced_since:
        return Refusal(
            code="notified_before_enforcement",
            sentence="the notice went out before the account was switched to enforce: a new one is needed",
            remedy=Remedy.WAIT,
        )
    return None


def grace_is_over(c: Circumstances) -> Refusal | None:
    """Refuse to take access away before the date that the accepted notice promised, unless the owner said to go ahead.

    Where the notice was waived there is no grace period of its own, but a date that was promised or set still holds.
    """
    progress = c.ticket.progress
    if not c.effect.kind.needs_notice or progress.grace_waiver is not None:
        return None
    ends = [end for end in (c.ticket.deadline, progress.promised_at) if end is not None]
    if progress.notified_at is not None and progress.notice_waiver is None:
        ends.append(progress.notified_at + c.policy.of(c.ticket.workflow).grace)
    if not ends:
        return Refusal(
            code="no_deadline",
            sentence="the grace period has not begun",
            remedy=Remedy.WAIT,
        )
    if c.now < max(ends):
        return Refusal(
            code="in_grace",
            sentence=f"the grace period runs until {max(ends):%Y-%m-%d %H:%M:%S} UTC",
            remedy=Remedy.WAIT,
            until=max(ends),
        )
    return None


def baseline_was_taken(c: Circumstances) -> Refusal | None:
    """Refuse to take access away without a baseline that read at least one region: nothing else tells which application broke."""
    if not (c.effect.kind.begins and (c.effect.kind.about_key or c.effect.kind.takes_user)):
        return None
    if c.ticket.baseline is None or not c.ticket.baseline.regions:
        return Refusal(
            code="no_baseline",
            sentence="no baseline of what was done before has been taken",
            remedy=Remedy.WAIT,
        )
    return None


_LACKING = {
    Lack.STILL_ON: "the brown-out's deny has not been seen to be gone",
    Lack.NOT_BEGUN: "the settings ask for a brown-out first",
    Lack.CUT_SHORT: "the brown-out did not last for the whole of its time",
    Lack.NOT_SWEPT: "CloudTrail has not been read conclusively for the whole brown-out",
    Lack.OTHER_REGIONS: "the search after the brown-out left out regions that the settings do not excuse any more",
}


def brownout_was_gone_through(c: Circumstances) -> Refusal | None:
    """Refuse a deactivation before the brown-out that the settings ask for, or that was begun, is over and showed no use."""
    if c.effect.kind is not EffectKind.DEACTIVATE_KEY:
        return None
    lacks = lack(c.ticket.progress.brownout, c.policy.of(c.ticket.workflow).brownout, c.policy.excused)
    if lacks is None:
        return None
    return Refusal(code=f"brownout_{lacks.name.lower()}", sentence=_LACKING[lacks], remedy=Remedy.WAIT)


def window_is_over(c: Circumstances) -> Refusal | None:
    """Refuse a deletion before the whole window has passed since the deactivation was observed."""
    if not c.effect.kind.destroys:
        return None
    ends = window_ends(c.ticket, c.policy)
    if ends is None:
        return Refusal(
            code="not_deactivated",
            sentence="no deactivation has been observed",
            remedy=Remedy.BLOCK,
        )
    if c.now < ends:
        return Refusal(
            code="in_window",
            sentence=f"the monitoring window runs until {ends:%Y-%m-%d %H:%M:%S} UTC",
            remedy=Remedy.WAIT,
            until=ends,
        )
    return None


_LACKS = {
    Shortcoming.INCONCLUSIVE: "CloudTrail has not been read conclusively for the whole window",
    Shortcoming.TOO_SHORT: "the final sweep does not cover the whole window, or ran before CloudTrail's delivery lag was over",
    Shortcoming.OTHER_REGIONS: "the final sweep left out regions that the settings do not excuse any more",
}


def final_sweep_was_conclusive(c: Circumstances) -> Refusal | None:
    """Refuse a deletion unless a final sweep covered the whole window, ran after the delivery lag, and read every region."""
    if not c.effect.kind.destroys:
        return None
    lacks = shortcoming(c.ticket, c.policy, c.now)
    if lacks is None:
        return None
    return Refusal(code=lacks.value, sentence=_LACKS[lacks], remedy=Remedy.WAIT)
