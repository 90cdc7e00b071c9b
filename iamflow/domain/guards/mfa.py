"""Is it right to require MFA of this user, by exactly this policy? (DOMAIN section 4)."""

from iamflow.domain.brownout import Deny
from iamflow.domain.effect import EffectKind
from iamflow.domain.guards.approval import approved
from iamflow.domain.guards.circumstances import Circumstances, Refusal, Remedy
from iamflow.domain.require_mfa import INLINE_MOST, How, Shape, inline_size, is_missing, left_behind, shape, standing
from iamflow.domain.waits import DAY

_PUTTING = frozenset({EffectKind.PUT_MFA_POLICY, EffectKind.ATTACH_MFA_POLICY})
_REMOVING = frozenset({EffectKind.DELETE_MFA_POLICY, EffectKind.DETACH_MFA_POLICY})
_UNEXPECTED = {
    EffectKind.CREATE_MFA_POLICY: "was made meanwhile",
    EffectKind.ATTACH_MFA_POLICY: "has to be made in the account first",
}
_REQUIRING = _PUTTING | {EffectKind.CREATE_MFA_POLICY}


def mfa_policy_is_ours(c: Circumstances) -> Refusal | None:
    """Refuse to put the policy over, to attach, and to remove one of its name that iamflow did not write as it stands."""
    if c.effect.kind not in _REQUIRING | _REMOVING:
        return None
    wanted = _shape(c)
    there = standing(c.reading, wanted)
    if c.effect.targets != (wanted.name,) or there is Deny.UNREAD:
        return Refusal(
            code="mfa_policy_unread", sentence=f"the policy {wanted.name} has not been read", remedy=Remedy.WAIT
        )
    if there is Deny.FOREIGN:
        return Refusal(
            code="mfa_policy_foreign",
            sentence=f"the policy {wanted.name} is not what iamflow writes: compare it, and remove or rename it by hand",
            remedy=Remedy.BLOCK,
        )
    expected = Deny.OURS if c.effect.kind in _REMOVING else Deny.ABSENT
    missing = is_missing(c.reading, wanted)
    if there is expected and missing is (c.effect.kind is EffectKind.CREATE_MFA_POLICY):
        return None
    if there is Deny.OURS and c.effect.kind in _PUTTING:
        return Refusal(
            code="mfa_policy_attached",
            sentence=f"the policy {wanted.name} is on the user already, and not by this ticket: remove it by hand",
            remedy=Remedy.BLOCK,
        )
    said = _UNEXPECTED.get(c.effect.kind, "is gone already")
    return Refusal(code="mfa_policy_unexpected", sentence=f"the policy {wanted.name} {said}", remedy=Remedy.WAIT)


def mfa_is_missing(c: Circumstances) -> Refusal | None:
    """Refuse to require MFA of a user who has a device, or no console password, or of whom either is not known."""
    if c.effect.kind not in _REQUIRING or (c.reading.console and c.reading.mfa == ()):
        return None
    unknown = c.reading.console is None or c.reading.mfa is None
    sentence = "the user's MFA devices and password were not read" if unknown else "the user needs no device any more"
    return Refusal(code="mfa_unknown" if unknown else "mfa_not_missing", sentence=sentence, remedy=Remedy.WAIT)


def inline_policies_fit(c: Circumstances) -> Refusal | None:
    """Refuse to put an inline policy that would bring the user's inline policies over IAM's quota."""
    if c.effect.kind is not EffectKind.PUT_MFA_POLICY or c.reading.inline is None:
        return None
    size = inline_size(c.reading.inline, _shape(c))
    if size <= INLINE_MOST:
        return None
    return Refusal(
        code="inline_policies_too_long",
        sentence=f"the user's inline policies would have {size} characters together, IAM allows {INLINE_MOST}: "
        "shorten one, or set workflows.enforce-mfa.policy: managed",
        remedy=Remedy.BLOCK,
    )


def user_can_enrol(c: Circumstances) -> Refusal | None:
    """Refuse to require MFA, by time alone, of a user who may not enrol a device himself: he would be locked out."""
    if c.effect.kind not in _REQUIRING:
        return None
    enrolment = c.ticket.progress.enrolment
    if enrolment is None or not c.now - DAY < enrolment.at <= c.now:
        return Refusal(
            code="enrolment_unknown",
            sentence="whether the user may enrol an MFA device himself is looked at when the grace period is over",
            remedy=Remedy.WAIT,
        )
    if not enrolment.lacking or approved(c):
        return None
    return Refusal(
        code="cannot_enrol",
        sentence=f"the policy would lock the user out: {'; '.join(enrolment.lacking)}",
        remedy=Remedy.APPROVE,
    )


def _shape(c: Circumstances) -> Shape:
    """Return the policy that the effect is about: the one that was written, or the one that the settings ask for."""
    begun = c.ticket.progress.mfa_policy
    if begun is not None:
        return begun.shape
    found = left_behind(c.reading, c.ticket.id) if c.effect.kind is EffectKind.DELETE_MFA_POLICY else None
    how = How.INLINE if c.effect.kind in {EffectKind.PUT_MFA_POLICY, EffectKind.DELETE_MFA_POLICY} else How.MANAGED
    password = c.policy.enforce_mfa.exempt_change_password
    return found or shape(c.ticket.id, how, exempt_change_password=password)
