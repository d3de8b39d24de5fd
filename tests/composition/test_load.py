from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.composition.keys import store_key
from copilot.composition.load import load_settings
from copilot.composition.settings import DEFAULT_BASE_URL, PLACEHOLDER_KEY, SPECS, Settings
from copilot.errors import ConfigurationError

KEY = "sk-secret-0123456789"


@pytest.fixture
def user(tmp_path: Path) -> Path:
    folder = tmp_path / "user"
    folder.mkdir()
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / ".git").mkdir(parents=True)
    return folder


def test_the_stronger_source_wins_and_is_named(project: Path, user: Path) -> None:
    def load(flags: dict[str, Any] | None = None, **environ: str) -> tuple[int, str]:
        settings = load_settings(flags, environ=environ, cwd=project, user_folder=user)
        return settings.votes, str(settings.origins["votes"])

    assert load() == (7, "default")
    (user / "config.toml").write_text("votes = 1\n")
    assert load() == (1, f"user file {user / 'config.toml'}")
    (project / "copilot.toml").write_text("votes = 2\n")
    assert load() == (2, f"project file {project / 'copilot.toml'}")
    assert load(COPILOT_VOTES="3") == (3, "environment COPILOT_VOTES")
    assert load(COPILOT_VOTES="  ") == (2, f"project file {project / 'copilot.toml'}")
    assert load({"votes": "4"}, COPILOT_VOTES="3") == (4, "flag --votes")
    assert load({"votes": None}, COPILOT_VOTES="3") == (3, "environment COPILOT_VOTES")


def test_keys_come_from_the_environment_before_the_store_and_stay_with_their_address(project: Path, user: Path) -> None:
    store_key(DEFAULT_BASE_URL + "/", KEY, user)

    def load(**environ: str) -> tuple[str | None, str]:
        settings = load_settings(environ=environ, cwd=project, user_folder=user)
        key = settings.api_key.get_secret_value() if settings.api_key else None
        return key, settings.origins["api_key"].source

    assert load() == (KEY, "stored key")
    assert load(OPENAI_API_KEY=" other \n") == ("other", "environment")
    assert load(OPENAI_BASE_URL="https://elsewhere.example/v1") == (None, "default")


def test_models_may_be_one_or_several_from_anywhere(project: Path, user: Path) -> None:
    def load(flags: dict[str, Any] | None = None, **environ: str) -> tuple[str, ...]:
        return load_settings(flags, environ=environ, cwd=project, user_folder=user).models

    assert load() == ()
    assert load(COPILOT_MODEL="a, b,,a") == ("a", "b")
    assert load({"models": ["x", "y"]}, COPILOT_MODEL="a") == ("x", "y")
    assert load({"models": []}, COPILOT_MODEL="a") == ("a",)
    (project / "copilot.toml").write_text('model = "one"\n')
    assert load() == ("one",)
    (project / "copilot.toml").write_text('model = ["one", "two"]\n')
    assert load() == ("one", "two")


@pytest.mark.parametrize(
    ("text", "named", "said"),
    [
        ("votes = 0", "votes in", "greater than or equal to 1"),
        ('votes = "7"', "votes in", "valid integer"),
        ("votes = true", "votes in", "valid integer"),
        ("votes = 7.5", "votes in", "valid integer"),
        ("votes = 1979-05-27", "votes in", "wrong type"),
        ("min_support = nan", "min_support in", "finite number"),
        ("temperature = 3", "temperature in", "less than or equal to 2"),
        ('share = "rows"', "share in", "'names'"),
        ('base_url = "ftp://x"', "base_url in", "neither with https"),
        ('base_url = "https://me:pw@host/v1"', "base_url in", "user name or password"),
        ('base_url = "http://host:port/v1"', "base_url in", "cannot be read"),
        ('model = ["a", ""]', "model in", "empty"),
        ("model = [1]", "model in", "valid string"),
        ("[prices.m]\ninput = 1", "prices in", "Field required"),
        ("quorum = 9", "quorum cannot be 9", "more than votes"),
        ("votes = 9\nmax_votes = 8", "max_votes cannot be 8", "less than votes"),
        ("votes 7", "is not TOML", "Expected"),
        ('x = "\\ud800"', "is not TOML", ""),
        ("deadline = 3", "no setting named 'deadline'", "silence"),
        ("Votes = 3", "no setting named 'Votes'", "silence"),
        (f'api_key = "{KEY}"', "api_key stands in", "committed"),
        (f'OPENAI_API_KEY = "{KEY}"', "OPENAI_API_KEY stands in", "committed"),
    ],
)
def test_a_wrong_file_is_an_error_that_names_it(project: Path, user: Path, text: str, named: str, said: str) -> None:
    for folder in (project / "copilot.toml", user / "config.toml"):
        folder.write_text(text + "\n")
        with pytest.raises(ConfigurationError) as caught:
            load_settings(environ={}, cwd=project, user_folder=user)
        whole = caught.value.message + caught.value.reason + caught.value.advice
        assert named in caught.value.message
        assert str(folder) in whole
        assert said.casefold() in caught.value.reason.casefold()
        assert KEY not in whole
        assert ":pw@" not in whole
        folder.unlink()


@pytest.mark.parametrize("value", ["0", "x", "7.5", "1e400", "-3"])
def test_a_wrong_variable_or_flag_is_named(project: Path, user: Path, value: str) -> None:
    for flags, environ, named in (({}, {"COPILOT_VOTES": value}, "COPILOT_VOTES"), ({"votes": value}, {}, "--votes")):
        with pytest.raises(ConfigurationError, match=named):
            load_settings(flags, environ=environ, cwd=project, user_folder=user)


@pytest.mark.parametrize("key", ["sk-ä", "q w", "q\nw", "q\x00w"])
def test_a_key_that_no_header_can_carry_is_refused_without_repeating_it(project: Path, user: Path, key: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(environ={"OPENAI_API_KEY": key}, cwd=project, user_folder=user)
    assert caught.value.message == "OPENAI_API_KEY cannot be used"
    assert key not in caught.value.reason + caught.value.advice
    assert caught.value.__cause__ is None


def test_an_unset_side_gives_way_to_the_one_that_was_set(project: Path, user: Path) -> None:
    def load(**flags: str) -> tuple[int, int]:
        settings = load_settings(flags, environ={}, cwd=project, user_folder=user)
        return settings.votes, settings.max_votes

    assert load(votes="20") == (20, 24)
    assert load(max_votes="5") == (5, 5)
    assert load(votes="20", max_votes="20") == (20, 20)


def test_the_search_goes_up_to_the_repository_and_no_further(tmp_path: Path, user: Path) -> None:
    (tmp_path / "copilot.toml").write_text("votes = 1\n")
    inner = tmp_path / "repo" / "deep" / "down"
    inner.mkdir(parents=True)

    def votes() -> int:
        return load_settings(environ={}, cwd=inner, user_folder=user).votes

    assert votes() == 1
    (tmp_path / "repo" / ".git").write_text("gitdir: elsewhere")
    assert votes() == 7
    (tmp_path / "repo" / "pyproject.toml").write_text("[tool.copilot]\nvotes = 3\n")
    assert votes() == 3
    (inner.parent / "pyproject.toml").write_text("[tool.other]\nvotes = 9\n")
    assert votes() == 3
    (inner.parent / "pyproject.toml").write_text("not toml, and none of our business")
    assert votes() == 3
    (tmp_path / "repo" / "copilot.toml").write_text("votes = 4\n")
    with pytest.raises(ConfigurationError, match="holds both"):
        votes()


def test_places_are_relative_to_the_file_that_names_them(project: Path, user: Path) -> None:
    inner = project / "sub"
    inner.mkdir()
    (project / "copilot.toml").write_text('prompts_dir = "mine"\ncache = "off"\n')
    settings = load_settings(environ={}, cwd=inner, user_folder=user)
    assert (settings.prompts_dir, settings.cache) == (project / "mine", None)
    settings = load_settings({"prompts_dir": "mine"}, environ={"COPILOT_CACHE": "~/c"}, cwd=inner, user_folder=user)
    assert (settings.prompts_dir, settings.cache) == (inner / "mine", Path("~/c").expanduser())


def test_prices_come_from_files(project: Path, user: Path) -> None:
    (project / "copilot.toml").write_text('[prices."org/m-1"]\ninput = 1\noutput = 2.5\n')
    prices = load_settings(environ={"COPILOT_PRICES": "1"}, cwd=project, user_folder=user).prices
    assert (prices["org/m-1"].input, prices["org/m-1"].output) == (1.0, 2.5)


@pytest.mark.parametrize(
    ("environ", "configured", "key"),
    [
        ({}, False, None),
        ({"COPILOT_MODEL": "m"}, False, None),
        ({"OPENAI_API_KEY": KEY}, False, KEY),
        ({"OPENAI_API_KEY": KEY, "COPILOT_MODEL": "m"}, True, KEY),
        ({"OPENAI_BASE_URL": "http://127.0.0.1:11434/v1/", "COPILOT_MODEL": "m"}, True, PLACEHOLDER_KEY),
        ({"OPENAI_BASE_URL": "http://ollama:11434/v1", "COPILOT_MODEL": "m"}, True, PLACEHOLDER_KEY),
        ({"OPENAI_BASE_URL": "http://[::1]:8000/v1", "COPILOT_MODEL": "m"}, True, PLACEHOLDER_KEY),
        ({"OPENAI_BASE_URL": "https://api.example.org/v1", "COPILOT_MODEL": "m"}, True, None),
        ({"OPENAI_BASE_URL": "http://8.8.8.8/v1", "COPILOT_MODEL": "m"}, True, None),
    ],
)
def test_when_a_model_is_asked_and_with_which_key(
    project: Path, user: Path, environ: dict[str, str], configured: bool, key: str | None
) -> None:
    settings = load_settings(environ=environ, cwd=project, user_folder=user)
    assert settings.model_configured is configured
    assert not settings.base_url.endswith("/")
    if key is None:
        with pytest.raises(ConfigurationError, match="no API key"):
            settings.request_key()
    else:
        assert settings.request_key() == key


def test_nothing_that_is_shown_or_hashed_holds_the_key(project: Path, user: Path) -> None:
    settings = load_settings(environ={"OPENAI_API_KEY": KEY}, cwd=project, user_folder=user)
    shown = {spec.name: settings.shown(spec.name) for spec in SPECS}
    assert KEY not in repr(shown) + repr(settings) + repr(settings.result_shaping()) + settings.model_dump_json()
    assert "api_key" not in settings.result_shaping()
    assert "cache" not in settings.result_shaping()
    assert settings.result_shaping()["votes"] == 7


def test_every_setting_is_in_the_table_and_named_once() -> None:
    assert [spec.name for spec in SPECS] == [name for name in Settings.model_fields if name != "origins"]
    for names in ([spec.key for spec in SPECS], [name for spec in SPECS for name in spec.env]):
        assert len(names) == len(set(names))
    assert all(spec.about.help and spec.about.help.isascii() for spec in SPECS)


def test_an_unreadable_file_is_named(project: Path, user: Path) -> None:
    (project / "copilot.toml").write_bytes(b"votes = 3 # \xff\n")
    with pytest.raises(ConfigurationError) as caught:
        load_settings(environ={}, cwd=project, user_folder=user)
    assert caught.value.reason == "It is not UTF-8 text."
    (project / "copilot.toml").write_bytes(b"\xef\xbb\xbfvotes = 3\n")
    assert load_settings(environ={}, cwd=project, user_folder=user).votes == 3


def test_folders_that_cannot_be_entered_hold_nothing(
    project: Path, user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "is_file", refuse)
    monkeypatch.setattr(Path, "exists", refuse)
    assert load_settings(environ={}, cwd=project, user_folder=user).votes == 7


@given(st.text(max_size=30))
def test_no_text_in_a_variable_is_more_than_a_configuration_error(text: str) -> None:
    for name in ("COPILOT_VOTES", "OPENAI_BASE_URL", "OPENAI_API_KEY", "COPILOT_MODEL", "COPILOT_CACHE"):
        assert name in said_of({name: text}, otherwise=name)


def said_of(environ: dict[str, str], otherwise: str) -> str:
    try:
        load_settings(environ=environ, cwd=Path(os.sep), user_folder=Path(os.sep) / "nowhere")
    except ConfigurationError as error:
        return error.message
    return otherwise
