"""Desktop: menu entry, icons and file types for the current user; knows files and the registry, no window."""

from wsiview.desktop.installation import install, remove
from wsiview.desktop.outcome import Outcome

__all__ = ["Outcome", "install", "remove"]
