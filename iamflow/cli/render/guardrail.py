"""What ``ticket show`` tells of a guardrail: whom it would reach, what it denied, and the policy itself."""

from iamflow.cli.render.record import Section
from iamflow.cli.render.ticket import Shown
from iamflow.cli.render.words import when
from iamflow.domain.guardrail import AccountPreview


def guardrail(shown: Shown) -> Section:
    """Return the section; empty for tickets about something else."""
    section = Section(heading="Guardrail")
    found = shown.ticket.progress.guardrail
    if found is None:
        return section
    for account in found.preview.accounts if found.preview is not None else ():
        section.add("reaches", *_account(account, shown))
    if found.preview is not None and found.preview.whole:
        section.add("would deny", *(found.preview.damage or ("nobody: everybody there has MFA, and no key is in use",)))
        section.add("protected", *found.preview.protected)
    if found.accepted is not None:
        current = "this plan" if found.accepted == shown.ticket.plan_digest else "an earlier plan"
        section.add("damage accepted", f"of {current}")
    policy = found.policy
    if policy is not None:
        section.add("policy", f"{policy.name}{f' ({policy.policy_id})' if policy.policy_id else ''}")
        section.add("attached", when(policy.attached_at, shown.now))
        section.add("gone", when(policy.removed_at, shown.now))
    if found.watch is not None:
        section.add("searched", when(found.watch.searched_at, shown.now) or "the first search is under way")
    return section


def _account(account: AccountPreview, shown: Shown) -> tuple[str, ...]:
    name = f"{account.name} ({account.account_id})" if account.name else account.account_id
    if account.unread is not None:
        return (f"{name}: could not be read: {account.unread}",)
    if account.read_at is None:
        return (f"{name}: not looked at yet",)
    locked = sum(person.locked for person in account.people)
    keys = sum(len(person.keys) for person in account.people)
    read = when(account.read_at, shown.now)
    told = f"{len(account.people)} users with a password or a key; {locked} without MFA, {keys} keys in use"
    return (f"{name}: {told}; read {read}",)
