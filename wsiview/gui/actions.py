"""Actions: one table of all that can be done; menus, keys, enabling and the sheet of keys are made from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from wsiview.gui import looks
from wsiview.gui.session import Session
from wsiview.scene.palette import MAX_CLASSES, class_letter

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow


def _always(session: Session) -> bool:
    return True


def _has_slide(session: Session) -> bool:
    return session.slide is not None


def _has_layers(session: Session) -> bool:
    return session.layers is not None


def _has_clear_look(session: Session) -> bool:
    return session.layers is not None and session.layers.look != "paper"  # which stacks all classes instead


@dataclass(frozen=True)
class Action:
    """One thing that can be done.

    Attributes
    ----------
    menu
        Where it stands, as "Menu" or "Menu/Submenu"; a leading "-" puts a line above it.
    keys
        Shortcuts; none of them fires while a text field takes the key.
    checked
        For what is on or off: whether it is on.
    """

    name: str
    menu: str
    text: str
    keys: tuple[str, ...]
    run: Callable[[MainWindow], None]
    enabled: Callable[[Session], bool] = _always
    tip: str = ""
    checked: Callable[[Session], bool] | None = None


# Magnification × µm per screen pixel is 10.
MAGNIFICATIONS = (("1×", 10.0), ("2×", 5.0), ("4×", 2.5), ("10×", 1.0), ("20×", 0.5), ("40×", 0.25))


def _magnify(microns: float, window: MainWindow) -> None:
    window.magnify(microns)


def _has_saliency(session: Session) -> bool:
    return session.cluster_map is not None and bool(session.cluster_map.saliency_names)


def _toggle_saliency(window: MainWindow) -> None:
    session = window.session
    if session.layers is not None and session.cluster_map is not None:
        name = None if session.layers.saliency else next(iter(session.cluster_map.saliency_names), None)
        session.set_layers(looks.with_saliency(session.layers, name))


def _toggle_strongest(window: MainWindow) -> None:
    if (stack := window.session.layers) is not None:
        window.session.set_layers(looks.with_strongest(stack, not stack.strongest))


def _toggle_prediction(window: MainWindow) -> None:
    if (stack := window.session.layers) is not None:
        window.session.set_layers(looks.with_prediction(stack, not stack.prediction))


def _toggle_hidden(window: MainWindow) -> None:
    if (stack := window.session.layers) is not None:
        window.session.change_layers(hidden=not stack.hidden)


def _toggle_paper(window: MainWindow) -> None:
    if (stack := window.session.layers) is not None:
        window.session.change_layers(look="default" if stack.look == "paper" else "paper")


def _has_class(index: int) -> Callable[[Session], bool]:
    def has(session: Session) -> bool:
        stack = session.layers
        return stack is not None and index < len(stack.classes) and _has_clear_look(session)

    return has


def _shows_class(index: int) -> Callable[[Session], bool]:
    return lambda session: session.layers is not None and index in session.layers.strength


def _toggle_class(index: int) -> Callable[[MainWindow], None]:
    def run(window: MainWindow) -> None:
        if (stack := window.session.layers) is not None:
            window.session.select(index)
            window.session.set_layers(looks.with_strength(stack, index, add=False))

    return run


def _file_actions() -> Iterator[Action]:
    yield Action("open", "File", "Open slide…", ("Ctrl+O",), lambda w: w.asking.slide(), tip="Open a whole-slide image")
    yield Action(
        "model", "-File", "Choose model…", ("Ctrl+M",), lambda w: w.asking.model(),
        tip="Choose a model's folder (config.json)",
    )  # fmt: skip
    yield Action(
        "clustering", "File", "Choose clustering…", ("Ctrl+K",), lambda w: w.asking.clustering(),
        tip="Choose a .clustering file",
    )  # fmt: skip
    yield Action(
        "map", "File", "Show map…", (), lambda w: w.asking.map(), _has_slide, "Show a cluster map computed before"
    )
    yield Action(
        "export", "-File", "Export screenshot…", ("Ctrl+E",), lambda w: w.export_screenshot(), _has_slide,
        "Save what is shown as a PNG, with legend, scale bar and where it comes from",
    )  # fmt: skip
    yield Action(
        "copy", "File", "Copy screenshot", ("Ctrl+C",), lambda w: w.screenshots.copy(), _has_slide,
        "Put what is shown on the clipboard",
    )  # fmt: skip
    yield Action("quit", "-File", "Quit", ("Ctrl+Q",), lambda w: w.leave(), tip="Close the window")


def _edit_actions() -> Iterator[Action]:
    yield Action("undo", "Edit", "Undo", ("Ctrl+Z",), lambda w: w.undo(), lambda s: s.notebook.edits.canUndo())
    yield Action(
        "redo", "Edit", "Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), lambda w: w.redo(), lambda s: s.notebook.edits.canRedo()
    )


def _view_actions() -> Iterator[Action]:
    yield Action("fit", "View", "Fit the slide", ("F",), lambda w: w.canvas.fit(), _has_slide, "Show the whole slide")
    yield Action("zoom_in", "View", "Zoom in", ("Ctrl++", "Ctrl+="), lambda w: w.zoom(2.0), _has_slide)
    yield Action("zoom_out", "View", "Zoom out", ("Ctrl+-",), lambda w: w.zoom(0.5), _has_slide)
    for key, (name, microns) in zip("123456", MAGNIFICATIONS, strict=True):
        yield Action(
            f"magnify_{name}", "View/Magnification", f"{name}  ({microns:g} µm per pixel)", (key,),
            partial(_magnify, microns), _has_slide,
        )  # fmt: skip
    yield Action(
        "scale", "-View", "Scale of the slide…", (), lambda w: w.asking.mpp(), _has_slide,
        "Set how large a pixel is, in µm",
    )  # fmt: skip
    yield Action(
        "label", "View", "Slide label…", (), lambda w: w.asking.associated(),
        lambda s: s.slide is not None and bool(s.slide.associated),
        "Show the slide's label or overview photograph; it may show who the patient is",
    )  # fmt: skip
    yield Action("full", "-View", "Full screen", ("F11",), lambda w: w.toggle_full_screen())


def _layer_actions() -> Iterator[Action]:
    yield Action(
        "overlay", "Layers", "Show layers", ("O",), _toggle_hidden, _has_layers,
        "All layers on or off; hold Space to look beneath them",
        lambda s: s.layers is not None and not s.layers.hidden,
    )  # fmt: skip
    yield Action(
        "strongest", "-Layers", "Strongest class", ("S",), _toggle_strongest, _has_clear_look,
        "Which class is strongest in each cell", lambda s: bool(s.layers and s.layers.strongest),
    )  # fmt: skip
    yield Action(
        "influence", "Layers", "Influence map (Grad-CAM)", ("G",), _toggle_saliency, _has_saliency,
        "Where the tissue pushes the score up or down", lambda s: bool(s.layers and s.layers.saliency),
    )  # fmt: skip
    yield Action(
        "prediction", "Layers", "Model score", ("P",), _toggle_prediction, _has_layers,
        "The model's score on each patch's label region", lambda s: bool(s.layers and s.layers.prediction),
    )  # fmt: skip
    for index in range(MAX_CLASSES):
        letter = class_letter(index)
        yield Action(
            f"class_{letter}", "Layers/Strength of class", f"Class {letter}", (f"Shift+{letter}",),
            _toggle_class(index), _has_class(index), f"Show how strong class {letter} is, and describe it",
            _shows_class(index),
        )  # fmt: skip
    yield Action(
        "paper", "-Layers", "As in the paper", (), _toggle_paper, _has_layers,
        "All classes stacked, weak signals amplified", lambda s: bool(s.layers and s.layers.look == "paper"),
    )  # fmt: skip


def _explain_actions() -> Iterator[Action]:
    yield Action(
        "explain", "Explain", "Explain", ("F5", "Ctrl+Return"), lambda w: w.session.explain(), lambda s: s.can_explain,
        "Compute the cluster map of this slide, what is in view first",
    )  # fmt: skip
    yield Action(
        "cancel", "Explain", "Stop", ("Ctrl+.",), lambda w: w.session.cancel(), lambda s: s.computing,
        "Stop computing; what is done stays, and Explain goes on from there",
    )  # fmt: skip


def _help_actions() -> Iterator[Action]:
    yield Action("keys", "Help", "Keys", ("F1",), lambda w: w.asking.keys())
    yield Action("about", "Help", "About wsiview", (), lambda w: w.asking.about())


ACTIONS: tuple[Action, ...] = (
    *_file_actions(),
    *_edit_actions(),
    *_view_actions(),
    *_layer_actions(),
    *_explain_actions(),
    *_help_actions(),
)

CANVAS_KEYS: tuple[tuple[str, str], ...] = (
    ("Space (held)", "look beneath the layers"),
    ("Wheel", "zoom at the cursor"),
    ("Drag", "move the slide"),
    ("Arrows", "move the slide"),
    ("+ and −", "zoom"),
    ("0", "show the whole slide"),
    ("Click in the legend", "a class on or off; double-click: this one alone"),
    ("Ctrl + wheel", "opacity of the layers"),
    ("Esc", "back to the slide, dismiss the message"),
)
