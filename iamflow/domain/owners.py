"""Who owns a key, from its user's tags, a map of names, the account's contacts, or the default."""

import re
from collections.abc import Mapping

from iamflow.domain.ids import AccountId
from iamflow.domain.policy import OwnerRules
from iamflow.domain.ticket import Owner

_ADDRESS = re.compile(r"[A-Za-z0-9._%+'/-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}")


def find_owner(
    tags: Mapping[str, str], account_id: AccountId, rules: OwnerRules, security_contact: str | None = None
) -> Owner | None:
    """Return who is to be told, or None when nobody can be.

    Tag names are compared in any case and tried in the configured order. A tag's address counts only within the allowed
    domains, since whoever may tag a user could otherwise redirect its notices; a name without an address goes through the map.
    ``security_contact`` is what AWS says of the account: whoever administers the account writes it, who could as well do to the
    key what iamflow does, so that it counts where no domains are set, and within them where some are.
    """
    by_name = {name.lower(): value.strip() for name, value in tags.items()}
    for tag in rules.tags:
        value = by_name.get(tag.lower())
        if not value:
            continue
        if (address := valid_address(value)) is not None:
            if _allowed(address, rules.allowed_domains):
                return Owner(address=address, source="tag", name=tag)
        elif mapped := rules.people.get(value.lower()):
            return Owner(address=mapped, source="map", name=value)
    if contact := rules.contacts.get(account_id):
        return Owner(address=contact, source="contact")
    if security_contact is not None and (found := _contact(security_contact.strip(), rules)) is not None:
        return found
    if rules.default:
        return Owner(address=rules.default, source="default")
    return None


def _contact(address: str, rules: OwnerRules) -> Owner | None:
    """Return the account's own contact as the owner. One mailbox for every account is nobody in particular, as the default is."""
    if valid_address(address) is None or (rules.allowed_domains and not _allowed(address, rules.allowed_domains)):
        return None
    everybodys = {one.casefold() for one in (rules.default, *rules.central) if one is not None}
    return Owner(address=address, source="default" if address.casefold() in everybodys else "account")


def valid_address(text: str) -> str | None:
    """Return the mail address if the text is exactly one, else None. No comments, no quoted parts, no display names."""
    match = _ADDRESS.fullmatch(text)
    return text if match else None


def _allowed(address: str, domains: tuple[str, ...]) -> bool:
    return address.rpartition("@")[2].lower() in {domain.lower() for domain in domains}
