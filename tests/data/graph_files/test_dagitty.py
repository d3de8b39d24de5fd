from __future__ import annotations

import pytest

from copilot.data.graph_files import GraphDocument, parse_graph, write_graph
from copilot.domain.graph import CausalGraph
from copilot.errors import CycleError, GraphFileError


def read(text: str) -> GraphDocument:
    return parse_graph(text, "dagitty", "g.dagitty")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" dag { a -> b } ", ["a -> b"]),
        ("dag{;;;}", []),
        ("dag{{x->{a ; b}}}", ["x -> a", "x -> b"]),
        ("dag{x->{a->b}}", ["a -> b", "x -> a", "x -> b"]),
        ("dag { X <- A -> M <- B -> Y }", ["A -> M", "A -> X", "B -> M", "B -> Y"]),
        ("dag { x <-> y -> z }", ["x <-> y", "y -> z"]),
        ("pdag { x -- y -> z }", ["x -- y", "y -> z"]),
        ("digraph G { x <-> y }", ["x <-> y"]),
        ("dag{ map -> edge }", ["map -> edge"]),
        ("dag{ EDN1.3 -> 2x }", ["EDN1.3 -> 2x"]),
        (
            'dag G {\nbb="0,0,1,1"\nM [pos="-0.521,-0.265"]\nM <-> Y [pos="0.645,-0.279"]\nX -> Y\n}',
            ["M <-> Y", "X -> Y"],
        ),
    ],
)
def test_edges(text: str, expected: list[str]) -> None:
    assert [str(edge) for edge in read(text).graph.edges] == expected


def test_the_reference_example_has_ten_edges() -> None:
    assert len(read("dag{a->{b->{c->{d->e}}}}").graph.edges) == 10


@pytest.mark.parametrize("marks", [("exposure", "outcome", "latent"), ("source", "target", "u"), ("e", "o", "l")])
def test_marks(marks: tuple[str, str, str]) -> None:
    exposure, outcome, latent = marks
    document = read(f'dag{{ x [ {exposure} , pos =" 12. , .13 "] y [{outcome}]\n u [{latent}] u -> x -> y }}')
    assert (document.treatment, document.outcome, document.graph.latent) == ("x", "y", {"u"})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("pag{a @-> b}", "1:1: a PAG"),
        ("mag{a -> b}", "1:1: a MAG"),
        ("dag{a @-> b}", "1:7: .*circle"),
        ("pdag{a --@ b}", "1:8: .*circle"),
        ("dag{a -- b}", "1:7: '--'"),
        ("dag{graph -> b}", "1:5: .*word"),
        ("a -> b", "1:1: .*does not begin"),
        ("dag{a -> b", "1:11: .*ends inside"),
        ("dag{a -> a}", "1:7: .*itself"),
    ],
)
def test_refusals(text: str, words: str) -> None:
    with pytest.raises(GraphFileError, match=rf"^g\.dagitty:{words}"):
        read(text)


def test_a_cycle_is_named() -> None:
    with pytest.raises(CycleError, match="a -> b -> a"):
        read("dag{a -> b -> a}")


def test_written_text() -> None:
    graph = CausalGraph.build(directed=[("t", "y"), ("u", "t")], bidirected=[("t", "y")], latent=["u"])
    text = write_graph(graph, "dagitty", header=["run 1"], treatment="t", outcome="y")
    assert text == (
        'dag {\ncomment="run 1"\n"t" [exposure]\n"u" [latent]\n"y" [outcome]\n"t" <-> "y"\n"t" -> "y"\n"u" -> "t"\n}\n'
    )
    assert write_graph(CausalGraph.build(undirected=[("a", "b")]), "dagitty").startswith("pdag {")
