"""How every effect is carried out. A new kind of effect stands in the module of its family, and nowhere else in ``aws``."""

from collections.abc import Mapping

from iamflow.aws.effects import guardrails, keys, mfa_policies, roles, rotation, user_policies, users, workloads
from iamflow.aws.effects.call import Call
from iamflow.domain.effect import EffectKind

CALLS: Mapping[EffectKind, Call] = {
    **keys.EFFECTS,
    **user_policies.EFFECTS,
    **mfa_policies.EFFECTS,
    **users.EFFECTS,
    **guardrails.EFFECTS,
    **rotation.EFFECTS,
    **roles.EFFECTS,
    **workloads.EFFECTS,
}
"""How each kind of effect is carried out."""

__all__ = ["CALLS", "Call"]
