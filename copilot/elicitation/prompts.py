"""Prompt files: text with front matter, found by one function wherever the package is installed.

A file begins with front matter between ``---`` lines (YAML: id, version, reply, variables) and goes on with blocks,
each headed ``=== system``, ``=== user``, ``=== persona: NAME`` or ``=== wording: NAME``. ``{{name}}`` marks where a
declared variable goes; ``{{persona}}`` and ``{{wording}}`` take the block of that kind.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from pydantic import Field, ValidationError

from copilot.domain.value import Value
from copilot.errors import ConfigurationError
from copilot.llm.completer import Message

_HEAD = re.compile(r"^=== *(system|user|persona|wording)(?:: *([a-z0-9-]+))? *$")
_SLOT = re.compile(r"\{\{([a-z_]+)\}\}")
_OWN_SLOTS = frozenset({"persona", "wording"})


class Prompt(Value):
    """One prompt file.

    Parameters
    ----------
    id
        As in logs and recordings.
    version
        Raised whenever the text changes in a way that may change answers.
    reply
        Name of the reply schema.
    variables
        What has to be filled in; all of them, and no others.
    system, user
        Templates of the two messages; `system` may be empty.
    personas, wordings
        Variants by name; a task without variants has none.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    version: int = Field(ge=1)
    reply: str
    variables: tuple[str, ...]
    system: str = ""
    user: str = Field(min_length=1)
    personas: dict[str, str] = Field(default_factory=dict)
    wordings: dict[str, str] = Field(default_factory=dict)

    def messages(self, filled: Mapping[str, str], persona: str = "", wording: str = "") -> tuple[Message, ...]:
        """Fill in the templates; values are inserted as they are and never expanded again.

        Raises
        ------
        KeyError
            If a declared variable is missing or an undeclared one is given: a programming error.
        """
        if set(filled) != set(self.variables):
            raise KeyError(f"prompt {self.id} takes {sorted(self.variables)}, got {sorted(filled)}")
        values = dict(filled)
        if persona:
            values["persona"] = self.personas[persona]
        if wording:
            values["wording"] = self.wordings[wording]
        user = Message(role="user", content=_SLOT.sub(lambda slot: values[slot[1]], self.user))
        if not self.system:
            return (user,)
        return (Message(role="system", content=_SLOT.sub(lambda slot: values[slot[1]], self.system)), user)


def prompts_folder() -> Path:
    """Find the prompts that came with the package: inside the wheel, or beside it in a source tree."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "prompts"
    return inside if inside.is_dir() else package.parent / "prompts"


def prompt_path(prompt_id: str, folder: Path | None = None) -> Path:
    """Find the file of a prompt; one in `folder` goes before the one that came with the package.

    Raises
    ------
    ConfigurationError
        If there is no such prompt.
    """
    if folder is not None and not folder.is_dir():
        raise ConfigurationError(
            f"there is no folder {str(folder)!r} to take prompts from",
            advice=f"`copilot prompts eject {folder}` writes the packaged ones there.",
        )
    name = prompt_id.replace("-", "_") + ".md"
    for place in (folder, prompts_folder()):
        if place is not None and (place / name).is_file():
            return place / name
    known = ", ".join(sorted(path.stem.replace("_", "-") for path in prompts_folder().glob("*.md")))
    raise ConfigurationError(f"there is no prompt {prompt_id!r}", advice=f"The prompts are: {known}.")


def list_prompts(folder: Path | None = None) -> tuple[Prompt, ...]:
    """Read all prompts, sorted by id, with those in `folder` in place of the packaged ones."""
    ids = sorted(path.stem.replace("_", "-") for path in prompts_folder().glob("*.md"))
    return tuple(load_prompt(prompt_id, folder) for prompt_id in ids)


@lru_cache(maxsize=64)
def load_prompt(prompt_id: str, folder: Path | None = None) -> Prompt:
    """Read one prompt.

    Raises
    ------
    ConfigurationError
        If the file is missing or does not follow the format; the message names the file.
    """
    path = prompt_path(prompt_id, folder)
    try:
        return parse_prompt(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        problem = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise ConfigurationError(
            f"the prompt file {path.name} cannot be used",
            reason=f"{problem}.",
            advice="Write the packaged prompts anew with `copilot prompts eject DIR` and change those.",
        ) from error


def parse_prompt(text: str) -> Prompt:
    """Read the text of a prompt file.

    Raises
    ------
    ValueError
        If front matter, blocks or slots are wrong.
    """
    import yaml

    parts = re.split(r"(?m)^---$", text, maxsplit=2)
    if len(parts) != 3 or parts[0].strip():  # noqa: PLR2004 (before, front matter, after)
        raise ValueError("it does not begin with front matter between two --- lines")
    try:
        front = yaml.safe_load(parts[1])
    except yaml.YAMLError as error:
        raise ValueError(f"its front matter is not YAML ({str(error).splitlines()[0]})") from error
    if not isinstance(front, dict):
        raise ValueError("its front matter is not a mapping")  # noqa: TRY004 (one kind of error for one bad file)
    prompt = Prompt.model_validate({**front, **_blocks(parts[2])})
    used = set(_SLOT.findall(prompt.system + prompt.user)) - _OWN_SLOTS
    if used != set(prompt.variables):
        raise ValueError(f"it declares {sorted(prompt.variables)} and uses {sorted(used)}")
    for kind, variants in (("persona", prompt.personas), ("wording", prompt.wordings)):
        if (f"{{{{{kind}}}}}" in prompt.system + prompt.user) != bool(variants):
            raise ValueError(f"its {kind} blocks and its {{{{{kind}}}}} slot do not go together")
    return prompt


def _blocks(text: str) -> dict[str, str | dict[str, str]]:
    """Cut the body at its ``===`` lines."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for line in text.splitlines():
        head = _HEAD.match(line)
        if head:
            key = f"{head[1]}:{head[2] or ''}"
            if key in found:
                raise ValueError(f"the block {line.strip()!r} stands twice")
            current = found.setdefault(key, [])
        else:
            current.append(line)
    joined = {key: "\n".join(lines).strip() for key, lines in found.items()}
    blocks: dict[str, str | dict[str, str]] = {
        "system": joined.get("system:", ""),
        "user": joined.get("user:", ""),
    }
    for kind in ("persona", "wording"):
        blocks[f"{kind}s"] = {key.partition(":")[2]: body for key, body in joined.items() if key.startswith(kind)}
    return blocks
