"""Whether those who must never be touched are known."""

from collections.abc import Iterator

from iamflow.doctor import settings
from iamflow.doctor.result import Check, Patient, Result, ok, warning

NAME = "protected identities"


def protection(patient: Patient) -> Iterator[Result]:
    """Tell which users are protected: by pattern, by tag, and as iamflow's own or an approver's."""
    policy = patient.app.policy
    protected = policy.protection
    own = [f"{name} in {account}" for account, name in protected.own_usernames]
    if not protected.users and not protected.tags:
        remedy = "name the break-glass users under protect.users (shell patterns), or a tag under protect.tags"
        yield warning(NAME, "no user is protected by name or tag, break-glass users included", remedy)
        return
    parts = (
        ("by name", protected.users),
        ("by tag", [name for name, _ in protected.tags]),
        ("as iamflow's own or an approver's", own),
    )
    told = "; ".join(f"{how}: {', '.join(whom) or 'none'}" for how, whom in parts)
    approvers = f"{len(policy.approvers)} approvers" if policy.approvers is not None else "anybody else may approve"
    yield ok(NAME, f"{told}; {approvers}")


CHECKS = (
    Check(name=NAME, run=protection, remedy="correct protect and approvers in the settings", needs=(settings.NAME,)),
)
