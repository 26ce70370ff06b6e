"""Status line: where the cursor is, how large things are, and how far the computation has come."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QProgressBar, QStatusBar, QToolButton, QWidget

from wsiview.geometry import Point
from wsiview.progress import Step
from wsiview.scene.magnification import preset_at
from wsiview.scene.scale_bar import magnification


class StatusLine(QStatusBar):
    """Told, not asked; `cancelled` when the reader wants the computation to stop."""

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        """Lay out the parts."""
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self.place = self._label("Position", 0)
        self.scale = self._label("Magnification", 0)
        self.bad_tiles = self._label("Unreadable tiles", 0)
        self.stage = self._label("Progress", 0)
        self.bar = QProgressBar()
        self.bar.setFixedWidth(170)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Progress of the computation")
        self.cancel = QToolButton()
        self.cancel.setText("Stop")
        self.cancel.setToolTip("Stop computing; what is done stays (Ctrl+.)")
        self.cancel.setAccessibleName("Stop the computation")
        self.cancel.clicked.connect(self.cancelled)
        self.scale.setToolTip("The keys 1 to 6 magnify, 0 shows the whole slide")
        self.orientation = self._label("Orientation", 0)
        self.orientation.setToolTip("Shift+X turns the slide back")
        for widget in (self.scale, self.orientation, self.place):
            self.addWidget(widget)
        self.show_orientation("")
        for part in (self.bad_tiles, self.stage, self.bar, self.cancel):
            self.addPermanentWidget(part)
        self.bad_tiles.hide()
        self.show_step(None)

    def show_place(self, place: Point | None, mpp: tuple[float, float] | None) -> None:
        """Show a position in level-0 pixels and, where the scale is known, in µm."""
        if place is None:
            self.place.setText("")
            return
        words = f"x {place.x:,.0f}  y {place.y:,.0f} px".replace(",", "\u202f")
        if mpp is not None:
            words += f"   {place.x * mpp[0]:,.0f} × {place.y * mpp[1]:,.0f} µm".replace(",", "\u202f")
        self.place.setText(words)

    def show_scale(self, downsample: float | None, mpp: tuple[float, float] | None, pixel_ratio: float) -> None:
        """Show the magnification; honest where the slide's scale is unknown."""
        if downsample is None:
            self.scale.setText("")
        elif mpp is None:
            self.scale.setText(f"uncalibrated · {100 / (downsample * pixel_ratio):.3g} % of its pixels")
        else:
            microns = downsample * pixel_ratio * mpp[0]
            preset = preset_at(microns)
            self.scale.setText(magnification(microns) + (f" · key {preset.digit}" if preset is not None else ""))

    def show_orientation(self, words: str) -> None:
        """Say how the slide is turned; nothing while it is not."""
        self.orientation.setText(words)
        self.orientation.setVisible(bool(words))

    def show_bad_tiles(self, count: int) -> None:
        """Count tiles that could not be read."""
        self.bad_tiles.setVisible(count > 0)
        self.bad_tiles.setText(f"{count} unreadable {'tile' if count == 1 else 'tiles'}")

    def show_step(self, step: Step | None) -> None:
        """Show how far the computation has come; None when nothing is computed."""
        for widget in (self.stage, self.bar, self.cancel):
            widget.setVisible(step is not None)
        if step is None:
            return
        left = f" · {time_left(step.remaining)}" if step.remaining is not None and step.done < step.total else ""
        self.stage.setText(f"{step.stage[:1].upper()}{step.stage[1:]}{left}")
        self.stage.setToolTip(f"{step.done} of {step.total}" if step.total > 1 else "")
        # Counts may pass what a bar's int holds, and a total of 0 would make it a busy bar.
        self.bar.setRange(0, 1000)
        self.bar.setValue(round(1000 * step.done / step.total) if step.total else 0)

    def _label(self, name: str, width: int) -> QLabel:
        label = QLabel()
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setAccessibleName(name)
        if width:
            label.setMinimumWidth(width)
        return label


def time_left(seconds: float) -> str:
    """Seconds in words that do not flicker."""
    if seconds < 10:
        return "a few seconds left"
    if seconds < 55:
        return f"about {round(seconds / 10) * 10} s left"
    minutes = max(1, round(seconds / 60))
    if minutes < 60:
        return f"about {minutes} min left"
    tens = round(minutes / 10)
    hours, rest = tens // 6, 10 * (tens % 6)
    return f"about {hours} h left" if not rest else f"about {hours} h {rest} min left"
