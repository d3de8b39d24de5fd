"""How sure a share of votes is."""

from __future__ import annotations

from math import sqrt

from copilot.domain.consensus import EdgeSupport
from copilot.errors import CopilotError

_Z = 1.959963984540054
"""The 97.5 % point of the standard normal distribution."""


def wilson(votes: int, valid: int) -> tuple[float, float]:
    """Compute the Wilson score interval of a share.

    It treats ballots as independent draws. Ballots of one model are not, nor are resamples of one table: the interval
    says how far the share could move with other ballots of the same kind, not how likely the edge is to be true.

    Parameters
    ----------
    votes
        Ballots for, from 0 to `valid`.
    valid
        Ballots that count.

    Returns
    -------
    tuple of float
        Lower and upper 95 % limit in [0, 1], rounded to six digits; (0, 1) without a ballot.

    Raises
    ------
    CopilotError
        If there are fewer than 0 or more than `valid` votes.

    References
    ----------
    Wilson (1927), "Probable inference, the law of succession, and statistical inference", JASA 22, 209-212.

    Examples
    --------
    >>> wilson(5, 7)
    (0.358934, 0.917781)
    """
    if not 0 <= votes <= valid:
        raise CopilotError(f"{votes} votes of {valid} ballots cannot be counted")
    if valid == 0:
        return (0.0, 1.0)
    share = votes / valid
    scale = 1 + _Z**2 / valid
    centre = (share + _Z**2 / (2 * valid)) / scale
    half = _Z * sqrt(share * (1 - share) / valid + _Z**2 / (4 * valid**2)) / scale
    return (round(max(0.0, centre - half), 6), round(min(1.0, centre + half), 6))


def support_of(votes: int, valid: int) -> EdgeSupport:
    """Put votes, their share and its interval into one record."""
    share = votes / valid if valid else 0.0
    return EdgeSupport(votes=votes, valid=valid, support=share, interval=wilson(votes, valid))
