"""DESIGN 8.2: two people are distinct only if they differ in everything known of both."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iamflow.domain.people import RULES, Identity, distinct, iam_user, may_approve

from .samples import ALICE, BOB

NOBODY = Identity()
OS_ALICE, OS_BOB = Identity(os="alice"), Identity(os="bob")
STS_ALICE, STS_BOB = Identity(sts=ALICE.sts), Identity(sts=BOB.sts)

TRUTH = [
    (ALICE, ALICE, False),
    (ALICE, BOB, True),
    (ALICE, Identity(os="alice", sts=BOB.sts), False),
    (ALICE, Identity(os="bob", sts=ALICE.sts), False),
    (ALICE, OS_ALICE, False),
    (ALICE, OS_BOB, True),
    (ALICE, STS_ALICE, False),
    (ALICE, STS_BOB, True),
    (ALICE, NOBODY, False),
    (OS_ALICE, OS_BOB, True),
    (OS_ALICE, OS_ALICE, False),
    (OS_ALICE, STS_BOB, False),
    (OS_ALICE, NOBODY, False),
    (STS_ALICE, STS_BOB, True),
    (STS_ALICE, STS_ALICE, False),
    (STS_ALICE, NOBODY, False),
    (NOBODY, NOBODY, False),
    (Identity(os="", sts=""), OS_BOB, False),
    (Identity(os="", sts=ALICE.sts), Identity(os="bob", sts=ALICE.sts), False),
]

PARTS = st.sampled_from([None, "", "a", "b", "c"])
PEOPLE = st.builds(Identity, os=PARTS, sts=PARTS)


@pytest.mark.parametrize(("one", "other", "answer"), TRUTH)
def test_two_people_are_distinct_only_where_everything_known_of_both_differs(
    one: Identity, other: Identity, answer: bool
) -> None:
    assert distinct(one, other) is answer
    assert distinct(other, one) is answer


@pytest.mark.parametrize(("approver", "requester", "answer"), [row for row in TRUTH if row[1] != RULES])
def test_a_requester_never_approves_a_request_of_its_own(approver: Identity, requester: Identity, answer: bool) -> None:
    assert may_approve(approver, requester) is answer


@pytest.mark.parametrize("approver", [ALICE, OS_BOB, STS_ALICE])
def test_anybody_known_may_approve_what_a_rule_opened(approver: Identity) -> None:
    assert may_approve(approver, RULES)


@pytest.mark.parametrize("requester", [RULES, ALICE, OS_BOB])
def test_nobody_in_particular_approves_nothing(requester: Identity) -> None:
    assert not may_approve(NOBODY, requester)
    assert not may_approve(Identity(os="", sts=""), requester)


@given(PEOPLE, PEOPLE)
def test_nobody_is_distinct_from_anyone_who_shares_a_part(one: Identity, other: Identity) -> None:
    shares = any(left and left == right for left, right in ((one.os, other.os), (one.sts, other.sts)))

    assert distinct(one, other) == distinct(other, one)
    assert not (shares and distinct(one, other))
    assert not distinct(one, one)


@pytest.mark.parametrize(
    ("person", "name"),
    [
        (OS_ALICE, "os:alice"),
        (STS_BOB, BOB.sts),
        (ALICE, f"os:alice {ALICE.sts}"),
        (NOBODY, "unknown"),
        (Identity(os="", sts=""), "unknown"),
    ],
)
def test_the_journal_names_all_that_is_known(person: Identity, name: str) -> None:
    assert str(person) == name
    assert person.known is (name != "unknown")


@pytest.mark.parametrize(
    ("arn", "user"),
    [
        ("arn:aws:iam::123456789012:user/alice", ("123456789012", "alice")),
        ("arn:aws:iam::123456789012:user/people/alice", ("123456789012", "alice")),
        ("arn:aws:sts::123456789012:assumed-role/Admin/alice", None),
        ("alice", None),
        (None, None),
    ],
)
def test_an_iam_user_is_told_by_its_arn(arn: str | None, user: tuple[str, str] | None) -> None:
    assert iam_user(arn) == user
