"""What an import needs of memory does not depend on how many rows its file has."""

from tests.imports.conftest import Importer
from tests.world import on_both

FEW, MANY = 20_000, 100_000
BYTES_A_ROW = 250
"""Far less than a row takes that is kept: 16 are for finding keys of which the file says two things, caches have limits."""


@on_both
def test_five_times_the_rows_need_hardly_more_memory(importer: Importer) -> None:
    few = importer.peak_mib(importer.report(FEW, share=0.03))
    many = importer.peak_mib(importer.report(MANY, share=0.03))
    assert many - few < (MANY - FEW) * BYTES_A_ROW / 2**20
    assert many < 250
