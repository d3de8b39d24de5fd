"""Silence around libraries that write warnings past every filter."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator

_LOUD = ("econml", "sklearn", "joblib", "shap", "numba")


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Let nothing that is done inside reach the screen or the logs; errors are raised as ever.

    Filters alone do not do: scikit-learn hands its own filters to the pieces of a parallel computation, which then
    print. So the function that shows warnings is replaced too, and the two streams are caught.
    """
    loggers = [logging.getLogger(name) for name in _LOUD]
    levels = [logger.level for logger in loggers]
    shown = warnings.showwarning
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        warnings.showwarning = _nowhere
        try:
            for logger in loggers:
                logger.setLevel(logging.CRITICAL)
            yield
        finally:
            warnings.showwarning = shown
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)


def _nowhere(*_arguments: object, **_more: object) -> None:
    """Show a warning to nobody."""
