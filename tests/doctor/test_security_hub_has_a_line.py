"""Where Security Hub is to be told, the doctor says in one line whether it takes what it is told."""

import pytest

from tests.doctor.conftest import Clinic, warns
from tests.world import ACCOUNT

ENABLED = "security_hub: {enabled: true}"


@pytest.mark.parametrize("clinic", [ENABLED], indirect=True)
def test_what_it_did_not_take_is_told_until_it_takes_it(clinic: Clinic) -> None:
    world = clinic.world
    assert clinic.doctor().of("security hub")["status"] == "ok"
    world.user()
    world.take_in(world.key())
    world.app.teller().tell()
    sentence = warns(clinic, "security hub", "iamflow finding push")
    assert "1 findings of 1 accounts wait to be accepted" in sentence
    assert f"account {ACCOUNT}: Security Hub is not enabled in us-east-1" in sentence
    world.sandbox.seed.security_hub(ACCOUNT)
    world.app.teller().tell(by_hand=True)
    assert clinic.doctor().of("security hub")["status"] == "ok"


def test_where_it_is_not_to_be_told_nothing_is_said_of_it(clinic: Clinic) -> None:
    assert "security hub" not in {line["check"] for line in clinic.doctor().lines}
