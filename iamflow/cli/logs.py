"""What the engine logs while a command runs it: one line each on standard error, only what matters."""

import logging
import os
import sys

from iamflow.domain.encoding import for_log


class _OneLine(logging.Formatter):
    """Writes a record as one line. The details of an exception are only for whoever asks for them."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        text = f"iamflow: {record.levelname.lower()}: {for_log(record.getMessage())}"
        ticket = getattr(record, "ticket", None)
        if ticket is not None:
            text += f" (ticket {ticket})"
        if record.exc_info is None or record.exc_info[0] is None:
            return text
        text += f": {record.exc_info[0].__name__}"
        if os.environ.get("IAMFLOW_DEBUG") == "1":
            text += "\n" + self.formatException(record.exc_info)
        return text


def configure() -> None:
    """Send warnings and errors of every logger to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
