import os
from pathlib import Path

import pytest

from wsiview.clustering.whole_file import write_whole


def test_a_new_file_has_the_permissions_any_new_file_gets(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"")
    write_whole(tmp_path / "whole", b"content")
    assert (tmp_path / "whole").read_bytes() == b"content"
    assert (tmp_path / "whole").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX permissions")
def test_a_replaced_file_keeps_its_permissions(tmp_path: Path) -> None:
    (tmp_path / "whole").write_bytes(b"old")
    (tmp_path / "whole").chmod(0o640)
    write_whole(tmp_path / "whole", b"new")
    assert (tmp_path / "whole").read_bytes() == b"new"
    assert (tmp_path / "whole").stat().st_mode & 0o777 == 0o640


def test_a_disk_that_gives_back_other_bytes_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "whole").write_bytes(b"old")
    monkeypatch.setattr(Path, "read_bytes", lambda path: b"garbage")
    with pytest.raises(OSError, match="other bytes"):
        write_whole(tmp_path / "whole", b"new")
    monkeypatch.undo()
    assert (tmp_path / "whole").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["whole"]


def test_a_folder_in_the_way_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    with pytest.raises(OSError):
        write_whole(tmp_path / "whole", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["whole"]
