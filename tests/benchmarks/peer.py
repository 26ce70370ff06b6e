#!/usr/bin/env python3
"""Measures a peer and ours on the same slide: open until sharp, and jump to unvisited places at 1:1 until sharp.

    python tests/benchmarks/peer.py [SLIDE …] [--jumps 20] [--seed 1]

The peer is OpenSeadragon (canvas drawer) in headless Chromium, fed by OpenSlide's Deep Zoom generator over loopback
(JPEG quality 75, tiles of 254 px with 1 px overlap, as in OpenSlide's examples), all from public packages. Both show
1920 × 1080 px and jump to the same places. Before each jump ours forgets what it has decoded, and the peer is opened
anew, since it and the browser keep what they have. Chromium or npm missing, or no registry to be reached: it says so
and ends with status 0.

What is counted, in ms of the same machine in the same run:
  open, cold   until the whole slide is sharp and drawn. Ours: from the call that tries the file in a process of its own
               and opens it, in a process that has just started. The peer: from going to the page, in a Chromium that
               has just started. Starting either program is not counted.
  open, warm   the same in a program that has opened slides before; ours still tries the file, the peer has loaded page
               and script, and is counted from creating its viewer.
  jump         from the call that moves the view until all of it is sharp and drawn; for the peer the browser's own
               compositing after that is not counted.

OpenSeadragon asks for one tile a frame unless told otherwise, which alone takes as long as most of what is measured;
so it is measured as it comes, and again asking for all tiles at once. The second is the fairer opponent.
"""

from __future__ import annotations

import argparse
import io
import json
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import Any

import openslide
from openslide.deepzoom import DeepZoomGenerator

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("WSIVIEW_SHARED", ROOT.parent / "shared"))
PERIODIC = SHARED / "data/slides/large/gigapixel-cmu-periodic.tiff"
KEPT = Path(tempfile.gettempdir()) / "wsiview-benchmarks"
VERSION = "6.1.1"
SCRIPT = "package/build/openseadragon/openseadragon.min.js"
WIDTH, HEIGHT = 1920, 1080
TILE, OVERLAP, QUALITY = 254, 1, 75
ALL_AT_ONCE = 100  # more tiles than a view has
PATIENCE = 300  # seconds for all of it
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--no-proxy-server",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
    "--disable-default-apps", "--disable-breakpad", "--disable-crash-reporter",
    f"--window-size={WIDTH},{HEIGHT}", "--force-device-scale-factor=1",
)  # fmt: skip

PAGE = """<!DOCTYPE html><meta charset="utf-8"><title>peer</title>
<style>body { margin: 0 } #view { width: %(width)dpx; height: %(height)dpx }</style>
<div id="view"></div>
<script src="openseadragon.js"></script>
<script>
const places = %(places)s, figures = { open_ms: [], first_ms: [], jump_ms: [] };
const send = (path, facts) => fetch(path, { method: "POST", body: JSON.stringify(facts) });
const pause = (ms) => new Promise((go) => setTimeout(go, ms));
window.onerror = (text) => send("fault", { text });
window.onunhandledrejection = (event) => send("fault", { text: String(event.reason) });

// A view that has seen nothing else, of a slide whose tiles have addresses that the browser has not seen.
async function visit(number, [x, y]) {
  let arrived, first;
  const sharp = () => new Promise((go) => { arrived = go; });
  const opened = sharp(), started = performance.now();
  const viewer = OpenSeadragon({
    id: "view", tileSources: `${number}/slide.dzi`, drawer: "canvas", immediateRender: true, animationTime: 0,
    blendTime: 0, maxTilesPerFrame: %(tiles)d, showNavigationControl: false, showNavigator: false,
  });
  viewer.addHandler("open-failed", (event) => { throw new Error(event.message); });
  viewer.addHandler("tile-drawn", () => { first ??= performance.now(); });
  // The frame that is complete is drawn right after this is said, in the same turn.
  viewer.addHandler("open", () => viewer.world.getItemAt(0).addHandler("fully-loaded-change", (event) => {
    if (event.fullyLoaded) queueMicrotask(() => arrived(performance.now()));
  }));
  figures.page_ms ??= await opened;  // counted from the navigation
  figures.open_ms.push(await opened - started);
  figures.first_ms.push(first - started);
  await pause(300);
  const jumped = sharp(), left = performance.now(), viewport = viewer.viewport;
  viewport.zoomTo(viewport.imageToViewportZoom(1), null, true);
  viewport.panTo(viewport.imageToViewportCoordinates(x, y), true);
  figures.jump_ms.push(await jumped - left);
  await pause(100);
  const canvas = document.querySelector("#view canvas");
  Object.assign(figures, { width: canvas.width, height: canvas.height, ratio: devicePixelRatio });
  viewer.destroy();
}

(async () => {
  for (const [number, place] of places.entries()) await visit(number, place);
  send("figures", figures);
})();
</script>
"""


class PeerMissing(Exception):
    """What the peer needs is not here; says what."""


@dataclass(frozen=True)
class PeerFigures:
    """What a reader waits for, in ms.

    Parameters
    ----------
    page_ms
        From going to the page until the whole slide is sharp, in a browser that has just started.
    open_ms
        From creating a viewer until the whole slide is sharp, for each place.
    first_ms
        From creating it until the first tile is drawn, wherever it lies.
    jump_ms
        From the jump until all tiles are sharp.
    """

    page_ms: float
    open_ms: list[float]
    first_ms: list[float]
    jump_ms: list[float]


def measure_peer(
    slide_path: Path, places: Sequence[tuple[float, float]], tiles_per_frame: int = ALL_AT_ONCE
) -> PeerFigures:
    """Open a slide in the peer and jump to a place at 1:1, anew for each of the places.

    Parameters
    ----------
    places
        (x, y) in level-0 pixels: the middle of the view.

    Raises
    ------
    PeerMissing
        Without Chromium or OpenSeadragon.
    """
    chromium, script = _chromium(), _openseadragon()
    page = PAGE % {"width": WIDTH, "height": HEIGHT, "tiles": tiles_per_frame, "places": json.dumps(list(places))}
    with _server(slide_path, script, page.encode()) as server, _profile() as profile:
        address = f"http://127.0.0.1:{server.server_port}/"
        command = [chromium, *FLAGS, f"--user-data-dir={profile}", address]
        with open(Path(profile) / "log", "w+b") as log:
            browser = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
            try:
                facts = server.answer(browser)
            finally:
                _end(browser)
            if facts is None:
                log.seek(0)
                raise RuntimeError(f"Chromium gave no answer: {log.read()[-2000:].decode(errors='replace')}")
    if "text" in facts:
        raise RuntimeError(f"the page failed: {facts['text']}")
    if (facts["width"], facts["height"], facts["ratio"]) != (WIDTH, HEIGHT, 1):
        raise RuntimeError(f"the view has {facts['width']} × {facts['height']} pixels, not as many as ours")
    return PeerFigures(facts["page_ms"], facts["open_ms"], facts["first_ms"], facts["jump_ms"])


class _Server(ThreadingHTTPServer):
    """The slide as Deep Zoom, the page and its script; takes the page's figures."""

    daemon_threads = True

    def __init__(self, slide_path: Path, script: bytes, page: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files = {"/": ("text/html", page), "/openseadragon.js": ("text/javascript", script)}
        self._path, self._lock = slide_path, threading.Lock()
        self._slides: list[openslide.OpenSlide] = []
        self._zooms: dict[str, DeepZoomGenerator] = {}
        self._answered = threading.Event()
        self.facts: dict[str, Any] | None = None

    def zoom(self, visit: str) -> DeepZoomGenerator:
        """The slide as one visit sees it; opened by its first request, so that opening is counted."""
        with self._lock:
            if visit not in self._zooms:
                slide = openslide.OpenSlide(self._path)
                self._slides.append(slide)
                self._zooms[visit] = DeepZoomGenerator(slide, TILE, OVERLAP, limit_bounds=False)
            return self._zooms[visit]

    def server_close(self) -> None:
        super().server_close()
        for slide in self._slides:
            slide.close()

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # Chromium hangs up when it ends
            super().handle_error(request, client_address)

    def take(self, facts: dict[str, Any]) -> None:
        self.facts = facts
        self._answered.set()

    def answer(self, browser: subprocess.Popen[bytes]) -> dict[str, Any] | None:
        """What the page sent; None if the browser ended, or was too slow for any measure."""
        for _ in range(PATIENCE * 10):
            if self._answered.wait(0.1) or browser.poll() is not None:
                break
        return self.facts


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # connections are kept
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        _, visit, *rest = self.path.split("/")
        if self.path in self.server.files:
            self._send(*self.server.files[self.path])
        elif rest == ["slide.dzi"]:
            self._send("application/xml", self.server.zoom(visit).get_dzi("jpeg").encode())
        elif rest and rest[0] == "slide_files":
            column, row = rest[2].removesuffix(".jpeg").split("_")
            buffer = io.BytesIO()
            tile = self.server.zoom(visit).get_tile(int(rest[1]), (int(column), int(row)))
            tile.save(buffer, "jpeg", quality=QUALITY)
            self._send("image/jpeg", buffer.getvalue())
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        facts = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._send("text/plain", b"")
        self.server.take(facts)

    def _send(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        head = b"".join(self._headers_buffer) + b"\r\n"  # one write for both
        self._headers_buffer = []
        self.wfile.write(head + body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def _server(slide_path: Path, script: bytes, page: bytes) -> Iterator[_Server]:
    server = _Server(slide_path, script, page)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _profile() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(ignore_cleanup_errors=True)  # Chromium may still be writing its last words


def _chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if (found := shutil.which(name)) is not None:
            return found
    raise PeerMissing("there is no Chromium")


def _openseadragon() -> bytes:
    """Its script, fetched from the registry once and kept."""
    archive = KEPT / f"openseadragon-{VERSION}.tgz"
    if not archive.exists():
        if (npm := shutil.which("npm")) is None:
            raise PeerMissing("there is no npm to fetch OpenSeadragon with")
        KEPT.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=KEPT) as folder:
            fetch = [npm, "pack", f"openseadragon@{VERSION}", "--silent", "--pack-destination", folder]
            done = subprocess.run(fetch, capture_output=True, text=True, check=False, timeout=PATIENCE)
            if done.returncode:
                raise PeerMissing(f"npm could not fetch OpenSeadragon ({done.stderr.strip()[-300:]})")
            (Path(folder) / archive.name).rename(archive)
    with tarfile.open(archive) as files:
        script = files.extractfile(SCRIPT)
        assert script is not None
        return script.read()


def _end(browser: subprocess.Popen[bytes]) -> None:
    """End the browser with all its processes, which are a group of their own."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(browser.pid, number)
            browser.wait(5)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue


def places_on(slide_path: Path, count: int, seed: int) -> list[tuple[float, float]]:
    """Middles of views that lie on the slide as a whole, or as far as it reaches."""
    rng = random.Random(seed)
    with openslide.OpenSlide(slide_path) as slide:
        sides = slide.dimensions
    halves = [min(view, side) // 2 for view, side in zip((WIDTH, HEIGHT), sides, strict=True)]
    return [
        tuple(float(rng.randint(half, side - half)) for half, side in zip(halves, sides, strict=True))
        for _ in range(count)
    ]


def line(name: str, values: Sequence[float], ours: Sequence[float] | None = None) -> str:
    words = f"  {name:<46}{median(values):9.1f}   {min(values):.0f}–{max(values):.0f}"
    return words if ours is None else f"{words:<78}{median(values) / median(ours):6.1f} ×"


@dataclass(frozen=True)
class OurFigures:
    """The same for ours."""

    cold_ms: float
    warm_ms: float
    jump_ms: list[float]


def measure_ours(slide_path: Path, places: Sequence[tuple[float, float]]) -> OurFigures:
    """To be run in a process that has just started."""
    from canvas import measure_canvas
    from PySide6.QtWidgets import QApplication

    from wsiview.geometry import Point
    from wsiview.slide import tried

    application = QApplication(sys.argv[:1])  # lives as long as somebody holds it
    cold = measure_canvas(slide_path, [])
    tried._harmless.clear()  # else the file would be trusted, and opened sooner
    warm = measure_canvas(slide_path, [Point(*place) for place in places])
    application.quit()
    return OurFigures(cold.open_ms, warm.open_ms, warm.jump_ms)


def in_new_process(slide_path: Path, places: Sequence[tuple[float, float]]) -> OurFigures:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(measure_ours, slide_path, places).result()


def compare(slide_path: Path, jumps: int, seed: int, rounds: int) -> None:
    places = places_on(slide_path, jumps, seed)
    print(f"\n{slide_path.name}, {jumps} jumps, {rounds} openings; ms: median, range; how many times ours")
    ours, peers_of = [], {"all tiles at once": [], "as it comes": []}
    for _ in range(rounds):  # in turn, since the machine may be slower for a while
        ours.append(in_new_process(slide_path, places))
        for (_, peers), tiles in zip(peers_of.items(), (ALL_AT_ONCE, 1), strict=True):
            peers.append(measure_peer(slide_path, places, tiles))
    cold, warm = [one.cold_ms for one in ours], [one.warm_ms for one in ours]
    moved = joined(ours, "jump_ms")
    print(line("ours: open, cold", cold), line("ours: open, warm", warm), line("ours: jump", moved), sep="\n")
    for what, peers in peers_of.items():
        print(
            line(f"peer, {what}: open, cold", [one.page_ms for one in peers], cold),
            line(f"peer, {what}: open, warm", joined(peers, "open_ms"), warm),
            line(f"peer, {what}: first tile, warm", joined(peers, "first_ms")),
            line(f"peer, {what}: jump", joined(peers, "jump_ms"), moved),
            sep="\n",
            flush=True,
        )


def joined(figures: Sequence[object], name: str) -> list[float]:
    return [ms for one in figures for ms in getattr(one, name)]


def usual_slides() -> tuple[Path, ...]:
    """A real one, one of 8 gigapixels whose tiles share their bytes, and one of 100,000 × 80,000 px."""
    from canvas import REAL, big_slide

    if not SHARED.exists():
        raise SystemExit(f"needs the shared folder; {SHARED} is not there")
    return REAL, PERIODIC, big_slide()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("slides", nargs="*", type=Path, metavar="SLIDE")
    parser.add_argument("--jumps", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that Chromium is ended too
    try:
        _chromium(), _openseadragon()
        for path in arguments.slides or usual_slides():
            compare(path, arguments.jumps, arguments.seed, arguments.rounds)
    except PeerMissing as missing:
        print(f"skipped: {missing}")


if __name__ == "__main__":
    sys.exit(main())
