from __future__ import annotations

from threading import Event, Thread

from mien.index.readers import Readers


def test_a_writer_waits_for_those_who_read_before() -> None:
    readers, entered, may_leave, is_free = Readers(), Event(), Event(), Event()

    def read() -> None:
        with readers.reading():
            entered.set()
            may_leave.wait(5)

    def write() -> None:
        readers.wait_for_earlier()
        is_free.set()

    reader, writer = Thread(target=read), Thread(target=write)
    reader.start()
    assert entered.wait(5)
    writer.start()
    assert not is_free.wait(0.05)
    may_leave.set()
    assert is_free.wait(5)
    reader.join()
    writer.join()


def test_a_writer_does_not_wait_for_those_who_come_later() -> None:
    readers, waiting, is_free = Readers(), Event(), Event()

    def write() -> None:
        waiting.set()
        readers.wait_for_earlier()
        is_free.set()

    with readers.reading():
        writer = Thread(target=write)
        writer.start()
        assert waiting.wait(5)
        assert not is_free.wait(0.05)
        later = readers.reading()
        later.__enter__()
    assert is_free.wait(5)
    later.__exit__(None, None, None)
    writer.join()


def test_nobody_waits_for_nobody() -> None:
    Readers().wait_for_earlier()
