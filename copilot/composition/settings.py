"""Every setting, in one table: its type and bounds, its default, its words and where it may come from.

One line in `Settings` adds one setting: its TOML key, environment variable, flag, line in ``copilot init`` and row in
``copilot config show`` all follow from it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, SecretStr, TypeAdapter

from copilot.composition.endpoint import DEFAULT_BASE_URL, PLACEHOLDER_KEY, check_base_url, check_key, is_near
from copilot.composition.places import cache_folder
from copilot.domain.value import Value
from copilot.errors import ConfigurationError


@dataclass(frozen=True)
class About:
    """What is known of a setting beside its type.

    Parameters
    ----------
    help
        One line for people.
    key
        Name in TOML files; the field's own name if empty. ``COPILOT_<KEY>`` and ``--<key>`` follow from it.
    env
        Environment variables looked at before ``COPILOT_<KEY>``.
    flag
        The flag, if it is not ``--<key>``; ``"none"`` if there is none.
    in_files, in_env
        Whether a settings file, or the environment, may hold it.
    shapes_result
        Whether another value could change what is concluded, rather than how fast or at what price.
    is_place
        Whether it names a file or folder: relative to the file that names it, or else to the working folder.
    example
        TOML value shown by ``copilot init`` where the default says nothing.
    """

    help: str
    key: str = ""
    env: tuple[str, ...] = ()
    flag: str = ""
    in_files: bool = True
    in_env: bool = True
    shapes_result: bool = True
    is_place: bool = False
    example: str = ""


class Price(Value):
    """Price of a model in US dollars per million tokens."""

    input: float = Field(ge=0)
    output: float = Field(ge=0)


class Origin(Value):
    """Where the value of a setting came from; `detail` names the flag, variable or file."""

    source: Literal["flag", "environment", "project file", "user file", "stored key", "default"]
    detail: str = ""

    def __str__(self) -> str:
        """Write the origin on one line."""
        return f"{self.source} {self.detail}".strip()


def _listed(value: Any) -> Any:
    """Let one model stand where a list of models may."""
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    """Strip the names of models and drop repetitions; the first mention keeps its place."""
    stripped = tuple(dict.fromkeys(name.strip() for name in names))
    if any(not name or not name.isprintable() for name in stripped):
        raise ValueError("the name of a model is empty or holds control characters")
    return stripped


def _cache_place(value: Any) -> Any:
    return None if value == "off" else value


def _default_cache() -> Path:
    return cache_folder() / "answers.sqlite3"


def _processors() -> int:
    return min(os.cpu_count() or 1, 64)


FOCUSED_VOTES = 4
"""Ballots more than `votes` that a contested pair gets unless `max_votes` says otherwise."""


class Settings(Value):
    """All settings of one run; `origins` says of each where it came from."""

    base_url: Annotated[
        str,
        AfterValidator(check_base_url),
        About("Address of an OpenAI-compatible endpoint", env=("OPENAI_BASE_URL",), shapes_result=False),
    ] = DEFAULT_BASE_URL
    api_key: Annotated[
        SecretStr | None,
        AfterValidator(lambda key: key and check_key(key)),
        About("Key of the endpoint", env=("OPENAI_API_KEY",), flag="none", in_files=False, shapes_result=False),
    ] = None
    models: Annotated[
        tuple[str, ...],
        BeforeValidator(_listed),
        AfterValidator(_distinct),
        About("Model that votes; give several to let several vote", key="model", example='"gpt-4.1-mini"'),
    ] = ()
    temperature: Annotated[
        float | None,
        Field(ge=0, le=2),
        About("Sampling temperature; left to the provider unless set", example="0.7"),
    ] = None
    max_tokens: Annotated[
        int | None,
        Field(ge=1),
        About("Longest reply in tokens; left to the provider unless set", example="4096"),
    ] = None
    seed: Annotated[
        int,
        Field(ge=0, lt=2**63),
        About("Seed of every random choice", flag="none"),
    ] = 0
    votes: Annotated[
        int,
        Field(ge=1, le=1000),
        About("Ballots asked of the models"),
    ] = 7
    max_votes: Annotated[
        int,
        Field(ge=1, le=2000),
        About("Ballots at most on a contested pair; votes and 4 more unless set"),
    ] = 11
    challenge: Annotated[
        int,
        Field(ge=0, le=1000),
        About("Challengers who judge the voted graph; 0 for none"),
    ] = 3
    min_support: Annotated[
        float,
        Field(gt=0, le=1),
        About("Share of valid ballots that accepts an edge"),
    ] = 0.5
    quorum: Annotated[
        int | None,
        Field(ge=1),
        About("Valid ballots needed; a majority of votes unless set", example="4"),
    ] = None
    concurrency: Annotated[
        int,
        Field(ge=1, le=256),
        About("Requests in flight at once", shapes_result=False),
    ] = 8
    share: Annotated[
        Literal["names", "schema", "summary"],
        About("What leaves this machine: names and kinds; schema and summary widen it to categories and ranges"),
    ] = "names"
    voters: Annotated[
        Literal["auto", "llm", "data", "both"],
        About("Who votes; auto: the models if one is configured, else the data"),
    ] = "auto"
    resamples: Annotated[
        int,
        Field(ge=1, le=10000),
        About("Resamples of the rows that vote for the data"),
    ] = 100
    max_cost: Annotated[
        float | None,
        Field(ge=0),
        About("Stop before this many US dollars are spent", shapes_result=False, example="1.00"),
    ] = None
    deadline_s: Annotated[
        float,
        Field(gt=0, le=3600),
        About("Seconds for one request, its retries included", flag="--deadline", shapes_result=False),
    ] = 120
    cache: Annotated[
        Path | None,
        BeforeValidator(_cache_place),
        About("File that keeps valid replies, or off", shapes_result=False, is_place=True, example='"off"'),
    ] = Field(default_factory=_default_cache)
    prompts_dir: Annotated[
        Path | None,
        About("Folder whose prompt files go before the packaged ones", is_place=True, example='"prompts"'),
    ] = None
    jobs: Annotated[
        int,
        Field(ge=1, le=1024),
        About("Workers at the same time", shapes_result=False, example="2"),
    ] = Field(default_factory=_processors)
    prices: Annotated[
        dict[str, Price],
        About("US dollars per million tokens of a model", flag="none", in_env=False, shapes_result=False),
    ] = Field(default_factory=dict)
    origins: dict[str, Origin] = Field(default_factory=dict)

    @property
    def address(self) -> str:
        """Machine and port that requests go to."""
        return urlsplit(self.base_url).netloc

    @property
    def host(self) -> str:
        """Name of the machine that requests go to."""
        return urlsplit(self.base_url).hostname or ""

    @property
    def model_configured(self) -> bool:
        """Whether a model could be asked: one is named, and a key is set or the address is not the default one."""
        return not self.why_no_model

    @property
    def why_no_model(self) -> str:
        """What is missing before a model can be asked; empty if nothing is."""
        if not self.models:
            return "no model is named (COPILOT_MODEL, --model or `model` in copilot.toml)"
        if self.api_key is None and self.base_url == DEFAULT_BASE_URL:
            return "no API key is set (OPENAI_API_KEY or `copilot keys set`)"
        return ""

    def request_key(self) -> str:
        """Give the key to send.

        An endpoint on this machine or in a private network gets a placeholder if no key is set, since local servers
        want none and the client insists on one. Anywhere else a missing key is an error before anything is sent.

        Raises
        ------
        ConfigurationError
            If no key is set and the endpoint is a public one.
        """
        if self.api_key is not None:
            return self.api_key.get_secret_value()
        if is_near(self.host):
            return PLACEHOLDER_KEY
        raise ConfigurationError(
            f"no API key is set for {self.host}",
            reason="Only an endpoint on this machine or in a private network is asked without one.",
            advice="Set OPENAI_API_KEY, or store a key with `copilot keys set`.",
        )

    def shown(self, name: str) -> Any:
        """Give a setting as JSON can hold it; of the key only whether there is one."""
        value = getattr(self, name)
        if name == "api_key":
            return "set" if value else None
        if name == "cache":
            return str(value) if value else "off"
        return self.model_dump(mode="json", include={name})[name]

    def result_shaping(self) -> dict[str, Any]:
        """Give those settings that may change what is concluded, as JSON can hold them; a run's id is made of these."""
        return {spec.name: self.shown(spec.name) for spec in SPECS if spec.about.shapes_result}


@dataclass(frozen=True)
class Spec:
    """One row of the table of settings, read off `Settings`; see `About`."""

    name: str
    about: About
    adapter: TypeAdapter[Any]
    annotation: Any
    default: Any
    """``None`` if nothing is the default, or if it depends on the machine."""

    @property
    def key(self) -> str:
        """Name in TOML files."""
        return self.about.key or self.name

    @property
    def env(self) -> tuple[str, ...]:
        """Environment variables, first wins."""
        return (*self.about.env, f"COPILOT_{self.key.upper()}") if self.about.in_env else ()

    @property
    def flag(self) -> str:
        """The flag; empty if there is none."""
        return "" if self.about.flag == "none" else self.about.flag or "--" + self.key.replace("_", "-")


def _specs() -> Iterator[Spec]:
    for name, field in Settings.model_fields.items():
        about = next((item for item in field.metadata if isinstance(item, About)), None)
        if about is not None:
            kind = field.rebuild_annotation()
            adapter = TypeAdapter[Any](kind, config=ConfigDict(allow_inf_nan=False))
            default = None if field.default_factory else field.default
            yield Spec(name, about, adapter, field.annotation, default)


SPECS: tuple[Spec, ...] = tuple(_specs())
