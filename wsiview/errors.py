"""Errors: what can go wrong that is not a bug, each with the facts that its sentence is made of."""


class WsiviewError(Exception):
    """Something a user can act on; its text is one sentence that names the thing and says what to do."""


class UsageError(WsiviewError):
    """A command or request that contradicts itself (exit status 2)."""


class SlideError(WsiviewError):
    """A slide that can't be opened or read."""


class ModelError(WsiviewError):
    """A model bundle that can't be used."""


class ClusteringError(WsiviewError):
    """A clustering that can't be fitted, read or used here."""


class MapError(WsiviewError):
    """A cluster map that can't be made, read or shown here."""


class ReviewError(WsiviewError):
    """A review file that can't be read or written."""
