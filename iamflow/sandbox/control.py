"""Steering a sandbox from another process: JSON over POST at ``/_sandbox/…``, on loopback.

===================  ==============================================================  =======================
path                 body                                                            answers
===================  ==============================================================  =======================
``now``              ``{}``                                                          ``{"now"}``
``advance``          ``{"seconds"}``                                                 ``{"now"}``
``fault``            ``{"effect", "scope": {}, "times", "seconds"}``                 ``{}``
``clear-faults``     ``{}``                                                          ``{}``
``use-key``          ``{"key", "service", "operation", "region", "session"}``        ``{"error", "request_id"}``
``sign-in``          ``{"account", "user"}``                                         ``{"error", "request_id"}``
``enrol-mfa``        ``{"account", "user"}``                                         ``{"error", "request_id"}``
``key-status``       ``{"account", "key"}``                                          ``{"status"}``
``mutations``        ``{}``                                                          ``{"mutations": []}``
===================  ==============================================================  =======================
"""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from iamflow.sandbox.errors import Reply
from iamflow.sandbox.faults import Effect, Scope
from iamflow.sandbox.people import Outcome

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from iamflow.sandbox.server import Sandbox

PREFIX = "/_sandbox/"


class Control:
    """Carries out what a caller on this machine asks of a sandbox."""

    def __init__(self, sandbox: "Sandbox") -> None:
        """Steer that sandbox."""
        self._sandbox = sandbox
        self._actions: Mapping[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]] = {
            "now": self._now,
            "advance": self._advance,
            "fault": self._fault,
            "clear-faults": self._clear_faults,
            "use-key": self._use_key,
            "sign-in": self._sign_in,
            "enrol-mfa": self._enrol_mfa,
            "key-status": self._key_status,
            "mutations": self._mutations,
        }

    def answer(self, environ: "WSGIEnvironment", body: bytes) -> Reply:
        """Answer one request; a browser's page cannot send one, because it has to be JSON for a loopback host."""
        action = self._actions.get(environ.get("PATH_INFO", "").removeprefix(PREFIX))
        host = environ.get("HTTP_HOST", "").rsplit(":", 1)[0]
        if host not in {"127.0.0.1", "localhost"} or environ.get("CONTENT_TYPE") != "application/json":
            return _reply(403, {"error": "only application/json for 127.0.0.1 or localhost is answered"})
        if action is None or environ["REQUEST_METHOD"] != "POST":
            return _reply(404, {"error": f"POST one of {', '.join(PREFIX + name for name in self._actions)}"})
        try:
            asked = json.loads(body or b"{}")
            return _reply(200, action(asked))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            return _reply(400, {"error": f"{type(error).__name__}: {error}"})

    def _now(self, _: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"now": self._sandbox.clock.now().isoformat()}

    def _advance(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        clock: Any = self._sandbox.clock
        clock.advance(timedelta(seconds=float(asked["seconds"])))
        return self._now(asked)

    def _fault(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        effect, scope = Effect[str(asked["effect"]).upper().replace("-", "_")], Scope(**asked.get("scope", {}))
        length = timedelta(seconds=float(asked.get("seconds", 0)))
        self._sandbox.faults.switch_on(effect, scope, times=asked.get("times"), length=length)
        return {}

    def _clear_faults(self, _: Mapping[str, Any]) -> Mapping[str, Any]:
        self._sandbox.faults.clear()
        return {}

    def _use_key(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        known = ("service", "operation", "region", "source_ip", "user_agent", "session")
        outcome = self._sandbox.use_key(asked["key"], **{name: asked[name] for name in known if name in asked})
        return _told(outcome)

    def _sign_in(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        return _told(self._sandbox.console.sign_in(asked["account"], asked["user"]))

    def _enrol_mfa(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        return _told(self._sandbox.console.enrol_mfa(asked["account"], asked["user"]))

    def _key_status(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"status": self._sandbox.key_status(asked["account"], asked["key"])}

    def _mutations(self, _: Mapping[str, Any]) -> Mapping[str, Any]:
        return {
            "mutations": [
                {
                    "at": made.at.isoformat(),
                    "account_id": made.account_id,
                    "service": made.service,
                    "operation": made.operation,
                    "parameters": made.parameters,
                    "principal_arn": made.principal_arn,
                    "session_name": made.session_name,
                    "request_id": made.request_id,
                    "error": made.error,
                }
                for made in self._sandbox.mutations()
            ]
        }


def _told(outcome: Outcome) -> Mapping[str, Any]:
    return {"error": outcome.error, "message": outcome.message, "request_id": outcome.request_id}


def _reply(status: int, content: Mapping[str, Any]) -> Reply:
    body = json.dumps(content, default=str).encode()
    return Reply(status=status, headers=(("Content-Type", "application/json"),), body=body)
