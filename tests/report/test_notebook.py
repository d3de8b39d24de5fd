"""A notebook redoes the headline: its cells are run, in one process of their own, and reach the number."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from copilot.composition.notebook import notebook_source
from copilot.data.graph_files import read_graph
from copilot.data.runs import to_json
from copilot.data.tables import ReadOptions, read_table
from copilot.domain.graph import CausalGraph
from copilot.domain.variables import Query
from copilot.estimation.design import MissingPolicy
from copilot.report.notebook import notebook
from copilot.workflow.accept import accept_file
from copilot.workflow.choose_design import Wishes
from copilot.workflow.effect import EffectPlan, analyse, design_of

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
RUN = """
import json, sys, traceback
for path in sys.argv[1:]:
    space = {}
    try:
        for cell in json.load(open(path))["cells"]:
            if cell["cell_type"] == "code":
                exec(compile("".join(cell["source"]), path + " " + cell["id"], "exec"), space)
        told = {"redone": space.get("redone"), "reported": space.get("REPORTED"), "fault": None}
    except Exception:
        told = {"fault": traceback.format_exc()}
    sys.stderr.write("TOLD " + json.dumps(told) + "\\n")
"""
AS_IT_IS = ReadOptions()
CONFOUNDED = CausalGraph.build(directed=[("w", "t"), ("w", "y"), ("t", "y")])


def made(
    data: Path, graph: CausalGraph, ends: tuple[str, str], wishes: Wishes = Wishes(), read: ReadOptions = AS_IT_IS
) -> dict[str, Any]:
    """Analyse a table and write its notebook."""
    table = read_table(str(data), read)
    query = Query(treatment=ends[0], outcome=ends[1])
    analysis = analyse(EffectPlan(accept_file(graph), "g.dot", query, wishes, refute=False), table)
    design = None if analysis.headline is None or analysis.chosen is None else design_of(query, analysis.chosen, wishes)
    return notebook(analysis, notebook_source(analysis, table, data=str(data), read=read, design=design))


def run_all(folder: Path, notebooks: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Run the code cells of several notebooks in one process."""
    paths = []
    for name, one in notebooks.items():
        paths.append(folder / f"{name}.ipynb")
        paths[-1].write_text(to_json(one))
    done = subprocess.run(
        [sys.executable, "-c", RUN, *map(str, paths)], capture_output=True, text=True, cwd=folder, check=True
    )
    told = [json.loads(line[5:]) for line in done.stderr.splitlines() if line.startswith("TOLD ")]
    return dict(zip(notebooks, told, strict=True))


def write(path: Path, columns: dict[str, Any], sep: str = ",") -> Path:
    """Write a table, every cell in quotes where it needs them."""
    names = list(columns)

    def cell(value: Any) -> str:
        text = str(value)
        return '"' + text.replace('"', '""') + '"' if re.search(rf'["\n{sep}]', text) else text

    rows = [sep.join(map(cell, row)) for row in zip(*columns.values(), strict=True)]
    path.write_text("\n".join([sep.join(map(cell, names)), *rows]) + "\n", encoding="utf-8")
    return path


def plain(n: int = 400, seed: int = 3) -> dict[str, Any]:
    """Columns w, t, y with an effect of 2, and others."""
    rng = np.random.default_rng(seed)
    w = rng.normal(size=n)
    t = (w + rng.normal(size=n) > 0).astype(int)
    group = rng.choice(["a", "b", "c"], n)
    return {"w": w, "t": t, "y": 2 * t + w + (group == "b") + rng.normal(size=n), "group": group}


def code_of(one: dict[str, Any]) -> list[str]:
    return ["".join(cell["source"]) for cell in one["cells"] if cell["cell_type"] == "code"]


def words_of(one: dict[str, Any]) -> str:
    return "\n".join("".join(cell["source"]) for cell in one["cells"] if cell["cell_type"] == "markdown")


def check_structure(one: dict[str, Any]) -> None:
    """Hold a notebook against what nbformat 4.5 demands."""
    assert (one["nbformat"], one["nbformat_minor"]) == (4, 5)
    ids = [cell["id"] for cell in one["cells"]]
    assert len(set(ids)) == len(ids)
    for cell in one["cells"]:
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", cell["id"])
        assert all(isinstance(line, str) for line in cell["source"])
        keys = {"cell_type", "id", "metadata", "source"}
        code = {"execution_count", "outputs"} if cell["cell_type"] == "code" else set()
        assert set(cell) == keys | code
    for text in code_of(one):
        compile(text, "cell", "exec")


def test_a_notebook_has_the_structure_of_its_format_and_is_the_same_each_time(tmp_path: Path) -> None:
    data = write(tmp_path / "d.csv", plain())
    first, second = (made(data, CONFOUNDED, ("t", "y")) for _ in range(2))
    check_structure(first)
    assert to_json(first) == to_json(second)
    assert first["cells"][1]["source"][0].startswith("# %pip install dowhy==")


def test_text_from_outside_stands_in_literals_alone(tmp_path: Path) -> None:
    columns = plain()
    evil = ['w"""\nraise SystemExit("w")\n"""', "</script><b>*t*", "y' + $x$ {y}"]
    data = write(tmp_path / "d.csv", dict(zip(evil, [columns[name] for name in "wty"], strict=True)))
    graph = CausalGraph.build(directed=[(evil[0], evil[1]), (evil[0], evil[2]), (evil[1], evil[2])])
    one = made(data, graph, (evil[1], evil[2]))
    check_structure(one)
    assert "<b>" not in words_of(one)
    assert "</script>" not in words_of(one)
    assert not any(re.search(r"^raise SystemExit", text, re.MULTILINE) for text in code_of(one))
    told = run_all(tmp_path, {"evil": one})["evil"]
    assert told["fault"] is None
    assert told["redone"] == pytest.approx(told["reported"], rel=1e-8)


def test_an_effect_that_is_not_identified_is_shown_without_a_number(tmp_path: Path) -> None:
    data = write(tmp_path / "d.csv", plain())
    hidden = CausalGraph.build(directed=[("t", "y")], bidirected=[("t", "y")])
    one = made(data, hidden, ("t", "y"))
    check_structure(one)
    assert "the identification alone" in words_of(one)
    assert not any("REPORTED" in text for text in code_of(one))
    assert run_all(tmp_path, {"hidden": one})["hidden"] == {"redone": None, "reported": None, "fault": None}


def test_imputation_is_not_redone_and_another_estimator_is_said_to_be_one(tmp_path: Path) -> None:
    columns = plain()
    columns["w"] = ["" if i % 9 == 0 else value for i, value in enumerate(columns["w"])]
    data = write(tmp_path / "d.csv", columns)
    imputed = made(data, CONFOUNDED, ("t", "y"), Wishes(missing=MissingPolicy.MULTIPLE))
    assert "not redone here" in words_of(imputed)
    assert not any("REPORTED" in text for text in code_of(imputed))
    weighted = made(data, CONFOUNDED, ("t", "y"), Wishes(estimators=("ipw",)))
    assert "That estimator is not redone here" in words_of(weighted)
    assert any("# the linear regression beside it" in text for text in code_of(weighted))


def awkward(folder: Path) -> dict[str, dict[str, Any]]:
    """Notebooks of tables and designs that are hard to redo."""
    rng = np.random.default_rng(5)
    n = 600
    base = plain(n)
    comma = {
        "größe (cm)": [f"1.{int(abs(v) * 100):03d},{i % 10}" for i, v in enumerate(base["w"])],
        "w_random": ["" if i % 11 == 0 else f"{v:.4f}".replace(".", ",") for i, v in enumerate(base["w"])],
        "class": base["group"],
        "arm": ["yes" if v else "no" for v in base["t"]],
        "the outcome": ["NA" if i % 37 == 0 else f"{v:.5f}".replace(".", ",") for i, v in enumerate(base["y"])],
    }
    covariates = ["größe (cm)", "w_random", "class"]
    comma_graph = CausalGraph.build(
        directed=[(a, b) for a in covariates for b in ("arm", "the outcome")] + [("arm", "the outcome")]
    )
    ends = ("arm", "the outcome")
    comma_data = write(folder / "comma.csv", comma, ";")
    u, z, z2 = rng.normal(size=n), rng.integers(0, 2, n), rng.normal(size=n)
    dose = 1e6 + 3 * (z + z2 + u + base["w"] + rng.normal(size=n))
    m = dose - 1e6 + rng.normal(size=n)
    mark = (rng.uniform(size=n) < 0.2 + 0.5 * base["t"]).astype(int)
    wide = base | {"z": z, "z2": z2, "dose": dose, "m": m, "mark": mark}
    wide |= {"out": 1e5 + 0.3 * m + 2 * u + base["w"], "won": ["no" if v < 1 else "yes" for v in base["y"]]}
    wide |= {"weight": rng.uniform(0.0, 3.0, n).round(0), "day": [f"{1 + i % 28}/{1 + i % 12}/2021" for i in range(n)]}
    wide["marked"] = mark + rng.normal(size=n) + u
    data = write(folder / "wide.csv", wide)
    build = CausalGraph.build
    iv = build(directed=[("z", "dose"), ("dose", "out")], bidirected=[("dose", "out")])
    ivs = build(
        directed=[("z", "dose"), ("z2", "dose"), ("dose", "out"), ("w", "z"), ("w", "out")],
        bidirected=[("dose", "out")],
    )
    front = build(directed=[("dose", "m"), ("m", "out")], bidirected=[("dose", "out")])
    cells = build(directed=[("t", "mark"), ("mark", "marked")], bidirected=[("t", "marked")])
    both = [("group", "dose"), ("group", "out"), ("day", "dose"), ("day", "out"), ("dose", "out")]
    many = build(directed=[(f"c{i}", end) for i in range(16) for end in "ty"] + [("t", "y")])
    crowd = write(folder / "crowd.csv", plain() | {f"c{i}": rng.normal(size=400) for i in range(16)})
    read = ReadOptions(delimiter=";")
    indicator = Wishes(missing=MissingPolicy.INDICATOR)
    return {
        "comma": made(comma_data, comma_graph, ends, read=read),
        "indicator": made(comma_data, comma_graph, ends, indicator, read),
        "turned": made(comma_data, comma_graph, ends, Wishes(contrast=("yes", "no"), adjust=("class",), force=True)),
        "unadjusted": made(data, build(directed=[("t", "y")]), ("t", "y")),
        "event": made(data, build(directed=[("w", "t"), ("w", "won"), ("t", "won")]), ("t", "won")),
        "weights": made(data, CONFOUNDED, ("t", "y"), Wishes(weights="weight")),
        "iv": made(data, iv, ("dose", "out")),
        "ivs": made(data, ivs, ("dose", "out"), Wishes(contrast=("1000000", "1000003"))),
        "front": made(data, front, ("dose", "out"), Wishes(weights="weight")),
        "cells": made(data, cells, ("t", "marked")),
        "dates": made(data, build(directed=both), ("dose", "out")),
        "crowd": made(crowd, many, ("t", "y")),
        "ipw": made(data, CONFOUNDED, ("t", "y"), Wishes(estimators=("ipw",))),
    }


def fixtures() -> dict[str, dict[str, Any]]:
    """Notebooks of the studies that come with the program."""
    found = {}
    for folder in sorted(path.parent for path in FIXTURES.glob("*/truth.json")):
        truth = json.loads((folder / "truth.json").read_text())
        graph = read_graph(str(folder / "truth.dot")).graph
        found[folder.name] = made(folder / "data.csv", graph, (truth["treatment"], truth["outcome"]))
    return found


@pytest.mark.slow
def test_every_notebook_reaches_its_number(tmp_path: Path) -> None:
    notebooks = fixtures() | awkward(tmp_path)
    for one in notebooks.values():
        check_structure(one)
    told = run_all(tmp_path, notebooks)
    assert {name: one["fault"] for name, one in told.items() if one["fault"]} == {}
    for name, one in told.items():
        assert one["redone"] == pytest.approx(one["reported"], rel=1e-8), name


@pytest.mark.slow
def test_a_notebook_stops_where_the_table_or_the_number_is_another(tmp_path: Path) -> None:
    data = write(tmp_path / "d.csv", plain())
    one = made(data, CONFOUNDED, ("t", "y"))
    other = json.loads(re.sub(r"REPORTED = [0-9.]+", "REPORTED = 2.5", json.dumps(one)))
    assert "is not the reported" in run_all(tmp_path, {"other": other})["other"]["fault"]
    write(data, plain(seed=4))
    assert "is not the file that was analysed" in run_all(tmp_path, {"changed": one})["changed"]["fault"]
