from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from copilot.data.graph_files import Circles, GraphDocument, circles_of, graph_or_circles, read_graph
from copilot.errors import CycleError, GraphFileError

DOT = "digraph { a -> b -> c -> a; c -> b; d -> d; e -> e; p -> q -> p; p -> r; d -> a }"
FOUND = Circles(loops=("d", "e"), cycles=(("b", "c"), ("p", "q")))


def _json() -> str:
    edges = ["ab", "bc", "ca", "cb", "dd", "ee", "pq", "qp", "pr", "da"]
    return json.dumps({"nodes": list("abcdepqr"), "edges": [{"source": one[0], "target": one[1]} for one in edges]})


def _gml() -> str:
    edges = ["ab", "bc", "ca", "cb", "dd", "ee", "pq", "qp", "pr", "da"]
    nodes = "".join(f'node [ id {i} label "{name}" ] ' for i, name in enumerate("abcdepqr"))
    places = {name: i for i, name in enumerate("abcdepqr")}
    return (
        f"graph [ directed 1 {nodes}"
        + "".join(f"edge [ source {places[one[0]]} target {places[one[1]]} ] " for one in edges)
        + "]"
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [("g.dot", DOT), ("g.dagitty", DOT.replace("digraph", "dag")), ("g.json", _json()), ("g.gml", _gml())],
)
def test_every_loop_and_one_shortest_circle_for_each_knot_is_found(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    assert circles_of(str(path)) == FOUND
    with pytest.raises(GraphFileError, match="'d' has an edge to itself"):
        read_graph(str(path))


def test_an_acyclic_file_is_read_as_always(tmp_path: Path) -> None:
    path = tmp_path / "g.dot"
    path.write_text("digraph { w -> {t y}; t -> y }")
    assert graph_or_circles(str(path)) == read_graph(str(path))
    assert circles_of(str(path)) == Circles()


def test_loops_alone_and_other_faults(tmp_path: Path) -> None:
    path = tmp_path / "g.dot"
    path.write_text("digraph { t -> t; t -> y }")
    assert circles_of(str(path)) == Circles(loops=("t",))
    path.write_text("digraph { t -> t; t -> }")
    with pytest.raises(GraphFileError):
        circles_of(str(path))
    path.write_text("digraph { t -> y -> t }")
    with pytest.raises(CycleError):
        read_graph(str(path))


def test_standard_input_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(DOT.encode())))
    assert graph_or_circles("-") == FOUND
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"digraph { t -> y }")))
    assert isinstance(graph_or_circles("-"), GraphDocument)


def test_a_large_knot_takes_bounded_time(tmp_path: Path) -> None:
    path = tmp_path / "g.dot"
    names = [f"n{i}" for i in range(2000)]
    path.write_text("digraph { " + " -> ".join([*names, names[0]]) + " }")
    (cycle,) = circles_of(str(path)).cycles
    assert len(cycle) == len(names)
