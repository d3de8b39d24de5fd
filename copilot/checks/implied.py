"""Independences that a graph implies, each held against the data."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
from pydantic import Field

from copilot.checks.columns import Floats, encode_columns
from copilot.checks.independence import test_independence
from copilot.domain.effects import Question, Refutation, Status
from copilot.domain.graph import CausalGraph, ordered_pair
from copilot.domain.identification.values import Names
from copilot.domain.numbers import number
from copilot.domain.separation import separated
from copilot.domain.text import shown
from copilot.domain.value import Value

__all__ = [
    "NAME",
    "ImpliedResult",
    "Independence",
    "encode_columns",
    "implied_independences",
    "refutation_of",
    "test_implied",
]

LEVEL = 0.05
NAME = "implied_independence"
"""Of the refuter that looks at the graph and the columns instead of at the estimate."""
_SMALL = 0.001
_BLIND = (
    "A hidden cause of treatment and outcome alone leaves no trace unless the graph implies an independence that it "
    "would break, and dependence that shows in no covariance is missed."
)
_EXPECTED = "what the graph says is independent is independent in the data"


class Independence(Value):
    """`a` and `b` are independent given `given`; `given` is minimal and sorted."""

    a: str
    b: str
    given: Names = ()

    def __str__(self) -> str:
        """Write it as ``a ⟂ b | c, d``."""
        held = ", ".join(shown(name) for name in self.given)
        return f"{shown(self.a)} ⟂ {shown(self.b)}" + (f" | {held}" if held else "")


class ImpliedResult(Value):
    """An implied independence and what the data say of it.

    Parameters
    ----------
    independence
        Which.
    p_value, adjusted_p
        As it came, and adjusted for the number of tests; ``None`` where it could not be tested.
    strength
        Largest absolute partial correlation.
    signed
        With its sign, ``None`` where several pairs of columns stand for the two.
    n
        Complete rows.
    """

    independence: Independence
    p_value: float | None = None
    adjusted_p: float | None = None
    strength: float = 0.0
    signed: float | None = None
    n: int = Field(default=0, ge=0)


def implied_independences(
    graph: CausalGraph, columns: Names, *, first: tuple[str | None, str | None] = (None, None), limit: int = 200
) -> tuple[tuple[Independence, ...], bool]:
    """List one independence for each pair of observed nodes that some set of columns separates.

    If any set separates two nodes, their ancestors among the allowed nodes do (van der Zander, Liśkiewicz & Textor
    2019, *Artificial Intelligence* 270, theorem 1). Among sets of ancestors more always separates better, so leaving
    out nodes one by one ends at a minimal set.

    Parameters
    ----------
    graph
        With undirected edges nothing is implied, as directions are not known.
    columns
        Names that have data; others are treated as not observed.
    first
        Treatment and outcome: pairs with both come first, then pairs with one.
    limit
        At most so many.

    Returns
    -------
    independences, complete
        Sorted by rank and name; whether these are all.

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("z", "t"), ("w", "t"), ("w", "y"), ("t", "y")])
    >>> [str(one) for one in implied_independences(graph, ("t", "w", "y", "z"))[0]]
    ['w ⟂ z', 'y ⟂ z | t, w']
    """
    if any(graph.undirected_of.values()):
        return (), True
    usable = sorted(set(columns).intersection(graph.names) - graph.latent)
    joined = {edge.pair for edge in graph.edges}
    ends = {name for name in first if name is not None}
    pairs = [pair for pair in itertools.combinations(usable, 2) if ordered_pair(*pair) not in joined]
    pairs.sort(key=lambda pair: (-len(ends.intersection(pair)), pair))
    allowed, found = frozenset(usable), list[Independence]()
    for a, b in pairs:
        given = separating_set(graph, a, b, allowed)
        if given is None:
            continue
        if len(found) == limit:
            return tuple(found), False
        found.append(Independence(a=a, b=b, given=given))
    return tuple(found), True


def separating_set(graph: CausalGraph, a: str, b: str, allowed: frozenset[str]) -> Names | None:
    """Find a minimal set of allowed ancestors that separates two nodes, ``None`` if there is none.

    Parameters
    ----------
    graph
        With directed and bidirected edges.
    a, b
        Two nodes.
    allowed
        Names that the set may hold.
    """
    most = (graph.ancestors((a, b)) & allowed) - {a, b}
    if not separated(graph, a, b, most):
        return None
    near = {*graph.parents(a), *graph.parents(b)}
    for end in (a, b):  # the parents of one end often do, and leave less to try
        few = most.intersection(graph.parents(end))
        if separated(graph, a, b, few):
            most = few
            break
    kept = set(most)
    for name in sorted(most, key=lambda name: (name in near, name)):
        if separated(graph, a, b, kept - {name}):
            kept.remove(name)
    return tuple(sorted(kept))


def test_implied(columns: Mapping[str, Floats], independences: Sequence[Independence]) -> tuple[ImpliedResult, ...]:
    """Test each independence; p-values are adjusted together (Benjamini & Hochberg 1995, procedure 1).

    Parameters
    ----------
    columns
        Name → matrix of shape (n, p), NaN where missing.
    independences
        What is implied.

    Returns
    -------
    tuple of ImpliedResult
        One for each, in order; without p-values where a column or rows are lacking.
    """
    raw = [_tested(columns, one) for one in independences]
    which = [i for i, one in enumerate(raw) if one.p_value is not None]
    adjusted = _adjusted(np.array([raw[i].p_value for i in which], dtype=np.float64))
    for i, p_value in zip(which, adjusted.tolist(), strict=True):
        raw[i] = raw[i].model_copy(update={"adjusted_p": p_value})
    return tuple(raw)


def _tested(columns: Mapping[str, Floats], one: Independence) -> ImpliedResult:
    if not {one.a, one.b, *one.given} <= columns.keys():
        return ImpliedResult(independence=one)
    x, y = columns[one.a], columns[one.b]
    given = np.column_stack([np.empty((len(x), 0)), *(columns[name] for name in one.given)])
    test = test_independence(x, y, given)
    return ImpliedResult(independence=one, p_value=test.p_value, strength=test.strength, signed=test.signed, n=test.n)


def _adjusted(p_values: Floats) -> Floats:
    """Adjust p-values so that the share of false findings is bounded.

    Examples
    --------
    >>> _adjusted(np.array([0.01, 0.04, 0.03, 0.5])).round(4).tolist()
    [0.04, 0.0533, 0.0533, 0.5]
    """
    count = len(p_values)
    order = np.argsort(p_values)
    scaled = p_values[order] * count / np.arange(1, count + 1)
    adjusted = np.empty(count)
    adjusted[order] = np.minimum(1.0, np.minimum.accumulate(scaled[::-1])[::-1])
    return adjusted


def refutation_of(results: Sequence[ImpliedResult], treatment: str, outcome: str) -> Refutation:
    """Say what the tests add up to.

    *Failed* if a contradicted independence is about treatment or outcome: then the effect may be confounded. One that
    is about neither speaks against the graph and leaves open what that does to the effect: *inconclusive*.
    """
    tested = [one for one in results if one.adjusted_p is not None]
    about_ends = [one for one in tested if {treatment, outcome} & {one.independence.a, one.independence.b}]
    against = sorted((one for one in tested if (one.adjusted_p or 0.0) < LEVEL), key=_weight)
    details = {
        "implied": float(len(results)),
        "tested": float(len(tested)),
        "not_tested": float(len(results) - len(tested)),
        "contradicted": float(len(against)),
        "tested_about_ends": float(len(about_ends)),
    }
    if not tested:
        why = "the graph implies nothing that these columns could contradict"
        text = f"Independences that the graph implies were to be tested, but {why}: nothing can be concluded."
        return _made(Status.INCONCLUSIVE, why, text, details)
    k = "1 implied independence was" if len(tested) == 1 else f"{len(tested)} implied independences were"
    left = len(results) - len(tested)
    skipped = f" {left} more could not be tested for want of rows or columns." if left else ""
    if not against:
        text = f"{k} tested, none contradicted: nothing here speaks for an edge that the graph lacks.{skipped}"
        return _made(Status.PASSED, "none contradicted", text, details)
    worst = against[0]
    observed = f"{len(against)} of {len(tested)} contradicted, first {worst.independence}"
    text = (
        f"{k} tested and {len(against)} contradicted. The graph says {worst.independence}, but in {number(worst.n)} "
        f"rows their {correlation_of(worst)} ({_chance(worst.adjusted_p)} after adjusting "
        f"for the number of tests). That speaks for a missing edge or a hidden common cause between "
        f"{shown(worst.independence.a)} and {shown(worst.independence.b)}; {_involved(against, treatment, outcome)}."
        f"{skipped}"
    )
    about = any(one in about_ends for one in against)
    return _made(Status.FAILED if about else Status.INCONCLUSIVE, observed, text, details, worst)


def _weight(one: ImpliedResult) -> tuple[float, float]:
    return (one.adjusted_p if one.adjusted_p is not None else 1.0), -one.strength


def _involved(against: Sequence[ImpliedResult], treatment: str, outcome: str) -> str:
    """Say whether a contradicted independence is about treatment or outcome."""
    for end, word in ((treatment, "treatment"), (outcome, "outcome")):
        for one in against:
            if end and end in (one.independence.a, one.independence.b):
                return f"{one.independence} is about the {word} itself, so the effect may be confounded"
    return "none that is contradicted is about the treatment or the outcome itself"


def correlation_of(one: ImpliedResult) -> str:
    """Say which correlation is left between the two, and how large it is.

    Examples
    --------
    >>> correlation_of(ImpliedResult(independence=Independence(a="a", b="b"), strength=0.25, signed=-0.25))
    'correlation is -0.25'
    >>> correlation_of(ImpliedResult(independence=Independence(a="a", b="b", given=("c",)), strength=0.25))
    'largest partial correlation is 0.25 in size'
    """
    kind = "partial correlation" if one.independence.given else "correlation"
    if one.signed is None:
        return f"largest {kind} is {number(one.strength, 2)} in size"
    return f"{kind} is {number(one.signed, 2)}"


def _chance(p_value: float | None) -> str:
    return "p < 0.001" if p_value is not None and p_value < _SMALL else f"p = {number(p_value, 2)}"


def _made(
    status: Status, observed: str, message: str, details: dict[str, float], worst: ImpliedResult | None = None
) -> Refutation:
    return Refutation(
        refuter=NAME,
        question=Question.HIDDEN_CAUSE,
        status=status,
        expected=_EXPECTED,
        observed=observed,
        value=None if worst is None else worst.strength,
        p_value=None if worst is None else worst.adjusted_p,
        message=message,
        blind_spot=_BLIND,
        details=details,
    )
