"""Recordings of answers: the one place to import them from."""

from __future__ import annotations

from copilot.llm.exchanges import Exchange, RecordingHeader
from copilot.llm.recorder import Recorder
from copilot.llm.replay import FallbackCompleter, ReplayCompleter

__all__ = ["Exchange", "FallbackCompleter", "Recorder", "RecordingHeader", "ReplayCompleter"]
