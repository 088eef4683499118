# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Parts of the runner that need no guest."""

import multiprocessing
import pathlib
import struct
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import cache  # noqa: E402
import kernel  # noqa: E402
import machine  # noqa: E402
import modules  # noqa: E402
import session  # noqa: E402

MARK = b"abcabd"


class Sink:
    def __init__(self):
        self.data = b""

    def __call__(self, data):
        self.data += data

    def flush(self):
        pass


@pytest.mark.parametrize("text", [b"", b"plain", b"abc", b"ababcabcab", b"abcab\n", b"a" * 9])
@pytest.mark.parametrize("piece", range(1, 8))
def test_a_mark_is_taken_off_however_the_stream_is_cut(text, piece):
    sink = Sink()
    stream = machine.Marked(MARK, sink)
    whole = text + MARK
    for start in range(0, len(whole), piece):
        assert not stream.complete
        stream.feed(whole[start:start + piece])
    assert stream.complete
    assert sink.data == text


def test_what_looks_like_a_mark_is_not_lost_when_the_stream_ends():
    sink = Sink()
    stream = machine.Marked(MARK, sink)
    stream.feed(b"text" + MARK[:4])
    assert sink.data == b"text"
    stream.flush()
    assert sink.data == b"text" + MARK[:4]
    assert not stream.complete


def test_lines_of_two_guests_stay_whole(tmp_path):
    with open(tmp_path / "out", "wb") as file:
        sink = session.Prefixed(file.fileno(), b"2: ")
        for piece in (b"o", b"ne\ntw", b"o\n", b"rest"):
            sink(piece)
        sink.flush()
    assert (tmp_path / "out").read_bytes() == b"2: one\n2: two\n2: rest\n"


def test_a_panic_is_shown_with_what_came_before_it():
    console = machine.Console()
    console.feed(b"the reason\r\n[1.0] Kernel panic - not syncing\r\n")
    console.feed(b"".join(b"register %d\r\n" % number for number in range(100)))
    said = console.last().splitlines()
    assert said[:2] == ["the reason", "[1.0] Kernel panic - not syncing"]
    assert len(said) < 20


class Item:
    """Counts how often it is made."""

    name = "item"

    def __init__(self, counter, fails=False):
        self.counter, self.fails = counter, fails

    def recipe(self):
        return 1

    def make(self, _cache, made, _scratch):
        with open(self.counter, "a") as file:
            file.write("made\n")
        (made / "file").write_text("contents")
        if self.fails:
            raise OSError("no luck")


def _want(counter):
    assert (cache.Cache().want(Item(counter)) / "file").read_text() == "contents"


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("OV_GUEST_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_an_item_is_made_once_for_all_who_want_it(empty_cache, tmp_path):
    counter = tmp_path / "count"
    runs = [multiprocessing.Process(target=_want, args=(counter,)) for _ in range(4)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
        assert run.exitcode == 0
    assert counter.read_text() == "made\n"


def test_an_item_that_fails_leaves_nothing(empty_cache, tmp_path):
    with pytest.raises(OSError, match="no luck"):
        cache.Cache().want(Item(tmp_path / "count", fails=True))
    assert sorted(file.name for file in empty_cache.iterdir()) == ["make.lock", "use.lock"]


def test_renewing_replaces_an_item(empty_cache, tmp_path):
    shelf = cache.Cache()
    first = shelf.want(Item(tmp_path / "count"))
    (first / "file").write_text("old")
    assert shelf.want(Item(tmp_path / "count"), renew=True) == first
    assert (first / "file").read_text() == "contents"


def module(**information):
    """An ELF file with nothing but .modinfo."""
    body = b"".join(b"%s=%s\0" % (name.encode(), value.encode())
                    for name, value in information.items())
    names = b"\0.modinfo\0.shstrtab\0"
    start = 64
    headers = [(0, 0, 0, 0, 0, 0), (1, 1, 0, 0, start, len(body)),
               (10, 3, 0, 0, start + len(body), len(names))]
    table = start + len(body) + len(names)
    head = bytearray(64)
    struct.pack_into("<Q", head, 0x28, table)
    struct.pack_into("<HHH", head, 0x3a, 40, len(headers), 2)
    return bytes(head) + body + names + b"".join(struct.pack("<IIQQQQ", *header)
                                                 for header in headers)


@pytest.fixture
def shelf(tmp_path):
    (tmp_path / "modules.builtin").write_text("kernel/lib/built-in.ko\n")
    for name, depends in {"top": "left-one,right", "left-one": "bottom,built_in",
                          "right": "bottom", "bottom": ""}.items():
        (tmp_path / (name + ".ko")).write_bytes(module(license="x", depends=depends))
    return modules.Shelf(tmp_path)


def test_modules_are_loaded_after_what_they_need(shelf):
    assert shelf.order(["top", "absent?", "built_in"]) == ["bottom", "left_one", "right", "top"]


def test_a_module_that_is_missing_is_named(shelf):
    with pytest.raises(ValueError, match="no module absent"):
        shelf.order(["absent"])


def test_what_is_no_kernel_is_refused():
    with pytest.raises(ValueError, match="not a kernel image"):
        kernel.uncompressed(bytes(4096))
