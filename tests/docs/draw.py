"""Draws the documentation's pictures and tables from the code: ``python -m tests.docs.draw`` writes them."""

from pathlib import Path

from iamflow.workflows.registry import WORKFLOWS
from iamflow.workflows.workflow import Workflow

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
WORKFLOW_PAGE = ROOT / "docs" / "reference" / "workflows.md"
BEGIN, END = "<!-- diagram: main way of disable-key -->", "<!-- end of diagram -->"


def readme() -> str:
    """Return the README with the picture as the code draws it now."""
    text = README.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    picture = WORKFLOWS[0].table.main_way().diagram()
    return f"{before}{BEGIN}\n```mermaid\n{picture}\n```\n{END}{after}"


def workflow_page() -> str:
    """Return the page of all workflows."""
    lines = [
        "# Workflows",
        "",
        "Each is a table in the code; the pictures and lists here are drawn from it, and a test keeps them so.",
    ]
    for workflow in WORKFLOWS:
        lines += _one(workflow)
    return "\n".join(lines) + "\n"


def _one(workflow: Workflow) -> list[str]:
    table = workflow.table
    lines = ["", f"## {table.workflow} (version {table.version})", "", "| state | meaning |", "|---|---|"]
    lines += [f"| `{state.value}` | {sentence} |" for state, sentence in table.states]
    lines += ["", "| trigger | from | to | pulled by |", "|---|---|---|---|"]
    for row in table.transitions:
        sources = ", ".join(f"`{source.value}`" for source in row.sources)
        by = "a person" if row.person else "iamflow"
        lines.append(f"| `{row.trigger.value}` | {sources} | `{row.dest.value}` | {by} |")
    return [*lines, "", "```mermaid", table.diagram(), "```"]


if __name__ == "__main__":
    README.write_text(readme(), encoding="utf-8")
    WORKFLOW_PAGE.write_text(workflow_page(), encoding="utf-8")
