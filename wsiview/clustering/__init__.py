"""Clustering: feature vectors in, K class vectors and exact class weights out; knows NumPy, SciPy and files."""

from wsiview.clustering.clustering import Clustering
from wsiview.clustering.clustering_file import read_slide_names, write_slide_names
from wsiview.clustering.geometry import Geometry
from wsiview.clustering.nnls import MAX_CLASSES, class_weights, kkt_violation

__all__ = [
    "MAX_CLASSES",
    "Clustering",
    "Geometry",
    "class_weights",
    "kkt_violation",
    "read_slide_names",
    "write_slide_names",
]
