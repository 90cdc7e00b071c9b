"""Which checks of other tools are about what iamflow's rules are about.

Prowler's ids are those of its AWS checks (``prowler/providers/aws/services/iam`` in its repository). Security Hub's control ids
are those of its IAM controls; findings of before 2023 bear the ids of their standards instead (Security Hub user guide, "Control
findings samples" and "How consolidation impacts control IDs and titles").

A key that nobody uses leads to both the age of the user's keys and the user: iamflow has no rule about an unused key alone.
"""

import re
from collections.abc import Mapping

from iamflow.domain.rule_settings import RuleName

Rules = tuple[RuleName, ...]

_KEY: Rules = (RuleName.KEY_TOO_OLD,)
_UNUSED: Rules = (RuleName.KEY_TOO_OLD, RuleName.USER_UNUSED)
_MFA: Rules = (RuleName.CONSOLE_WITHOUT_MFA,)
_ROOT_MFA: Rules = (RuleName.ROOT_WITHOUT_MFA,)
_ROOT_KEYS: Rules = (RuleName.ROOT_WITH_ACCESS_KEYS,)

PROWLER: Mapping[str, Rules] = {
    "iam_rotate_access_key_90_days": _KEY,
    "iam_user_accesskey_unused": _UNUSED,
    "iam_user_console_access_unused": (RuleName.USER_UNUSED,),
    "iam_disable_30_days_credentials": _UNUSED,
    "iam_disable_45_days_credentials": _UNUSED,
    "iam_disable_90_days_credentials": _UNUSED,
    "iam_user_mfa_enabled_console_access": _MFA,
    "iam_root_mfa_enabled": _ROOT_MFA,
    "iam_root_hardware_mfa_enabled": _ROOT_MFA,
    "iam_no_root_access_key": _ROOT_KEYS,
}
"""By the id of the check, of versions 3 to 5."""

SECURITY_HUB: Mapping[str, Rules] = {
    "IAM.3": _KEY,
    "IAM.4": _ROOT_KEYS,
    "IAM.5": _MFA,
    "IAM.6": _ROOT_MFA,
    "IAM.8": _UNUSED,
    "IAM.9": _ROOT_MFA,
    "IAM.19": _MFA,
    "IAM.22": _UNUSED,
    "PCI.IAM.1": _ROOT_KEYS,
    "PCI.IAM.4": _ROOT_MFA,
    "PCI.IAM.5": _ROOT_MFA,
    "PCI.IAM.6": _MFA,
    "PCI.IAM.7": _UNUSED,
}
"""By the id of the control."""

_CIS: Mapping[tuple[str, str], str] = {
    ("1.2.0", "1.2"): "IAM.5",
    ("1.2.0", "1.3"): "IAM.8",
    ("1.2.0", "1.4"): "IAM.3",
    ("1.2.0", "1.12"): "IAM.4",
    ("1.2.0", "1.13"): "IAM.9",
    ("1.2.0", "1.14"): "IAM.6",
    ("1.4.0", "1.4"): "IAM.4",
    ("1.4.0", "1.5"): "IAM.9",
    ("1.4.0", "1.6"): "IAM.6",
    ("1.4.0", "1.10"): "IAM.5",
    ("1.4.0", "1.12"): "IAM.22",
    ("1.4.0", "1.14"): "IAM.3",
}
"""The controls of the CIS AWS Foundations Benchmark, by its version and their number there."""

_CIS_ID = re.compile(r"cis-aws-foundations-benchmark/v/([0-9.]+)/(?:rule/)?([0-9.]+)$")
_CONTROL_ID = re.compile(r"(?:^|/)((?:PCI\.)?IAM\.[0-9]+)$")
_PROWLER_ID = re.compile(r"prowler-([a-z0-9_]+)$")


def rules_of(identifier: str) -> Rules | None:
    """Return the rules that a check leads to, by any of the ids that it goes by; None for a check of another kind."""
    prowler = _PROWLER_ID.match(identifier)
    if prowler is not None:
        return PROWLER.get(prowler[1])
    control = _CONTROL_ID.search(identifier)
    if control is not None:
        return SECURITY_HUB.get(control[1])
    cis = _CIS_ID.search(identifier)
    return SECURITY_HUB.get(_CIS.get((cis[1], cis[2]), "")) if cis is not None else PROWLER.get(identifier)
