"""Measuring: what a reader waits for in the peer."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from peer_parts.browser import chromium, end, openseadragon, profile
from peer_parts.page import PAGE
from peer_parts.server import serving

WIDTH, HEIGHT = 1920, 1080
ALL_AT_ONCE = 100  # more tiles than a view has
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--no-proxy-server",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
    "--disable-default-apps", "--disable-breakpad", "--disable-crash-reporter",
    f"--window-size={WIDTH},{HEIGHT}", "--force-device-scale-factor=1",
)  # fmt: skip


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
    program, script = chromium(), openseadragon()
    page = PAGE % {"width": WIDTH, "height": HEIGHT, "tiles": tiles_per_frame, "places": json.dumps(list(places))}
    with serving(slide_path, script, page.encode()) as server, profile() as folder:
        address = f"http://127.0.0.1:{server.server_port}/"
        command = [program, *FLAGS, f"--user-data-dir={folder}", address]
        with open(Path(folder) / "log", "w+b") as log:
            browser = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
            try:
                facts = server.answer(browser)
            finally:
                end(browser)
            if facts is None:
                log.seek(0)
                raise RuntimeError(f"Chromium gave no answer: {log.read()[-2000:].decode(errors='replace')}")
    if "text" in facts:
        raise RuntimeError(f"the page failed: {facts['text']}")
    if (facts["width"], facts["height"], facts["ratio"]) != (WIDTH, HEIGHT, 1):
        raise RuntimeError(f"the view has {facts['width']} × {facts['height']} pixels, not as many as ours")
    return PeerFigures(facts["page_ms"], facts["open_ms"], facts["first_ms"], facts["jump_ms"])
