from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.random import SeedSequence

from copilot.checks.columns import encode_columns
from copilot.domain.variables import ColumnProfile, Kind, TableProfile

SEED = SeedSequence(3)
KINDS = {
    "id": Kind.IDENTIFIER,
    "same": Kind.CONSTANT,
    "age": Kind.CONTINUOUS,
    "town": Kind.CATEGORICAL,
    "code": Kind.CATEGORICAL,
    "sex": Kind.BINARY,
    "day": Kind.DATE,
}


def make_profile(rows: int) -> TableProfile:
    columns = tuple(
        ColumnProfile(name=name, position=i, kind=kind, rows=rows, missing=0, distinct=3)
        for i, (name, kind) in enumerate(KINDS.items())
    )
    return TableProfile(source="x.csv", sha256="0" * 64, rows=rows, columns=columns)


def make_frame(rows: int = 90) -> pd.DataFrame:
    index = np.arange(rows)
    return pd.DataFrame(
        {
            "id": index.astype(float),
            "same": np.ones(rows),
            "age": np.where(index == 4, np.nan, index).astype(float),
            "town": np.array(["a", "b", "c"], dtype=object)[index % 3],
            "code": (index % 3).astype(float),
            "sex": np.array(["f", "m"], dtype=object)[index % 2],
            "day": pd.to_datetime("2020-01-01") + pd.to_timedelta(index, unit="D"),
        }
    )


def test_each_kind_becomes_its_columns() -> None:
    frame = make_frame()
    frame.loc[7, "town"] = None
    found = encode_columns(frame, make_profile(90), [*KINDS, "nowhere"], seed=SEED)
    assert {name: matrix.shape for name, matrix in found.items()} == {
        "age": (90, 1),
        "town": (90, 2),
        "code": (90, 2),
        "sex": (90, 1),
        "day": (90, 1),
    }
    assert np.flatnonzero(np.isnan(found["age"][:, 0])).tolist() == [4]
    assert np.flatnonzero(np.isnan(found["town"]).all(axis=1)).tolist() == [7]
    for matrix in found.values():
        assert np.nanmean(matrix, axis=0) == pytest.approx(0, abs=1e-12)
        assert np.nanstd(matrix, axis=0) == pytest.approx(1)


def test_a_long_table_is_sampled_in_order_and_alike_for_all_columns() -> None:
    found = encode_columns(make_frame(500), make_profile(500), ["age", "day"], seed=SEED, most_rows=100)
    assert found["day"].shape == (100, 1)
    assert (np.diff(found["day"][:, 0]) > 0).all()
    again = encode_columns(make_frame(500), make_profile(500), ["age", "day"], seed=SEED, most_rows=100)
    np.testing.assert_array_equal(found["age"], again["age"])


def test_columns_that_say_nothing_are_left_out() -> None:
    frame = pd.DataFrame({"age": [np.nan] * 5, "sex": ["f"] * 5, "code": [np.inf, 1.0, 1.0, 1.0, 1.0]})
    assert encode_columns(frame, make_profile(5), ["age", "sex", "code"], seed=SEED) == {}


def test_rare_levels_stand_with_the_base() -> None:
    town = np.array(["a"] * 60 + ["b"] * 38 + ["c"] * 2, dtype=object)
    found = encode_columns(pd.DataFrame({"town": town}), make_profile(100), ["town"], seed=SEED)
    assert found["town"].shape == (100, 1)
