"""Board: the shapes that lie on the slide of one canvas, the one that is selected, and the one that is being drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal

from wsiview.geometry import Point
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.gui.measuring.shape_painter import ShapePainter
from wsiview.gui.measuring.shape_picture import ShapePicture
from wsiview.gui.slide_book import SlideBook
from wsiview.review.items import Item
from wsiview.scene.measures import Mpp
from wsiview.scene.shapes import Shape, shape_from

KIND = "region"
_NEAR = 7.0
"""Screen pixels within which a line or a handle is hit."""


@dataclass(frozen=True, slots=True)
class Grip:
    """What a hand has taken: one point of a shape, or all of it (None), and where."""

    item: Item
    shape: Shape
    index: int | None
    start: Point

    def dragged(self, place: Point) -> Shape:
        """The shape with what was taken brought to a place."""
        dx, dy = place.x - self.start.x, place.y - self.start.y
        if self.index is None:
            return self.shape.moved(dx, dy)
        point = self.shape.points[self.index]
        return self.shape.with_point(self.index, Point(point.x + dx, point.y + dy))


class Board(QObject):
    """Knows the shapes of one canvas, paints them there and writes them into the book.

    Parameters
    ----------
    mpp
        Tells µm per level-0 pixel of the canvas's slide.

    Signals
    -------
    selected(Item | None)
        Another shape is selected, or none.
    """

    selected = Signal(object)

    def __init__(self, canvas: SlideCanvas, book: SlideBook, mpp: Callable[[], Mpp], parent: QObject) -> None:
        """Show what lies on the canvas's slide from now on."""
        super().__init__(parent)
        self.canvas, self._book, self._mpp = canvas, book, mpp
        self._shapes: dict[str, tuple[Item, Shape]] = {}
        self._selected: str | None = None
        self._draft: Shape | None = None
        self._dragged: str | None = None
        self._pictures: dict[str, tuple[Mpp, ShapePicture]] = {}
        self._painter = ShapePainter(canvas)
        book.changed.connect(self._take_change)
        canvas.slide_shown.connect(self._turn_page)
        self._turn_page()

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """What lies on the slide, oldest first."""
        return tuple(shape for _, shape in self._shapes.values())

    @property
    def selection(self) -> tuple[Item, Shape] | None:
        """What is selected."""
        return self._shapes.get(self._selected or "")

    @property
    def draft(self) -> Shape | None:
        """What is being drawn or dragged."""
        return self._draft

    @property
    def mpp(self) -> Mpp:
        """µm per level-0 pixel (x, y) of the slide."""
        return self._mpp()

    def show_draft(self, shape: Shape | None, instead_of: Item | None = None) -> None:
        """Show what is being drawn, or dragged in place of what was there; None for neither."""
        self._draft, self._dragged = shape, instead_of.item if instead_of is not None else None
        self.refresh()

    def add(self, shape: Shape) -> None:
        """Keep a shape that was drawn, and select it; what has no length is dropped."""
        self.show_draft(None)
        slide = self.canvas.slide
        if slide is not None and shape.is_something:
            item = Item(slide.fingerprint, KIND, shape.content)
            self._book.put(item, shape.kind)
            self.select(item.item)

    def change(self, item: Item, shape: Shape) -> None:
        """Keep a shape that was dragged."""
        self.show_draft(None)
        if shape.is_something:
            self._book.put(replace(item, content={**item.content, **shape.content}), shape.kind)

    def remove_selected(self) -> None:
        """Take the selected shape away."""
        if (chosen := self.selection) is not None:
            self._book.remove([chosen[0]], chosen[1].kind)

    def remove_all(self) -> None:
        """Take all shapes away, as one step."""
        self._book.remove([item for item, _ in self._shapes.values()], "measures")

    def select(self, item: str | None) -> None:
        """Select a shape by its item's name, or none."""
        chosen = item if item in self._shapes else None
        if chosen != self._selected:
            self._selected = chosen
            self.refresh()
            self.selected.emit(self.selection[0] if self.selection is not None else None)

    def select_next(self) -> None:
        """Select the next shape, round and round, and bring it into view."""
        names = list(self._shapes)
        if names:
            after = names.index(self._selected) + 1 if self._selected in names else 0
            self.select(names[after % len(names)])
            self._bring_into_view(self._shapes[names[after % len(names)]][1])

    def shape_at(self, place: Point) -> str | None:
        """The item whose line or label lies at a place, the newest where several do."""
        covered = (name for name in reversed(self._shapes) if self._painter.covers(name, place, _NEAR))
        return next(covered, None)

    def grip_at(self, place: Point) -> Grip | None:
        """What of the selected shape a press at a place takes."""
        if (chosen := self.selection) is None:
            return None
        item, shape = chosen
        reach = _NEAR * self.level0_per_screen_pixel
        away = [((point.x - place.x) ** 2 + (point.y - place.y) ** 2) ** 0.5 for point in shape.points]
        nearest = min(range(len(away)), key=away.__getitem__)
        if away[nearest] <= reach:
            return Grip(item, shape, nearest, place)
        return Grip(item, shape, None, place) if self.shape_at(place) == item.item else None

    @property
    def level0_per_screen_pixel(self) -> float:
        """How much of the slide one screen pixel shows."""
        return self.canvas.viewport.downsample * self.canvas.pixel_ratio

    def refresh(self) -> None:
        """Paint again: a shape or the slide's scale has changed."""
        mpp, draft, before = self.mpp, self._draft, self._pictures
        self._pictures = {}
        for name, (_, shape) in self._shapes.items():
            kept = before.get(name)
            same = kept is not None and kept[0] == mpp and kept[1].shape is shape
            self._pictures[name] = kept if same and kept is not None else (mpp, ShapePicture(shape, shape.words(mpp)))
        resting = {name: picture for name, (_, picture) in self._pictures.items() if name != self._dragged}
        held = resting.get(self._selected or "")
        if draft is not None:
            held = ShapePicture(draft, draft.words(mpp, finished=False))
        self._painter.show(resting, held)

    def _bring_into_view(self, shape: Shape) -> None:
        xs, ys = [point.x for point in shape.points], [point.y for point in shape.points]
        region = self.canvas.viewport.region
        if min(xs) < region.x or min(ys) < region.y or max(xs) > region.right or max(ys) > region.bottom:
            middle = Point((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2)
            self.canvas.set_viewport(self.canvas.viewport.centered(middle))

    def _take_change(self, slide: str) -> None:
        if self.canvas.slide is not None and slide == self.canvas.slide.fingerprint:
            self._read()

    def _turn_page(self) -> None:
        self._draft = self._dragged = None
        self._shapes = {}
        self.select(None)
        self._read()

    def _read(self) -> None:
        slide = self.canvas.slide
        found: dict[str, tuple[Item, Shape]] = {}
        for item in self._book.items(slide.fingerprint, KIND) if slide is not None else ():
            known = self._shapes.get(item.item)
            if known is not None and known[0].content is item.content:
                found[item.item] = item, known[1]
                continue
            try:
                shape = shape_from(item.content)
            except ValueError as error:
                self._book.failed.emit(str(error))
                continue
            if shape is not None:
                found[item.item] = item, shape
        self._shapes = found
        if self._selected not in found:
            self.select(None)
        self.refresh()
