"""JSON files of other tools' findings: Prowler's, and Security Hub's in either format, told apart by what each finding has."""

import hashlib
from datetime import datetime

from iamflow.domain.encoding import for_log
from iamflow.sources import asff, ocsf
from iamflow.sources.csv_file import CsvFile, Progress
from iamflow.sources.findings import Left, Said, ToolFindings
from iamflow.sources.formats import PROWLER, SECURITY_HUB
from iamflow.sources.json_file import Element, elements

_PROWLERS = "prowler-"


def format_of(file: CsvFile) -> str | None:
    """Return the format of a JSON file by its first finding; None for what is none of them.

    An empty list is what Security Hub prints where there is nothing. Raises ``InputError`` for what is no JSON.
    """
    first = next(elements(file), None)
    return SECURITY_HUB if first is None else _format(first.says)


def read_json(file: CsvFile, format_name: str, progress: Progress, now: datetime | None) -> ToolFindings:
    """Validate the whole file. Raises ``InputError`` with the place in it and the reason."""
    report, size = ToolFindings(file=file, format_name=format_name), file.size()
    digest, read = hashlib.sha256(), 0

    def told(data: bytes) -> None:
        nonlocal read
        digest.update(data)
        read += len(data)
        progress(read, size)

    for number, found in enumerate(elements(file, told), start=1):
        try:
            report.take(_said(found.says, now), number)
        except ValueError as error:
            raise file.fault(f"{found.where}: {for_log(str(error), limit=300)}") from None
    return report.finish(digest.hexdigest(), now)


def _said(element: Element, now: datetime | None) -> Said | Left:
    if asff.is_asff(element):
        return asff.read(element, now)
    if ocsf.is_ocsf(element):
        return ocsf.read(element, now)
    message = "it is no finding in ASFF or OCSF: it lacks the fields that every such finding has"
    raise ValueError(message)


def _format(element: Element) -> str | None:
    if asff.is_asff(element):
        return PROWLER if str(element["GeneratorId"]).startswith(_PROWLERS) else SECURITY_HUB
    if ocsf.is_ocsf(element):
        try:
            return PROWLER if ocsf.is_prowlers(element) else SECURITY_HUB
        except ValueError:
            return SECURITY_HUB
    return None
