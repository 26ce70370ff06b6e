"""Colors: the colour of each class, the same on every slide, in every session and in every file.

Eight that keep ΔE2000 ≥ 13 over stained tissue; none is pink, magenta or purple, where haematoxylin and eosin lie.
"""

COLORS = ("#FFFF00", "#DF5020", "#AFFFFF", "#007050", "#EF8F00", "#403000", "#60DF70", "#2080FF")


def class_color(index: int) -> str:
    """The colour of class `index` as #RRGGBB; from the ninth on they repeat, and are drawn hatched."""
    return COLORS[index % len(COLORS)]
