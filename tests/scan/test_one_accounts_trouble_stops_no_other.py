"""A mistake in iamflow is told as one, with the account; a scan that is broken off lets nothing wait on."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from iamflow.domain.accounts import MemberAccount
from iamflow.domain.scope import AccountScope
from iamflow.engine.accounts import Selection
from iamflow.engine.ports import Survey
from iamflow.engine.scan import Result, Scan
from tests.cli.conftest import Shell
from tests.scan.company import FORMULA
from tests.world import ACCOUNT, OTHER, World

BOTH = Selection(
    scope=AccountScope(),
    chosen=(MemberAccount(account_id=ACCOUNT, name="payments"), MemberAccount(account_id=OTHER, name="development")),
)


class OneBroken:
    """The simulated AWS, but one account is met by a mistake."""

    def __init__(self, world: World) -> None:
        self._cloud = world.app.cloud

    @contextmanager
    def survey(self, account_id: str) -> Iterator[Survey]:
        if account_id == ACCOUNT:
            raise KeyError(account_id)
        with self._cloud.survey(OTHER) as survey:
            yield survey


def test_a_mistake_is_told_with_its_account_and_the_others_go_on(world: World) -> None:
    scan = Scan(desk=world.app.desk(), cloud=OneBroken(world), workers=1)  # type: ignore[arg-type]  # all that a scan calls
    other, broken = scan.run(BOTH)
    assert (other.account.account_id, other.result) == (OTHER, Result.SCANNED)
    assert broken.result is Result.FAILED
    assert broken.reason == "unexpected KeyError: a mistake in iamflow; the other accounts go on"


def test_a_scan_that_is_interrupted_lets_its_threads_wait_no_longer(world: World) -> None:
    ended: list[bool] = []

    def interrupt(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    scan = Scan(
        desk=world.app.desk(),
        cloud=world.app.cloud,
        workers=1,
        progress=interrupt,
        broken_off=lambda: ended.append(True),
    )
    with pytest.raises(KeyboardInterrupt):
        scan.run(BOTH)
    assert ended == [True]


@pytest.mark.parametrize("where", ["s3://", "FILE"])
def test_a_place_where_no_report_can_be_written_is_found_before_anything_is_scanned(
    world: World, shell: Shell, where: str
) -> None:
    (world.folder / "file").write_text("")
    answer = shell("scan", "--write-report", where.replace("FILE", str(world.folder / "file")))
    assert (answer.code, answer.out) == (1, "")
    assert "s3://bucket/prefix" in answer.complaint or "cannot be written" in answer.complaint
    assert shell.ok("finding", "list", "--output", "json").json == []


def test_a_report_that_does_not_reach_s3_is_told_after_what_was_scanned(world: World, shell: Shell) -> None:
    answer = shell("scan", "--account", FORMULA, "--write-report", "s3://no-such-bucket/x", "--output", "json")
    assert answer.code == 1
    assert "PutObject" in answer.complaint
    assert (answer.json["opened"], answer.json["files"]) == (8, [])
    assert list(world.folder.glob("**/*.part")) == []
