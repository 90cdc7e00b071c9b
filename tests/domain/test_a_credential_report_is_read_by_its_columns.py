"""A credential report is read by the names of its columns; what it does not know stays unknown, what is wrong is refused by row."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iamflow.domain.credential_report import COLUMNS, CredentialRow, read_rows
from iamflow.domain.root import ROOT_USER

CREATED = "2024-05-01T10:00:00+00:00"
USED = "2026-11-20T08:30:00Z"
PLAIN = {
    "user": "etl",
    "arn": "arn:aws:iam::562458925665:user/apps/etl",
    "user_creation_time": CREATED,
    "password_enabled": "FALSE",
    "password_last_used": "N/A",
    "mfa_active": "false",
    "access_key_1_active": "true",
    "access_key_1_last_rotated": CREATED,
    "access_key_1_last_used_date": USED,
    "access_key_1_last_used_service": "s3",
    "access_key_2_active": "false",
    "access_key_2_last_rotated": "N/A",
    "access_key_2_last_used_date": "N/A",
    "access_key_2_last_used_service": "N/A",
}


def read(*rows: dict[str, str], header: tuple[str, ...] = COLUMNS) -> list[CredentialRow]:
    lines = [",".join(header), *(",".join(row.get(column, "x") for column in header) for row in rows)]
    return list(read_rows(lines))


def test_a_row_says_who_it_is_what_the_keys_are_and_nothing_of_their_ids() -> None:
    (row,) = read(PLAIN)
    assert (row.account_id, row.username, row.console, row.mfa) == ("562458925665", "etl", False, False)
    (slot,) = row.keys
    assert (slot.number, slot.active, slot.service) == (1, True, "s3")
    assert slot.created_at == datetime(2024, 5, 1, 10, tzinfo=UTC)
    assert row.key_last_used == slot.last_used_at == datetime(2026, 11, 20, 8, 30, tzinfo=UTC)


def test_columns_may_stand_in_any_order_among_others() -> None:
    assert read(PLAIN, header=("new", *reversed(COLUMNS), "newer")) == read(PLAIN)


def test_an_inactive_key_is_still_a_key() -> None:
    (row,) = read(PLAIN | {"access_key_2_last_rotated": CREATED})
    assert [(slot.number, slot.active) for slot in row.keys] == [(1, True), (2, False)]


def test_a_user_without_a_known_use_counts_from_the_oldest_key_or_from_his_own_making() -> None:
    later, none = "2026-05-01T10:00:00+00:00", {"access_key_1_active": "false", "access_key_1_last_rotated": "N/A"}
    (with_key,) = read(PLAIN | {"access_key_1_last_rotated": later})
    assert with_key.counts_from == datetime(2026, 5, 1, 10, tzinfo=UTC)
    (without,) = read(PLAIN | none)
    assert without.counts_from == without.created_at


@pytest.mark.parametrize("word", ["N/A", "no_information", "n/a", ""])
def test_no_information_is_no_date(word: str) -> None:
    (row,) = read(PLAIN | {"access_key_1_last_used_date": word, "password_last_used": word})
    assert row.key_last_used is None
    assert row.password_last_used is None


def test_what_is_not_supported_is_not_known_and_not_false() -> None:
    (row,) = read(PLAIN | {"password_enabled": "not_supported"})
    assert row.console is None


def test_the_root_user_has_no_keys_that_could_be_taken_for_a_users() -> None:
    root = {"user": ROOT_USER, "arn": "arn:aws:iam::562458925665:root", "password_enabled": "not_supported"}
    (row,) = read(PLAIN | root)
    assert row.is_root
    assert row.root_keys
    assert row.keys == ()


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("arn", "etl"),
        ("arn", "arn:aws:iam::56245892566:user/etl"),
        ("user", ""),
        ("user_creation_time", "N/A"),
        ("user_creation_time", "2024-05-01T10:00:00"),
        ("mfa_active", "perhaps"),
        ("access_key_1_last_rotated", "N/A"),
        ("access_key_1_last_used_date", "0001-01-01T00:00:00+23:00"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_row(cell: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"^row 3: "):
        read(PLAIN, PLAIN | {cell: text})


def test_a_missing_column_and_one_that_stands_twice_are_named() -> None:
    with pytest.raises(ValueError, match="mfa_active"):
        read(PLAIN, header=tuple(column for column in COLUMNS if column != "mfa_active"))
    with pytest.raises(ValueError, match="arn"):
        read(PLAIN, header=(*COLUMNS, "arn"))


@given(st.text(max_size=300), st.sampled_from(COLUMNS))
def test_nothing_that_a_cell_may_hold_ends_in_another_error(text: str, column: str) -> None:
    try:
        read(PLAIN | {column: text})
    except ValueError as error:
        assert str(error).startswith("row ")  # noqa: PT017 - that it may also be read is the point


def test_commas_that_nobody_quoted_are_part_of_name_and_path() -> None:
    named = {"user": "o,brien,=x", "arn": "arn:aws:iam::562458925665:user/a,b/o,brien,=x"}
    (row,) = read(PLAIN | named)
    assert (row.username, len(row.keys)) == ("o,brien,=x", 1)


@pytest.mark.parametrize(
    "named",
    [
        {"user": "o,brien", "arn": "arn:aws:iam::562458925665:user/brien"},
        {"user": "etl", "password_last_used": "N/A,N/A"},
        {"user": "a,b", "arn": "nothing"},
    ],
)
def test_cells_that_do_not_belong_together_are_not_joined(named: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"row 2: it has \d+ cells where the first row has 14"):
        read(PLAIN | named)
