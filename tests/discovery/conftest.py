from __future__ import annotations

import numpy as np
import pandas as pd
import pytest


def mixed_table(rows: int, seed: int = 1) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    age = draw.normal(size=rows)
    region = draw.integers(0, 4, size=rows)
    pull = np.array([-1.5, 0.0, 0.5, 1.5])[region]
    smokes = (1.4 * age + pull + draw.logistic(size=rows) > 0).astype(int)
    visits = draw.poisson(np.exp(0.3 + 0.9 * smokes))
    grade = np.digitize(age + draw.normal(size=rows), [-1.0, 0.0, 1.0])
    bill = np.exp(0.5 * visits + 0.8 * grade + draw.normal(size=rows))
    names = np.array(["north", "east", "south", "west"])[region]
    return pd.DataFrame(
        {"age": 40 + 10 * age, "region": names, "smokes": smokes, "visits": visits, "grade": grade, "bill": bill}
    )


@pytest.fixture(scope="session")
def table() -> pd.DataFrame:
    return mixed_table(4_000)
