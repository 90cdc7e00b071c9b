"""Who is refused at the door, and as whom the journal names whoever asked."""

from iamflow.domain.ids import AccountId
from iamflow.domain.people import RULES, Identity
from iamflow.domain.policy import Policy
from iamflow.domain.protection import protected_by_name


def refusal(account_id: AccountId, username: str, policy: Policy) -> str | None:
    """Return why a subject is refused by rule, or None."""
    if not policy.scope.selected(account_id):
        return f"account {account_id} is excluded by the settings (accounts.include, accounts.exclude)"
    return protected_by_name(account_id, username, policy.protection)


def actor_of(person: Identity) -> str:
    """Return a requester as the journal names them."""
    return "rules" if person == RULES else str(person)
