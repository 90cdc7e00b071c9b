"""A sandbox can be served to other programs, and steered by them where that was asked for."""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from iamflow.sandbox.clock import VirtualClock
from iamflow.sandbox.serve import serve
from iamflow.sandbox.server import Sandbox
from iamflow.sandbox.settings import SandboxSettings

KEY = "AKIAYF5JKDJQS3LDLOIV"
ACCOUNT = "562458925665"
REPORT = Path(__file__).parents[1] / "data" / "iam_audit_report_20261124_001111.csv"


def post(
    sandbox: Sandbox,
    action: str,
    body: dict[str, Any] | None = None,
    kind: str = "application/json",
    **headers: str,
) -> Any:
    request = urllib.request.Request(  # noqa: S310 - always the sandbox on loopback
        f"{sandbox.endpoint_url}/_sandbox/{action}",
        data=json.dumps(body or {}).encode(),
        headers={"Content-Type": kind, **headers},
        method="POST",
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - always the sandbox on loopback
        return json.load(answer)


@pytest.fixture
def steered(clock: VirtualClock) -> Iterator[Sandbox]:
    with Sandbox(clock=clock, settings=SandboxSettings(control=True)) as running:
        running.seed.account(ACCOUNT, "prod")
        running.seed.user(ACCOUNT, "etl")
        running.seed.key(ACCOUNT, "etl", KEY)
        yield running


def test_serving_says_what_to_export_and_ends_when_told(clock: VirtualClock) -> None:
    said, stop = [], threading.Event()
    ready = threading.Event()

    def say(line: str) -> None:
        said.append(line)
        if line.startswith("export AWS_EC2_METADATA_DISABLED"):
            ready.set()

    settings = SandboxSettings()
    thread = threading.Thread(
        target=serve, kwargs={"clock": clock, "settings": settings, "say": say, "stop": stop, "audit": REPORT}
    )
    thread.start()
    assert ready.wait(20)
    stop.set()
    thread.join(20)
    assert not thread.is_alive()
    assert [line.split("=")[0] for line in said] == [
        "export AWS_ENDPOINT_URL", "export AWS_ACCESS_KEY_ID", "export AWS_SECRET_ACCESS_KEY",
        "export AWS_DEFAULT_REGION", "export AWS_EC2_METADATA_DISABLED",
    ]  # fmt: skip


def test_the_clock_can_be_moved_from_outside(steered: Sandbox) -> None:
    before = post(steered, "now")["now"]
    assert post(steered, "advance", {"seconds": 3600})["now"] == "2026-11-24T09:00:00+00:00" != before


def test_a_fault_can_be_switched_from_outside(steered: Sandbox) -> None:
    post(steered, "fault", {"effect": "throttle", "scope": {"service": "s3"}, "times": 5})
    assert post(steered, "use-key", {"key": KEY})["error"] == "SlowDown"
    post(steered, "clear-faults")
    assert post(steered, "use-key", {"key": KEY})["error"] is None


def test_a_user_signs_in_and_enrols_a_device_from_outside(steered: Sandbox) -> None:
    steered.seed.user(ACCOUNT, "ana", password=True)
    who = {"account": ACCOUNT, "user": "ana"}
    assert post(steered, "sign-in", who)["error"] is None
    assert post(steered, "enrol-mfa", who)["error"] is None
    assert [done.operation for done in steered.mutations()] == ["CreateVirtualMFADevice", "EnableMFADevice"]
    assert post(steered, "sign-in", {"account": ACCOUNT, "user": "nobody"})["error"] == "SignInFailure"


def test_what_happened_can_be_asked_from_outside(steered: Sandbox) -> None:
    steered.owner.deactivate_key(ACCOUNT, "etl", KEY)
    assert post(steered, "key-status", {"account": ACCOUNT, "key": KEY}) == {"status": "Inactive"}
    (made,) = post(steered, "mutations")["mutations"]
    assert (made["operation"], made["parameters"]["accessKeyId"]) == ("UpdateAccessKey", KEY)


@pytest.mark.parametrize(
    ("action", "body", "status"),
    [("dance", {}, 404), ("advance", {}, 400), ("advance", {"seconds": -5}, 400), ("fault", {"effect": "x"}, 400)],
)
def test_a_wrong_order_is_refused_with_a_reason(
    steered: Sandbox, action: str, body: dict[str, Any] | None, status: int
) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        post(steered, action, body)
    assert caught.value.code == status
    assert json.load(caught.value)["error"]
    caught.value.close()


@pytest.mark.parametrize(("kind", "headers"), [("text/plain", {}), ("application/json", {"Host": "evil.example"})])
def test_a_web_page_cannot_steer(steered: Sandbox, kind: str, headers: dict[str, str]) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        post(steered, "now", {}, kind, **headers)
    assert caught.value.code == 403
    caught.value.close()


def test_nothing_can_be_steered_unless_that_was_asked_for(sandbox: Sandbox) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        post(sandbox, "now")
    assert caught.value.code == 403
    caught.value.close()
