"""From a report to the end, by the command line alone: exactly the keys that ought to be deleted are, and nothing else changes."""

from pathlib import Path

from tests.acceptance.company import DEVELOPMENT, EXCLUDED, a_company, every_change_was_intended


def test_a_company_is_cleaned_up_by_cron_and_people(tmp_path: Path) -> None:
    with a_company(tmp_path) as company:
        company.key("idle")
        company.key("idle-too", DEVELOPMENT, idle=91)
        company.key("=cmd+calc-A1", idle=300)
        company.key("in-use", DEVELOPMENT, idle=2)
        company.key("never-used", idle=None)
        company.key("not-so-idle", idle=30)
        company.key("young", age=20, idle=10)
        company.key("inactive", status="Inactive")
        company.key("break-glass-1")
        company.key("elsewhere", EXCLUDED)
        company.key("second-key", user="idle", age=10, idle=1)

        summary = company.json("import", str(company.report()))
        assert (summary["rows"], summary["findings"], summary["opened"]) == (11, 8, 6)
        assert (summary["existing"], summary["rejected"]) == (0, 2)
        again = company.json("import", str(company.report()))
        assert (again["opened"], again["existing"]) == (0, 6)

        waiting = {
            "idle": "deleted",
            "idle-too": "deleted",
            "=cmd+calc-A1": "deleted",
            "in-use": "awaiting_approval",
            "never-used": "awaiting_approval",
            "not-so-idle": "awaiting_approval",
        }
        company.tick_until(waiting)
        assert {name: company.status(name) for name in company.keys} == {
            "idle": None,
            "idle-too": None,
            "=cmd+calc-A1": None,
            "in-use": "Active",
            "never-used": "Inactive",
            "not-so-idle": "Inactive",
            "young": "Active",
            "inactive": "Inactive",
            "break-glass-1": "Active",
            "elsewhere": "Active",
            "second-key": "Active",
        }
        company.run("ticket", "approve", company.keys["never-used"][1], "--comment", "nobody knows it")
        company.run("ticket", "rollback", company.keys["not-so-idle"][1], "--comment", "the owner called")
        company.tick_until(waiting | {"never-used": "deleted", "not-so-idle": "rolled_back"})
        assert company.status("not-so-idle") == "Active"
        assert company.status("never-used") is None
        every_change_was_intended(company)


def test_a_key_that_is_used_after_its_deactivation_is_active_again(tmp_path: Path) -> None:
    slow = "workflows: {disable-key: {grace: 1s, monitor: 15s, delivery_lag: 1s}}\n"
    with a_company(tmp_path) as company:
        config = tmp_path / "config.yaml"
        lines = [line for line in config.read_text().splitlines() if not line.startswith("workflows:")]
        config.write_text("\n".join(lines) + "\n" + slow)
        company.key("payroll")
        company.run("import", str(company.report()))
        company.tick_until({"payroll": "notified"})
        from datetime import timedelta

        company.sandbox.faults.propagation("eu-west-1", timedelta(minutes=5))
        company.tick_until({"payroll": "monitoring"})
        used = company.sandbox.use_key(
            company.keys["payroll"][1],
            service="s3",
            operation="ListBuckets",
            region="eu-west-1",
            source_ip="203.0.113.9",
        )
        assert used.ok
        company.tick_until({"payroll": "rolled_back"})
        assert company.status("payroll") == "Active"
        every_change_was_intended(company)
