"""Where accounts are chosen by patterns, or all are scanned, the doctor asks the organisation, and says what to do if it is silent."""

import pytest

from iamflow.sandbox.faults import Effect, Scope
from tests.doctor.conftest import Clinic
from tests.world import ACCOUNT, OTHER

PATTERNS = f'accounts: {{include: ["PAY*"], exclude: ["dev*"], enforce: ["{ACCOUNT}", "{OTHER}"]}}\n'


@pytest.mark.parametrize("clinic", [PATTERNS], indirect=True)
def test_the_accounts_that_patterns_choose_are_examined(clinic: Clinic) -> None:
    said = clinic.doctor()
    assert said.of("organisation")["sentence"] == "it has 3 accounts; the settings choose 1 of those in use"
    assert f"account {ACCOUNT}" in said.named("ok")
    assert all(OTHER not in line["check"] for line in said.lines)


@pytest.mark.parametrize("clinic", [PATTERNS, "scan: {every: 24h}\n"], indirect=True)
def test_an_organisation_that_does_not_answer_is_named_with_the_remedy(clinic: Clinic) -> None:
    clinic.world.sandbox.faults.switch_on(Effect.ACCESS_DENIED, Scope(service="organizations"))
    said = clinic.doctor()
    assert said.worst == ["organisation"]
    assert "accounts.include" in said.of("organisation")["remedy"]
