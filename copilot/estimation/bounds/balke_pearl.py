"""Sharp bounds with a binary instrument, treatment and outcome (Balke & Pearl 1997)."""

from __future__ import annotations

import numpy as np

from copilot.domain.numbers import number
from copilot.domain.text import shown
from copilot.estimation.bounds.method import ROUNDING, Ends, Method
from copilot.estimation.bounds.question import BoundsQuestion
from copilot.estimation.problem import Floats

_PAPER = "Balke & Pearl (1997), Bounds on treatment effects from studies with imperfect compliance, JASA 92(439)"
_TWO = 2

# Rows are the terms; columns are p(y, d | z) in the order p00.0 p01.0 p10.0 p11.0 p00.1 p01.1 p10.1 p11.1, the first
# digit the outcome and the second the treatment. They are the vertices of the dual of the linear program over the 16
# ways in which treatment can respond to the instrument and the outcome to the treatment.
LOWER = np.array(
    [
        [1, 0, 0, 0, 0, 0, 0, 1],
        [0, 0, 0, 1, 1, 0, 0, 0],
        [0, -1, -1, 1, 0, 0, -1, -1],
        [0, 0, -1, -1, 0, -1, -1, 1],
        [0, 0, 0, 0, 0, -1, -1, 0],
        [0, -1, -1, 0, 0, 0, 0, 0],
        [-1, -1, 0, 0, 1, -1, -1, 0],
        [1, -1, -1, 0, -1, -1, 0, 0],
    ],
    dtype=np.float64,
)
LOWER_OWN = np.array([-1.0, -1.0, 0, 0, 0, 0, 0, 0])
UPPER = np.array(
    [
        [0, 0, -1, 0, 0, -1, 0, 0],
        [0, -1, 0, 0, 0, 0, -1, 0],
        [1, -1, 0, 1, 1, 1, 0, 0],
        [1, 1, 0, 0, 1, -1, 0, 1],
        [0, 0, 0, 0, 1, 0, 0, 1],
        [1, 0, 0, 1, 0, 0, 0, 0],
        [0, 0, 1, 1, 1, 0, -1, 1],
        [1, 0, -1, 1, 0, 0, 1, 1],
    ],
    dtype=np.float64,
)
UPPER_OWN = np.array([1.0, 1.0, 0, 0, 0, 0, 0, 0])


def sharp(p: Floats) -> Ends:
    """Bound the average effect.

    Parameters
    ----------
    p
        Probabilities of outcome and treatment given the instrument, of shape (…, 8) in the order of `LOWER`.

    Returns
    -------
    tuple of ndarray
        Lower and upper ends of shape (…), the largest and the smallest of eight terms each.

    References
    ----------
    Balke & Pearl (1997), section 3.

    Examples
    --------
    >>> low, high = sharp(np.array([0.919, 0.0, 0.081, 0.0, 0.315, 0.139, 0.073, 0.473]))
    >>> round(float(low), 3), round(float(high), 3)
    (0.392, 0.78)
    """
    return (p @ LOWER.T + LOWER_OWN).max(axis=-1), (p @ UPPER.T + UPPER_OWN).min(axis=-1)


def probabilities(table: Floats) -> Floats:
    """Turn tables of shape (…, 2, 3, groups, 2) into probabilities of shape (…, 8), in the order of `LOWER`."""
    summed = table.sum(axis=-2)
    ones = np.swapaxes(summed[..., :_TWO, 1], -1, -2)  # by instrument, treatment
    mass = np.swapaxes(summed[..., :_TWO, 0], -1, -2)
    joint = np.stack([mass - ones, ones], axis=-2)  # by instrument, outcome, treatment
    p = joint / joint.sum(axis=(-2, -1), keepdims=True)
    return np.asarray(p.reshape(*p.shape[:-3], 8))


def violated(p: Floats) -> tuple[int, float] | None:
    """Find the instrumental inequality that fails most: max over z of p(y, d | z), summed over y, is at most 1.

    Parameters
    ----------
    p
        Of shape (8,).

    Returns
    -------
    tuple or None
        The level of the treatment and the sum; ``None`` if all hold, and with three binary variables there is a model
        then.

    References
    ----------
    Pearl (1995), On the testability of causal models with latent and instrumental variables, UAI, theorem 1; Bonet
    (2001), Instrumentality tests revisited, UAI.
    """
    sums = p.reshape(2, 2, 2).max(axis=0).sum(axis=0)
    worst = int(sums.argmax())
    return (worst, float(sums[worst])) if sums[worst] > 1 + ROUNDING else None


def _ends(table: Floats, limits: tuple[float, float]) -> Ends:
    del limits
    return sharp(probabilities(table))


def _refusal(question: BoundsQuestion) -> str:
    z = question.instrument
    if z is None:
        return "no instrument was named"
    known, name = z[~np.isnan(z)], shown(question.instrument_name)
    if not np.isin(known, (0.0, 1.0)).all():
        return f"the instrument {name} has more than two levels"
    if not question.binary_outcome:
        return f"{shown(question.outcome)} is not binary"
    if len(np.unique(known)) < _TWO:
        return f"the instrument {name} does not vary"
    broken = violated(probabilities(question.table))
    if broken is None or _chance(question, *broken):
        return ""
    level, total = broken
    t, y = shown(question.treatment), shown(question.outcome)
    return (
        f"the instrumental inequality is violated at the {'active' if level else 'control'} level of {t}: the largest "
        f"probability over levels of {name} of {y} = 0 with that level and the largest of {y} = 1 with it add up to "
        f"{number(total)}, above 1, so in these rows {name} does not act through {t} alone, or shares a cause with {y}"
    )


def _chance(question: BoundsQuestion, level: int, total: float) -> bool:
    """Say whether sampling error may explain it, as it easily may where the true sum is 1: if one arm has no access."""
    if question.resamples < _TWO:
        return False
    with np.errstate(divide="ignore", invalid="ignore"):
        draws = probabilities(question.draws).reshape(-1, 2, 2, 2)
    error = float(np.nanstd(draws.max(axis=1).sum(axis=1)[:, level], ddof=1))
    return total - 1 <= _TWO * error


def _assumptions(question: BoundsQuestion) -> tuple[str, ...]:
    t, y, z = map(shown, (question.treatment, question.outcome, question.instrument_name))
    return (
        f"{z} acts on {y} through {t} alone.",
        f"Nothing is a cause of both {z} and {y}, and {z} is as good as random.",
    )


def _known(question: BoundsQuestion) -> int:
    z = question.instrument
    return 0 if z is None else int((~np.isnan(z)).sum())


def _notes(question: BoundsQuestion) -> tuple[str, ...]:
    notes, name = [], shown(question.instrument_name)
    broken = violated(probabilities(question.table))
    if broken is not None:
        notes.append(
            f"The instrumental inequality is violated by {number(broken[1] - 1)}, no more than two standard errors, so "
            "it may be chance; if it is not, the instrument is none."
        )
    lost = question.n - _known(question)
    if lost:
        notes.append(f"{lost:,} rows without {name} are not used.")
    return tuple(notes)


BALKE_PEARL = Method(
    "balke_pearl",
    "A binary instrument, whoever it moves",
    _PAPER,
    _ends,
    _assumptions,
    _refusal,
    _notes,
    _known,
    uses_range=False,
)
