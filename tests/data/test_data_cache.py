from pathlib import Path

import numpy as np
import pytest

from adamrepro.data.cache import load_arrays, load_mapped, save_arrays, save_mapped

ARRAYS = {"a": np.arange(5), "b": np.eye(2, dtype=np.float32)}


def test_arrays_come_back_under_their_key_only(tmp_path):
    path = tmp_path / "x.npz"
    assert load_arrays(path, "key") is None
    save_arrays(path, "key", ARRAYS)
    back = load_arrays(path, "key")
    assert back is not None
    assert back.keys() == ARRAYS.keys()
    assert all(np.array_equal(back[name], ARRAYS[name]) for name in ARRAYS)
    assert load_arrays(path, "another key") is None
    assert [p.name for p in tmp_path.iterdir()] == ["x.npz"]


def in_the_way(path: Path) -> None:
    """A folder of that name makes writing the file fail, for root as well."""
    (path / "content").mkdir(parents=True)


def test_the_users_cache_stands_in_for_a_folder_that_cannot_be_written(tmp_path):
    for name, save, load, what in (
        ("x.npz", save_arrays, load_arrays, ARRAYS),
        ("y.npy", save_mapped, load_mapped, ARRAYS["b"]),
    ):
        path = tmp_path / "data" / name
        in_the_way(path)
        in_the_way(path.with_name(f"{name}.json"))
        save(path, "key", what)
        assert load(path, "key") is not None
        assert load(tmp_path / "other data" / name, "key") is None


def test_where_nothing_can_be_written_there_is_a_warning_and_no_litter(tmp_path, monkeypatch):
    occupied = tmp_path / "occupied"
    occupied.write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(occupied))
    path = tmp_path / "data" / "x.npz"
    in_the_way(path)
    with pytest.warns(UserWarning, match="x.npz could not be written and will be made again"):
        save_arrays(path, "key", ARRAYS)
    assert load_arrays(path, "key") is None
    assert [p.name for p in path.parent.iterdir()] == ["x.npz"]


def test_a_write_that_fails_midway_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "x.npz"
    save_arrays(path, "key", ARRAYS)

    def full(file, **arrays):
        file.write(b"half a file")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.warns(UserWarning, match="No space left on device"):
        save_arrays(path, "new key", ARRAYS)
    assert load_arrays(path, "key") is not None
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []
