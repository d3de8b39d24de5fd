from __future__ import annotations

import json
from typing import Any

import pytest

from copilot.data.graph_files import EdgeLabel, GraphDocument, parse_graph, write_graph
from copilot.domain.graph import CausalGraph, Edge
from copilot.errors import CycleError, GraphFileError

NODES = [{"name": "t"}, {"name": "u", "observed": False}, "y"]
EDGES = [{"source": "t", "target": "y"}, {"source": "y", "target": "t", "kind": "bidirected"}]


def read(data: Any) -> GraphDocument:
    return parse_graph(data if isinstance(data, str) else json.dumps(data), "json", "g.json")


def test_a_graph_alone_and_inside_a_commands_output() -> None:
    graph = CausalGraph.build(["u"], directed=[("t", "y")], bidirected=[("t", "y")], latent=["u"])
    assert read({"nodes": NODES, "edges": EDGES}) == GraphDocument(graph=graph)
    output = {"command": "x", "edges": [{"source": "no", "status": "cut"}], "graph": {"nodes": NODES, "edges": EDGES}}
    assert read({**output, "treatment": "t", "outcome": "y"}) == GraphDocument(graph=graph, treatment="t", outcome="y")


def test_keys_beside_the_graph_are_said() -> None:
    document = read({"nodes": [], "edges": [], "links": []})
    assert [(notice.code, notice.count) for notice in document.notices] == [("keys_left_aside", 1)]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("{", "1:2: no JSON"),
        ('{"nodes": [],\n"edges": [}', "2:11: no JSON"),
        ("[]", "no object"),
        ("{}", "no list 'nodes'"),
        ({"nodes": []}, "no list 'edges'"),
        ('{"nodes": [], "nodes": [], "edges": []}', "'nodes' stands twice"),
        ('{"nodes": [' + "1" * 5000 + '], "edges": []}', "cannot be read"),
        ("[" * 100_000, "cannot be read"),
        ({"nodes": [{"id": "t"}], "edges": []}, "nodes\\[0\\]: the key 'id'"),
        ({"nodes": [{}], "edges": []}, "nodes\\[0\\]: .*no name"),
        ({"nodes": [3], "edges": []}, "nodes\\[0\\]: an object"),
        ({"nodes": ["t", "t"], "edges": []}, "nodes\\[1\\]: a second"),
        ({"nodes": [{"name": "t", "observed": "no"}], "edges": []}, "nodes\\[0\\]: 'observed'"),
        ({"nodes": ["t"], "edges": [{"source": "t", "target": "y"}]}, "edges\\[0\\]: its target 'y'"),
        ({"nodes": ["t"], "edges": [{"source": ["t"], "target": "t"}]}, "edges\\[0\\]: its source"),
        ({"nodes": ["t", "y"], "edges": [{"source": "t", "target": "y", "kind": []}]}, "edges\\[0\\]: .*no kind"),
        ({"nodes": ["t"], "edges": [{"source": "t", "target": "t"}]}, "edges\\[0\\]: .*itself"),
        ({"nodes": ["t"], "edges": [], "treatment": "x"}, "treatment: 'x'"),
        ({"nodes": ["t", "y"], "edges": [EDGES[0], {**EDGES[0], "kind": "undirected"}]}, "edges\\[1\\]: .*contradicts"),
    ],
)
def test_refusals(data: Any, words: str) -> None:
    with pytest.raises(GraphFileError, match=rf"^g\.json:.*{words}"):
        read(data)


def test_a_cycle_is_named() -> None:
    with pytest.raises(CycleError, match="t -> y -> t"):
        read({"nodes": ["t", "y"], "edges": [EDGES[0], {"source": "y", "target": "t"}]})


def test_written_text() -> None:
    graph = CausalGraph.build(directed=[("t", "y")])
    labels = {Edge(source="t", target="y"): EdgeLabel(label="5/7")}
    text = write_graph(graph, "json", labels=labels, header=["run 1"], treatment="t", outcome="not a node")
    assert json.loads(text) == {
        "comment": ["run 1"],
        "treatment": "t",
        "nodes": [{"name": "t", "observed": True}, {"name": "y", "observed": True}],
        "edges": [{"source": "t", "target": "y", "kind": "directed", "label": "5/7"}],
    }
    assert read(text) == GraphDocument(graph=graph, treatment="t")
