"""Reporting: progress with time left, results and errors, for people or as JSON lines."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from wsiview.progress import Step


class Reporter:
    """Writes results to standard output, and to people progress and errors to standard error."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._on_line = False
        self._last = 0.0
        self._stage = ("", "")

    def step(self, step: Step) -> None:
        """Progress: on a terminal one line that rewrites itself, elsewhere a line every ten seconds."""
        now = time.monotonic()
        live = sys.stderr.isatty()
        last_word = step.done >= step.total
        due = 0.1 if live else 1.0 if self._as_json else 10.0
        stage = (step.thing, step.stage)
        if now - self._last < due and stage == self._stage and not last_word:
            return
        self._last, self._stage = now, stage
        if self._as_json:
            left = None if step.remaining is None else round(step.remaining, 1)
            facts = {"stage": step.stage, "done": step.done, "total": step.total, "remaining_seconds": left}
            self._write({"event": "progress", **({"thing": step.thing} if step.thing else {}), **facts})
            return
        share = 100 * step.done // max(1, step.total)
        where = f"{step.thing}, " if step.thing else ""
        text = f"{where}{step.stage}: {step.done} of {step.total} ({share} %){_time_left(step)}"
        if live:
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
            self._on_line = True
        else:
            print(text, file=sys.stderr, flush=True)

    def result(self, text: str, **facts: Any) -> None:
        """A finished thing: a sentence for people, its facts for programs."""
        self.close()
        if self._as_json:
            self._write({"event": "result", **facts})
        else:
            print(text, flush=True)

    def note(self, text: str) -> None:
        """Something to know that is no error."""
        self._say("note", text)

    def error(self, text: str) -> None:
        """One line that names the thing and says what to do."""
        self._say("error", " ".join(text.split()))

    def close(self) -> None:
        """End the line that rewrites itself."""
        if self._on_line:
            print(file=sys.stderr)
            self._on_line = False

    def _say(self, kind: str, text: str) -> None:
        self.close()
        if self._as_json:
            self._write({"event": kind, "message": text})
        else:
            print(f"wsiview: {text}", file=sys.stderr, flush=True)

    def _write(self, facts: dict[str, Any]) -> None:
        print(json.dumps(facts, ensure_ascii=False), flush=True)


def _time_left(step: Step) -> str:
    if step.remaining is None or step.done >= step.total:
        return ""
    seconds = round(step.remaining)
    if seconds < 60:
        return f", {seconds} s left"
    if seconds < 3600:
        return f", {seconds // 60} min {seconds % 60:02d} s left"
    return f", {seconds // 3600} h {seconds % 3600 // 60:02d} min left"
