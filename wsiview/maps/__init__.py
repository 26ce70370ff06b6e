"""Maps: cluster maps as OME-Zarr folders, written block by block and read lazily (numpy, zarr and psutil only)."""

NOT_A_DIAGNOSIS = "Groups tissue that looks alike to this network. Not a diagnosis, not a segmentation."

__all__ = ["NOT_A_DIAGNOSIS"]
