"""Speed, measured as ratios and differences within one run; exits 1 if a promise is broken.

python benchmarks/run.py [NAME …]
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEAVY = ("pandas", "numpy", "openai", "networkx", "dowhy")
SLOW_S = 2.0


def timed(command: list[str], repeats: int, **options: object) -> float:
    """Give the median seconds of a command; the first run is left out, it fills the file cache."""
    seconds = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, **options)  # type: ignore[call-overload]
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds[1:])


def help_screen() -> tuple[str, bool]:
    """``copilot --help`` against a bare typer app with as many commands, in turn."""
    from copilot.cli.commands import ROOT as COMMANDS

    lines = ["import typer", "app = typer.Typer(add_completion=False, rich_markup_mode=None)"]
    for number in range(len(COMMANDS.commands)):
        lines += [f"@app.command('command-{number}')", f"def command_{number}(name: str = 'x'):", "    '''Do it.'''"]
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "bare.py"
        bare.write_text("\n".join([*lines, "app()"]))
        ours, theirs = [], []
        for _ in range(7):
            theirs.append(timed([sys.executable, str(bare), "--help"], 1))
            ours.append(timed([sys.executable, "-m", "copilot", "--help"], 1))
    code = "import sys; sys.argv=['copilot','--help']\nfrom copilot.cli.app import main\n"
    code += "try:\n main()\nexcept SystemExit: pass\n"
    code += f"print('LOADED', [m for m in {HEAVY!r} if m in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    ratio = statistics.median(ours) / statistics.median(theirs)
    clean = loaded.rstrip().endswith("LOADED []")
    text = f"--help {statistics.median(ours):.3f} s, bare typer {statistics.median(theirs):.3f} s, ratio {ratio:.2f}"
    return (
        f"{text} (at most 1.5); heavy libraries loaded: {'none' if clean else loaded.split('LOADED')[-1]}",
        ratio <= 1.5 and clean,
    )


class _Slow(BaseHTTPRequestHandler):
    """Answers every ballot after two seconds with the same small graph."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        """Wait, then answer."""
        self.rfile.read(int(self.headers["content-length"]))
        time.sleep(SLOW_S)
        text = json.dumps(
            {"plan": "", "edges": [{"from": "v1", "to": "v2", "reason": "r"}], "unsure": [], "unmeasured": []}
        )
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
        body = json.dumps({"id": "x", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]})
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True


def many_ballots() -> tuple[str, bool]:
    """24 ballots at concurrency 24 from a two-second endpoint, the whole process."""
    server = _Server(("127.0.0.1", 0), _Slow)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data.csv"
        rng = random.Random(0)
        data.write_text(
            "a,b,c\n" + "".join(f"{rng.gauss(0, 1)},{rng.gauss(0, 1)},{rng.gauss(0, 1)}\n" for _ in range(2000))
        )
        command = [sys.executable, "-m", "copilot", "suggest-graph", str(data), "--votes", "24", "--concurrency", "24"]
        command += [
            "--challenge",
            "0",
            "--max-votes",
            "24",
            "--yes",
            "--cache",
            "off",
            "--run-dir",
            str(Path(folder) / "run"),
        ]
        environment = {
            **os.environ,
            "OPENAI_BASE_URL": f"http://127.0.0.1:{server.server_port}/v1",
            "OPENAI_API_KEY": "sk-benchmark-0123456789",
            "COPILOT_MODEL": "m",
        }
        seconds = timed(command, 3, env=environment, cwd=folder)
    server.shutdown()
    over = seconds - SLOW_S
    return (
        f"24 ballots, {SLOW_S:.0f} s endpoint: {seconds:.2f} s, {over:.2f} s over the call's own time (at most 1.5)",
        over <= 1.5,
    )


def aggregation() -> tuple[str, bool]:
    """100 ballots over 60 variables."""
    from copilot.domain.consensus import VotingRules
    from copilot.domain.votes import EdgeVote, GraphBallot, Group, Voter
    from copilot.voting.consensus import form_consensus

    rng = random.Random(1)
    names = [f"x{number:02d}" for number in range(60)]
    likely = rng.sample([(a, b) for a in range(60) for b in range(60) if a != b], 240)
    ballots = []
    for number in range(100):
        drawn: dict[tuple[int, int], EdgeVote] = {}
        for a, b in likely:
            if rng.random() < 0.6 and (b, a) not in drawn:
                drawn[a, b] = EdgeVote(source=names[a], target=names[b], reason="because")
        voter = Voter(group=Group.LLM, source="m", ballot=number)
        ballots.append(GraphBallot(voter=voter, edges=tuple(drawn.values()), asked=frozenset(names)))
    start = time.perf_counter()
    consensus = form_consensus(names, ballots=ballots, rules=VotingRules())
    seconds = time.perf_counter() - start
    cuts = len(consensus.cycle_cuts)
    return f"100 ballots over 60 variables: {seconds:.2f} s, {cuts} edges cut (at most 1 s)", seconds <= 1.0


def graph_files() -> tuple[str, bool]:
    """Parse a graph file of 2,000 variables."""
    from copilot.data.graph_files import parse_graph

    rng = random.Random(2)
    lines = [
        f'"variable {b}" -> "variable {a}";' for a in range(2000) for b in {rng.randrange(a) for _ in range(3) if a}
    ]
    start = time.perf_counter()
    document = parse_graph("digraph {\n" + "\n".join(lines) + "\n}", "dot", "big.dot")
    seconds = time.perf_counter() - start
    size = f"{len(document.graph.nodes)} variables, {len(document.graph.edges)} edges"
    return f"DOT of {size}: {seconds:.2f} s (at most 2 s)", seconds <= 2.0


BENCHMARKS: tuple[Callable[[], tuple[str, bool]], ...] = (help_screen, many_ballots, aggregation, graph_files)


def main() -> int:
    """Run those named, or all."""
    wanted = sys.argv[1:]
    kept = True
    for benchmark in BENCHMARKS:
        if not wanted or benchmark.__name__ in wanted:
            text, good = benchmark()
            kept &= good
            print(f"{'ok  ' if good else 'FAIL'} {text}", flush=True)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
