"""Turn field: the angle at which the slide is seen, to be read and written."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QDoubleSpinBox, QHBoxLayout, QLabel, QPushButton, QWidget

from wsiview.gui.panels.floating import Floating
from wsiview.scene.viewport import Viewport


class TurnField(Floating):
    """Shows how a view is turned, and says what the reader wants.

    Signals
    -------
    angle_wanted(float), mirror_wanted(), back_wanted()
        Degrees clockwise; left and right exchanged; as scanned.
    """

    angle_wanted = Signal(float)
    mirror_wanted = Signal()
    back_wanted = Signal()

    def __init__(self, over: QWidget) -> None:
        """Lay out the parts, hidden."""
        super().__init__(over)
        self.setAccessibleName("Turn the slide")
        self.angle = QDoubleSpinBox()
        self.angle.setRange(0, 359.9)
        self.angle.setDecimals(1)
        self.angle.setWrapping(True)
        self.angle.setSuffix("°")
        self.angle.setKeyboardTracking(False)
        self.angle.setAccessibleName("Angle in degrees clockwise")
        self.angle.setToolTip("Degrees clockwise; arrows turn by 1°, page keys by 10°")
        self.mirrored = QCheckBox("Mirrored")
        self.mirrored.setToolTip("Exchange left and right (X)")
        self.back = QPushButton("Turn back")
        self.back.setToolTip("Show the slide as it was scanned (Shift+X)")
        self.back.setAutoDefault(False)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 8, 8)
        row.setSpacing(10)
        caption = QLabel("&Turned by")
        caption.setBuddy(self.angle)
        for widget in (caption, self.angle, self.mirrored, self.back, self.close_button()):
            row.addWidget(widget)
        self.angle.valueChanged.connect(self.angle_wanted)
        self.mirrored.clicked.connect(self.mirror_wanted)
        self.back.clicked.connect(self.back_wanted)

    def show_view(self, view: Viewport) -> None:
        """Show how this view is turned."""
        self.angle.blockSignals(True)
        self.angle.setValue(view.rotation % 360)
        self.angle.blockSignals(False)
        self.mirrored.setChecked(view.flipped)
        self.back.setEnabled(not view.upright)
