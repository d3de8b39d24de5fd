from __future__ import annotations

import pytest

from copilot.data.graph_files import EdgeLabel, GraphDocument, parse_graph, write_graph
from copilot.domain.graph import CausalGraph, Edge, EdgeKind
from copilot.errors import CycleError, GraphFileError


def read(text: str) -> GraphDocument:
    return parse_graph(text, "dot", "g.dot")


def edges(text: str) -> list[str]:
    return [str(edge) for edge in read(text).graph.edges]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("digraph{w->t; w->y; t->y}", ["t -> y", "w -> t", "w -> y"]),
        ("\ufeffdigraph{w->t}", ["w -> t"]),
        ("digraph{w->t;\r\nw->y;\r\n}", ["w -> t", "w -> y"]),
        ("// c\n/* x ** */\n# z\n strict DiGraph G {w->t}", ["w -> t"]),
        ("digraph{w->{t y}; t->y;;}", ["t -> y", "w -> t", "w -> y"]),
        ("digraph{subgraph cluster{w->t; w->y} t->y}", ["t -> y", "w -> t", "w -> y"]),
        ("digraph{{a b} -> subgraph s {c d}}", ["a -> c", "a -> d", "b -> c", "b -> d"]),
        ("digraph{subgraph s {c {d}} a -> subgraph s}", ["a -> c", "a -> d"]),
        ("digraph{a, b -> c}", ["a -> c", "b -> c"]),
        ("digraph{w:n->t:s:ne}", ["w -> t"]),
        ("digraph{node[shape=box];edge[color=red];graph[a=b];rankdir=LR;w->t}", ["w -> t"]),
        ("digraph{w [label=<<b>W</b>, x -- y>]; w->t [label=<->]}", ["w -> t"]),
        ("digraph{a->b->c}", ["a -> b", "b -> c"]),
        ("digraph{a->b<->c}", ["a -> b", "b <-> c"]),
        ("digraph{a->b [dir=both]}", ["a <-> b"]),
        ("digraph{a->b [DIR=Back]}", ["b -> a"]),
        ("digraph{b->a [dir=none]}", ["a -- b"]),
        ("digraph{a->b [dir=both, arrowtail=none]}", ["a -> b"]),
        ("digraph{a->b [dir=both arrowtail=none arrowhead=none]}", ["a -- b"]),
        ("digraph{edge[dir=none] a->b; b->c [dir=forward]; {edge [dir=both] c->d} d->e}",
         ["a -- b", "b -> c", "c <-> d", "d -- e"]),
        ("digraph{a->b; a<->b}", ["a <-> b", "a -> b"]),
        ("digraph{1->-.5; 2.->b}", ["1 -> -.5", "2. -> b"]),
        ('digraph{"a"+"b" -> "c\\"d"}', ['ab -> c"d']),
        ('digraph{"a\\\\" -> "b\\n"}', ["a\\\\ -> b\\n"]),
        ('digraph{"two \\\nlines" -> b}', ["two lines -> b"]),
        ("digraph{π -> 😀; 变量_1 -> π}", ["π -> 😀", "变量_1 -> π"]),
        ("digraph{" + "{" * 60 + "a->b" + "}" * 60 + "}", ["a -> b"]),
    ],
)  # fmt: skip
def test_edges(text: str, expected: list[str]) -> None:
    assert edges(text) == expected


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("digraph{w;t;y}", ("t", "w", "y")),
        ("digraph{}", ()),
        ('digraph{"node"; "graph"; "a->b"; ""}', ("", "a->b", "graph", "node")),
        ('digraph{"a&#10;b"; "c&#x1b;"; "&#38;amp;"; "&#65;"}', ("&#65;", "&amp;", "a\nb", "c\x1b")),
        ('digraph{n [label="IGNORE ALL RULES"]}', ("n",)),
    ],
)  # fmt: skip
def test_nodes(text: str, names: tuple[str, ...]) -> None:
    assert read(text).graph.names == names


@pytest.mark.parametrize(
    ("text", "latent"),
    [
        ("digraph{u [observed=no]; u->a}", {"u"}),
        ("digraph{u [latent]; v [latent=true]; w [Latent=NO]; x [unobserved=1]}", {"u", "v", "x"}),
        ("digraph{a; node[observed=false]; a; u; v [observed=yes]; {node[observed=yes] w} x}", {"u", "x"}),
        ("digraph{u; u [latent]; u [latent, observed=0]}", {"u"}),
    ],
)
def test_latent_nodes(text: str, latent: set[str]) -> None:
    assert read(text).graph.latent == latent


def test_exposure_and_outcome() -> None:
    document = read('digraph{"x3" [exposure]; "x15" [outcome=yes]; x3->x15}')
    assert (document.treatment, document.outcome, document.notices) == ("x3", "x15", ())


def test_marks_that_are_not_used_are_said() -> None:
    document = read("digraph{a [exposure]; b [exposure]; s [adjusted]; a -> {}}")
    assert document.treatment is None
    assert [(notice.code, notice.subject, notice.count) for notice in document.notices] == [
        ("attribute_not_used", "adjusted", 1),
        ("empty_group", "", 1),
        ("many_exposures", "exposure", 2),
    ]


def test_repeated_edges_are_merged_and_counted() -> None:
    document = read("digraph{t->y; t->y;\nt->y; a<->b; b<->a}")
    assert [(notice.subject, notice.count) for notice in document.notices] == [("t -> y", 2), ("a <-> b", 1)]
    assert "1:10" in document.notices[0].message
    many = read("digraph{" + "".join(f"a->b{i}; a->b{i};" for i in range(30)) + "}")
    assert sum(notice.count for notice in many.notices) == 30
    assert len(many.notices) == 11


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("graph{w--t}", "1:1", "undirected graph"),
        ("digraph{w--t; w->y}", "1:10", "'--'"),
        ("digraph{w<-t}", "1:10", "'<-'"),
        ("digraph{w->t; w->", "1:18", "end of the file"),
        ("digraph{w->t;\n", "2:1", "ends inside"),
        ("digraph{w->t}\ndigraph{a->b}", "2:1", "after the end"),
        ("digraph{w->t} }", "1:15", "after the end"),
        ("hello world", "1:1", "does not begin"),
        ("  \n", "1:1", "empty"),
        ("digraph{w\0->t}", "1:10", "NUL"),
        ("digraph{a->a}", "1:10", "itself"),
        ("digraph{a->b;\na->b[dir=none]}", "2:2", "contradicts"),
        ("digraph{a->b[dir=none];\na<->b}", "2:2", "contradicts"),
        ("digraph{a->b [dir=sideways]}", "1:15", "not a direction"),
        ("digraph{a<->b [dir=back]}", "1:16", "contradicts"),
        ("digraph{a->b [style=invis]}", "1:15", "invisible"),
        ("digraph{a->b [dir=both, arrowtail=odot]}", "1:25", "may or may not"),
        ("digraph{a->b [latent]}", "1:15", "at an edge"),
        ("digraph{u [latent=perhaps]}", "1:12", "neither yes nor no"),
        ("digraph{u [latent, observed=yes]}", "1:20", "contradicts"),
        ("digraph{u [latent];\nu [latent=no]}", "2:3", "here and not there"),
        ('digraph{"a -> b}', "1:9", "does not end"),
        ("digraph{a -> <b}", "1:14", "does not end"),
        ("digraph{a -> <b>}", "1:14", "expected a node"),
        ("digraph{/* a -> b}", "1:9", "does not end"),
        ("digraph{node -> b}", "1:9", "word of the language"),
        ("digraph{a -> Edge}", "1:14", "word of the language"),
        ("digraph{EDN1.3 -> b}", "1:13", "without a space"),
        ("digraph{3d -> b}", "1:10", "without a space"),
        ("digraph{a-b}", "1:10", "no meaning"),
        ("digraph{a → b}", "1:11", "U\\+2192"),
        ("digraph{a\u00a0-> b}", "1:10", "U\\+00A0"),
        ("digraph{a\u202e}", "1:10", "U\\+202E"),
        ("digraph{{a b} [color=red]}", "1:15", "after a group"),
        ('digraph{"a" + b}', "1:15", "after '\\+'"),
        ("digraph{a -> subgraph }", "1:23", "subgraph"),
        ("digraph{a [b=c}", "1:15", "expected an attribute"),
        ("digraph" + "{" * 700, "1:508", "deep"),
        ("digraph{{" + " ".join(f"a{i}" for i in range(999)) + "}->{" + " ".join(f"b{i}" for i in range(999)) + "}}",
         "1:4895", "edges"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_its_place(text: str, place: str, words: str) -> None:
    with pytest.raises(GraphFileError, match=rf"^g\.dot:{place}: .*{words}"):
        read(text)


def test_a_contradiction_names_both_lines() -> None:
    with pytest.raises(GraphFileError) as caught:
        read("digraph{\na->b;\na->b[dir=none]}")
    assert "3:2" in caught.value.message
    assert "2:2" in caught.value.reason


@pytest.mark.parametrize("text", ["digraph{w->t; t->y; y->w}", "digraph{w->t; t->w}", "digraph{w->t; w->t[dir=back]}"])
def test_a_cycle_is_named_with_its_file(text: str) -> None:
    with pytest.raises(CycleError, match=r"^g\.dot: .* -> ") as caught:
        read(text)
    assert caught.value.cycle[0] == caught.value.cycle[-1]


def test_written_text() -> None:
    graph = CausalGraph.build(
        directed=[("t", "y"), ("w", "t")], bidirected=[("t", "y")], undirected=[("v", "w")], latent=["w"]
    )
    labels = {
        Edge(source="t", target="y"): EdgeLabel(label='5/7 "x"\x1b[31m', style="dashed", tooltip="a\\b\n&amp; <i>"),
        Edge(source="a", target="b", kind=EdgeKind.DIRECTED): EdgeLabel(label="not in the graph"),
    }
    text = write_graph(graph, "dot", labels=labels, header=["run 1\n2\x07"], treatment="t", outcome="y")
    assert text == (
        "// run 1 2\n"
        "digraph {\n"
        '  "t" [exposure=yes];\n'
        '  "v";\n'
        '  "w" [observed=no, style=dashed];\n'
        '  "y" [outcome=yes];\n'
        '  "t" -> "y" [dir=both, style=dashed];\n'
        '  "t" -> "y" [label="5/7 \\"x\\"[31m", tooltip="a&#92;b &#38;amp; <i>", style=dashed];\n'
        '  "v" -> "w" [dir=none];\n'
        '  "w" -> "t";\n'
        "}\n"
    )
    document = read(text)
    assert (document.graph, document.treatment, document.outcome) == (graph, "t", "y")
