import dataclasses
import json
import os
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from safetensors import safe_open

from wsiview.clustering import Clustering, Geometry, read_slide_names, write_slide_names
from wsiview.clustering.normality import Normality
from wsiview.errors import ClusteringError

GEOMETRY = Geometry(512, 256, 2, (16, 16), (8.0, 8.0), (196, 196), 0.344, 256, 0.1, "overlap")
KEY = "wsiview.clustering"


def make(**changes) -> Clustering:
    rng = np.random.default_rng(0)
    h = rng.random((3, 8))
    values = {
        "name": "prostate",
        "class_vectors": (h / np.linalg.norm(h, axis=1, keepdims=True)).astype(np.float32),
        "weight_quantiles": np.arange(16.0).reshape(4, 4),
        "manifest": np.array([[0, 10, 20], [1, 30, 40]]),
        "layer": "features.29",
        "rectify": False,
        "model_name": "vgg",
        "model_fingerprint": "ab" * 32,
        "geometry": GEOMETRY,
        "slides": ("aa", "bb"),
        "share": (0.5, 0.3, 0.2),
        "objective": (3.0, 2.0),
        "parameters": {"seed": 1, "tolerance": 1e-6},
        "created": "2026-01-02T03:04:05+00:00",
        "software": {"wsiview": "0.1.0"},
    }
    return Clustering(**(values | changes))


def rewritten(path: Path, tensors=None, text=None, drop=None, key: str = KEY) -> Path:
    """A saved clustering with some of its parts exchanged."""
    with safe_open(str(path), framework="numpy") as stream:
        arrays = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118
        description = json.loads(stream.metadata()[KEY])
    arrays |= tensors or {}
    for name in drop or ():
        arrays.pop(name)
    description |= text or {}
    path.write_bytes(safetensors.numpy.save(arrays, metadata={key: json.dumps(description)}))
    return path


NORMAL = Normality(np.array([2.0, 0.25]), np.array([[1.5, -0.1], [-0.1, 0.04]]), 9.2)


def test_the_normal_range_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "calibrated.clustering"
    make(normal={"overlap": NORMAL}).save(path)
    again = Clustering.load(path)
    assert again.normal["overlap"].to_json() == NORMAL.to_json()
    assert again.fingerprint == make().fingerprint
    with safe_open(str(path), framework="numpy") as stream:
        assert stream.get_slice("normal_cov").get_shape() == [1, 2, 2]


def test_a_file_without_a_normal_range_is_read(saved: Path) -> None:
    assert Clustering.load(rewritten(saved, text={"calibrated": []})).normal == {}
    with safe_open(str(saved), framework="numpy") as stream:
        description = json.loads(stream.metadata()[KEY])
    del description["calibrated"]  # as files were at first
    with safe_open(str(saved), framework="numpy") as stream:
        arrays = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118
    saved.write_bytes(safetensors.numpy.save(arrays, metadata={KEY: json.dumps(description)}))
    assert Clustering.load(saved).normal == {}


def test_a_normal_range_that_is_damaged_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "calibrated.clustering"
    make(normal={"overlap": NORMAL}).save(path)
    with pytest.raises(ClusteringError, match="normal range has no extent"):
        Clustering.load(rewritten(path, {"normal_cov": np.zeros((1, 2, 2))}))
    make(normal={"overlap": NORMAL}).save(path)
    with pytest.raises(ClusteringError, match="normal_cut"):
        Clustering.load(rewritten(path, drop=["normal_cut"]))


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "prostate.clustering"
    make().save(path)
    return path


def test_what_was_saved_comes_back(saved: Path) -> None:
    first, again = make(), Clustering.load(saved)
    for field in dataclasses.fields(Clustering):
        one, other = getattr(first, field.name), getattr(again, field.name)
        assert np.array_equal(one, other) if isinstance(one, np.ndarray) else one == other, field.name
    assert again.fingerprint == first.fingerprint
    assert again.class_vectors.dtype == np.float32
    assert not again.class_vectors.flags.writeable


def test_saving_leaves_one_file_with_equal_bytes_each_time(saved: Path) -> None:
    before = saved.read_bytes()
    make().save(saved)
    assert saved.read_bytes() == before
    assert [path.name for path in saved.parent.iterdir()] == ["prostate.clustering"]


def test_fortran_ordered_class_vectors_are_not_scrambled(tmp_path: Path) -> None:
    turned = make(class_vectors=np.asfortranarray(make().class_vectors))
    turned.save(tmp_path / "a.clustering")
    assert np.array_equal(Clustering.load(tmp_path / "a.clustering").class_vectors, make().class_vectors)
    assert turned.fingerprint == make().fingerprint


def test_the_fingerprint_is_of_vectors_model_and_layer_only() -> None:
    base = make().fingerprint
    assert make(name="other", created="", parameters={}, objective=()).fingerprint == base
    other = np.roll(make().class_vectors, 1, axis=0)
    assert (
        len(
            {
                base,
                *(
                    make(**c).fingerprint
                    for c in ({"layer": "x"}, {"model_fingerprint": "c"}, {"class_vectors": other})
                ),
            }
        )
        == 4
    )


def test_letters_scale_gram_and_dead_classes_are_read_off_the_arrays() -> None:
    h = make().class_vectors.copy()
    h[2] = 0
    clustering = make(class_vectors=h)
    assert clustering.letters == ("A", "B", "C")
    assert clustering.dead == (False, False, True)
    assert clustering.strength_scale == 14.0
    np.testing.assert_allclose(clustering.gram, h.astype(float) @ h.astype(float).T, atol=1e-12)


def test_the_strength_scale_is_never_zero() -> None:
    q = np.zeros((4, 4))
    assert make(weight_quantiles=q).strength_scale == 1.0
    q[3, 3] = 5.0
    assert make(weight_quantiles=q).strength_scale == 5.0


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"tensors": {"class_vectors": np.full((3, 8), np.nan, "f4")}}, "not finite"),
        ({"tensors": {"class_vectors": -np.eye(3, 8, dtype="f4")}}, "negative"),
        ({"tensors": {"class_vectors": 2 * np.eye(3, 8, dtype="f4")}}, "unit length"),
        ({"tensors": {"class_vectors": np.zeros((3, 8), "f4")}}, "empty"),
        ({"tensors": {"class_vectors": np.eye(4, 8, dtype="f4")}}, "3 × 8"),
        ({"tensors": {"class_vectors": np.eye(3, 9, dtype="f4")}}, "3 × 8"),
        ({"tensors": {"class_vectors": np.eye(3, 8)}}, "another number format"),
        ({"tensors": {"weight_quantiles": np.zeros((3, 4))}}, "percentiles"),
        ({"tensors": {"manifest": np.zeros((2, 2), "i8")}}, "list of patches"),
        ({"tensors": {"manifest": np.full((2, 3), 7)}}, "beyond its 2"),
        ({"tensors": {"class_vectors": np.eye(3, 8, k=1, dtype="f4")}}, "not the ones"),
        ({"drop": ["manifest"]}, "manifest is missing"),
        ({"text": {"version": 2}}, "newer wsiview"),
        ({"text": {"version": "1"}}, "damaged"),
        ({"text": {"K": 5}}, "damaged"),
        ({"text": {"model": None}}, "damaged"),
        ({"text": {"geometry": {}}}, "cell_stride"),
        ({"text": {"geometry": GEOMETRY.to_json() | {"trim": -1}}}, "damaged"),
        ({"text": {"objective": ["x"]}}, "damaged"),
        ({"text": {"share": [1.0]}}, "1 shares"),
        ({"key": "somebody else"}, "other safetensors"),
    ],
)
def test_damaged_files_are_refused_with_file_and_reason(saved: Path, changes, reason: str) -> None:
    with pytest.raises(ClusteringError, match=reason) as caught:
        Clustering.load(rewritten(saved, **changes))
    assert str(saved) in str(caught.value)


def test_every_cut_of_a_file_is_refused(saved: Path) -> None:
    content = saved.read_bytes()
    for length in [0, 1, 7, 8, 9, *range(10, len(content), 131), len(content) - 1]:
        saved.write_bytes(content[:length])
        with pytest.raises(ClusteringError, match=r"prostate\.clustering"):
            Clustering.load(saved)


def test_files_of_another_kind_are_refused(tmp_path: Path) -> None:
    for content in (b"hello", b"\x00" * 5000, b"\xff" * 5000, b"PK\x03\x04" + b"a" * 100):
        (tmp_path / "x.clustering").write_bytes(content)
        with pytest.raises(ClusteringError, match=r"x\.clustering"):
            Clustering.load(tmp_path / "x.clustering")
    for path in (tmp_path, tmp_path / "absent.clustering"):
        with pytest.raises(ClusteringError, match="not there"):
            Clustering.load(path)


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ClusteringError, match="can't be written"):
        make().save(tmp_path / "absent" / "x.clustering")


def test_a_full_disk_leaves_the_old_file_and_nothing_else(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = saved.read_bytes()

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ClusteringError, match="No space left on device"):
        make(name="new").save(saved)
    assert saved.read_bytes() == before
    assert [path.name for path in saved.parent.iterdir()] == ["prostate.clustering"]


def test_a_description_that_is_not_plain_json_is_refused(tmp_path: Path) -> None:
    for bad in ({"x": object()}, {"x": float("nan")}):
        with pytest.raises(ClusteringError, match="not plain JSON"):
            make(parameters=bad).save(tmp_path / "x.clustering")
    assert not list(tmp_path.iterdir())


def test_slide_names_stay_in_the_side_file(saved: Path) -> None:
    assert read_slide_names(saved) == {}
    before = saved.read_bytes()
    side = write_slide_names(saved, {"aa": "Müller 12/34"})
    assert side.name == "prostate.names.json"
    assert read_slide_names(saved) == {"aa": "Müller 12/34"}
    assert saved.read_bytes() == before
    side.write_text("[]")
    with pytest.raises(ClusteringError, match="damaged"):
        read_slide_names(saved)


@pytest.mark.parametrize(
    "changes",
    [
        {"step_pixels": 0},
        {"trim": -1},
        {"spacing": 0.0},
        {"spacing": float("nan")},
        {"label_region": 600},
        {"min_tissue": 2.0},
        {"evaluation": "other"},
    ],
)
def test_geometry_that_can_not_be_is_refused(changes) -> None:
    with pytest.raises(ValueError, match="its "):
        dataclasses.replace(GEOMETRY, **changes)
