"""What a gateway's two streams hold, and when there was too much of it."""

from __future__ import annotations

import pytest

from headgate.lab import log
from headgate.lab.log import Log


def test_each_stream_is_whole_wherever_the_other_cuts_in() -> None:
    written = Log()
    for is_output, data in ((True, b"4477009"), (False, b"a line\n"), (True, b"00123\n")):
        written.write(is_output, data)
    assert written.streams == {
        "standard output": b"447700900123\n",
        "standard error": b"a line\n",
    }
    assert not written.overflowed


def test_the_last_lines_of_both_are_in_the_order_in_which_they_came() -> None:
    written = Log()
    for number in range(9):
        written.write(number % 2 == 0, b"line %d\n" % number)
    assert written.last_lines(3) == "line 6\nline 7\nline 8"


def test_what_is_too_much_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "LONGEST", 10)
    written = Log()
    told = []
    for is_output, data in ((True, b"123456"), (False, b"7890"), (True, b"x")):
        written.write(is_output, data)
        told.append(written.overflowed)
    assert told == [False, False, True]
    assert sum(map(len, written.streams.values())) == 10
