"""Whoever installs from the locks gets what the project asks for, pinned and hashed, on every Python it supports."""

import re

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.project.files import PROJECT, PYTHONS, asked_for, lock

PLATFORMS = (
    {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64", "os_name": "posix"},
    {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "aarch64", "os_name": "posix"},
    {"sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "arm64", "os_name": "posix"},
)


@pytest.mark.parametrize("name", ["core", "dev"])
def test_every_entry_carries_hashes_of_its_files(name: str) -> None:
    pins = lock(name)

    assert len(pins) > 20
    for pin in pins:
        assert pin.hashes, f"{pin.name} has no hash"
        assert all(re.fullmatch("sha256:[0-9a-f]{64}", each) for each in pin.hashes), pin.name


@pytest.mark.parametrize(
    "platform", PLATFORMS, ids=lambda platform: f"{platform['sys_platform']}-{platform['platform_machine']}"
)
@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize(("name", "extras"), [("core", ("postgres",)), ("dev", ("dev",))])
def test_everything_asked_for_is_pinned_to_one_fitting_version(
    name: str, extras: tuple[str, ...], python: str, platform: dict[str, str]
) -> None:
    environment = {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        **platform,
    }
    pinned: dict[str, list[str]] = {}
    for pin in lock(name):
        if pin.marker is None or pin.marker.evaluate(environment):
            pinned.setdefault(pin.name, []).append(pin.version)

    assert not {each: versions for each, versions in pinned.items() if len(versions) > 1}
    for requirement in asked_for(*extras):
        (version,) = pinned.get(canonicalize_name(requirement.name), ["nothing"])
        assert requirement.specifier.contains(version, prereleases=True), f"{requirement} is locked to {version}"


def test_what_builds_the_project_is_in_the_lock_for_development() -> None:
    pinned = {pin.name: pin.version for pin in lock("dev")}

    for requirement in map(Requirement, PROJECT["build-system"]["requires"]):
        assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)])


def test_tests_run_on_the_versions_that_users_run() -> None:
    developed = {(pin.name, pin.version, str(pin.marker)) for pin in lock("dev")}
    versions = {(name, version) for name, version, _ in developed}

    assert not [pin for pin in lock("core") if (pin.name, pin.version) not in versions]
