"""Where calls go: to AWS, or to a simulated AWS, and never by accident to the other (DESIGN 8.9)."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from iamflow.aws.settings import AwsSettings
from iamflow.domain.errors import ConfigError

_VARIABLE = "AWS_ENDPOINT_URL"
_HTTPS_PORTS = {None, 443}
# AWS's own names for a service's API: SERVICE[.dualstack][.REGION], or an interface endpoint in front of one. What
# customers can have under the same domains (load balancers, instances, buckets, endpoint services) does not fit.
_OWN = re.compile(
    r"(?:vpce-[a-z0-9-]+\.(?!vpce-svc-)[a-z0-9-]+\.[a-z]{2,}(?:-[a-z]+)+-\d\.vpce|"
    r"[a-z0-9-]+(?:\.dualstack)?(?:\.(?:[a-z]{2,}(?:-[a-z]+)+-\d|us-gov|global))?)"
    r"\.(?:amazonaws\.com(?:\.cn)?|amazonaws\.eu|api\.aws)"
)


def endpoint_for(settings: AwsSettings, environment: Mapping[str, str], config: Mapping[str, Any]) -> str | None:
    """Return the endpoint of the simulated AWS, or None for AWS itself.

    ``config`` is the AWS config file as botocore reads it. Raises ``ConfigError`` where AWS is meant but any setting
    names an endpoint that is not AWS's own, and where a simulated AWS is meant but none, or AWS itself, is named.
    """
    if settings.sandbox:
        return _simulated(settings.endpoint_url or environment.get(_VARIABLE))
    for where, url in (
        *_in_settings(settings),
        *_in_environment(environment),
        *_in_config(settings, environment, config),
    ):
        if not is_aws(url):
            remedy = "remove it, or set `sandbox: true` for a simulated AWS"
            message = f"{where}: {shown(url)} is not an endpoint of AWS: {remedy}"
            raise ConfigError(message)
    return settings.endpoint_url


def is_aws(url: str) -> bool:
    """Return whether a URL is an endpoint of AWS's own, over TLS."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    return parts.scheme == "https" and port in _HTTPS_PORTS and _OWN.fullmatch(host) is not None


def shown(url: str) -> str:
    """Return a URL's scheme and host only, since a URL may hold a password; or say that it is none."""
    return _place(url) or "what is set there"


def _place(url: str) -> str | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return f"{parts.scheme}://{parts.hostname}" if parts.scheme in {"http", "https"} and parts.hostname else None


def _simulated(url: str | None) -> str:
    if not url:
        message = f"sandbox: true, but no simulated AWS is named: set aws.endpoint_url or {_VARIABLE}"
        raise ConfigError(message)
    if is_aws(url):
        message = f"sandbox: true, but {shown(url)} is AWS itself: name a simulated AWS, or set `sandbox: false`"
        raise ConfigError(message)
    if _place(url) is None:
        message = f"aws.endpoint_url or {_VARIABLE}: it is no address: write it like http://127.0.0.1:5000"
        raise ConfigError(message)
    return url


def _in_settings(settings: AwsSettings) -> Iterator[tuple[str, str]]:
    if settings.endpoint_url is not None:
        yield "aws.endpoint_url", settings.endpoint_url


def _in_environment(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in sorted(environment.items()):
        if value and (name == _VARIABLE or name.startswith(f"{_VARIABLE}_")):
            yield f"environment variable {name}", value


def _in_config(
    settings: AwsSettings, environment: Mapping[str, str], config: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Look at the profiles that are used, those they take their credentials from, and their ``services`` sections."""
    profiles: Mapping[str, Mapping[str, Any]] = config.get("profiles", {})
    services: Mapping[str, Mapping[str, Any]] = config.get("services", {})
    base = environment.get("AWS_PROFILE") or environment.get("AWS_DEFAULT_PROFILE") or "default"
    for name in _with_sources({base, *settings.profiles.values()}, profiles):
        profile = profiles.get(name, {})
        if "endpoint_url" in profile:
            yield f"AWS config file, profile {name}", str(profile["endpoint_url"])
        for service, section in services.get(str(profile.get("services")), {}).items():
            if isinstance(section, Mapping) and "endpoint_url" in section:
                yield f"AWS config file, profile {name}, services {service}", str(section["endpoint_url"])


def _with_sources(names: Iterable[str], profiles: Mapping[str, Mapping[str, Any]]) -> list[str]:
    found: dict[str, None] = {}
    waiting = sorted(names)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found[name] = None
        source = profiles.get(name, {}).get("source_profile")
        if source is not None:
            waiting.append(str(source))
    return sorted(found)
