"""Pictures and tables in the documentation are what the code draws; links lead somewhere."""

import re

import pytest

from tests.docs.draw import README, ROOT, WORKFLOW_PAGE, readme, workflow_page

PAGES = sorted([README, *(ROOT / "docs").rglob("*.md")])


def test_the_readmes_picture_is_the_codes_own() -> None:
    assert README.read_text(encoding="utf-8") == readme()


def test_the_workflow_page_is_the_codes_own() -> None:
    assert WORKFLOW_PAGE.read_text(encoding="utf-8") == workflow_page()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_within_the_repository_leads_to_a_file(page: object) -> None:
    text = page.read_text(encoding="utf-8")  # type: ignore[attr-defined]  # a path
    links = [link for link in re.findall(r"\]\(([^)#]+)", text) if "://" not in link]
    missing = [link for link in links if not (page.parent / link).exists()]  # type: ignore[attr-defined]  # a path
    assert missing == []
