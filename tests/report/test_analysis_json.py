"""The object of an analysis has the keys that docs/json.md names."""

from __future__ import annotations

import re
from pathlib import Path

from copilot.domain.analysis import Analysis, Standing
from copilot.domain.effects import Estimate, Question, Refutation, Status
from copilot.domain.graph import CausalGraph
from copilot.domain.identification.orientations import identify_oriented
from copilot.domain.identification.values import Strategy
from copilot.domain.review import Review
from copilot.domain.variables import Query
from copilot.report.effect import analysis_json
from copilot.report.identified import identification_json

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "json.md").read_text(encoding="utf-8")
GRAPH = CausalGraph.build(directed=[("w", "t"), ("w", "y"), ("t", "y")])


def section(title: str) -> str:
    return PAGE.split(f"## {title}\n")[1].split("\n## ")[0]


def named(text: str) -> set[str]:
    """Names in the first cell of every row."""
    cells = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    return {name.removesuffix("[]") for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def test_identify_has_the_keys_of_its_page() -> None:
    payload = identification_json(identify_oriented(GRAPH, "t", "y"))
    assert set(payload) - named(section("`identify`")) == {"strategies"} - named(section("`identify`"))
    assert named(section("`identify`")) - set(payload) == {"adjust", "graph_hash", "notices"}


def test_an_analysis_has_the_keys_of_its_page_and_each_standing_is_told() -> None:
    estimate = Estimate(estimator="e", strategy=Strategy.BACKDOOR, value=1.0, n=10, headline=True)
    refutation = Refutation(refuter="r", question=Question.SOUNDNESS, status=Status.PASSED, message="m", blind_spot="b")
    analysis = Analysis(
        query=Query(treatment="t", outcome="y"),
        review=Review(graph=GRAPH, approved_by="file", complete=True),
        graph_source="g.dot",
        identification=identify_oriented(GRAPH, "t", "y"),
        estimates=(estimate,),
        refutations=(refutation,),
    )
    payload = analysis_json("analyze", "0" * 12, analysis)
    page = section("`estimate`, `refute` and `analyze`")
    known = named(page) | named(section("`identify`")) | {"schema_version", "command", "run_id"}
    assert set(payload) <= known
    assert named(page) - set(payload) == set()
    for key in (*Estimate.model_fields, *Refutation.model_fields):
        assert f"`{key}`" in page, key
    for standing in Standing:
        assert f"`{standing.value}`" in page
