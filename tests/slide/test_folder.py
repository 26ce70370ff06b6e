"""A folder's slides are found and counted as people count."""

from __future__ import annotations

from pathlib import Path

from wsiview.slide.folder import counted, slides_in


def lay(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def found(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in slides_in(folder)]


def test_slides_are_counted_as_people_count(tmp_path: Path) -> None:
    lay(tmp_path, "case 10.svs", "Case 2.SVS", "case 1.ndpi", "b/3.tiff", "notes.txt", "deep/er/4.svs")
    assert found(tmp_path) == ["b/3.tiff", "case 1.ndpi", "Case 2.SVS", "case 10.svs"]


def test_what_lies_beside_slides_is_no_slide(tmp_path: Path) -> None:
    lay(tmp_path, "a.svs", "overview.jpg", ".hidden.svs", "._a.svs", "a.six.ome.zarr/0.tif", ".trash/b.svs")
    assert found(tmp_path) == ["a.svs"]


def test_plain_pictures_count_where_there_is_nothing_else(tmp_path: Path) -> None:
    lay(tmp_path, "two.png", "one.jpg", "notes.txt")
    assert found(tmp_path) == ["one.jpg", "two.png"]


def test_a_folder_of_dicom_files_is_one_slide(tmp_path: Path) -> None:
    lay(tmp_path, "scan/1.dcm", "scan/2.dcm", "a.mrxs", "a/Slidedat.ini", "a/Data0.dat")
    assert found(tmp_path) == ["a.mrxs", "scan"]


def test_an_empty_folder_holds_none(tmp_path: Path) -> None:
    assert slides_in(tmp_path) == ()


def test_numbers_of_any_length_compare_with_words() -> None:
    paths = [Path(name) for name in ("s12b", "s12", "sa", "s002", "s1")]
    assert [path.name for path in counted(paths)] == ["s1", "s002", "s12", "s12b", "sa"]
