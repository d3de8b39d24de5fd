"""What several negative controls say of the main estimate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FEWEST = 3
"""Controls below which a distribution of errors cannot be told."""
_Z = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Calibration:
    """A main estimate corrected by the errors that negative controls show.

    Parameters
    ----------
    mean, sd
        Of the systematic error, in units of the outcome.
    value, interval
        The estimate less the mean error, with a 95 % interval that holds both kinds of error.
    controls
        How many.
    """

    mean: float
    sd: float
    value: float
    interval: tuple[float, float]
    controls: int


def calibrate(errors: Sequence[tuple[float, float]], value: float, se: float) -> Calibration | None:
    """Fit the systematic error of an analysis to what it finds where nothing is to be found.

    Each control's estimate is taken as drawn from a normal distribution with variance se_i² + sd²; mean and sd are
    found by maximum likelihood.

    Parameters
    ----------
    errors
        (estimate, standard error) of each negative control, in units of the outcome.
    value, se
        The main estimate.

    Returns
    -------
    Calibration or None
        ``None`` with fewer than three controls.

    References
    ----------
    Schuemie, Ryan, DuMouchel, Suchard & Madigan (2014), Interpreting observational studies: why empirical calibration
    is needed to correct p-values, Statistics in Medicine 33(2), section 2.3; Schuemie et al. (2018), PNAS 115(11), for
    the interval.

    Examples
    --------
    >>> found = calibrate([(1.0, 0.1), (1.2, 0.1), (0.8, 0.1)], 3.0, 0.1)
    >>> round(found.value, 3), found.interval[0] < 2.0 < found.interval[1]
    (2.0, True)
    """
    usable = [(b, s) for b, s in errors if math.isfinite(b) and math.isfinite(s) and s > 0]
    if len(usable) < FEWEST:
        return None
    b, variance = np.array([one for one, _ in usable]), np.array([one**2 for _, one in usable])

    def profile(spread: float) -> tuple[float, float]:
        total = variance + spread**2
        mean = float(np.sum(b / total) / np.sum(1 / total))
        return 0.5 * float(np.sum(np.log(total) + (b - mean) ** 2 / total)), mean

    widest = float(np.ptp(b)) + 1e-12
    spread = min(np.linspace(0.0, widest, 2_001).tolist(), key=lambda one: profile(one)[0])
    mean = profile(spread)[1]
    # The mean error is itself uncertain; leaving that out would make the interval too short with few controls.
    unsure = 1 / float(np.sum(1 / (variance + spread**2)))
    half = _Z * math.sqrt(se**2 + spread**2 + unsure)
    corrected = value - mean
    return Calibration(mean, float(spread), corrected, (corrected - half, corrected + half), len(usable))
