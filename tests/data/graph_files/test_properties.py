from __future__ import annotations

import itertools
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from copilot.data.graph_files import FORMATS, EdgeLabel, parse_graph, write_graph
from copilot.domain.graph import CausalGraph, EdgeKind
from copilot.errors import GraphError, GraphFileError

READ = [known.name for known in FORMATS if known.parse is not None]
ALL = [known.name for known in FORMATS]
HARD = [
    *["", " ", "a\nb", "\t", '"', '\\"', "\\", "a->b", "😀", "\x00", "\x1b[31m", "\u202e", "\u2028", "\ud800"],
    *["&#38;", "&amp;", "&#10;", "&", "&#", "node", "<b>", "[bold]", "a;b", "\r\n", "*/", "// x", "#", "e\u0301", "é"],
]
names = st.one_of(st.sampled_from(HARD), st.text(max_size=8), st.text('&#;x10aAmp\\"\n', max_size=12))
texts = st.one_of(names, st.text(st.characters(), max_size=30))


@st.composite
def graphs(draw: st.DrawFn) -> CausalGraph:
    nodes = draw(st.lists(names, unique=True, max_size=7))
    edges: dict[str, list[tuple[str, str]]] = {"directed": [], "bidirected": [], "undirected": []}
    for pair in itertools.combinations(nodes, 2):
        for kind in draw(st.sampled_from(["", "", "d", "b", "db", "u"])):
            edges[{"d": "directed", "b": "bidirected", "u": "undirected"}[kind]].append(pair)
    latent = draw(st.lists(st.sampled_from(nodes), unique=True)) if nodes else []
    return CausalGraph.build(nodes, **edges, latent=latent)


@pytest.mark.parametrize("name", READ)
@given(graph=graphs(), data=st.data())
@example(graph=CausalGraph.build(HARD), data=None)
@example(graph=CausalGraph.build(directed=itertools.pairwise(HARD), latent=HARD[::2]), data=None)
def test_every_graph_comes_back_as_it_was(name: str, graph: CausalGraph, data: st.DataObject | None) -> None:
    treatment = outcome = None
    labels = {}
    header: list[str] = []
    if data is not None and graph.names:
        treatment, outcome = data.draw(st.sampled_from(graph.names)), data.draw(st.sampled_from(graph.names))
        labels = {edge: EdgeLabel(label=data.draw(texts), tooltip=data.draw(texts)) for edge in graph.edges}
        header = data.draw(st.lists(texts, max_size=2))
    text = write_graph(graph, name, labels=labels, header=header, treatment=treatment, outcome=outcome)
    document = parse_graph(text, name, "x")
    assert (document.graph, document.treatment, document.outcome) == (graph, treatment, outcome)
    assert document.notices == ()
    assert write_graph(document.graph, name, labels=labels, header=header, treatment=treatment, outcome=outcome) == text


@pytest.mark.parametrize("name", ALL)
@given(graph=graphs(), label=texts)
def test_written_text_holds_nothing_a_terminal_obeys(name: str, graph: CausalGraph, label: str) -> None:
    labels = {edge: EdgeLabel(label=label, tooltip=label) for edge in graph.edges}
    text = write_graph(graph, name, labels=labels, header=[label])
    kinds = {unicodedata.category(ch) for ch in text if ch != "\n"}
    assert kinds.isdisjoint({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
    assert text.encode().decode() == text
    assert text.endswith("\n")


pieces = st.sampled_from([
    *["digraph", "graph", "strict", "dag", "pdag", "subgraph", "node", "edge", "{", "}", "[", "]", "->", "<->", "--"],
    *["a", "b", '"c"', "1", ";", ",", ":", "=", "+", "\n", " ", "//", "/*", "*/", "#", '"', "\\", "<", ">", "dir=none"],
    *["source", "target", "id", "label", "directed 1", "nodes", "edges", "name", "{}", "[]", "null", "latent"],
    *["@->", "<-", "dir=both", "observed=no", "kind", "graph ["],
])  # fmt: skip
openings = {
    "dot": "digraph {",
    "dagitty": "dag {",
    "gml": "graph [ directed 1 ",
    "json": '{"nodes": ["a", "b"], "edges": [',
}


@pytest.mark.parametrize("name", READ)
@settings(max_examples=300)
@given(st.one_of(st.text(), st.lists(pieces, max_size=30).map(" ".join), st.lists(pieces, max_size=30).map("".join)))
def test_random_text_is_read_or_refused(name: str, text: str) -> None:
    for whole in (text, openings[name] + text, openings[name] + text + {"gml": "]", "json": "]}"}.get(name, "}")):
        try:
            graph = parse_graph(whole, name, "x").graph
        except (GraphFileError, GraphError) as error:
            assert str(error).startswith("x:")  # noqa: PT017 (both ends are fine)
        else:
            assert all(edge.kind in EdgeKind for edge in graph.edges)
