from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from wsiview.errors import WsiviewError
from wsiview.export.provenance import (
    PAPER_LOOK,
    Provenance,
    png_payload,
    provenance,
    provenance_lines,
    read_payload,
)
from wsiview.geometry import Point, Size
from wsiview.maps import NOT_A_DIAGNOSIS
from wsiview.scene.layers import LayerStack, default_looks
from wsiview.scene.viewport import Viewport

VIEW = Viewport(Point(1000.5, 2000.25), 4.0, Size(800, 600), rotation=90.0, flipped=True)
STACK = LayerStack(default_looks(3, ("glands",)), strength=(1,), saliency="gradcam/1", opacity=0.7)


@pytest.fixture
def source() -> Provenance:
    about = {
        "model": {"name": "pcam"},
        "clustering": {"name": "six", "fingerprint": "c" * 64},
        "digest": "0123456789abcdef",
    }
    made = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)
    return provenance("case-17", "5" * 64, (0.344, 0.344), "wsiview 0.1.0", made, about)


def test_the_lines_name_slide_scale_model_clustering_map_software_and_date(source: Provenance) -> None:
    assert provenance_lines(source, STACK) == (
        NOT_A_DIAGNOSIS,
        "Slide case-17 · 0.344 µm/px",
        "Model pcam · clustering six · map 01234567",
        "wsiview 0.1.0 · 2026-05-04T12:30+00:00",
    )


def test_a_bare_slide_needs_no_warning_about_classes(source: Provenance) -> None:
    made = datetime(2026, 5, 4, tzinfo=UTC)
    bare = provenance("S", "5" * 64, None, "wsiview 0.1.0", made)
    assert provenance_lines(bare)[0] == "Slide S · uncalibrated"
    assert NOT_A_DIAGNOSIS not in provenance_lines(source, LayerStack(STACK.classes, hidden=True))


def test_the_paper_look_is_stamped(source: Provenance) -> None:
    assert PAPER_LOOK in provenance_lines(source, LayerStack(STACK.classes, look="paper"))


def test_a_picture_says_what_became_of_an_icc_profile() -> None:
    made = datetime(2026, 5, 4, tzinfo=UTC)
    source = provenance("S", "5" * 64, None, "wsiview 0.1.0", made, colors="as stored, ICC profile not applied")
    assert provenance_lines(source)[1] == "Colours: as stored, ICC profile not applied"
    assert read_payload(png_payload(source, VIEW, None))[0] == source
    older = json.loads(png_payload(source, VIEW, None))
    del older["source"]["colors"]
    assert read_payload(json.dumps(older))[0].colors == "", "pictures from before it was said can still be read"


def test_a_masked_name_is_in_neither_lines_nor_payload(source: Provenance) -> None:
    masked = source.masked()
    assert "case-17" not in " ".join(provenance_lines(masked, STACK))
    assert "case-17" not in png_payload(masked, VIEW, STACK)


def test_a_payload_brings_back_view_layers_and_source(source: Provenance) -> None:
    assert read_payload(png_payload(source, VIEW, STACK)) == (source, VIEW, STACK)
    assert read_payload(png_payload(source, VIEW, None))[2] is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"version": 1, "source": {}, "view": {}, "layers": null}'])
def test_a_damaged_payload_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(WsiviewError, match="open its slide by hand"):
        read_payload(text)


def test_a_later_payload_is_refused(source: Provenance) -> None:
    payload = {**json.loads(png_payload(source, VIEW, STACK)), "version": 2}
    with pytest.raises(WsiviewError, match="update wsiview"):
        read_payload(json.dumps(payload))
