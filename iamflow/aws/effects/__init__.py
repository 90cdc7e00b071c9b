"""How every effect is carried out. A new kind of effect stands in the module of its family, and nowhere else in ``aws``."""

from collections.abc import Mapping

from iamflow.aws.effects import keys, mfa_policies, rotation, user_policies, users
from iamflow.aws.effects.call import Call
from iamflow.domain.effect import EffectKind

CALLS: Mapping[EffectKind, Call] = {
    **keys.EFFECTS,
    **user_policies.EFFECTS,
    **mfa_policies.EFFECTS,
    **users.EFFECTS,
    **rotation.EFFECTS,
}
"""How each kind of effect is carried out."""

__all__ = ["CALLS", "Call"]
