from __future__ import annotations

import networkx as nx
import pytest

from copilot.data.graph_files import EdgeLabel, GraphDocument, parse_graph, write_graph
from copilot.domain.graph import CausalGraph, Edge
from copilot.errors import CycleError, GraphFileError


def read(text: str) -> GraphDocument:
    return parse_graph(text, "gml", "g.gml")


NODES = 'node [ id 0 label "a" ] node [ id 1 label "b" ]'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"graph [ directed 1 {NODES} edge [ source 0 target 1 ] ]", ["a -> b"]),
        (f'Creator "x"\n# c\ngraph [ directed 1 {NODES} edge [ target 0 source 1 weight 1.5E-3 ] ]', ["b -> a"]),
        (f'graph [ {NODES} edge [ source 1 target 0 kind "undirected" ] ]', ["a -- b"]),
        (f'graph [ directed 1 {NODES} edge [ source 0 target 1 dir "both" graphics [ w 1 ] ] ]', ["a <-> b"]),
        ('graph [directed 1 node[id "x"] node[id "y" label "&quot;&#228;&unknown;"] edge[source "x" target "y"]]',
         ['x -> "ä&unknown;']),
    ],
)  # fmt: skip
def test_edges(text: str, expected: list[str]) -> None:
    assert [str(edge) for edge in read(text).graph.edges] == expected


def test_marks() -> None:
    document = read('graph [ directed 1 node [ id 0 label "u" observed 0 ] node [ id 1 label "t" exposure "yes" ] ]')
    assert (document.graph.latent, document.treatment) == ({"u"}, "t")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"graph [ {NODES} edge [ source 0 target 1 ] ]", "1:57: .*undirected"),
        (f"graph [ directed 1 {NODES} edge [ source 0 target 2 ] ]", "1:84: .*no node"),
        (f"graph [ directed 1 {NODES} edge [ source 0 ] ]", "1:68: .*without target"),
        (f'graph [ directed 1 {NODES} edge [ source 0 target 1 kind "x" ] ]', "1:93: .*no kind"),
        ('graph [ node [ id 0 label "a" ] node [ id 1 label "a" ] ]', "1:33: .*second node"),
        ("graph [ node [ ] ]", "1:9: .*without label"),
        ("graph [ node [ id 0 id 1 ] ]", "1:21: .*second value"),
        ("graph [ directed 1 ] graph [ directed 1 ]", "1:22: .*second graph"),
        ("node [ id 0 ]", "1:1: .*no 'graph"),
        ("graph [ directed 1", "1:19: .*too early"),
        ("graph [ directed", "1:17: .*too early"),
        ("graph [ directed ]", "1:18: .*expected a value"),
        ("graph [ 1 ]", "1:9: .*expected a key"),
        ("]", "1:1: .*without"),
        ('graph [ label "x ]', "1:15: .*does not end"),
        ("graph [ label { ]", "1:15: .*no meaning"),
    ],
)
def test_refusals(text: str, words: str) -> None:
    with pytest.raises(GraphFileError, match=rf"^g\.gml:{words}"):
        read(text)


def test_a_cycle_is_named() -> None:
    with pytest.raises(CycleError, match="a -> b -> a"):
        read(f"graph [ directed 1 {NODES} edge [ source 0 target 1 ] edge [ source 1 target 0 ] ]")


def test_others_can_read_what_is_written() -> None:
    names = ('say "hi"', "a & b; &amp;", "zwei\nZeilen", "π😀", "", "[x]#")
    graph = CausalGraph.build(directed=[(names[0], name) for name in names[1:]], bidirected=[names[:2]], latent=["π😀"])
    labels = {Edge(source=names[0], target=names[1]): EdgeLabel(label='5/7 "')}
    text = write_graph(graph, "gml", labels=labels, header=["π"], treatment=names[0])
    assert text.isascii()
    other = nx.parse_gml(text.splitlines())
    assert sorted(other.nodes) == sorted(names)
    assert other.number_of_edges() == 6
    assert other.nodes["π😀"]["observed"] == "no"
