"""Bring generated documents in step with the code, or check that they are.

Two documents are made from the code: the inventory in ARCHITECTURE.md (from the first line of every module) and
docs/commands.md (from the help of every command).
"""

from __future__ import annotations

import argparse
import ast
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- inventory: begin (made by scripts/docs.py) -->", "<!-- inventory: end -->"


def inventory() -> str:
    """List every module with the first line of its docstring, folder by folder."""
    lines: list[str] = []
    for folder in sorted({path.parent for path in (ROOT / "copilot").rglob("*.py")}):
        modules = [path for path in sorted(folder.glob("*.py")) if path.name != "__init__.py"]
        head = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))) or ""
        lines += ["", f"**`{folder.relative_to(ROOT)}/`** {head.splitlines()[0] if head else ''}".rstrip(), ""]
        for path in modules:
            text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            if not text:
                sys.exit(f"{path.relative_to(ROOT)} has no docstring")
            lines.append(f"- `{path.name}`: {text.splitlines()[0]}")
    return "\n".join(lines).strip() + "\n"


def architecture() -> str:
    """Put the inventory into ARCHITECTURE.md."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{inventory()}{END}{after}"


def commands() -> str:
    """Write the help of every command, as a reader of the documentation wants it."""
    from copilot.cli.commands import help_paths

    parts = [
        "# Commands",
        "",
        "Made by `scripts/docs.py` from the program's own help.",
        "",
    ]
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}
    for words in help_paths():
        shown = subprocess.run(
            [sys.executable, "-m", "copilot", *words, "--help"],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
            cwd=ROOT,
        ).stdout
        body = "\n".join(line.rstrip() for line in shown.strip().splitlines())
        parts += [f"## copilot {' '.join(words)}".rstrip(), "", "```text", body, "```", ""]
    return "\n".join(parts)


def main() -> int:
    """Write or check both documents."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if a document is out of step")
    check = parser.parse_args().check
    stale = []
    for name, make in (("ARCHITECTURE.md", architecture), ("docs/commands.md", commands)):
        path, text = ROOT / name, make()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if not check:
                path.write_text(text, encoding="utf-8")
    if check and stale:
        print(f"out of step with the code: {', '.join(stale)}; run `make fix`")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
