"""DESIGN 8.18: whoever may tag a user must not be able to send its notices elsewhere."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iamflow.domain.owners import find_owner, valid_address
from iamflow.domain.policy import OwnerRules
from iamflow.domain.ticket import Owner

from .samples import ACCOUNT

RULES = OwnerRules(
    people={"platform team": "platform@example.com"},
    contacts={ACCOUNT: "contact@example.com"},
    default="security@example.com",
    allowed_domains=("Example.com", "sub.example.org"),
)
CONTACT = Owner(address="contact@example.com", source="contact")


def _found(tags: dict[str, str], rules: OwnerRules = RULES) -> Owner | None:
    return find_owner(tags, ACCOUNT, rules)


def test_an_address_in_a_tag_within_the_allowed_domains_is_the_owner() -> None:
    assert _found({"Owner": "ada@example.com"}) == Owner(address="ada@example.com", source="tag", name="Owner")


@pytest.mark.parametrize("tag", ["owner", "OWNER", "Owner", "oWnEr"])
def test_tags_are_found_in_any_case(tag: str) -> None:
    found = _found({tag: " ada@EXAMPLE.com "})

    assert found == Owner(address="ada@EXAMPLE.com", source="tag", name="Owner")


@pytest.mark.parametrize(
    "address", ["eve@evil.test", "ada@example.com.evil.test", "ada@notexample.com", "ada@deep.example.com"]
)
def test_an_address_in_a_tag_outside_the_allowed_domains_is_passed_over(address: str) -> None:
    assert _found({"Owner": address}) == CONTACT


def test_without_allowed_domains_no_address_in_a_tag_counts() -> None:
    assert _found({"Owner": "ada@example.com"}, replace(RULES, allowed_domains=())) == CONTACT


def test_a_passed_over_address_does_not_hide_the_next_tag() -> None:
    found = _found({"Owner": "eve@evil.test", "Email": "ada@example.com"})

    assert found == Owner(address="ada@example.com", source="tag", name="Email")


def test_tags_are_tried_in_the_configured_order() -> None:
    tags = {"Manager": "m@example.com", "Team": "t@example.com", "Owner": "o@example.com"}

    assert _found(tags) == Owner(address="o@example.com", source="tag", name="Owner")
    assert _found(tags, replace(RULES, tags=("team",))) == Owner(address="t@example.com", source="tag", name="team")


def test_a_name_goes_through_the_map_in_any_case() -> None:
    expected = Owner(address="platform@example.com", source="map", name="Platform Team")

    assert _found({"Team": "Platform Team"}) == expected


def test_a_name_that_the_map_does_not_know_is_passed_over() -> None:
    assert _found({"Owner": "nobody", "Team": "platform team"}) == Owner(
        address="platform@example.com", source="map", name="platform team"
    )


@pytest.mark.parametrize("value", ["", "   "])
def test_an_empty_tag_is_no_tag(value: str) -> None:
    assert _found({"Owner": value}) == CONTACT


def test_the_accounts_contact_comes_before_the_default() -> None:
    assert _found({}) == CONTACT
    assert _found({}, replace(RULES, contacts={})) == Owner(address="security@example.com", source="default")


def test_nobody_is_an_answer() -> None:
    assert _found({"Owner": "eve@evil.test"}, OwnerRules()) is None


@pytest.mark.parametrize("text", ["a@b.co", "a.b+c_d%e'f/g-h@x-y.example.com", "A@EXAMPLE.COM", f"{'a' * 64}@b.co"])
def test_a_plain_address_is_valid(text: str) -> None:
    assert valid_address(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ada",
        "ada@example",
        "ada@@example.com",
        "ada@example..com",
        "ada@.example.com",
        "ada@-example.com",
        "ada@example-.com",
        "ada@example.com.",
        "ada@example.com\n",
        "ada@example.com\r\nBcc: eve@evil.test",
        "ada@example.com, eve@evil.test",
        "Ada <ada@example.com>",
        '"ada"@example.com',
        "ada(comment)@example.com",
        "ad\u0430@example.com",
        "ada@ex\u0430mple.com",
        f"{'a' * 65}@b.co",
        "a b@example.com",
    ],
)
def test_whatever_is_not_exactly_one_plain_address_is_refused(text: str) -> None:
    assert valid_address(text) is None


@given(st.text())
def test_no_tag_value_leads_to_an_address_outside_the_allowed_domains(value: str) -> None:
    found = _found({"Owner": value + "@evil.test", "Email": value})

    assert found is not None
    assert found.source != "tag" or found.address.lower().endswith(("@example.com", "@sub.example.org"))


# --- the account's own contact ----------------------------------------------------------------------------------------


def _by_contact(address: str, **changes: object) -> Owner | None:
    rules = replace(RULES, contacts={}, central=("soc@example.com",), **changes)  # type: ignore[arg-type]  # as above
    return find_owner({"Team": "nobody"}, ACCOUNT, rules, address)


def test_the_accounts_own_contact_comes_before_the_default() -> None:
    assert _by_contact("payments@example.com") == Owner(address="payments@example.com", source="account")
    assert find_owner({"Owner": "ada@example.com"}, ACCOUNT, RULES, "payments@example.com") == _found(
        {"Owner": "ada@example.com"}
    )
    assert find_owner({}, ACCOUNT, RULES, "payments@example.com") == CONTACT


@pytest.mark.parametrize("address", ["no address", "a@b", "<a@example.com>", "a@example.com,b@example.com", ""])
def test_a_contact_that_is_no_address_is_passed_over(address: str) -> None:
    assert _by_contact(address) == Owner(address="security@example.com", source="default")


def test_a_contact_must_be_in_the_allowed_domains_where_some_are_set() -> None:
    elsewhere = "payments@agency.test"
    assert _by_contact(elsewhere) == Owner(address="security@example.com", source="default")
    assert _by_contact(elsewhere, allowed_domains=()) == Owner(address=elsewhere, source="account")


@pytest.mark.parametrize("address", ["SOC@example.com", "security@example.com"])
def test_one_mailbox_for_every_account_is_nobody_in_particular(address: str) -> None:
    found = _by_contact(address)
    assert found is not None
    assert found.source == "default"
