"""wsiview shows, on a whole-slide image, what a tile classifier sees."""

__version__ = "0.1.0"
