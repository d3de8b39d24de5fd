"""The algorithms that vote; to add one, write its module and one line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from copilot.discovery.boss import learn_boss
from copilot.discovery.dependence import Dependence
from copilot.discovery.knowledge import Knowledge
from copilot.discovery.learned import Effort, Learned
from copilot.discovery.pc import learn_pc


@dataclass(frozen=True)
class Algorithm:
    """One way to learn a graph from one resample.

    Parameters
    ----------
    name
        As it stands on a ballot.
    title
        One line for people.
    learn
        From dependence, knowledge, effort and a generator to a graph; pure but for the draws from the generator.
    """

    name: str
    title: str
    learn: Callable[[Dependence, Knowledge, Effort, np.random.Generator], Learned]


ALGORITHMS: tuple[Algorithm, ...] = (
    Algorithm("pc", "PC-stable: edges fall to independence tests, directions come from colliders", learn_pc),
    Algorithm("boss", "BOSS: the order of the columns whose graph has the best BIC score", learn_boss),
)
