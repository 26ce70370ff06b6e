"""The window does what a reader's mouse and keys ask for."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QApplication, QDialog, QDialogButtonBox, QFileDialog
from pytestqt.qtbot import QtBot

from wsiview.errors import ModelError
from wsiview.gui.application import make_window
from wsiview.gui.dialogs.mpp_dialog import MppDialog
from wsiview.gui.dialogs.sheets import Sheet
from wsiview.gui.main_window import MainWindow
from wsiview.gui.snapshot import Snapshot
from wsiview.maps.cell_state import COMPUTED

Wait = Callable[..., None]
LEFT = Qt.MouseButton.LeftButton


def drop(window: MainWindow, *paths: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    copy = Qt.DropAction.CopyAction
    enter = QDragEnterEvent(QPoint(200, 200), copy, mime, LEFT, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(window, QDropEvent(QPointF(200, 200), copy, mime, LEFT, Qt.KeyboardModifier.NoModifier))


def dialog_of(window: MainWindow, kind: type[QDialog]) -> Any:
    found = [dialog for dialog in window.findChildren(kind) if dialog.isVisible()]
    return found[0] if found else None


def test_a_dropped_slide_is_shown(window: MainWindow, case: Any, wait: Wait) -> None:
    drop(window, case.slide)
    wait(lambda: window.session.slide is not None)
    assert window.pages.currentWidget() is window.views
    assert "painted" in window.windowTitle()
    wait(lambda: window.canvas.is_sharp)
    assert window.companions.recent.paths == (case.slide,)


def test_a_file_that_is_no_slide_is_refused_in_a_sentence_and_the_old_slide_stays(
    window: MainWindow, case: Any, wait: Wait, tmp_path: Path
) -> None:
    drop(window, case.slide)
    wait(lambda: window.session.slide is not None)
    broken = tmp_path / "broken.svs"
    broken.write_bytes(b"nothing that a scanner wrote")
    drop(window, broken)
    wait(lambda: window.banner.isVisible())
    assert "broken.svs" in window.banner.message.text
    assert window.session.slide.path == case.slide
    QApplication.sendEvent(window, QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier))
    assert not window.banner.isVisible()


def test_the_slide_asked_for_last_is_the_one_shown(window: MainWindow, case: Any, wait: Wait, tmp_path: Path) -> None:
    other = tmp_path / "other.png"
    Image.fromarray(np.full((300, 400, 3), 200, np.uint8)).save(other)
    drop(window, case.slide)
    drop(window, other)
    wait(lambda: window.session.slide is not None and not window.session.sources.busy)
    assert window.session.slide.path == other


def test_slide_model_and_clustering_dropped_together_bring_their_finished_map(
    window: MainWindow, case: Any, finished_map: Path, wait: Wait
) -> None:
    shutil.copytree(finished_map, case.slide.parent / finished_map.name)
    drop(window, case.clustering, case.slide, case.model)
    wait(lambda: window.session.grids is not None)
    assert window.session.cluster_map.complete
    assert not window.session.computing
    assert [row.name.text() for row in window.docks.layers.rows] == ["Class A", "Class B", "Class C"]
    assert not window.sources.explain.isEnabled()


def test_a_map_is_computed_where_there_is_none(window: MainWindow, case: Any, wait: Wait) -> None:
    drop(window, case.slide, case.model, case.clustering)
    wait(lambda: window.session.computing)
    wait(lambda: window.status.bar.isVisible())
    wait(lambda: window.session.cluster_map is not None and window.session.cluster_map.complete)
    session = window.session
    wait(lambda: len(session.grids.blocks) == session.cluster_map.done().size)
    wait(lambda: not window.status.bar.isVisible())
    row, col = session.cluster_map.block_grid
    state = session.grids.block_at(row // 2, col // 2).state
    assert (state == COMPUTED).any()


def test_a_click_in_a_row_hides_its_class(mapped: MainWindow, qtbot: QtBot) -> None:
    row = mapped.docks.layers.rows[1]
    qtbot.mouseClick(row.visible_box, LEFT, pos=QPoint(6, row.visible_box.height() // 2))
    assert [look.visible for look in mapped.session.layers.classes] == [True, False, True]
    assert mapped.canvas.layers == mapped.session.layers


def test_one_strength_at_a_time_and_a_second_with_control(mapped: MainWindow, qtbot: QtBot) -> None:
    rows = mapped.docks.layers.rows

    def click(index: int, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        button = rows[index].strength
        qtbot.mouseClick(button, LEFT, modifier, QPoint(8, button.height() // 2))

    click(0)
    assert mapped.session.layers.strength == (0,)
    click(2)
    assert mapped.session.layers.strength == (2,)
    click(1, Qt.KeyboardModifier.ControlModifier)
    assert mapped.session.layers.strength == (2, 1)
    assert mapped.session.selected == 1
    click(2, Qt.KeyboardModifier.ControlModifier)
    assert mapped.session.layers.strength == (1,)
    click(1)
    assert mapped.session.layers.strength == ()
    assert not any(row.strength.isChecked() for row in rows)


def test_thresholds_and_opacity_follow_the_sliders(mapped: MainWindow, qtbot: QtBot) -> None:
    panel = mapped.docks.layers
    qtbot.keyClick(panel.rows[0].threshold, Qt.Key.Key_Right)
    assert mapped.session.layers.classes[0].threshold == pytest.approx(0.11)
    assert mapped.session.layers.strength == (0,), "the strength that it is the threshold of is shown"
    qtbot.keyClick(panel.looks.opacity, Qt.Key.Key_PageDown)
    assert mapped.session.layers.opacity == pytest.approx(0.9)
    assert panel.looks.opacity_text.text() == "90 %"
    mapped.docks.histogram.threshold_wanted.emit(0.4)
    assert mapped.session.layers.classes[0].threshold == pytest.approx(0.4)
    assert panel.rows[0].threshold.value() == 40


@pytest.mark.parametrize(
    ("key", "modifier", "shown"),
    [
        (Qt.Key.Key_S, Qt.KeyboardModifier.NoModifier, lambda s: not s.strongest),
        (Qt.Key.Key_G, Qt.KeyboardModifier.NoModifier, lambda s: s.saliency is not None),
        (Qt.Key.Key_P, Qt.KeyboardModifier.NoModifier, lambda s: s.prediction),
        (Qt.Key.Key_O, Qt.KeyboardModifier.NoModifier, lambda s: s.hidden),
        (Qt.Key.Key_B, Qt.KeyboardModifier.ShiftModifier, lambda s: s.strength == (1,)),
    ],
)
def test_each_layer_has_its_key(
    mapped: MainWindow, qtbot: QtBot, key: Qt.Key, modifier: Qt.KeyboardModifier, shown: Callable[[Any], bool]
) -> None:
    before = mapped.session.layers
    assert not shown(before)
    mapped.activateWindow()
    mapped.canvas.setFocus()
    qtbot.keyClick(mapped.canvas, key, modifier)
    assert shown(mapped.session.layers)
    qtbot.keyClick(mapped.canvas, key, modifier)
    assert mapped.session.layers == before


def test_no_key_of_the_window_fires_while_one_writes(mapped: MainWindow, qtbot: QtBot) -> None:
    before = mapped.session.layers
    name = mapped.docks.meanings.name
    mapped.activateWindow()
    name.setFocus()
    qtbot.keyClicks(name, "sogpf 1 SOG")
    assert name.text() == "sogpf 1 SOG"
    mapped.docks.meanings.save()
    assert mapped.session.layers.strongest == before.strongest
    assert mapped.session.layers.saliency is None
    assert not mapped.session.layers.hidden


def test_holding_space_looks_beneath_the_layers(mapped: MainWindow, qtbot: QtBot) -> None:
    mapped.canvas.setFocus()
    qtbot.keyPress(mapped.canvas, Qt.Key.Key_Space)
    assert mapped.session.layers.hidden
    qtbot.keyRelease(mapped.canvas, Qt.Key.Key_Space)
    assert not mapped.session.layers.hidden


def test_what_is_written_is_saved_by_itself_and_found_again(
    mapped: MainWindow, qtbot: QtBot, wait: Wait, case: Any
) -> None:
    panel = mapped.docks.meanings
    qtbot.keyClicks(panel.name, "crowded glands")
    assert "saving" in panel.state.text()
    wait(lambda: "saved" in panel.state.text())
    assert mapped.session.layers.classes[0].name == "crowded glands"
    assert mapped.docks.layers.rows[0].name.toolTip() or mapped.docks.layers.rows[0].name.text() == "crowded glands"
    mapped.close()
    again = make_window()
    drop(again, case.slide, case.model, case.clustering)
    wait(lambda: again.session.layers is not None)
    assert again.docks.meanings.name.text() == "crowded glands"
    assert again.session.layers.classes[0].name == "crowded glands"
    again.close()
    again.deleteLater()


def test_turning_to_another_class_keeps_what_was_just_written(mapped: MainWindow, qtbot: QtBot) -> None:
    panel = mapped.docks.meanings
    qtbot.keyClicks(panel.description, "pale stroma")
    qtbot.mouseClick(panel._letters[1], LEFT)
    assert mapped.session.selected == 1
    assert panel.description.toPlainText() == ""
    assert mapped.session.notebook.meaning(0).description == "pale stroma"
    qtbot.mouseClick(mapped.docks.layers.rows[0].name, LEFT)
    assert panel.description.toPlainText() == "pale stroma"


def test_words_are_undone_and_done_again(mapped: MainWindow, qtbot: QtBot, wait: Wait) -> None:
    panel, notebook = mapped.docks.meanings, mapped.session.notebook
    mapped.activateWindow()
    panel.name.setFocus()
    qtbot.keyClicks(panel.name, "lumen")
    wait(lambda: notebook.meaning(0).name == "lumen")
    qtbot.keyClicks(panel.name, "s of glands")
    qtbot.keyClick(panel.name, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert notebook.meaning(0).name == "lumen"
    assert panel.name.text() == "lumen"
    qtbot.keyClick(panel.name, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert notebook.meaning(0).name == ""
    modifiers = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(panel.name, Qt.Key.Key_Z, modifiers)
    qtbot.keyClick(panel.name, Qt.Key.Key_Z, modifiers)
    assert notebook.meaning(0).name == panel.name.text() == "lumens of glands"
    assert mapped.session.layers.classes[0].name == "lumens of glands"


def test_role_and_certainty_are_kept_at_once(mapped: MainWindow, qtbot: QtBot) -> None:
    panel = mapped.docks.meanings
    qtbot.keyClick(panel.role, Qt.Key.Key_Down)
    qtbot.keyClick(panel.certainty, Qt.Key.Key_Down)
    panel.save()
    meaning = mapped.session.notebook.meaning(0)
    assert (meaning.role, meaning.certainty) == ("speaks for", "sure")


def test_a_color_is_kept_for_the_clustering_and_can_be_undone(mapped: MainWindow) -> None:
    before = mapped.session.layers.classes[2].color
    mapped.docks.layers.recolored.emit(2, (1, 2, 3))
    assert mapped.session.layers.classes[2].color == (1, 2, 3)
    assert mapped.session.notebook.colors_of(mapped.session.notebook.clustering) == {2: (1, 2, 3)}
    mapped.menus.run("undo")
    assert mapped.session.layers.classes[2].color == before


def test_a_second_window_reads_the_review_and_says_why_it_does_not_write(
    mapped: MainWindow, case: Any, wait: Wait
) -> None:
    second = make_window()
    drop(second, case.slide, case.model, case.clustering)
    wait(lambda: second.session.layers is not None)
    assert not second.docks.meanings.name.isEnabled()
    assert "read-only" in second.docks.meanings.state.text()
    second.close()
    second.deleteLater()


def test_the_cursor_reads_every_class(mapped: MainWindow, qtbot: QtBot) -> None:
    qtbot.mouseMove(mapped.canvas, mapped.canvas.rect().center())
    mapped.canvas.hovered.emit(mapped.canvas.place_at(QPointF(mapped.canvas.rect().center())))
    panel = mapped.docks.probe
    qtbot.waitUntil(lambda: mapped.companions.reading.settled)
    assert panel.text("State") == "computed"
    assert panel.text("Strongest")[0] in "ABC"
    assert "not explained by any class" in panel.text("Unexplained")
    assert "for this patch" in panel.text("Model score")
    assert "px" in mapped.status.place.text()
    assert "uncalibrated" in mapped.status.scale.text()
    mapped.canvas.hovered.emit(mapped.canvas.place_at(QPointF(1, 1)))
    mapped.canvas.hovered.emit(None)
    qtbot.waitUntil(lambda: mapped.companions.reading.settled)
    assert panel.text("State") == "—"
    assert mapped.status.place.text() == ""


def test_a_panel_that_nobody_sees_is_true_when_it_comes_up(mapped: MainWindow, qtbot: QtBot) -> None:
    panel, reading = mapped.docks.probe, mapped.companions.reading
    for place, words in ((QPointF(mapped.canvas.rect().center()), "computed"), (None, "—")):
        before = panel.text("State")
        panel.parentWidget().hide()
        mapped.canvas.hovered.emit(place and mapped.canvas.place_at(place))
        qtbot.waitUntil(lambda: reading.settled)
        assert panel.text("State") == before
        mapped.docks.show_panel(panel)
        assert panel.text("State") == words


def test_a_screenshot_is_a_png_that_knows_where_it_came_from(mapped: MainWindow, wait: Wait, tmp_path: Path) -> None:
    mapped.menus.run("export")
    dialog = dialog_of(mapped, QFileDialog)
    assert dialog.selectedFiles()[0].endswith(".png")
    dialog.fileSelected.emit(str(tmp_path / "shot.png"))
    dialog.close()
    wait(lambda: mapped.banner.isVisible())
    assert mapped.banner.message.text == "Saved shot.png."
    with Image.open(tmp_path / "shot.png") as picture:
        assert picture.width == mapped.canvas.width()
        about = json.loads(picture.text["wsiview"])
    assert "painted" in json.dumps(about)


def test_a_screenshot_goes_to_the_clipboard(mapped: MainWindow, wait: Wait) -> None:
    QGuiApplication.clipboard().clear()
    mapped.menus.run("copy")
    wait(lambda: not QGuiApplication.clipboard().image().isNull())
    assert QGuiApplication.clipboard().image().width() == mapped.canvas.width()


def test_a_picture_that_can_not_be_written_is_told(mapped: MainWindow, wait: Wait, tmp_path: Path) -> None:
    mapped.screenshots.save(tmp_path / "missing" / "shot.png")
    wait(lambda: mapped.banner.isVisible())
    assert "could not be written" in mapped.banner.message.text


def test_the_map_of_another_slide_is_refused_and_what_is_shown_stays(
    mapped: MainWindow, wait: Wait, tmp_path: Path, finished_map: Path
) -> None:
    stranger = tmp_path / "stranger.ome.zarr"
    shutil.copytree(finished_map, stranger)
    facts = json.loads((stranger / "zarr.json").read_text())
    facts["attributes"]["wsiview"]["slide"]["fingerprint"] = "0" * 64
    (stranger / "zarr.json").write_text(json.dumps(facts))
    shown = mapped.session.cluster_map
    drop(mapped, stranger)
    wait(lambda: mapped.banner.isVisible())
    assert "another slide" in mapped.banner.message.text
    assert mapped.session.cluster_map is shown


def test_a_clustering_of_another_model_is_refused(mapped: MainWindow, wait: Wait, tmp_path: Path, case: Any) -> None:
    from dataclasses import replace

    from wsiview.clustering.clustering import Clustering

    other = replace(Clustering.load(case.clustering), model_fingerprint="f" * 64, model_name="elsewhere")
    other.save(tmp_path / "other.clustering")
    drop(mapped, tmp_path / "other.clustering")
    wait(lambda: mapped.banner.isVisible())
    assert "'elsewhere'" in mapped.banner.message.text
    assert mapped.session.clustering.path == case.clustering


def test_keys_and_about_are_a_key_away(mapped: MainWindow, qtbot: QtBot) -> None:
    for name, words in (("keys", "Keys"), ("about", "About wsiview")):
        mapped.menus.run(name)
        sheet = dialog_of(mapped, Sheet)
        assert sheet.windowTitle() == words
        button = sheet.findChild(QDialogButtonBox).buttons()[0]
        qtbot.mouseClick(button, LEFT)
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_the_scale_is_asked_for_only_when_mapping_and_remembered(
    window: MainWindow, case: Any, wait: Wait, tmp_path: Path, scaled: tuple[Path, Path]
) -> None:
    model, clustering = scaled
    drop(window, case.slide)
    wait(lambda: window.session.slide is not None)
    assert dialog_of(window, MppDialog) is None
    drop(window, model, clustering)
    wait(lambda: dialog_of(window, MppDialog) is not None)
    dialog = dialog_of(window, MppDialog)
    dialog.across.setValue(0.5)
    assert dialog.down.value() == 0.5
    dialog.accept()
    assert window.session.mpp == (0.5, 0.5)
    assert window.session.preferences.mpp(window.session.slide.fingerprint) == (0.5, 0.5)
    wait(lambda: window.session.computing)
    assert "uncalibrated" not in window.status.scale.text()
    window.session.cancel()


def test_keys_go_to_the_slide_again_when_a_sheet_is_closed(mapped: MainWindow, qtbot: QtBot, wait: Wait) -> None:
    mapped.canvas.setFocus()
    qtbot.keyClick(mapped.canvas, Qt.Key.Key_F1)
    sheet = dialog_of(mapped, Sheet)
    qtbot.keyClick(sheet, Qt.Key.Key_Escape)
    wait(lambda: mapped.canvas.hasFocus())
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    wait(lambda: mapped.banner.isVisible())
    assert "clipboard" in mapped.banner.message.text


def test_a_slide_on_its_way_keeps_its_name_when_something_else_fails(
    window: MainWindow, case: Any, wait: Wait, tmp_path: Path
) -> None:
    names: list[str] = []
    window.session.opening_changed.connect(names.append)
    window.session.sources.open_slide(case.slide)
    window.session.sources._fail(ModelError("the model is not there"))
    assert names == ["painted.png", "painted.png"]
    assert window.welcome.title.text() == "Opening painted.png …"
    wait(lambda: window.session.slide is not None)
    assert window.banner.isVisible(), "what was said while the slide came is still to be read"
    assert window.banner.message.text == "The model is not there."


def test_the_looks_of_the_paper_switch_off_what_they_do_without(mapped: MainWindow, qtbot: QtBot) -> None:
    panel = mapped.docks.layers
    mapped.menus.run("paper")
    assert mapped.session.layers.look == "paper"
    for widget in (panel.switches.strongest, panel.rows[0].strength, panel.rows[0].threshold):
        assert not widget.isEnabled()
    before = mapped.session.layers
    qtbot.keyClick(mapped.canvas, Qt.Key.Key_A, Qt.KeyboardModifier.ShiftModifier)
    assert mapped.session.layers == before
    mapped.menus.run("paper")
    assert panel.switches.strongest.isEnabled()
    assert panel.rows[0].threshold.isEnabled()


def test_painted_tissue_is_called_synthetic_in_title_picture_and_on_the_slide(
    window: MainWindow, case: Any, wait: Wait
) -> None:
    painted = case.slide.rename(case.slide.with_name("synthetic-tissue.png"))
    drop(window, painted)
    wait(lambda: window.session.slide is not None)
    assert window.windowTitle() == "synthetic-tissue – Synthetic tissue – wsiview"
    assert window.canvas._hud.remark == "Synthetic tissue. Not a patient."
    snapshot = Snapshot.of(window.canvas)
    assert snapshot._remark == "Synthetic tissue. Not a patient."
    snapshot.cancel()


@pytest.fixture(scope="session")
def scaled(made_case: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A model that reads 0.5 µm per pixel, and a clustering that says so."""
    from dataclasses import replace

    from wsiview.clustering.clustering import Clustering
    from wsiview.models.bundle import read_bundle

    folder = tmp_path_factory.mktemp("scaled")
    shutil.copytree(made_case.model, folder / "scaled")
    config = json.loads((folder / "scaled" / "config.json").read_text())
    config["spacing_um_px"] = 0.5
    (folder / "scaled" / "config.json").write_text(json.dumps(config))
    fitted = Clustering.load(made_case.clustering)
    fingerprint = read_bundle(folder / "scaled").fingerprint
    geometry = replace(fitted.geometry, spacing=0.5)
    replace(fitted, model_fingerprint=fingerprint, geometry=geometry).save(folder / "scaled.clustering")
    return folder / "scaled", folder / "scaled.clustering"
