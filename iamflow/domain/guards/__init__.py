"""The guards: pure functions, one a rule, each of which can stop a mutating call alone.

``refusals`` returns every reason at once, so that ``iamflow ticket why`` can show all of them.
"""

from collections.abc import Callable

from iamflow.domain.guards import approval, authority, guardrail, mfa, migration, rotation, subject, use, user, waits
from iamflow.domain.guards.circumstances import (
    Circumstances,
    Freeze,
    Pace,
    Refusal,
    Remedy,
)

Guard = Callable[[Circumstances], Refusal | None]

GUARDS: tuple[Guard, ...] = (
    authority.lease_is_held,
    authority.account_is_enforced,
    authority.not_frozen,
    authority.within_caps,
    subject.fresh_reading,
    subject.clock_agrees,
    subject.same_account,
    subject.same_user,
    subject.same_key,
    subject.expected_status,
    subject.deny_is_ours,
    mfa.mfa_policy_is_ours,
    mfa.mfa_is_missing,
    mfa.inline_policies_fit,
    user.quarantine_is_ours,
    user.leaked_user_is_left,
    user.snapshot_is_whole,
    user.quarantine_holds,
    user.others_are_at_rest,
    subject.not_protected,
    subject.not_managed_elsewhere,
    subject.not_compromised,
    use.use_is_known,
    use.not_recently_used,
    use.idle_for_time_alone,
    use.only_active_key,
    use.not_used_since,
    use.idle_long_enough,
    rotation.old_key_stays,
    rotation.user_is_not_leaked,
    rotation.sink_was_proven,
    rotation.place_is_free,
    rotation.nobody_else_made_a_key,
    rotation.slot_is_the_one_proposed,
    rotation.slot_is_idle,
    rotation.withdrawn_key_is_ours,
    rotation.withdrawn_key_is_unused,
    rotation.nobody_else_acts_on_it,
    rotation.new_key_is_there,
    rotation.replacement_was_adopted,
    migration.step_is_planned,
    migration.nothing_foreign_is_touched,
    migration.steps_are_in_order,
    migration.maintenance_window_has_begun,
    migration.role_is_there,
    migration.role_took_over,
    user.user_is_idle,
    user.user_not_used_since,
    guardrail.organisation_was_read,
    guardrail.target_can_be_governed,
    guardrail.control_policy_is_ours,
    guardrail.preview_is_whole,
    guardrail.members_are_enforced,
    guardrail.no_protected_user_is_denied,
    approval.approval_where_needed,
    approval.never_by_time_alone,
    guardrail.damage_was_accepted,
    approval.owner_was_told,
    approval.second_strike,
    approval.owner_did_not_say_keep,
    mfa.user_can_enrol,
    waits.step_is_in_turn,
    waits.notice_was_accepted,
    waits.grace_is_over,
    waits.baseline_was_taken,
    waits.brownout_was_gone_through,
    waits.window_is_over,
    waits.final_sweep_was_conclusive,
)
"""Every guard, in the order in which a person would want to read the reasons."""


def refusals(circumstances: Circumstances) -> tuple[Refusal, ...]:
    """Return every reason why the call must not be made; none means that it may."""
    return tuple(refusal for guard in GUARDS if (refusal := guard(circumstances)) is not None)


__all__ = [
    "GUARDS",
    "Circumstances",
    "Freeze",
    "Guard",
    "Pace",
    "Refusal",
    "Remedy",
    "refusals",
]
