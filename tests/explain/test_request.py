"""A request's digest speaks of what changes the numbers, and of nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from wsiview.explain.request import MapRequest


@pytest.fixture
def request_() -> MapRequest:
    return MapRequest(
        slide_path="/slides/a.svs", model_path="/m", clustering_path="/c", slide_name="a", slide_fingerprint="11",
        reader="openslide 4", model_name="net", model_fingerprint="22", clustering_name="six",
        clustering_fingerprint="33", mpp=(0.5, 0.5), spacing=0.5, allow_upsampling=False, evaluation="overlap",
        layer="features.42", rectify=False, patch=96, step=48, trim=1, label_region=48, min_tissue=0.1,
        saliency=("gradcam",), target=1, contrast="others", batch=16,
    )  # fmt: skip


def test_a_request_survives_json(request_: MapRequest) -> None:
    assert MapRequest.from_json(request_.as_json()) == request_


@pytest.mark.parametrize(
    "change",
    [
        {"slide_fingerprint": "x"}, {"model_fingerprint": "x"}, {"clustering_fingerprint": "x"}, {"mpp": (0.5, 0.51)},
        {"reader": "direct"}, {"trim": 2}, {"step": 96}, {"min_tissue": 0.2}, {"saliency": ()}, {"target": 0},
        {"evaluation": "dense"}, {"batch": 4}, {"allow_upsampling": True}, {"layer": "x"},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_what_changes_the_numbers_changes_the_name(request_: MapRequest, change: dict[str, object]) -> None:
    assert replace(request_, **change).digest() != request_.digest()
    assert replace(request_, **change).map_name() != request_.map_name()


@pytest.mark.parametrize("field", ["slide_path", "model_path", "clustering_path", "model_name"])
def test_where_things_lie_changes_nothing(request_: MapRequest, field: str) -> None:
    assert replace(request_, **{field: "elsewhere"}).digest() == request_.digest()


def test_a_name_that_no_folder_may_have_is_made_plain(request_: MapRequest) -> None:
    name = replace(request_, slide_name='a/b:c*"d', clustering_name="").map_name()
    assert name.startswith("a_b_c__d.unnamed.")
    assert name.endswith(".ome.zarr")
