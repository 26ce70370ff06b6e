"""The whole program on real slides and networks: fitted, mapped by the child, looked at, named, exported."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QCheckBox, QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from wsiview.cli import main
from wsiview.gui.application import make_window, start
from wsiview.gui.main_window import MainWindow
from wsiview.maps import NOT_A_DIAGNOSIS
from wsiview.maps.cell_state import COMPUTED
from wsiview.maps.cluster_map import ClusterMap

Wait = Callable[..., None]
LEFT = Qt.MouseButton.LeftButton
FITTED_ON = ("slides/mosaics/pcam-mosaic-valid.tiff", "slides/generic/os-1-detail-he.tiff")
CMU = "slides/aperio/CMU-1-Small-Region.svs"


@pytest.fixture(scope="module")
def resnet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """torchvision's ResNet-18 with random weights, as a bundle."""
    import torch
    from safetensors.torch import save_file

    from wsiview.models.architectures import build_architecture

    folder = tmp_path_factory.mktemp("resnet") / "resnet18-random"
    folder.mkdir()
    config = {
        "spec_version": "1.0",
        "architecture": "resnet18",
        "name": "resnet18-random",
        "num_classes": 2,
        "class_names": ["normal", "tumor"],
        "patch_size_pixels": 160,
        "spacing_um_px": 0.972,
        "transform": [
            {"name": "ToTensor"},
            {"name": "Normalize", "arguments": {"mean": [0.7, 0.54, 0.69], "std": [0.24, 0.28, 0.22]}},
        ],
        "wsiview": {"stride_pixels": 96, "trim": 1},
    }
    (folder / "config.json").write_text(json.dumps(config))
    torch.manual_seed(7)
    module = build_architecture("resnet18", {}, 2)
    save_file({name: one.contiguous() for name, one in module.state_dict().items()}, folder / "model.safetensors")
    return folder


@pytest.fixture(params=["pcam", "resnet18"])
def model(request: pytest.FixtureRequest, shared: Path, resnet: Path) -> Path:
    return shared / "models/pcam-vgg16-quarter" if request.param == "pcam" else resnet


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    start()
    one = make_window()
    one.resize(1366, 768)
    one.show()
    qtbot.waitExposed(one)
    yield one
    one.close()
    one.deleteLater()


def drop(window: MainWindow, *paths: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    copy, none = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(window, QDragEnterEvent(QPoint(200, 200), copy, mime, LEFT, none))
    QApplication.sendEvent(window, QDropEvent(QPointF(200, 200), copy, mime, LEFT, none))


def seen(widget: QWidget) -> np.ndarray:
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    return np.frombuffer(image.constBits(), np.uint8).copy()


def click(qtbot: QtBot, box: QCheckBox) -> None:
    assert box.isEnabled()
    before = box.isChecked()
    qtbot.mouseClick(box, LEFT, pos=QPoint(8, box.height() // 2))
    assert box.isChecked() != before


def test_a_slide_is_fitted_mapped_looked_at_named_and_exported(
    window: MainWindow, model: Path, shared: Path, qtbot: QtBot, wait: Wait, tmp_path: Path
) -> None:
    clustering = tmp_path / "four.clustering"
    slides = [str(shared / name) for name in FITTED_ON]
    how = ["-k", "4", "--patches", "80", "--refits", "0"]
    assert main(["fit", *slides, "--model", str(model), *how, "--out", str(clustering)]) == 0
    slide = tmp_path / "slides" / "CMU-1-Small-Region.svs"
    slide.parent.mkdir()
    shutil.copy(shared / CMU, slide)

    drop(window, slide, model, clustering)
    session = window.session
    wait(lambda: session.computing, 60)
    wait(lambda: any("wsiview.explain.service" in " ".join(one.cmdline()) for one in psutil.Process().children()), 30)
    wait(lambda: session.cluster_map is not None and session.cluster_map.complete, 180)
    wait(lambda: session.grids is not None and session.grids.predictions is not None, 60)
    wait(lambda: window.canvas.is_sharp, 30)
    (path,) = slide.parent.glob("*.ome.zarr")
    found = ClusterMap.open(path)
    assert (found.state() == COMPUTED).sum() > 100
    assert len(np.unique(found.argmax())) > 2

    every_layer_can_be_toggled(window, qtbot)
    name_of_the_second_class(window, qtbot, wait)
    the_screenshot_says_where_it_came_from(window, wait, tmp_path)
    the_same_case_is_found_again(window, (slide, model, clustering), wait)


def every_layer_can_be_toggled(window: MainWindow, qtbot: QtBot) -> None:
    layers = window.docks.layers
    switches = layers.switches
    boxes = [switches.strongest, switches.influence, switches.prediction, *(row.visible_box for row in layers.rows)]
    for box in boxes:
        before = seen(window.canvas)
        click(qtbot, box)
        qtbot.waitUntil(lambda before=before: not np.array_equal(before, seen(window.canvas)), timeout=5000)
        click(qtbot, box)


def name_of_the_second_class(window: MainWindow, qtbot: QtBot, wait: Wait) -> None:
    panel = window.docks.meanings
    qtbot.mouseClick(window.docks.layers.rows[1].name, LEFT)
    qtbot.keyClicks(panel.name, "stroma & vessels")
    qtbot.keyClicks(panel.description, "pale, fibrous; few nuclei")
    wait(lambda: "saved" in panel.state.text())
    assert window.session.layers.classes[1].name == "stroma & vessels"


def the_screenshot_says_where_it_came_from(window: MainWindow, wait: Wait, folder: Path) -> None:
    window.menus.run("export")
    (dialog,) = [one for one in window.findChildren(QFileDialog) if one.isVisible()]
    dialog.fileSelected.emit(str(folder / "shot.png"))
    dialog.close()
    wait(lambda: (folder / "shot.png").exists(), 30)
    wait(lambda: window.banner.isVisible())
    with Image.open(folder / "shot.png") as picture:
        picture.load()
        about = json.loads(picture.text["wsiview"])
    assert picture.height > window.canvas.height()  # legend and provenance stand below the view
    text = json.dumps(about)
    assert "CMU-1-Small-Region" in text
    assert window.session.cluster_map.digest[:8] in text
    assert NOT_A_DIAGNOSIS in text
    window.menus.run("copy")
    wait(lambda: not QGuiApplication.clipboard().image().isNull(), 30)


def the_same_case_is_found_again(window: MainWindow, files: tuple[Path, ...], wait: Wait) -> None:
    window.close()
    again: Any = make_window()
    try:
        again.show()
        drop(again, *files)
        wait(lambda: again.session.cluster_map is not None and again.session.layers is not None, 30)
        assert again.session.cluster_map.complete
        assert not again.session.computing  # loaded, not computed again
        assert again.session.layers.classes[1].name == "stroma & vessels"
    finally:
        again.close()
        again.deleteLater()
