"""Service: the child process that computes for the window, told what to do by JSON lines on standard input.

It runs the code of `wsiview map`; arrays reach the window through the map's blocks on disk.
It ends when its input ends, so it never outlives the window.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from queue import Empty, Queue
from typing import Any, BinaryIO

from wsiview.errors import WsiviewError
from wsiview.explain import protocol
from wsiview.explain.request import MapRequest
from wsiview.geometry import Region
from wsiview.progress import Cancelled, Progress, Step

Send = Callable[[dict[str, Any]], None]


class Service:
    """One job at a time; a newer request ends the one that runs."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._jobs: Queue[tuple[dict[str, Any], Progress] | None] = Queue()
        self._progress = Progress()  # of the newest job, begun or not
        self._focus: Region | None = None
        self._lock = threading.Lock()

    def hear(self, message: dict[str, Any]) -> None:
        """Take one message from the window; called on the listening thread."""
        match message.get("do"):
            case protocol.MAP:
                with self._lock:
                    self._focus = None
                    self._progress.cancel()
                    self._progress = Progress(self._tell)
                    self._jobs.put((message, self._progress))
            case protocol.FOCUS:
                self._focus = Region(*message["region"])
            case protocol.CANCEL:
                with self._lock:
                    self._progress.cancel()
            case protocol.QUIT:
                self.stop()
            case other:
                raise ValueError(f"unknown message {other!r}")

    def stop(self) -> None:
        """End after the running job has given up."""
        with self._lock:
            self._progress.cancel()
        self._jobs.put(None)

    def run(self) -> None:
        """Do jobs until told to stop; on the main thread."""
        self._send({"event": protocol.READY})
        while (job := self._newest()) is not None:
            try:
                self._map(*job)
            except Cancelled:
                self._send({"event": protocol.CANCELLED})
            except WsiviewError as error:
                self._send({"event": protocol.FAILED, "message": str(error)})

    def _newest(self) -> tuple[dict[str, Any], Progress] | None:
        job = self._jobs.get()
        while job is not None:
            try:
                job = self._jobs.get_nowait()
            except Empty:
                break
        return job

    def _map(self, job: dict[str, Any], progress: Progress) -> None:
        # Torch takes seconds to load: only once there is something to compute.
        from wsiview.explain.mapping import Listener, map_slide
        from wsiview.explain.opening import open_for

        request = MapRequest.from_json(job["request"])
        progress.report("loading the model", 0, 1)
        with open_for(request) as (slide, classifier, clustering):
            outcome = map_slide(
                request,
                slide,
                classifier,
                clustering,
                Path(job["out"]),
                progress,
                Listener(
                    opened=lambda path: self._send({"event": protocol.OPENED, "map": str(path)}),
                    block=lambda row, col: self._send({"event": protocol.BLOCK, "row": row, "col": col}),
                ),
                focus=lambda: self._focus,
            )
        self._send(
            {
                "event": protocol.FINISHED,
                "map": str(outcome.path),
                "patches": outcome.patches,
                "unreadable": outcome.unreadable,
                "note": outcome.note,
            }
        )

    def _tell(self, step: Step) -> None:
        self._send(
            {
                "event": protocol.PROGRESS,
                "stage": step.stage,
                "done": step.done,
                "total": step.total,
                "remaining": step.remaining,
            }
        )


def _listen(source: BinaryIO, service: Service) -> None:
    try:
        for line in source:
            service.hear(protocol.decode(line))
    finally:
        service.stop()  # also after a line that makes no sense: nobody would hear the window any more


def main() -> None:
    """Serve the window that started this process."""
    # Torch's idle threads would spin and take the window's core from it; read when torch is first loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # Whatever a library prints must not come between the lines: they get a channel of their own.
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    writing = threading.Lock()

    def send(message: dict[str, Any]) -> None:
        with writing:
            channel.write(protocol.encode(message))

    service = Service(send)
    threading.Thread(target=_listen, args=(sys.stdin.buffer, service), daemon=True).start()
    try:
        service.run()
    except BrokenPipeError:
        os._exit(0)  # the window has gone


if __name__ == "__main__":
    main()
