"""Meanings panel: where the reader writes what a class is; it saves by itself and says so."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from wsiview.errors import ReviewError
from wsiview.gui.notebook import Notebook
from wsiview.gui.panels.gutter import Gutter
from wsiview.gui.panels.scrolling import scroll_down
from wsiview.gui.panels.swatch import Swatch
from wsiview.gui.timers import single_shot
from wsiview.review.meanings import CERTAINTIES, ROLES, Meaning
from wsiview.scene.layers import LayerStack

PAUSE = 300  # ms after the last key until what was written is kept
UNDECIDED = "—"
PER_LINE = 8  # letters side by side


class MeaningsPanel(QScrollArea):
    """Name, description, role and certainty of one class.

    Parameters
    ----------
    notebook
        Where the words are kept.
    """

    class_wanted = Signal(int)

    def __init__(self, notebook: Notebook, parent: QWidget | None = None) -> None:
        """Lay out the parts."""
        super().__init__(parent)
        self._notebook = notebook
        self._index = 0
        self._letters: list[Swatch] = []
        self._dirty = False
        self._timer = single_shot(self, PAUSE, self.save)
        self._build()
        notebook.meaning_changed.connect(self._follow)
        notebook.clustering_changed.connect(self._turn_page)
        self.show_layers(None)

    def show_layers(self, stack: LayerStack | None) -> None:
        """Offer these classes; None when the map goes, with which all that is written is kept."""
        if stack is None:
            self.save()
        looks = stack.classes if stack is not None else ()
        self._form_box.setVisible(bool(looks))
        self.empty.setVisible(not looks)
        if len(looks) != len(self._letters):
            self._make_letters(stack)
        for swatch, look in zip(self._letters, looks, strict=True):
            swatch.show_look(look)
            swatch.setToolTip(f"{look.name or 'Class ' + look.letter} (Shift+{look.letter})")
            swatch.setAccessibleName(f"Describe class {look.letter}")

    def put_exemplars(self, strip: QWidget) -> None:
        """Show these between the name of the class and its description."""
        self._form.insertWidget(self._form.indexOf(self.name) + 1, strip)

    def show_class(self, index: int) -> None:
        """Turn to another class; what was written about the one before is kept first."""
        self.save()
        self._index = index
        self._fill()

    def save(self) -> None:
        """Keep what has been written."""
        self._timer.stop()
        if not self._dirty:
            return
        self._dirty = False
        try:
            self._notebook.write(self._index, self._written())
        except ReviewError as error:
            self._dirty = True  # still unsaved: the next key or the way out tries again
            self._show_state("error", f"not saved: {error}")
        else:
            self._show_saved()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Leaving a field keeps it; undo belongs to the window, which knows what was kept."""
        if event.type() == QEvent.Type.FocusOut:
            self.save()
        elif event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            undo, redo = QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo
            if event.matches(undo) or event.matches(redo):
                self.save()
                event.ignore()
                return True
        return super().eventFilter(watched, event)

    def _written(self) -> Meaning:
        before = self._notebook.meaning(self._index)
        role, certainty = self.role.currentData(), self.certainty.currentData()
        return Meaning(
            name=self.name.text().strip(),
            description=self.description.toPlainText().strip(),
            role=role,
            certainty=certainty,
            updated=before.updated,
        )

    def _mark(self) -> None:
        self._dirty = True
        self._show_state("saving", "saving…")
        self._timer.start()

    def _choose(self) -> None:
        self._mark()
        self.save()

    def _follow(self, index: int) -> None:
        if index == self._index:
            if not self._dirty and self._written().words != self._notebook.meaning(index).words:
                self._fill()
            self._show_saved()

    def _turn_page(self) -> None:
        self._timer.stop()
        self._dirty = False
        self._index = 0
        self._fill()

    def _fill(self) -> None:
        inherited = self._inherited()
        meaning = inherited or self._notebook.meaning(self._index)
        fields = (self.name, self.description, self.role, self.certainty)
        for field in fields:
            field.blockSignals(True)
        self.name.setText(meaning.name)
        self.description.setPlainText(meaning.description)
        self.role.setCurrentIndex(max(0, self.role.findData(meaning.role)))
        self.certainty.setCurrentIndex(max(0, self.certainty.findData(meaning.certainty)))
        for field in fields:
            field.blockSignals(False)
            field.setEnabled(self._notebook.writable)
        self._dirty = False
        for position, swatch in enumerate(self._letters):
            swatch.setChecked(position == self._index)
        if not self._notebook.writable:
            self._show_state("error", f"read-only: {self._notebook.fault}")
        elif inherited is not None:
            self._show_state("inherited", "inherited from an earlier clustering, not re-read")
        elif meaning.updated:
            self._show_state("saved", f"saved {_clock(meaning.updated)}")
        else:
            self._show_state("saved", "saves by itself")

    def _inherited(self) -> Meaning | None:
        clustering = self._notebook.clustering
        return None if clustering is None else self._notebook.inherited(clustering, self._index)

    def _confirm(self) -> None:
        """The reader has looked again: what was inherited is said of this class now."""
        self._mark()
        self.save()

    def _show_saved(self) -> None:
        if not self._dirty:
            self._show_state("saved", f"saved {(self._notebook.saved_at or datetime.now()):%H:%M}")

    def _show_state(self, state: str, text: str) -> None:
        self.confirm.setVisible(state == "inherited")
        self.state.setText({"saved": "✓ ", "saving": "… ", "error": "✕ ", "inherited": "↷ "}[state] + text)
        self.state.setAccessibleName(text)
        self.state.setProperty("state", state)
        self.state.style().unpolish(self.state)
        self.state.style().polish(self.state)

    # Parts

    def _make_letters(self, stack: LayerStack | None) -> None:
        for swatch in self._letters:
            self._letter_box.removeWidget(swatch)
            swatch.deleteLater()
        self._letters = []
        for index, look in enumerate(stack.classes if stack is not None else ()):
            swatch = Swatch(look)
            swatch.setCheckable(True)
            swatch.setChecked(index == self._index)
            swatch.clicked.connect(lambda _=False, index=index: self._want_class(index))
            self._letter_box.addWidget(swatch, index // PER_LINE, index % PER_LINE)
            self._letters.append(swatch)

    def _want_class(self, index: int) -> None:
        self._letters[index].setChecked(index == self._index)
        self.class_wanted.emit(index)

    def _build(self) -> None:
        self.name = QLineEdit()
        self.name.setPlaceholderText("Name, for example cribriform tumour")
        self.name.setAccessibleName("Name of the class")
        self.description = QPlainTextEdit()
        self.description.setPlaceholderText("What these fields have in common")
        self.description.setAccessibleName("Description of the class")
        self.description.setTabChangesFocus(True)
        self.description.setUndoRedoEnabled(False)
        self.description.setMinimumHeight(44)
        self.role = _choice("Role of the class", ROLES)
        self.certainty = _choice("Certainty", CERTAINTIES)
        for field in (self.name, self.description, self.role, self.certainty):
            field.installEventFilter(self)
        self.name.textEdited.connect(self._mark)
        self.description.textChanged.connect(self._mark)
        self.role.activated.connect(self._choose)
        self.certainty.activated.connect(self._choose)
        self.state = QLabel()
        self.state.setObjectName("saveState")
        self.state.setWordWrap(True)
        self.confirm = QPushButton("It still holds")
        self.confirm.setToolTip("I have looked at this class again: keep these words for it")
        self.confirm.setAccessibleName("Keep the inherited words for this class")
        self.confirm.clicked.connect(self._confirm)
        self.empty = QLabel("Once a map is shown, name its classes here.")
        self.empty.setObjectName("hint")
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._lay_out()

    def _lay_out(self) -> None:
        self._letter_box = QGridLayout()
        self._letter_box.setSpacing(6)
        self._letter_box.setColumnStretch(PER_LINE, 1)
        choices = QGridLayout()
        choices.setHorizontalSpacing(10)
        choices.setVerticalSpacing(2)
        for column, (text, box) in enumerate((("Role", self.role), ("Certainty", self.certainty))):
            caption = QLabel(text)
            caption.setObjectName("caption")
            choices.addWidget(caption, 0, column)
            choices.addWidget(box, 1, column)
            choices.setColumnStretch(column, 1)
        self._form_box = QWidget()
        self._form = QVBoxLayout(self._form_box)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setSpacing(8)
        self._form.addLayout(self._letter_box)
        self._form.addWidget(self.name)
        self._form.addWidget(self.description, 1)
        self._form.addLayout(choices)
        self._form.addWidget(self.state)
        self._form.addWidget(self.confirm, 0, Qt.AlignmentFlag.AlignLeft)
        inside = QWidget()
        whole = QVBoxLayout(inside)
        whole.setContentsMargins(10, 8, 10, 8)
        whole.addWidget(self.empty)
        whole.addWidget(self._form_box, 1)
        whole.addStretch(0)
        scroll_down(self, inside)
        Gutter(self)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)


def _choice(accessible: str, words: tuple[str, ...]) -> QComboBox:
    box = QComboBox()
    box.addItem(UNDECIDED, "")
    for word in words:
        box.addItem(word, word)
    box.setAccessibleName(accessible)
    return box


def _clock(moment: str) -> str:
    """The time of day where it was today, else the date."""
    when = datetime.fromisoformat(moment).astimezone()
    return f"{when:%H:%M}" if when.date() == datetime.now().date() else f"{when:%d %b %Y}"
