"""A request means the same in every folder, and a message that nobody sane sends is no request."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from wsiview.gui.start_request import MOST_BYTES, StartRequest

PLAIN = {"protocol": 1, "files": ["/a.svs"], "model": None, "clustering": None, "demo": False, "token": ""}


def test_a_request_arrives_as_it_was_sent() -> None:
    request = StartRequest((Path("/a b.svs"), Path("/ü\udcff\n.svs")), Path("/model"), Path("/x.clustering"), True, "t")
    line = request.encode()
    assert line.count(b"\n") == 1
    assert StartRequest.decode(line) == request


def test_paths_are_those_of_the_folder_they_were_said_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_ACTIVATION_TOKEN", "token")
    request = StartRequest.from_here([Path("a.svs"), Path("/b.svs")], Path("model"), None)
    assert request == StartRequest((tmp_path / "a.svs", Path("/b.svs")), tmp_path / "model", None, False, "token")


@pytest.mark.parametrize(
    "change",
    [
        {"protocol": 2},
        {"files": "/a.svs"},
        {"files": ["a.svs"]},
        {"files": ["../a.svs"]},
        {"files": [1]},
        {"files": ["/a\0.svs"]},
        {"files": ["/" + "a" * 5000]},
        {"files": ["/a.svs"] * 1001},
        {"model": "model"},
        {"model": []},
        {"demo": "yes"},
        {"token": None},
        {"token": "t" * 5000},
    ],
)
def test_what_is_no_request_is_refused(change: dict[str, Any]) -> None:
    StartRequest.decode(json.dumps(PLAIN).encode())
    with pytest.raises(ValueError):
        StartRequest.decode(json.dumps({**PLAIN, **change}).encode())


@pytest.mark.parametrize("line", [b"", b"\n", b"[]\n", b"\xff\xfe\n", b"[" * 100_000 + b"\n", b" " * (MOST_BYTES + 1)])
def test_noise_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError):
        StartRequest.decode(line)
