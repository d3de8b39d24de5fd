from __future__ import annotations

import stat
from pathlib import Path

import pytest

from copilot.composition.endpoint import is_near
from copilot.composition.keys import store_key, stored_key
from copilot.errors import ConfigurationError, UsageError

KEY = "sk-secret-0123456789"


def test_keys_of_several_addresses_stand_side_by_side(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    store_key("https://one.example/v1", KEY, folder)
    path = store_key("https://two.example/v1/", 'odd"\\key', folder)
    store_key("https://one.example/v1", KEY + "x", folder)
    one, two = (stored_key(f"https://{name}.example/v1", folder) for name in ("one", "two"))
    assert one is not None
    assert two is not None
    assert (one.get_secret_value(), two.get_secret_value()) == (KEY + "x", 'odd"\\key')
    assert stored_key("https://three.example/v1", folder) is None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in folder.iterdir()] == ["keys.toml"]


def test_loose_permissions_are_tightened_when_a_key_is_stored(tmp_path: Path) -> None:
    (tmp_path / "keys.toml").write_text("")
    (tmp_path / "keys.toml").chmod(0o666)
    assert stat.S_IMODE(store_key("http://localhost", KEY, tmp_path).stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["key = 3", "[a]\nname = 1", "[a]\nkey = 1", '[a]\nkey = "x y"', "["])
def test_a_foreign_file_is_an_error_and_left_as_it_is(tmp_path: Path, text: str) -> None:
    path = tmp_path / "keys.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError):
        stored_key("http://localhost", tmp_path)
    with pytest.raises(ConfigurationError):
        store_key("http://localhost", KEY, tmp_path)
    assert path.read_text() == text


def test_a_folder_that_cannot_be_made_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot write"):
        store_key("http://localhost", KEY, tmp_path / "file" / "sub")


@pytest.mark.parametrize("host", ["localhost", "x.localhost", "127.0.0.1", "10.1.2.3", "::1", "fd00::1", "nas.local"])
def test_near_hosts(host: str) -> None:
    assert is_near(host)


@pytest.mark.parametrize("host", ["api.openai.com", "8.8.8.8", "2001:4860:4860::8888", "localhost.evil.com"])
def test_far_hosts(host: str) -> None:
    assert not is_near(host)
