"""Models: bundles, architectures, weights and devices; the only room that builds networks."""

from wsiview.models.bundle import Bundle, BundleError, read_bundle
from wsiview.models.default_layers import default_layer

__all__ = ["Bundle", "BundleError", "default_layer", "read_bundle"]
