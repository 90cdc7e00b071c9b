"""What the settings say of overrides is what the rules then are."""

from pathlib import Path

from iamflow.config import load
from iamflow.domain.ids import AccountId
from iamflow.domain.rule_settings import RuleName
from iamflow.domain.waits import DAY

TEXT = """
rules:
  auto_deactivate_after: 180d
  overrides:
    - {accounts: ["prod-*", "562458925665"], tags: {env: prod}, max_key_age: 60d, open: {key-in-use: none}}
    - {accounts: ["prod-*"], unused_after: 45d, open: {key-in-use: rotate-key}}
"""


def test_each_override_says_only_what_it_says(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(TEXT)
    rules = load(file).policy().rules
    production = (AccountId("562458925665"), "payments")
    tagged = rules.of(*production, {"Env": "Prod"})
    assert (tagged.max_key_age, tagged.unused_after) == (60 * DAY, 90 * DAY)
    assert tagged.opened_by(RuleName.KEY_IN_USE) is None
    assert tagged.opened_by(RuleName.KEY_TOO_OLD) == "disable-key"
    by_name = rules.of(AccountId("111111111111"), "prod-web", {})
    assert (by_name.max_key_age, by_name.unused_after) == (90 * DAY, 45 * DAY)
    assert by_name.opened_by(RuleName.KEY_IN_USE) == "rotate-key"
    assert rules.of(*production, {}).opened_by(RuleName.KEY_IN_USE) == "disable-key"
    assert rules.auto_deactivate_after == 180 * DAY
