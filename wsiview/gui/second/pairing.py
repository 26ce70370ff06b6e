"""Pairing: how the slides of the two views lie upon each other, by points, by hand, or as remembered."""

from __future__ import annotations

import math

from PySide6.QtCore import QObject

from wsiview.geometry import Region
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.gui.messages import Weight
from wsiview.gui.second.link import Link
from wsiview.gui.second.second_display import SecondDisplay
from wsiview.gui.session import Session
from wsiview.scene.alignment_account import account_of
from wsiview.scene.registration import SAME, Registration, middle_on_middle, registered


class Pairing(QObject):
    """Tells the link how the slides lie, and the preferences what was found out about them."""

    def __init__(self, session: Session, display: SecondDisplay, link: Link, first: SlideCanvas, second: SlideCanvas):
        """Know nothing of any two slides yet."""
        super().__init__(link)
        self._session, self._display, self.link = session, display, link
        self._first, self._second = first, second

    @property
    def of_two_slides(self) -> bool:
        """Whether there are two different slides to be aligned."""
        slides = self._fingerprints
        return slides is not None and slides[0] != slides[1]

    @property
    def has_points(self) -> bool:
        """Whether the slides were aligned by points."""
        return self.of_two_slides and bool(self.link.registration.pairs)

    def meet(self) -> None:
        """Lay the two slides upon each other as well as is known."""
        self.link.set_registration(self._known() if self.of_two_slides else SAME)

    def align(self, found: Registration) -> None:
        """Take what points have found, link the views by it, and say how well it fits."""
        self._keep(found)
        self.link.set_on(True)
        sentence, doubtful = account_of(found, *self._microns)
        self._session.tell(sentence, Weight.WARNING if doubtful else Weight.NOTE)

    def toggle_link(self, leader: SlideCanvas) -> None:
        """Let each view move alone, or both together.

        Views of one slide then meet where the leader is; two slides go on as they lie beside each other now.
        """
        if self.link.on:
            self.link.set_on(False)
            return
        if self.of_two_slides:
            self._keep(self.link.registration.adjusted(self._first.viewport, self._second.viewport))
        self.link.set_on(True, leader)

    def return_to_points(self) -> None:
        """Undo what was moved by hand since points were clicked."""
        now = self.link.registration
        self._keep(registered(now.pairs, mirrored=now.mirrored))

    def forget(self) -> None:
        """Lay the slides middle on middle, as if nothing had been found out about them."""
        if (slides := self._fingerprints) is not None:
            self._session.preferences.set_registration(*slides, None)
        self.meet()

    @property
    def _fingerprints(self) -> tuple[str, str] | None:
        first, second = self._session.slide, self._display.slide
        return None if first is None or second is None else (first.fingerprint, second.fingerprint)

    @property
    def _microns(self) -> tuple[float | None, float | None]:
        """µm per level-0 pixel of both slides, as displays know it before canvases do."""
        first, second = self._session.mpp, self._display.mpp
        return first[0] if first is not None else None, second[0] if second is not None else None

    def _keep(self, registration: Registration) -> None:
        if (slides := self._fingerprints) is not None:
            self._session.preferences.set_registration(*slides, registration)
        self.link.set_registration(registration)

    def _known(self) -> Registration:
        slides = self._fingerprints
        found = self._session.preferences.registration(*slides) if slides is not None else None
        first, second = self._first.fitting_region, self._second.fitting_region
        if found is not None or first is None or second is None:
            return found or SAME
        mpp = self._microns
        scale = mpp[0] / mpp[1] if mpp[0] and mpp[1] else _across(second) / _across(first)
        return middle_on_middle(first, second, scale)


def _across(region: Region) -> float:
    return math.hypot(region.width, region.height)
