"""Server: a slide as Deep Zoom over loopback, with the page and its script; takes what the page has measured."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import openslide
from openslide.deepzoom import DeepZoomGenerator

TILE, OVERLAP, QUALITY = 254, 1, 75
PATIENCE = 300  # seconds for all of it


class Server(ThreadingHTTPServer):
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
    server: Server

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
def serving(slide_path: Path, script: bytes, page: bytes) -> Iterator[Server]:
    server = Server(slide_path, script, page)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
