"""Expressions in observed probabilities: built, simplified, written as text, and evaluated on a table.

Names in an expression stand for values of variables. A sum binds its names inside its body; a name that is not bound
is a value that the reader chooses (of the treatment, the outcome), or one on which the whole does not depend.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import isnan, nan, prod

from copilot.domain.text import shown
from copilot.errors import EstimationError

_TEXT_LIMIT = 2_000

Independent = Callable[[frozenset[str], frozenset[str], frozenset[str]], bool]
"""Whether the first set is independent of the second given the third, in the observed joint distribution."""


@dataclass(frozen=True)
class Probability:
    """P(of | given) in the observed distribution; `of` is never empty."""

    of: frozenset[str]
    given: frozenset[str] = frozenset()

    @cached_property
    def free(self) -> frozenset[str]:
        """Names that are not bound."""
        return self.of | self.given

    @cached_property
    def size(self) -> int:
        """Names written out."""
        return len(self.free)


@dataclass(frozen=True)
class Product:
    """Factors multiplied; one if there are none."""

    factors: tuple[Expression, ...] = ()

    @cached_property
    def free(self) -> frozenset[str]:
        """Names that are not bound."""
        return frozenset[str]().union(*(factor.free for factor in self.factors))

    @cached_property
    def size(self) -> int:
        """Names written out."""
        return 1 + sum(factor.size for factor in self.factors)


@dataclass(frozen=True)
class Sum:
    """The body summed over all values of the names in `over`."""

    over: frozenset[str]
    body: Expression

    @cached_property
    def free(self) -> frozenset[str]:
        """Names that are not bound."""
        return self.body.free - self.over

    @cached_property
    def size(self) -> int:
        """Names written out."""
        return len(self.over) + self.body.size


@dataclass(frozen=True)
class Ratio:
    """One expression divided by another."""

    numerator: Expression
    denominator: Expression

    @cached_property
    def free(self) -> frozenset[str]:
        """Names that are not bound."""
        return self.numerator.free | self.denominator.free

    @cached_property
    def size(self) -> int:
        """Names written out."""
        return self.numerator.size + self.denominator.size


Expression = Probability | Product | Sum | Ratio


def product(factors: Iterable[Expression]) -> Expression:
    """Multiply, with nested products opened.

    Examples
    --------
    >>> to_text(product([Probability(frozenset("y"), frozenset("x")), Product((Probability(frozenset("x")),))]))
    'P(y | x) P(x)'
    """
    flat: list[Expression] = []
    for factor in factors:
        flat += factor.factors if isinstance(factor, Product) else (factor,)
    return flat[0] if len(flat) == 1 else Product(tuple(flat))


def ratio(numerator: Expression, denominator: Expression) -> Expression:
    """Divide; factors on both sides cancel, and P(A, B | C) / P(B | C) becomes P(A | B, C).

    Examples
    --------
    >>> x, y = Probability(frozenset("x")), Probability(frozenset("y"), frozenset("x"))
    >>> to_text(ratio(Product((y, x)), x))
    'P(y | x)'
    """
    above, below = list(_factors(numerator)), []
    for factor in _factors(denominator):
        for place, other in enumerate(above):
            quotient = _quotient(other, factor)
            if quotient is not None:
                above[place : place + 1] = _factors(quotient)
                break
        else:
            below.append(factor)
    return Ratio(product(above), product(below)) if below else product(above)


def sum_over(names: Iterable[str], body: Expression, independent: Independent | None = None) -> Expression:
    """Sum, simplified: probabilities that sum to one go, and factors without the names stand before the sum.

    Parameters
    ----------
    names
        What is summed over; every one must be free in `body`, or its sum would multiply by the number of values.
    body
        What is summed.
    independent
        Facts about the observed distribution; with them P(y | m) P(m | x) is summed over m to P(y | x) too.

    Examples
    --------
    >>> chain = product([Probability(frozenset("y"), frozenset("xm")), Probability(frozenset("m"), frozenset("x"))])
    >>> to_text(sum_over("m", chain)), to_text(sum_over("y", chain)), to_text(sum_over("x", chain))
    ('P(y | x)', 'P(m | x)', 'sum_{x} P(y | m, x) P(m | x)')
    """
    left = set(names)
    if isinstance(body, Sum):
        left, body = left | body.over, body.body
    factors = list(_factors(body))
    changed = True
    while changed and left:
        changed = False
        for name in sorted(left):
            shorter = _sum_out(name, factors, independent)
            if shorter is not None:
                factors, changed = shorter, True
                left.discard(name)
    if not left:
        return product(factors)
    inside = [factor for factor in factors if factor.free & left]
    outside = [factor for factor in factors if not factor.free & left]
    alone = len(inside) == 1 and isinstance(inside[0], Sum)
    rest = sum_over(left, inside[0], independent) if alone else Sum(frozenset(left), product(inside))
    return product([*outside, rest])


def to_text(expression: Expression, limit: int = _TEXT_LIMIT) -> str:
    """Write an expression on one line; names that a sum binds twice get a prime.

    Examples
    --------
    >>> x, y, z = (frozenset(name) for name in "xyz")
    >>> inner = Sum(x, Product((Probability(y, x | z), Probability(x))))
    >>> to_text(Sum(z, Product((Probability(z, x), inner))))
    "sum_{z} P(z | x) sum_{x'} P(y | x', z) P(x')"
    """
    if expression.size > limit:
        return "… (too long to show)"
    text = _Writer().write(expression, {name: shown(name) for name in expression.free})
    return text if len(text) <= limit else f"{text[:limit]}… (too long to show)"


def evaluate(
    expression: Expression,
    joint: Mapping[tuple[Hashable, ...], float],
    names: Sequence[str],
    at: Mapping[str, Hashable],
) -> float:
    """Compute an expression on a table of probabilities.

    Parameters
    ----------
    expression
        With all its names among `names`.
    joint
        Values, in the order of `names`, → their probability; rows that are left out never occur.
    names
        Of the variables.
    at
        Values of names that are not bound. One that is left out, on which the whole cannot depend, takes the value that
        occurs most.

    Returns
    -------
    float
        A probability.

    Raises
    ------
    EstimationError
        If the expression asks for a probability given values that never occur together.

    Examples
    --------
    >>> joint = {(0, 0): 0.4, (0, 1): 0.1, (1, 0): 0.1, (1, 1): 0.4}
    >>> round(evaluate(Probability(frozenset("y"), frozenset("x")), joint, ["x", "y"], {"x": 1, "y": 1}), 9)
    0.8
    """
    table = _Table(joint, tuple(names))
    env = {name: at[name] if name in at else table.commonest(name) for name in expression.free}
    value = table.value(expression, env)
    if isnan(value):
        raise EstimationError(
            "the expression asks for a probability given values that never occur together",
            reason="Some combination of values that it conditions on has no rows.",
            advice="Use coarser categories, or a strategy that needs fewer variables.",
        )
    return value


@dataclass
class _Table:
    joint: Mapping[tuple[Hashable, ...], float]
    names: tuple[str, ...]
    margins: dict[frozenset[str], dict[tuple[Hashable, ...], float]] = field(default_factory=dict)

    def margin(self, names: frozenset[str]) -> dict[tuple[Hashable, ...], float]:
        if names not in self.margins:
            places = [place for place, name in enumerate(self.names) if name in names]
            table: dict[tuple[Hashable, ...], float] = {}
            for row, weight in self.joint.items():
                key = tuple(row[place] for place in places)
                table[key] = table.get(key, 0.0) + weight
            self.margins[names] = table
        return self.margins[names]

    def values(self, name: str) -> list[Hashable]:
        return [key[0] for key, weight in self.margin(frozenset((name,))).items() if weight > 0]

    def commonest(self, name: str) -> Hashable:
        table = self.margin(frozenset((name,)))
        return max(table, key=lambda key: table[key])[0]

    def weight(self, names: frozenset[str], env: Mapping[str, Hashable]) -> float:
        return self.margin(names).get(tuple(env[name] for name in self.names if name in names), 0.0)

    def value(self, expression: Expression, env: dict[str, Hashable]) -> float:
        """Evaluate; not a number where a condition never occurs, unless it is multiplied by zero."""
        if isinstance(expression, Probability):
            given = self.weight(expression.given, env)
            return self.weight(expression.free, env) / given if given else nan
        if isinstance(expression, Product):
            values = [self.value(factor, env) for factor in expression.factors]
            return 0.0 if 0.0 in values else prod(values)
        if isinstance(expression, Ratio):
            below = self.value(expression.denominator, env)
            return self.value(expression.numerator, env) / below if below else nan
        return self._total(sorted(expression.over), expression.body, env)

    def _total(self, over: Sequence[str], body: Expression, env: dict[str, Hashable]) -> float:
        if not over:
            return self.value(body, env)
        return sum(self._total(over[1:], body, {**env, over[0]: value}) for value in self.values(over[0]))


class _Writer:
    def write(self, expression: Expression, names: Mapping[str, str], *, factor: bool = False) -> str:
        if isinstance(expression, Probability):
            of = ", ".join(names[name] for name in sorted(expression.of))
            given = ", ".join(names[name] for name in sorted(expression.given))
            return f"P({of} | {given})" if given else f"P({of})"
        if isinstance(expression, Product):
            # A sum reaches to the end of its line, so that sums stand last and only others before them need brackets.
            parts = sorted(expression.factors, key=lambda part: isinstance(part, Sum))
            texts = [self.write(part, names, factor=part is not parts[-1]) for part in parts]
            return " ".join(texts) if texts else "1"
        if isinstance(expression, Ratio):
            both = (self.write(part, names) for part in (expression.numerator, expression.denominator))
            return "[{}] / [{}]".format(*both) if not factor else "([{}] / [{}])".format(*both)
        inner = dict(names)
        for name in expression.over:
            word = shown(name)
            while word in names.values():
                word += "'"
            inner[name] = word
        over = ", ".join(inner[name] for name in sorted(expression.over))
        text = f"sum_{{{over}}} {self.write(expression.body, inner)}"
        return f"[{text}]" if factor else text


def _factors(expression: Expression) -> tuple[Expression, ...]:
    return expression.factors if isinstance(expression, Product) else (expression,)


def _quotient(above: Expression, below: Expression) -> Expression | None:
    """Divide one factor by another where the outcome is one factor again, or none."""
    if above == below:
        return Product()
    if not isinstance(above, Probability) or not isinstance(below, Probability):
        return None
    fits = above.given == below.given and below.of < above.of
    return Probability(above.of - below.of, above.given | below.of) if fits else None


def _sum_out(name: str, factors: list[Expression], independent: Independent | None) -> list[Expression] | None:
    """Sum the factors over one name without leaving a sum, or ``None`` where that cannot be."""
    touched = [place for place, factor in enumerate(factors) if name in factor.free]
    involved = [factor for place in touched if isinstance(factor := factors[place], Probability)]
    if len(involved) < len(touched):
        return None
    heads = [factor for factor in involved if name in factor.of]
    if len(heads) != 1:
        return None
    merged, waiting = heads[0], [factor for factor in involved if factor is not heads[0]]
    while waiting:
        fits = ((other, whole) for other in waiting if (whole := _merge(other, merged, independent)) is not None)
        other, whole = next(fits, (None, None))
        if other is None or whole is None:
            return None
        merged = whole
        waiting.remove(other)
    rest = merged.of - {name}
    put = [_shorten(Probability(rest, merged.given), independent)] if rest else []
    first = touched[0]
    return [*factors[:first], *put, *(factor for factor in factors[first:] if name not in factor.free)]


def _merge(later: Probability, earlier: Probability, independent: Independent | None) -> Probability | None:
    """Write P(A | B, C) P(B | C) as P(A, B | C), also where independence lets the conditions be filled up."""
    of, given = later.of | earlier.of, (later.given | earlier.given) - earlier.of
    if later.of & (earlier.of | given):
        return None
    for part, wanted in ((later, given | earlier.of), (earlier, given)):
        more = wanted - part.given
        if more and (independent is None or not independent(part.of, more, part.given)):
            return None
    return Probability(of, given)


def _shorten(term: Probability, independent: Independent | None) -> Probability:
    given = term.given
    if independent is not None:
        for name in sorted(given):
            if independent(term.of, frozenset((name,)), given - {name}):
                given -= {name}
    return Probability(term.of, given)
