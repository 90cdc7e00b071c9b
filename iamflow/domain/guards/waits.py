"""Has every wait run its whole course? (Safety rules 2, 11 and 12, DESIGN 8.12.)"""

from iamflow.domain.effect import EffectKind
from iamflow.domain.guards.circumstances import Circumstances, Refusal, Remedy


def notice_was_accepted(c: Circumstances) -> Refusal | None:
    """Refuse a deactivation that nobody was told of, unless a person waived the notice on the record.

    The notice must have been accepted since iamflow was last allowed to act in the account: going from ``observe`` to
    ``enforce`` starts every grace period anew.
    """
    if (
        c.effect.kind is not EffectKind.DEACTIVATE_KEY
        or c.ticket.progress.notice_waiver is not None
    ):
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
    """Refuse a deactivation before the date that the accepted notice promised, unless the owner said to go ahead."""
    progress = c.ticket.progress
    if (
        c.effect.kind is not EffectKind.DEACTIVATE_KEY
        or progress.grace_waiver is not None
        or progress.notice_waiver is not None
    ):
        return None
    ends = [end for end in (c.ticket.deadline, progress.promised_at) if end is not None]
    if progress.notified_at is not None:
        ends.append(progress.notified_at + c.policy.disable_key.grace)
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
    """Refuse a deactivation without a baseline: afterwards, nothing would tell which application broke."""
    if c.effect.kind is EffectKind.DEACTIVATE_KEY and c.ticket.baseline is None:
        return Refusal(
            code="no_baseline",
            sentence="no baseline of the key's use has been taken",
            remedy=Remedy.WAIT,
        )
    return None


def window_is_over(c: Circumstances) -> Refusal | None:
    """Refuse a deletion before the whole window has passed since the deactivation was observed."""
    if c.effect.kind is not EffectKind.DELETE_KEY:
        return None
    since = c.ticket.progress.deactivated_at
    if since is None:
        return Refusal(
            code="not_deactivated",
            sentence="no deactivation has been observed",
            remedy=Remedy.BLOCK,
        )
    ends = max(
        since + c.policy.disable_key.monitor, c.ticket.progress.window_ends_at or since
    )
    if c.now < ends:
        return Refusal(
            code="in_window",
            sentence=f"the monitoring window runs until {ends:%Y-%m-%d %H:%M:%S} UTC",
            remedy=Remedy.WAIT,
            until=ends,
        )
    return None


def final_sweep_was_conclusive(c: Circumstances) -> Refusal | None:
    """Refuse a deletion unless a final sweep covered the whole window, ran after the delivery lag, and read every region."""
    if c.effect.kind is not EffectKind.DELETE_KEY:
        return None
    sweep, progress = c.ticket.progress.final_sweep, c.ticket.progress
    if sweep is None or not sweep.conclusive or not sweep.regions:
        return Refusal(
            code="sweep_inconclusive",
            sentence="CloudTrail has not been read conclusively for the whole window",
            remedy=Remedy.WAIT,
        )
    since = progress.deactivated_at
    if since is None:
        return Refusal(
            code="not_deactivated",
            sentence="no deactivation has been observed",
            remedy=Remedy.BLOCK,
        )
    ends = max(since + c.policy.disable_key.monitor, progress.window_ends_at or since)
    if (
        sweep.start > since
        or sweep.end < ends
        or sweep.run_at < ends + c.policy.disable_key.delivery_lag
    ):
        return Refusal(
            code="sweep_too_short",
            sentence="the final sweep does not cover the whole window, or ran before CloudTrail's delivery lag was over",
            remedy=Remedy.WAIT,
        )
    return None
