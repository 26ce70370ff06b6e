"""Browser: Chromium and OpenSeadragon, as they are found or fetched here."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tarfile
import tempfile
from pathlib import Path

from peer_parts.server import PATIENCE

KEPT = Path(tempfile.gettempdir()) / "wsiview-benchmarks"
VERSION = "6.1.1"
SCRIPT = "package/build/openseadragon/openseadragon.min.js"


class PeerMissing(Exception):
    """What the peer needs is not here; says what."""


def profile() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(ignore_cleanup_errors=True)  # Chromium may still be writing its last words


def chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if (found := shutil.which(name)) is not None:
            return found
    raise PeerMissing("there is no Chromium")


def openseadragon() -> bytes:
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


def end(browser: subprocess.Popen[bytes]) -> None:
    """End the browser with all its processes, which are a group of their own."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(browser.pid, number)
            browser.wait(5)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue
