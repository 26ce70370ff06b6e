#!/usr/bin/env python3
"""Uses the program on the real slides for hundreds of actions, as a pathologist would, in a window on a real X display.

    python tests/long_session.py PICTURES [--actions 300] [--seed 1] [--size 1920x1080]

Starts Xvfb (with openbox, where it is installed), fits a clustering, starts `wsiview` on several slides and works
through mouse and keys: xdotool moves them, ImageMagick takes the pictures. Writes `log.csv` (time, action, seconds
until the window answered) and pictures into PICTURES. Status 1 if the program died, did not answer for 5 s, or wrote an
exception into its log; the pictures are for eyes. Not collected by pytest.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from wsiview.gui.single_instance import Answer, hand_over
from wsiview.gui.start_request import StartRequest

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("WSIVIEW_SHARED", ROOT.parent / "shared")) / "data"
MODEL = SHARED / "models/pcam-vgg16-quarter"
SLIDES = (
    "aperio/CMU-1-Small-Region.svs", "generic/os-1-detail-he.tiff", "mosaics/pcam-mosaic-valid.tiff",
    "re-encoded/cmu-1-small-region-leica.scn", "hamamatsu/test3-DAPI-387.ndpi", "large/gigapixel-cmu-periodic.tiff",
)  # fmt: skip
SLOWEST = 5.0  # s that the window may take to answer
Act = Callable[[], None]


class Hands:
    """Mouse and keyboard on one display; places are shares of the slide's part of the window."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height

    def at(self, x: float, y: float) -> tuple[str, str]:
        # The slide lies between the bars above and below, left of the panels.
        return str(round(20 + x * (self.width - 380))), str(round(100 + y * (self.height - 180)))

    def move(self, x: float, y: float) -> None:
        self._do("mousemove", *self.at(x, y))

    def click(self, x: float, y: float, times: int = 1) -> None:
        self._do("mousemove", *self.at(x, y), "click", "--repeat", str(times), "--delay", "60", "1")

    def drag(self, x0: float, y0: float, x1: float, y1: float) -> None:
        self._do("mousemove", *self.at(x0, y0), "mousedown", "1")
        for step in range(1, 9):
            self._do("mousemove", *self.at(x0 + (x1 - x0) * step / 8, y0 + (y1 - y0) * step / 8))
        self._do("mouseup", "1")

    def wheel(self, x: float, y: float, notches: int, *held: str) -> None:
        for key in held:
            self._do("keydown", key)
        button = "4" if notches > 0 else "5"
        self._do("mousemove", *self.at(x, y), "click", "--repeat", str(abs(notches)), "--delay", "25", button)
        for key in held:
            self._do("keyup", key)

    def key(self, *keys: str) -> None:
        self._do("key", *keys)

    def hold(self, key: str, seconds: float) -> None:
        self._do("keydown", key)
        time.sleep(seconds)
        self._do("keyup", key)

    def write(self, text: str) -> None:
        self._do("type", "--delay", "15", text)

    @staticmethod
    def _do(*words: str) -> None:
        subprocess.run(["xdotool", *words], check=True)


class Session:
    """The program, and the log of what was done to it."""

    def __init__(self, pictures: Path, hands: Hands, words: list[str], seed: int) -> None:
        self.hands, self.random, self._pictures, self._words = hands, random.Random(seed), pictures, words
        self.done = 0
        self._file = (pictures / "log.csv").open("w", newline="", encoding="utf-8")
        self._log = csv.writer(self._file)
        self._log.writerow(("second", "action", "answered after s"))
        self._began = time.monotonic()
        self.slowest = 0.0
        self.program = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        program = subprocess.Popen([sys.executable, "-m", "wsiview", *self._words], start_new_session=True)
        until = time.monotonic() + 60
        while hand_over(StartRequest()) is not Answer.TAKEN:
            if time.monotonic() > until or program.poll() is not None:
                raise SystemExit("the window did not open")
            time.sleep(0.2)
        time.sleep(4)
        return program

    def do(self, words: str, act: Act, pause: float = 0.25) -> None:
        """One action; then the window must answer."""
        act()
        time.sleep(pause)
        if self.program.poll() is not None:
            raise SystemExit(f"the program ended with status {self.program.returncode} after: {words}")
        asked = time.monotonic()
        if hand_over(StartRequest(), patience=int(1000 * SLOWEST)) is not Answer.TAKEN:
            raise SystemExit(f"the window did not answer within {SLOWEST:g} s after: {words}")
        took = time.monotonic() - asked
        self.slowest = max(self.slowest, took)
        self.done += 1
        self._log.writerow((f"{time.monotonic() - self._began:.1f}", words, f"{took:.3f}"))
        self._file.flush()

    def picture(self, name: str) -> None:
        path = self._pictures / f"{self.done:03d}-{name}.png"
        subprocess.run(["import", "-window", "root", str(path)], check=True)

    def restart(self) -> None:
        """Close by key and start anew: what was written must be found again."""
        self.hands.key("ctrl+q")
        self.program.wait(timeout=20)
        self.program = self._start()

    def close(self) -> None:
        if self.program.poll() is None:
            self.program.send_signal(signal.SIGINT)
            try:
                self.program.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.program.kill()
                raise SystemExit("the program did not end when it was interrupted") from None
        self._file.close()


def habits(session: Session) -> list[tuple[int, str, Act]]:
    """What a reader does again and again, with how often."""
    hands, chance = session.hands, session.random

    def spot() -> tuple[float, float]:
        return chance.uniform(0.25, 0.75), chance.uniform(0.25, 0.75)

    def pressed(*keys: str) -> Act:
        return lambda: hands.key(chance.choice(keys))

    return [
        (14, "zoom in at the cursor", lambda: hands.wheel(*spot(), chance.randint(2, 5))),
        (9, "zoom out", lambda: hands.wheel(*spot(), -chance.randint(2, 6))),
        (16, "drag the slide", lambda: hands.drag(*spot(), *spot())),
        (6, "arrows", lambda: hands.key(*[chance.choice(("Left", "Right", "Up", "Down"))] * 3)),
        (7, "a magnification", pressed("1", "2", "3", "4", "5", "6")),
        (4, "the whole slide", pressed("f", "0")),
        (8, "look at the cursor's reading", lambda: hands.move(*spot())),
        (5, "peek", lambda: hands.hold("space", 0.5)),
        (5, "next field", pressed("n", "n", "shift+n")),
        (6, "strength of a class", pressed(*(f"shift+{letter}" for letter in "abcdef"))),
        (4, "a class off or on", pressed(*(f"alt+{letter}" for letter in "abcdef"))),
        (4, "a layer", pressed("s", "s", "g", "p")),
        (3, "full, half, none", pressed("h")),
        (3, "opacity", lambda: hands.wheel(*spot(), chance.choice((-2, 2)), "ctrl")),
        (4, "blink", lambda: hands.key("b", "b")),
        (2, "class against influence", lambda: hands.key("v", "v")),
        (2, "turn", pressed("r", "shift+r")),
        (1, "mirror", lambda: hands.key("x", "x")),
        (3, "a bookmark", lambda: hands.key("ctrl+b")),
        (2, "copy the picture", lambda: hands.key("ctrl+c")),
    ]


def ruler(hands: Hands) -> None:
    hands.key("l")
    hands.drag(0.4, 0.4, 0.6, 0.5)
    hands.key("Escape")


def area(hands: Hands) -> None:
    hands.key("a")
    for x, y in ((0.4, 0.55), (0.55, 0.5), (0.6, 0.65)):
        hands.click(x, y)
        time.sleep(0.1)
    hands.key("Return", "Escape")


def go_to(hands: Hands, place: str) -> None:
    hands.key("ctrl+l")
    time.sleep(0.3)
    hands.write(place)
    hands.key("Return", "Escape")


Special = tuple[str, str, Act, float, Act | None]
"""Words, the picture's name, the act, seconds to wait before the picture, and what ends it again."""


def special(session: Session) -> Iterator[Special]:
    """What is done now and then."""
    hands, key = session.hands, session.hands.key

    def pressed(*keys: str) -> Act:
        return lambda: key(*keys)

    yield "wait for the map", "map", pressed("f"), 25, None
    yield "influence with the classes", "influence", pressed("g"), 1, pressed("g")
    yield "ruler", "ruler", lambda: ruler(hands), 0.5, None
    yield "area", "area", lambda: area(hands), 0.5, None
    yield "curtain", "curtain", pressed("c"), 1, None
    yield "drag the curtain", "curtain-moved", lambda: hands.drag(0.5, 0.5, 0.35, 0.5), 1, pressed("c")
    yield "agreement", "agreement", pressed("ctrl+i"), 3, None
    yield "class against influence", "difference", pressed("v"), 1.5, pressed("v")
    yield "go to a place", "place", lambda: go_to(hands, "1100, 1400, 20×"), 1.5, None
    yield "turn by a quarter", "turned", pressed("r"), 1, pressed("shift+r")
    yield "second view", "second", pressed("d"), 3, None
    yield "pan both views", "linked", lambda: hands.drag(0.2, 0.5, 0.3, 0.6), 1, pressed("d")
    yield "figures of speed", "speed", pressed("F12"), 1, pressed("F12")
    yield "all keys", "keys", pressed("F1"), 1, pressed("Escape")
    yield "the slide alone", "alone", pressed("F11"), 1.5, pressed("F11")
    yield "next slide", "slide-2", pressed("Next"), 15, None
    yield "next slide", "slide-3", pressed("Next"), 20, None
    yield "next slide, with bounds", "slide-4", pressed("Next"), 12, None
    yield "next slide, fluorescence", "slide-5", pressed("Next"), 6, None
    yield "next slide, eight gigapixels", "slide-6", pressed("Next"), 8, None
    yield "back to the first slide", "first-again", pressed(*["Prior"] * 5), 10, None
    yield "close, and start again", "again", session.restart, 10, None
    yield "the bookmarks", "bookmarks", pressed("ctrl+shift+b"), 1, None


def work(session: Session, actions: int) -> None:
    """Habits, with something special in between at even distances."""
    chances = habits(session)
    specials = list(special(session))
    every = max(1, (actions - len(specials)) // (len(specials) + 1))
    for words, name, act, wait, end in specials:
        session.do(words, act, wait)
        session.picture(name)
        if end is not None:
            session.do(f"no more: {words}", end)
        for _ in range(every):
            _, habit, do = session.random.choices(chances, [often for often, _, _ in chances])[0]
            session.do(habit, do)
    while session.done < actions:
        _, habit, do = session.random.choices(chances, [often for often, _, _ in chances])[0]
        session.do(habit, do)
    session.picture("end")


def screen(size: str) -> subprocess.Popen[bytes]:
    """An X display of its own, named in DISPLAY."""
    read, write = os.pipe()
    shown = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{size}x24", "-nolisten", "tcp"],
        pass_fds=[write], stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(write)
    os.environ["DISPLAY"] = f":{os.read(read, 16).decode().strip()}"
    return shown


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("--actions", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--size", default="1920x1080")
    options = parser.parse_args()
    lacking = [tool for tool in ("Xvfb", "xdotool", "import") if shutil.which(tool) is None]
    if lacking or not SHARED.is_dir():
        raise SystemExit(f"needs {', '.join(lacking) or SHARED}, which is not there")
    options.pictures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ.update(WSIVIEW_DATA=str(folder / "data"), WSIVIEW_CACHE=str(folder / "cache"), QT_QPA_PLATFORM="xcb")
        (folder / "slides").mkdir()
        slides = [Path(shutil.copy(SHARED / "slides" / slide, folder / "slides")) for slide in SLIDES]
        clustering = folder / "six.clustering"
        fit = ["fit", *map(str, slides[1:3]), "--model", str(MODEL), "-k", "6", "--out", str(clustering)]
        subprocess.run([sys.executable, "-m", "wsiview", *fit], check=True, stdout=subprocess.DEVNULL)
        shown = screen(options.size)
        keeper = subprocess.Popen(["openbox"], stderr=subprocess.DEVNULL) if shutil.which("openbox") else None
        width, height = (int(side) for side in options.size.split("x"))
        words = [*map(str, slides), "--model", str(MODEL), "--clustering", str(clustering)]
        session = Session(options.pictures, Hands(width, height), words, options.seed)
        try:
            work(session, options.actions)
        finally:
            session.close()
            for process in (keeper, shown):
                if process is not None:
                    process.terminate()
                    process.wait()
            log = folder / "data" / "log" / "wsiview.log"
            text = log.read_text(encoding="utf-8") if log.exists() else ""
            (options.pictures / "wsiview.log").write_text(text, encoding="utf-8")
        bad = text.count("Traceback")
        print(f"{session.done} actions; slowest answer {session.slowest:.2f} s; {bad} exceptions in the log")
        return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
