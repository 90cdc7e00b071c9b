"""An endpoint that answers what a test tells it to: for answers that AWS gives rarely, and for none at all.

It speaks the query and JSON protocols, and Security Hub's paths. It knows AssumeRole and GetCallerIdentity; every other operation has to be scripted.
"""

import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qs

ACCOUNT = "562458925665"
DATE = "Tue, 24 Nov 2026 08:00:00 GMT"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One answer. ``hang`` gives none and leaves the connection open; ``cut`` gives none and closes it."""

    body: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Date": DATE})
    hang: bool = False
    cut: bool = False


_PATHS = {"/findings/import": "BatchImportFindings", "/findings/batchupdate": "BatchUpdateFindings"}

Script = Callable[[dict[str, str]], Reply]


def result(operation: str, content: str = "", **more: str) -> Reply:
    """An answer of a query service."""
    body = (
        f"<{operation}Response><{operation}Result>{content}</{operation}Result>"
        f"<ResponseMetadata><RequestId>req-1</RequestId></ResponseMetadata></{operation}Response>"
    )
    return Reply(body=body, headers={"Date": DATE, **more})


def refusal(code: str, message: str = "no", status: int = 400) -> Reply:
    """An error of a query service."""
    return Reply(
        body=f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>",
        status=status,
    )


def assumed(parameters: dict[str, str]) -> Reply:
    """What AssumeRole answers."""
    secret = parameters["RoleSessionName"]
    return result(
        "AssumeRole",
        f"<Credentials><AccessKeyId>ASIAEXAMPLE{'0' * 5}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey>"
        "<SessionToken>token</SessionToken><Expiration>2026-11-24T09:00:00Z</Expiration></Credentials>",
    )


def identity(_: dict[str, str]) -> Reply:
    """What GetCallerIdentity answers."""
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/iamflow/x"
    return result("GetCallerIdentity", f"<Account>{ACCOUNT}</Account><Arn>{arn}</Arn><UserId>AROA:x</UserId>")


class Scripted:
    """The endpoint. ``on`` sets what an operation answers; ``calls`` counts what was asked."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.ended = threading.Event()
        self._scripts: dict[str, Script] = {"AssumeRole": assumed, "GetCallerIdentity": identity}
        endpoint = self

        class Handler(_Handler):
            scripted = endpoint

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def on(self, operation: str, *replies: Reply | Script) -> None:
        """Answer the operation with these, one after the other, the last one for ever."""
        waiting = list(replies)

        def answer(parameters: dict[str, str]) -> Reply:
            reply = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            return reply if isinstance(reply, Reply) else reply(parameters)

        self._scripts[operation] = answer

    def answer(self, parameters: dict[str, str]) -> Reply:
        self.calls[parameters["Action"]] += 1
        return self._scripts[parameters["Action"]](parameters)

    def close(self) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    scripted: ClassVar[Scripted]
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length).decode()
        target = self.headers.get("X-Amz-Target")
        named = target.rsplit(".", 1)[1] if target else _PATHS.get(self.path)
        asked = {"Action": named, "body": body} if named else _form(body)
        reply = self.scripted.answer(asked)
        if reply.hang:
            self.scripted.ended.wait()
        if reply.hang or reply.cut:
            self.close_connection = True
            return
        self.send_response_only(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body.encode())))
        self.end_headers()
        self.wfile.write(reply.body.encode())

    do_PATCH = do_POST  # noqa: N815 - as the base class looks for it

    def do_GET(self) -> None:
        """Hand out credentials as a container's agent does."""
        given = {
            "AccessKeyId": "ASIACONTAINER", "SecretAccessKey": "made-up", "Token": "token", "Expiration": "2099-01-01T00:00:00Z",
        }  # fmt: skip
        body = json.dumps(given).encode()
        self.send_response_only(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Keep quiet."""


def _form(body: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(body, keep_blank_values=True).items()}
