"""The folders of this user, as the platform's customs have them."""

from __future__ import annotations

from pathlib import Path

_APP = "causal-copilot"


def config_folder() -> Path:
    """Name the folder of ``config.toml`` and ``keys.toml``; it need not exist."""
    from platformdirs import user_config_dir

    return Path(user_config_dir(_APP, appauthor=False))


def cache_folder() -> Path:
    """Name the folder of the answer cache; it need not exist."""
    from platformdirs import user_cache_dir

    return Path(user_cache_dir(_APP, appauthor=False))
