from __future__ import annotations

import pytest

from copilot.data.graph_files import check_columns
from copilot.domain.graph import CausalGraph
from copilot.errors import GraphFileError

COLUMNS = ("t", "y", "Wage 2019")


def test_nodes_that_are_not_in_the_data_become_latent() -> None:
    graph = CausalGraph.build(["t"], directed=[("smokng", "y"), ("U", "t")], latent=["U"])
    checked, notices = check_columns(graph, [*COLUMNS, "smoking"])
    assert checked.latent == {"U", "smokng"}
    assert checked.edges == graph.edges
    assert [(notice.code, notice.subject) for notice in notices] == [("node_not_in_data", "smokng")]
    assert "did you mean smoking?" in notices[0].message


def test_a_graph_that_fits_stays_as_it_is() -> None:
    graph = CausalGraph.build(directed=[("t", "y")])
    assert check_columns(graph, COLUMNS) == (graph, ())


@pytest.mark.parametrize("name", ["T", " t", "wage2019", "\uff54", "Wage  2019", "t\u200b", "\ufefft"])
def test_a_name_that_differs_only_in_its_writing_is_an_error(name: str) -> None:
    with pytest.raises(GraphFileError, match=r"g\.dot: the node") as caught:
        check_columns(CausalGraph.build([name]), COLUMNS, "g.dot")
    assert "Did you mean" in caught.value.advice


def test_names_that_look_the_same_are_told_apart_by_their_characters() -> None:
    with pytest.raises(GraphFileError, match=r"the node 'e\\u0301' is") as caught:
        check_columns(CausalGraph.build(["e\u0301"]), ["\xe9"], "g.dot")
    assert r"Did you mean '\xe9'?" in caught.value.advice


def test_many_nodes_that_are_not_in_the_data_are_told_at_once() -> None:
    names = [f"u{number:02d}" for number in range(30)]
    checked, (notice,) = check_columns(CausalGraph.build([*names, "t"]), COLUMNS)
    assert checked.latent == set(names)
    assert (notice.code, notice.count) == ("node_not_in_data", 30)
    assert "u00, u01, u02, u03, u04 and 25 more" in notice.message


def test_a_latent_node_may_be_called_nearly_as_a_column() -> None:
    graph = CausalGraph.build(["T"], latent=["T"])
    assert check_columns(graph, COLUMNS) == (graph, ())


def test_a_latent_node_that_is_a_column_is_said() -> None:
    graph, notices = check_columns(CausalGraph.build(directed=[("t", "y")], latent=["t"]), COLUMNS)
    assert graph.latent == {"t"}
    assert [notice.code for notice in notices] == ["latent_column"]
