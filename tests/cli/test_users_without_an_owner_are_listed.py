"""``iamflow owner list --missing`` names the users about whom nobody in particular is told."""

import pytest

from iamflow.domain.ids import KeyId
from tests.cli.conftest import Office
from tests.world import KEY, OTHER

NOBODY = """
accounts: {enforce: all, contacts: {"328251269083": development@example.com}}
notify: {channels: [file], sender: iamflow@example.com}
"""
SECOND = KeyId("AKIAYF5JKDJQSECOND22")


@pytest.mark.parametrize("office", [NOBODY], indirect=True)
def test_each_user_is_listed_once_with_who_is_told(office: Office) -> None:
    world, shell = office.world, office.shell
    world.user()
    world.user(account=OTHER)
    world.take_in(world.key(), world.key(SECOND, account=OTHER))
    unread = shell.ok("owner", "list", "--output", "json").json
    assert [row["status"] for row in unread] == ["unread", "unread"]
    assert shell.ok("owner", "list", "--missing", "--output", "json").json == []
    world.tick()
    assert [(row["status"], row["owner"]) for row in shell.ok("owner", "list", "--output", "json").json] == [
        ("missing", None),
        ("known", "development@example.com"),
    ]
    missing = shell.ok("owner", "list", "--missing").out.splitlines()
    assert len(missing) == 2
    assert missing[1].split() == ["etl", "payments", "(562458925665)", "-", "-", "missing", str(world.ticket(KEY).id)]
    assert shell.ok("owner", "list", "--account", OTHER, "--output", "csv").out.count("\n") == 2
