"""Analysis: the paper's figures and tables from arrays gathered out of maps; knows neither slides, torch nor Qt."""

from wsiview.analysis.patch_statistics import PatchStatistics, SaliencyStatistics, patch_statistics, per_patch
from wsiview.analysis.prediction import predicted_label
from wsiview.analysis.sampling import sample_patches

__all__ = [
    "PatchStatistics",
    "SaliencyStatistics",
    "patch_statistics",
    "per_patch",
    "predicted_label",
    "sample_patches",
]
