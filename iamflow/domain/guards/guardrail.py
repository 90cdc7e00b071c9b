"""Is it right to put this policy on this target of the organisation, or to take it away? (DOMAIN section 4)."""

from collections.abc import Sequence

from iamflow.domain.brownout import Deny
from iamflow.domain.effect import EffectKind
from iamflow.domain.guardrail import (
    MOST_POLICIES,
    OrganisationReading,
    Preview,
    is_attached,
    policy_document,
    standing,
    target_of,
)
from iamflow.domain.guardrail import policy_name as policy_of
from iamflow.domain.guards.circumstances import Circumstances, Refusal, Remedy
from iamflow.domain.plan import digest_of

_SHOWN = 5


def organisation_was_read(c: Circumstances) -> Refusal | None:
    """Refuse unless this very account manages the organisation that was read."""
    if not c.effect.kind.governs:
        return None
    found = c.reading.organisation
    if found is None:
        return Refusal(code="organisation_unread", sentence="the organisation has not been read", remedy=Remedy.WAIT)
    if found.management_account != c.ticket.account_id:
        return Refusal(
            code="not_management",
            sentence=f"the organisation is managed by account {found.management_account}, not by {c.ticket.account_id}",
            remedy=Remedy.BLOCK,
        )
    return None


def target_can_be_governed(c: Circumstances) -> Refusal | None:
    """Refuse to put a policy on a target that is gone, that it does not reach, or that has no room for one more."""
    found = c.reading.organisation
    if not _puts(c) or found is None:
        return None
    target = target_of(c.ticket.username)
    code, sentence = "", ""
    if target == found.management_account:
        code, sentence = "target_is_management", "a service control policy does not reach the management account"
    elif found.target_name is None:
        code, sentence = "target_gone", f"there is no {target} in the organisation"
    elif not found.enabled:
        code, sentence = (
            "scp_disabled",
            "service control policies are not enabled in the organisation: enable them first",
        )
    elif not is_attached(found, target) and len(found.attached) >= MOST_POLICIES:
        code = "too_many_policies"
        sentence = (
            f"{target} has {len(found.attached)} policies attached, AWS allows {MOST_POLICIES}: join or detach some"
        )
    return Refusal(code=code, sentence=sentence, remedy=Remedy.BLOCK) if code else None


def control_policy_is_ours(c: Circumstances) -> Refusal | None:
    """Refuse to touch a policy that iamflow did not write as it stands, or that is not in the state that the step expects."""
    if not c.effect.kind.governs:
        return None
    name, document = policy_of(c.ticket.id), _document(c)
    there = standing(c.reading.organisation, document)
    if there is Deny.UNREAD:
        return Refusal(code="scp_unread", sentence=f"the policy {name} has not been read", remedy=Remedy.WAIT)
    found = c.reading.organisation.policy if c.reading.organisation is not None else None
    creates = c.effect.kind is EffectKind.CREATE_SCP
    about = name if creates else found.policy_id if found is not None else None
    other = about is not None and c.effect.targets != (about,)
    if there is Deny.FOREIGN or other or c.effect.document != (document if creates else None):
        return Refusal(
            code="scp_foreign",
            sentence=f"the policy {name} is not what iamflow writes: compare it, and remove or rename it by hand",
            remedy=Remedy.BLOCK,
        )
    return _out_of_turn(c, c.reading.organisation, there)


def _out_of_turn(c: Circumstances, found: OrganisationReading | None, there: Deny) -> Refusal | None:
    name, attached = policy_of(c.ticket.id), is_attached(found, target_of(c.ticket.username))
    elsewhere = found.policy.targets if found is not None and found.policy is not None and not attached else ()
    if c.effect.kind is EffectKind.DELETE_SCP and elsewhere:
        return Refusal(
            code="scp_elsewhere",
            sentence=f"somebody has attached the policy {name} to {', '.join(elsewhere)} too: detach it there by hand",
            remedy=Remedy.BLOCK,
        )
    expected = {
        EffectKind.CREATE_SCP: there is Deny.ABSENT,
        EffectKind.ATTACH_SCP: there is Deny.OURS and not attached,
        EffectKind.DETACH_SCP: there is Deny.OURS and attached,
        EffectKind.DELETE_SCP: there is Deny.OURS and not attached,
    }
    if expected[c.effect.kind]:
        return None
    state = "not there" if there is Deny.ABSENT else "attached" if attached else "not attached"
    return Refusal(code="scp_unexpected", sentence=f"the policy {name} is {state} by now", remedy=Remedy.WAIT)


def preview_is_whole(c: Circumstances) -> Refusal | None:
    """Refuse to put a policy whose effect on any member account is not known, or was read too long ago."""
    if not _puts(c):
        return None
    preview = _preview(c)
    if preview is None or not preview.accounts:
        return Refusal(
            code="no_preview", sentence="what the policy would do has not been looked at", remedy=Remedy.WAIT
        )
    if preview.unread:
        return Refusal(
            code="preview_incomplete",
            sentence=f"what the policy would do is not known everywhere: {'; '.join(preview.unread[:_SHOWN])}",
            remedy=Remedy.BLOCK,
        )
    if pending := preview.pending(c.now):
        return Refusal(
            code="preview_outdated",
            sentence=f"{len(pending)} of {len(preview.accounts)} member accounts are still to be looked at",
            remedy=Remedy.WAIT,
        )
    return None


def members_are_enforced(c: Circumstances) -> Refusal | None:
    """Refuse to reach any member account in which iamflow only observes, or that the settings leave out."""
    preview = _preview(c)
    if not _puts(c) or preview is None:
        return None
    observed = [one.account_id for one in preview.accounts if not c.policy.acts_in(one.account_id)]
    if not observed:
        return None
    return Refusal(
        code="member_not_enforced",
        sentence=f"the policy would reach accounts that iamflow only observes (accounts.enforce): {_some(observed)}",
        remedy=Remedy.WAIT,
    )


def no_protected_user_is_denied(c: Circumstances) -> Refusal | None:
    """Refuse a policy that would hit a protected user, whoever approved it."""
    preview = _preview(c)
    if not _puts(c) or preview is None or not preview.protected:
        return None
    return Refusal(
        code="protected_user",
        sentence=f"the policy would deny protected users: {_some(preview.protected)}; give them MFA first, "
        "or move their account out of the target",
        remedy=Remedy.BLOCK,
    )


def damage_was_accepted(c: Circumstances) -> Refusal | None:
    """Refuse a policy that would deny anybody anything, unless people have accepted exactly that on the record."""
    preview, guardrail = _preview(c), c.ticket.progress.guardrail
    if not _puts(c) or preview is None or guardrail is None or not preview.damage:
        return None
    if guardrail.accepted is not None and guardrail.accepted == digest_of(c.ticket, c.reading, c.policy):
        return None
    return Refusal(
        code="damage",
        sentence=f"the policy would deny what is in use, which nobody has accepted: {_some(preview.damage)}",
        remedy=Remedy.APPROVE,
    )


def _puts(c: Circumstances) -> bool:
    return c.effect.kind.governs and not c.effect.kind.undoes


def _preview(c: Circumstances) -> Preview | None:
    return c.ticket.progress.guardrail.preview if c.ticket.progress.guardrail is not None else None


def _document(c: Circumstances) -> str:
    """Return the policy that was written, or the one that the settings ask for."""
    guardrail = c.ticket.progress.guardrail
    if guardrail is not None and guardrail.policy is not None:
        return guardrail.policy.document
    found = c.reading.organisation.policy if c.reading.organisation is not None else None
    documents = [policy_document(c.ticket.id, exempt_change_password=password) for password in (False, True)]
    if c.effect.kind.undoes and found is not None:
        # What a restored backup does not know of may have been written under other settings.
        ours = [one for one in documents if standing(c.reading.organisation, one) is Deny.OURS]
        return ours[0] if ours else documents[0]
    return documents[c.policy.org_mfa_guardrail.exempt_change_password]


def _some(texts: Sequence[str]) -> str:
    more = len(texts) - _SHOWN
    return "; ".join(texts[:_SHOWN]) + (f"; and {more} more" if more > 0 else "")
