"""A transformer's signed tokens are fitted by semi-NMF and mapped from the command line, twice with the same bytes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from wsiview.cli import main
from wsiview.clustering.clustering import WEAKLY_IDENTIFIED, Clustering
from wsiview.maps.cell_state import COMPUTED
from wsiview.maps.cluster_map import ClusterMap

LAYER = "blocks.5.norm1"


@pytest.fixture(scope="module")
def words(
    bundle_folder: Callable[..., Path], tissue_image: Path, tmp_path_factory: pytest.TempPathFactory
) -> list[str]:
    """A slide, and a tiny vision transformer of which no layer is known by default."""
    pytest.importorskip("timm")
    slide = tmp_path_factory.mktemp("slide") / "small.png"
    Image.open(tissue_image).crop((200, 200, 520, 420)).save(slide)
    model = bundle_folder("timm/test_vit", 96, layer=LAYER, signed=True)
    return [str(slide), "--model", str(model), "--mpp", "0.5", "--threads", "1"]


def fit(words: list[str], out: Path, *more: str) -> Clustering:
    assert main(["fit", *words, "-k", "3", "--refits", "2", "--out", str(out), *more]) == 0
    return Clustering.load(out)


def mapped(words: list[str], clustering: Path, out: Path) -> ClusterMap:
    assert main(["map", *words, "--clustering", str(clustering), "--out", str(out)]) == 0
    (path,) = out.iterdir()
    return ClusterMap.open(path)


def test_a_vision_transformer_is_fitted_and_mapped_and_gives_the_same_bytes_again(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = (fit(words, tmp_path / f"{name}.clustering") for name in "ab")
    assert first.signed
    assert f"wsiview: {WEAKLY_IDENTIFIED}" in capsys.readouterr().err.splitlines()
    assert first.layer == LAYER
    assert first.class_vectors.min() < -0.01
    assert first.class_vectors.tobytes() == second.class_vectors.tobytes()
    assert first.geometry.evaluation == "overlap"
    assert "sees the whole patch" in first.parameters["evaluation_reason"]
    assert first.strength_scale > 0
    one, other = (mapped(words, tmp_path / "a.clustering", tmp_path / name) for name in ("one", "other"))
    assert one.attributes["clustering"]["method"] == "semi-nmf"
    there = one.state() == COMPUTED
    weights = one.weights()
    assert there.any()
    assert 0 <= weights.min() < weights.max()
    assert len(np.unique(one.argmax()[there])) >= 2
    residual = one.residual()[there]
    assert 0 < residual.mean() < 1
    for array in ("weights", "residual", "argmax"):
        assert getattr(one, array)().tobytes() == getattr(other, array)().tobytes()
    (name,) = one.saliency_names
    assert np.abs(one.saliency(name)[there]).max() > 0
    assert one.saliency(name).tobytes() == other.saliency(name).tobytes()
    assert main(["map", *words, "--clustering", str(tmp_path / "a.clustering"), "--out", str(tmp_path / "no"),
                 "--evaluation", "dense"]) == 1  # fmt: skip
    assert "can't be evaluated densely: each of its locations sees the whole patch" in capsys.readouterr().err


def test_another_layer_of_a_network_without_a_known_one_is_signed_as_its_bundle_says(
    words: list[str], tmp_path: Path
) -> None:
    found = fit(words, tmp_path / "x.clustering", "--layer", "blocks.2.norm1")
    assert (found.layer, found.signed) == ("blocks.2.norm1", True)
