"""A fit that is killed goes on where it was, and one that finds no room on disk computes again: with equal bits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from wsiview.clustering.clustering import Clustering
from wsiview.explain import fitting
from wsiview.explain.features_cache import rounded
from wsiview.explain.fitting import SlideEntry, fit_clustering
from wsiview.explain.settings import FitSettings
from wsiview.models.bundle import read_bundle
from wsiview.models.classifier import load_classifier
from wsiview.progress import Progress, Step
from wsiview.slide.opening import open_slide

KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {folder!r})
import {module} as test
for stage, done in (("features", 16), ("clustering", 1)):
    child = os.fork()  # before torch has started a thread: two deaths for one start of the interpreter
    if not child:
        def die(step, stage=stage, done=done):
            if step.stage.split(" of ")[0] == stage and step.done >= done:
                os.kill(os.getpid(), signal.SIGKILL)
        test.fitted(Path({bundle!r}), Path({image!r}), Path({cache!r}), test.Progress(die))
        os._exit(7)
    print(stage, os.waitpid(child, 0)[1], flush=True)
"""


def fitted(bundle: Path, image: Path, cache: Path, progress: Progress | None = None, **how: int) -> Clustering:
    classifier = load_classifier(read_bundle(bundle), "cpu")
    entries = [SlideEntry(partial(open_slide, image), (0.5, 0.5))]
    wanted = FitSettings(n_classes=7, max_patches=60)
    return fit_clustering(entries, classifier, wanted, "seven", cache, progress or Progress(), **how)[0]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_fit_killed_at_its_features_and_at_its_passes_ends_with_the_bits_of_an_undisturbed_one(
    bundle_folder: Callable[..., Path], tissue_image: Path, tmp_path: Path
) -> None:
    bundle, cut = bundle_folder(), tmp_path / "cut"
    code = KILLED.format(
        folder=str(Path(__file__).parent), module=Path(__file__).stem, bundle=str(bundle), image=str(tissue_image),
        cache=str(cut),
    )  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["features", str(int(signal.SIGKILL)), "clustering", str(int(signal.SIGKILL))]
    assert list(cut.glob("passes-*.safetensors"))
    heard: list[Step] = []
    resumed = fitted(bundle, tissue_image, cut, Progress(heard.append))
    passes = [step.done for step in heard if step.stage == "clustering"]
    assert passes[0] == 1, "the passes that were done are not done again"
    assert not [step for step in heard if step.stage == "clustering a sample"]
    whole = fitted(bundle, tissue_image, tmp_path / "whole")
    assert resumed.class_vectors.tobytes() == whole.class_vectors.tobytes()
    assert resumed.weight_quantiles.tobytes() == whole.weight_quantiles.tobytes()
    assert resumed.objective == whole.objective
    assert not cut.exists()


def test_vectors_that_find_no_room_on_disk_or_in_memory_are_computed_again_and_are_the_same(
    bundle_folder: Callable[..., Path], tissue_image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = bundle_folder()
    whole = fitted(bundle, tissue_image, tmp_path / "whole")
    monkeypatch.setattr(fitting, "_MEMORY", 0)
    streamed = fitted(bundle, tissue_image, tmp_path / "streamed")
    kept: set[int] = set()
    folder = tmp_path / "bare"
    watch = Progress(lambda step: kept.update(path.stat().st_size for path in folder.glob("[!p]*.safetensors")))
    bare = fitted(bundle, tissue_image, folder, watch, room=0)
    assert max(kept) < 1000
    for other in (streamed, bare):
        assert other.class_vectors.tobytes() == whole.class_vectors.tobytes()
        assert other.normal["overlap"].to_json() == whole.normal["overlap"].to_json()


def test_numbers_beyond_float16_are_kept_to_its_precision() -> None:
    vectors = np.random.default_rng(0).gamma(1.0, 1.0, (50, 8)).astype(np.float32)
    for scale in (1e-20, 1.0, 1e6, 1e30):
        np.testing.assert_allclose(rounded(vectors * np.float32(scale)), vectors * np.float32(scale), rtol=1e-3)
    assert rounded(rounded(vectors)).tobytes() == rounded(vectors).tobytes()
    assert not rounded(np.zeros((3, 2), np.float32)).any()
