"""The whole graph against graphs with permuted nodes, by DoWhy in its own process and within a time limit."""

from __future__ import annotations

import io
import json
import math
import struct
import subprocess
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.random import SeedSequence

from copilot.domain.graph import CausalGraph, EdgeKind
from copilot.estimation.problem import Floats, silent
from copilot.estimation.reference.client import start_worker
from copilot.estimation.reference.worker import LENGTHS

PERMUTATIONS = 100
_MOST_ROWS = 5_000
_FEWEST_ROWS = 30
_STEP_S = 0.25


@dataclass(frozen=True, slots=True)
class Falsification:
    """What came of it.

    Parameters
    ----------
    fault
        Why there is no answer; empty if there is one.
    tests, violations
        Local Markov conditions of the graph that the columns allow to test, and those that the data contradict (each
        at 5 %).
    p_value
        Share of permuted graphs that violate no larger share of theirs; small for a graph better than chance.
    same_class
        Share of permuted graphs that imply the same independences; if large, the test can show nothing.
    permutations, rows
        Used.
    """

    fault: str = ""
    tests: int = 0
    violations: int = 0
    p_value: float = math.nan
    same_class: float = math.nan
    permutations: int = 0
    rows: int = 0


class Falsifier:
    """DoWhy loads while the caller goes on; it answers one question.

    Parameters
    ----------
    process
        The worker, ``None`` if there is none.
    fault
        Why there is none.
    """

    def __init__(self, process: subprocess.Popen[bytes] | None, fault: str = "") -> None:
        self._process, self._fault = process, fault

    @classmethod
    def start(cls) -> Self:
        """Start the worker."""
        try:
            return cls(start_worker())
        except OSError as fault:
            return cls(None, f"the process of DoWhy could not be started ({fault.strerror or fault})")

    def close(self) -> None:
        """End the worker, whatever it does; may be called again."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    def falsify(
        self,
        graph: CausalGraph,
        columns: Mapping[str, Floats],
        *,
        seed: SeedSequence,
        limit_s: float,
        permutations: int = PERMUTATIONS,
        on_step: Callable[[int], None] = silent,
    ) -> Falsification:
        """Hold a graph against graphs with permuted nodes; see `copilot.estimation.reference.dowhy_falsify`.

        Parameters
        ----------
        graph
            Bidirected edges become unobserved common causes; with undirected edges there is no answer.
        columns
            Name → encoded matrix of shape (n, p), NaN where missing; complete rows are used, at most 5,000 of them
            drawn at random.
        seed
            Of the rows and the permutations.
        limit_s
            Then the worker is ended and there is no answer.
        permutations
            How many.
        on_step
            Told each quarter of a second.
        """
        if self._process is None:
            return Falsification(fault=self._fault)
        if any(edge.kind == EdgeKind.UNDIRECTED for edge in graph.edges):
            return Falsification(fault="some edges have no direction yet")
        names = sorted(name for name in graph.names if name in columns and name not in graph.latent)
        if len(names) < 3:  # noqa: PLR2004 (two nodes imply nothing that a permutation would change)
            return Falsification(fault="fewer than three nodes have data")
        matrix, where = _complete({name: columns[name] for name in names}, seed)
        if len(matrix) < _FEWEST_ROWS:
            return Falsification(fault=f"only {len(matrix)} rows are complete")
        header = {**_drawn(graph), "task": "falsify", "permutations": permutations}
        header["columns"] = {header["ids"][name]: where[name] for name in names}
        header["seed"] = int(seed.spawn(1)[0].generate_state(1)[0])
        return self._exchange({k: v for k, v in header.items() if k != "ids"}, matrix, limit_s, on_step)

    def _exchange(
        self, header: dict[str, Any], matrix: Floats, limit_s: float, on_step: Callable[[int], None]
    ) -> Falsification:
        process, received = self._process, list[bytes]()
        if process is None:
            return Falsification(fault=self._fault)
        thread = threading.Thread(target=lambda: received.append(_talk(process, _packed(header, matrix))), daemon=True)
        thread.start()
        for _ in range(math.ceil(limit_s / _STEP_S)):
            thread.join(_STEP_S)
            if not thread.is_alive():
                break
            on_step(1)
        late = thread.is_alive()
        process.kill()
        thread.join()
        process.wait()
        if late:
            return Falsification(fault=f"it took more than {limit_s:g} seconds")
        try:
            reply: dict[str, Any] = json.loads(received[0])
        except ValueError:
            return Falsification(fault="the process of DoWhy ended without an answer")
        if "falsified" not in reply or "fault" in reply["falsified"]:
            said = reply.get("fault") or reply.get("falsified", {}).get("fault", "no answer")
            return Falsification(fault=f"DoWhy ended with {said}")
        return Falsification(rows=len(matrix), **reply["falsified"])


def _talk(process: subprocess.Popen[bytes], request: bytes) -> bytes:
    try:
        if process.stdin is None or process.stdout is None:
            return b""
        process.stdin.write(request)
        process.stdin.flush()
        return process.stdout.read()
    except (OSError, ValueError):
        return b""


def _packed(header: dict[str, Any], matrix: Floats) -> bytes:
    head, body = json.dumps(header, sort_keys=True).encode(), io.BytesIO()
    np.save(body, matrix, allow_pickle=False)
    lengths: struct.Struct = LENGTHS
    return lengths.pack(len(head), body.tell()) + head + body.getvalue()


def _drawn(graph: CausalGraph) -> dict[str, Any]:
    """Give nodes and edges under names of our own; each bidirected edge becomes an unobserved node."""
    ids = {name: f"n{number:03}" for number, name in enumerate(graph.names)}
    nodes, edges = list(ids.values()), list[tuple[str, str]]()
    for edge in graph.edges:
        if edge.kind == EdgeKind.DIRECTED:
            edges.append((ids[edge.source], ids[edge.target]))
        else:
            hidden = f"u{len(nodes):03}"
            nodes.append(hidden)
            edges += [(hidden, ids[edge.source]), (hidden, ids[edge.target])]
    return {"ids": ids, "nodes": nodes, "edges": edges}


def _complete(columns: Mapping[str, Floats], seed: SeedSequence) -> tuple[Floats, dict[str, list[int]]]:
    where, start = dict[str, list[int]](), 0
    for name, matrix in columns.items():
        where[name] = list(range(start, start + matrix.shape[1]))
        start += matrix.shape[1]
    whole = np.column_stack(list(columns.values()))
    whole = whole[np.isfinite(whole).all(axis=1)]
    if len(whole) > _MOST_ROWS:
        whole = whole[np.sort(np.random.default_rng(seed).choice(len(whole), _MOST_ROWS, replace=False))]
    return np.ascontiguousarray(whole), where
