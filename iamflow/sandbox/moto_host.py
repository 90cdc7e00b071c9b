"""moto as a lodger: reset at the start, following the sandbox's clock, and left as it was found at the end."""

import io
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import moto.core.responses
import moto.core.utils
import moto.iam.models
import moto.moto_server.werkzeug_app
import moto.secretsmanager.models
import moto.settings
import moto.sts.models
from moto import backends
from moto.core.base_backend import BackendDict

from iamflow.domain.clock import Clock
from iamflow.sandbox.errors import Reply

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_system_utcnow: Callable[[], datetime] = moto.core.utils.utcnow
_clocks: list[Clock] = []


def _utcnow() -> datetime:
    """Stand in for moto's function of that name (naive UTC).

    Modules that moto loads while a sandbox runs keep this one for good, so that it must go on working afterwards.
    """
    return _clocks[-1].now().replace(tzinfo=None) if _clocks else _system_utcnow()


class _Time:
    """The part of Python's ``time`` that moto's Secrets Manager uses, on the sandbox's clock."""

    @staticmethod
    def time() -> float:
        """Return the seconds since 1970 (UTC)."""
        return _clocks[-1].now().timestamp() if _clocks else time.time()


class MotoHost:
    """moto's state and its WSGI application; there is one in a process, because that state is global."""

    def __init__(self, clock: Clock) -> None:
        """Reset moto and put it on the clock; RuntimeError if another sandbox has it."""
        if _clocks:
            msg = "another sandbox is running in this process, and moto's state is global: stop that one first"
            raise RuntimeError(msg)
        _clocks.append(clock)
        self._undo = ExitStack()
        self._reset()
        for module in [module for name, module in sys.modules.items() if name.startswith("moto.")]:
            if getattr(module, "utcnow", None) is _system_utcnow:
                self.replace(module, "utcnow", _utcnow)
        # moto would move the last use at each call, to the second, of keys that were refused as well.
        self.replace(moto.iam.models, "mark_account_as_visited", lambda **_: None)
        # The sandbox has quotas of its own, which an account may have raised.
        self.replace(moto.iam.models, "LIMIT_KEYS_PER_USER", sys.maxsize)
        # Thousands of images, made anew for each account and region that is looked at; nobody here asks for one.
        self.replace(moto.settings, "ec2_load_default_amis", lambda: False)
        # Secrets Manager's dates come from another clock than those of the rest.
        self.replace(moto.secretsmanager.models, "time", _Time())
        # Two lists that moto makes anew for each request, from the disk and by introspection.
        self.replace(backends, "list_of_moto_modules", cache(lambda: tuple(_modules())))
        self.replace(moto.core.responses, "method_names_from_class", cache(_methods))
        dispatcher = moto.moto_server.werkzeug_app.DomainDispatcherApplication
        self._application = dispatcher(moto.moto_server.werkzeug_app.create_backend_app)

    def replace(self, holder: Any, name: str, value: object) -> None:  # noqa: ANN401 - a module or a class
        """Put something of ours in moto's place until the end."""
        absent = object()
        before = vars(holder).get(name, absent)
        setattr(holder, name, value)
        self._undo.callback(lambda: delattr(holder, name) if before is absent else setattr(holder, name, before))

    def close(self) -> None:
        """Undo every replacement, and forget all accounts."""
        self._undo.close()
        self._reset()
        _clocks.clear()

    def ask(self, environ: "WSGIEnvironment", body: bytes) -> Reply:
        """Let moto answer a request."""
        answer: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], _: object = None) -> Callable[[bytes], None]:
            answer[:] = [int(status.split(maxsplit=1)[0]), tuple(headers)]
            return lambda _: None

        parts = self._application({**environ, "wsgi.input": io.BytesIO(body)}, start_response)
        try:
            content = b"".join(parts)
        finally:
            if hasattr(parts, "close"):
                parts.close()
        return Reply(status=answer[0], headers=answer[1], body=content)

    @staticmethod
    def _reset() -> None:
        BackendDict.reset()


_modules = backends.list_of_moto_modules
_methods = moto.core.utils.method_names_from_class
