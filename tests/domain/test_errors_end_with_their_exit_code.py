"""DESIGN section 6: the exit code of each kind of error, and what an error tells the engine."""

from datetime import timedelta

import pytest

from iamflow.domain import errors

CODES = {
    errors.DeclinedError: 3,
    errors.NotAuthorisedError: 4,
    errors.RefusedError: 5,
    errors.ChangedError: 6,
}


@pytest.mark.parametrize(
    "kind",
    [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.IamflowError)],
)
def test_every_error_has_the_exit_code_that_is_documented(kind: type[errors.IamflowError]) -> None:
    assert kind.exit_code == CODES.get(kind, 1)


def test_a_temporary_error_keeps_the_wait_that_the_other_side_named() -> None:
    named, unnamed = (errors.TemporaryError("Throttling", retry_after=wait) for wait in (timedelta(seconds=3), None))

    assert (str(named), named.retry_after) == ("Throttling", timedelta(seconds=3))
    assert unnamed.retry_after is None


def test_a_blocked_error_keeps_its_sentence_and_its_code() -> None:
    blocked = errors.BlockedError("the role cannot be assumed", code="access")

    assert (str(blocked), blocked.code) == ("the role cannot be assumed", "access")
