"""Painted tissue is told from scanned tissue."""

from __future__ import annotations

from wsiview.scene.synthetic import remark_on


def test_the_demo_slide_is_called_synthetic_and_a_scanned_one_is_not() -> None:
    assert remark_on("synthetic-prostate-1-11264x8448") == "Synthetic tissue. Not a patient."
    assert remark_on("CMU-1-Small-Region") == ""
