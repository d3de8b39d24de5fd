from __future__ import annotations

import pytest

from copilot.data.graph_files import EdgeLabel, parse_graph, write_graph
from copilot.domain.graph import CausalGraph, Edge
from copilot.errors import GraphFileError


def test_written_text() -> None:
    graph = CausalGraph.build(
        directed=[("end", 'a"]; click'), ("t", "end")], bidirected=[("t", "u")], undirected=[("u", "v")], latent=["u"]
    )
    labels = {
        Edge(source="t", target="end"): EdgeLabel(label="5/7"),
        Edge(source="end", target='a"]; click'): EdgeLabel(label='1/2|"', style="dashed"),
    }
    assert write_graph(graph, "mermaid", labels=labels, header=["{init}"], treatment="t", outcome="end") == (
        "%% {init}\n"
        "flowchart LR\n"
        '  n1["a#34;#93;#59; click"]\n'
        '  n2["end"]\n'
        '  n3["t"]\n'
        '  n4(["u"])\n'
        '  n5["v"]\n'
        '  n2 -.->|"1/2#124;#34;"| n1\n'
        '  n3 -->|"5/7"| n2\n'
        "  n3 <-.-> n4\n"
        "  n4 --- n5\n"
        "  classDef latent stroke-dasharray:4 4\n"
        "  class n4 latent\n"
        "  classDef exposure stroke-width:3px\n"
        "  class n3 exposure\n"
        "  classDef outcome stroke-width:3px\n"
        "  class n2 outcome\n"
    )


def test_it_is_not_read() -> None:
    with pytest.raises(GraphFileError, match="written and not read"):
        parse_graph("flowchart LR\n a --> b", "mermaid", "g.mmd")
