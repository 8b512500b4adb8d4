"""Downloads, from a server on this machine; and what happens when there is none."""

import gzip
import hashlib
import io
import socket
import tarfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import archives
import pytest

from adamrepro.data import (
    CifarConfig,
    ImdbConfig,
    MnistConfig,
    Source,
    cifar10,
    imdb,
    load_dataset,
    mnist,
    sources,
)
from adamrepro.errors import UserError

WORDS = ImdbConfig(vocabulary=len(archives.WORDS))


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def served(tmp_path: Path) -> Path:
    folder = tmp_path / "served"
    folder.mkdir()
    return folder


@pytest.fixture
def address(served: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(served)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()


def serve_mnist(root: Path, served: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Move the files under `root` to the server."""
    checksums = {}
    for name in mnist.SHA256:
        path = served / f"{name}.gz"
        path.write_bytes(gzip.compress((root / mnist.RAW / name).read_bytes()))
        checksums[name] = md5(path)
        (root / mnist.RAW / name).unlink()
    monkeypatch.setattr(mnist, "MIRRORS", [f"{address}nowhere/", address])
    monkeypatch.setattr(mnist, "GZ_MD5", checksums)


def serve_archive(root: Path, served: Path, address: str, monkeypatch, module, folder: str) -> Path:
    path = served / "archive.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        tar.add(root / folder, arcname=folder)
    (root / folder).rename(root.parent / "original")
    monkeypatch.setattr(module, "URL", f"{address}{path.name}")
    monkeypatch.setattr(module, "MD5", md5(path))
    return path


@pytest.mark.parametrize("name", ["mnist", "imdb", "cifar10"])
def test_a_download_gives_what_the_files_gave(name, request, served, address, monkeypatch):
    fixture, config, module, folder = {
        "mnist": ("mnist_root", MnistConfig(), mnist, "MNIST"),
        "imdb": ("imdb_root", WORDS, imdb, "aclImdb"),
        "cifar10": ("cifar_binary_root", CifarConfig(), cifar10, "cifar-10-batches-bin"),
    }[name]
    root = request.getfixturevalue(fixture)
    expected = load_dataset(config, root=root).sha256
    if name == "mnist":
        serve_mnist(root, served, address, monkeypatch)
    else:
        serve_archive(root, served, address, monkeypatch, module, folder)
    with pytest.raises(UserError, match="is missing"):
        load_dataset(config, root=root)
    assert load_dataset(config, root=root, download=True).sha256 == expected
    assert [path.name for path in root.iterdir()] == [folder]
    for path in served.iterdir():
        path.unlink()
    assert load_dataset(config, root=root, download=True).sha256 == expected


def test_a_download_with_another_checksum_is_refused(
    cifar_binary_root, served, address, monkeypatch
):
    path = serve_archive(
        cifar_binary_root, served, address, monkeypatch, cifar10, "cifar-10-batches-bin"
    )
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(UserError, match=r"archive\.tar\.gz failed: .* does not match"):
        load_dataset(CifarConfig(), root=cifar_binary_root, download=True)
    assert not list(cifar_binary_root.iterdir())
    data = load_dataset(CifarConfig(), root=cifar_binary_root, download=True, stand_in=True)
    assert data.source is Source.STAND_IN


def outside(tar: tarfile.TarFile, name: str, kind: bytes = tarfile.REGTYPE) -> None:
    member = tarfile.TarInfo(name)
    member.type, member.linkname, member.size = kind, "/etc/passwd", 0
    tar.addfile(member, io.BytesIO())


@pytest.mark.parametrize(
    "member",
    [
        {"name": "../evil"},
        {"name": "/tmp/adamrepro-evil"},
        {"name": "cifar-10-batches-bin/../../evil"},
        {"name": "cifar-10-batches-bin/link", "kind": tarfile.SYMTYPE},
        {"name": "cifar-10-batches-bin/link", "kind": tarfile.LNKTYPE},
        {"name": "cifar-10-batches-bin/pipe", "kind": tarfile.FIFOTYPE},
    ],
)
def test_an_archive_cannot_leave_its_folder(root, served, address, monkeypatch, member, tmp_path):
    path = served / "archive.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        outside(tar, **member)
    monkeypatch.setattr(cifar10, "URL", f"{address}{path.name}")
    monkeypatch.setattr(cifar10, "MD5", md5(path))
    with pytest.raises(UserError, match="not a plain file"):
        load_dataset(CifarConfig(), root=root, download=True)
    assert not list(root.iterdir())
    assert not list(tmp_path.glob("evil*"))


def test_a_folder_that_is_there_is_not_overwritten(cifar_binary_root, served, address, monkeypatch):
    folder = "cifar-10-batches-bin"
    serve_archive(cifar_binary_root, served, address, monkeypatch, cifar10, folder)
    mine = cifar_binary_root / folder / "notes.txt"
    mine.parent.mkdir()
    mine.write_text("mine")
    with pytest.raises(UserError, match="is in the way; move it elsewhere"):
        load_dataset(CifarConfig(), root=cifar_binary_root, download=True)
    assert mine.read_text() == "mine"


@pytest.mark.parametrize("config", [MnistConfig(), ImdbConfig(), CifarConfig()])
def test_a_server_that_never_answers_is_given_up_soon(root, config, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(sources, "DOWNLOAD_TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        monkeypatch.setattr(mnist, "MIRRORS", [address])
        monkeypatch.setattr(imdb, "URL", f"{address}archive.tar.gz")
        monkeypatch.setattr(cifar10, "URL", f"{address}archive.tar.gz")
        start = time.monotonic()
        data = load_dataset(config, root=root, download=True, stand_in=True)
        assert data.source is Source.STAND_IN
        assert time.monotonic() - start < 20
        with pytest.raises(
            UserError, match=r"looked in .*; downloading from .* failed: .*timed out"
        ):
            load_dataset(config, root=root, download=True)


def test_a_server_that_is_not_there_is_named_with_one_plain_reason(root, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(mnist, "MIRRORS", ["http://127.0.0.1:1/", "http://127.0.0.1:2/"])
    with pytest.raises(UserError) as caught:
        load_dataset(MnistConfig(), root=root, download=True)
    said = str(caught.value)
    assert said.count("Connection refused") == 2
    assert "Max retries" not in said
    assert not list(root.iterdir())


def test_a_download_tells_how_far_it_is(cifar_binary_root, served, address, monkeypatch):
    folder = "cifar-10-batches-bin"
    path = serve_archive(cifar_binary_root, served, address, monkeypatch, cifar10, folder)
    told = []
    load_dataset(
        CifarConfig(),
        root=cifar_binary_root,
        download=True,
        counter=lambda task, done, total: told.append((task, done, total)),
    )
    kilobytes = path.stat().st_size // 1000
    assert told[-1] == (f"downloading {path.name}, kB", kilobytes, kilobytes)
    assert len(set(told)) == len(told)


def test_what_a_killed_download_left_is_removed_by_the_next(
    mnist_root, served, address, monkeypatch
):
    serve_mnist(mnist_root, served, address, monkeypatch)
    left = mnist_root / ".incoming-abc" / "archive.tar.gz"
    left.parent.mkdir()
    left.write_bytes(b"half of it")
    load_dataset(MnistConfig(), root=mnist_root, download=True)
    assert [path.name for path in mnist_root.iterdir()] == ["MNIST"]


def test_two_processes_download_a_data_set_once(mnist_root, served, address, monkeypatch):
    """Locks hold between threads as between processes."""
    serve_mnist(mnist_root, served, address, monkeypatch)
    fetched = []

    def slowly(*arguments):
        fetched.append(arguments)
        time.sleep(0.1)
        return fetch_file(*arguments)

    fetch_file = mnist.fetch_file
    monkeypatch.setattr(mnist, "fetch_file", slowly)
    load = partial(load_dataset, MnistConfig(), root=mnist_root, download=True)
    with ThreadPoolExecutor(2) as pool:
        first, second = [pool.submit(load) for _ in range(2)]
    assert first.result().sha256 == second.result().sha256
    assert len(fetched) == len(mnist.SHA256)


def test_downloading_prints_nothing_to_stdout(mnist_root, served, address, monkeypatch, capfd):
    serve_mnist(mnist_root, served, address, monkeypatch)
    load_dataset(MnistConfig(), root=mnist_root, download=True)
    assert capfd.readouterr().out == ""


def test_only_the_binary_archive_of_cifar10_is_downloaded(
    cifar_python_root, served, address, monkeypatch
):
    (cifar_python_root / "cifar-10-batches-py" / "data_batch_1").unlink()
    monkeypatch.setattr(cifar10, "URL", address)
    with pytest.raises(UserError, match="data_batch_1 is missing"):
        load_dataset(CifarConfig(), root=cifar_python_root, download=True)
