"""What the detector costs and whether it is silent: `python benchmarks/scan.py [MIB]`.

Prints build times, times a receipt, and for 1,000 subscribers the throughput on MIB (16) of random
text, and on an eighth of it of ordinary HTTP and of each other noise, with the number of false
hits, which is to be 0. With 1024, that is 1 GiB of text and 128 MiB of HTTP. Times are of the
processor, medians of 5, or of one pass where the data are large.
"""

from __future__ import annotations

import base64
import random
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial

from headgate.detector import Scanner
from headgate.numbers import Subscriber

BLOCK = 1 << 20
AGENTS = (
    (
        b"Mozilla/5.0 (Linux; Android 13; SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) "
        b"Chrome/120.0.6099.144 Mobile Safari/537.36"
    ),
    (
        b"Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 "
        b"(KHTML, like Gecko) Version/17.2 Mobile/15E148 Safari/604.1"
    ),
)
HEAD = (
    b"GET /%s/item-%d.html?q=shoes%%20red&t=%d&next=https%%3A%%2F%%2Fwww.shop.example%%2F HTTP/1.1"
    b"\r\nHost: www.shop%d.example\r\nUser-Agent: %s\r\n"
    b"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8\r\n"
    b"Accept-Language: en-GB,en;q=0.9\r\nAccept-Encoding: gzip, deflate\r\n"
    b"Cookie: _ga=GA1.2.%d.%d; sid=%s; theme=dark\r\nIf-None-Match: \"%s\"\r\n"
    b"X-Forwarded-For: 100.64.%d.%d\r\nConnection: keep-alive\r\n%s\r\n"
)  # fmt: skip


def main(mib: int = 16) -> None:
    for count in (256, 1000):
        _show(f"build, {count} subscribers, ms", 1e3 * _median(partial(_scanner, count)))
    _receipts(_scanner(256))
    scanner, chance = _scanner(1000), random.Random(3)
    heads = b"".join(_head(chance) for _ in range(BLOCK // 600))
    # How the parts are reached is no interface; the figure is that of the automaton alone.
    automaton = _median(lambda: list(scanner._spaced.find(heads)))
    _show("automaton on ordinary HTTP, MB/s", len(heads) / automaton / 1e6)
    for name, blocks in _traffic(mib).items():
        _throughput(name, scanner, blocks)
    _show("peak memory, MiB", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _scanner(count: int) -> Scanner:
    chance = random.Random(1)
    return Scanner(
        Subscriber(f"447700900{n:03d}", f"00101{chance.randrange(10**10):010d}")
        for n in range(count)
    )


def _receipts(scanner: Scanner) -> None:
    chance = random.Random(2)
    without = [_head(chance) for _ in range(300)]
    line = b"x-up-calling-line-id: 447700900%03d\r\n"
    with_one = [_head(chance, line % n) for n in range(250)]
    for name, heads in (("without", without), ("with", with_one)):
        seconds = _median(partial(_scan_all, scanner, heads))
        _show(f"a receipt {name} a hit, us", 1e6 * seconds / len(heads))


def _scan_all(scanner: Scanner, heads: list[bytes]) -> None:
    for head in heads:
        scanner.find(head)


def _traffic(mib: int) -> dict[str, Iterator[bytes]]:
    chance = random.Random(4)
    printable = bytes(32 + byte % 95 for byte in range(256))
    noise = (chance.randbytes(BLOCK) for _ in iter(int, 1))
    some = max(1, mib // 8)
    return {
        "random text": (next(noise).translate(printable) for _ in range(mib)),
        "ordinary HTTP": (
            b"".join(_head(chance) for _ in range(BLOCK // 600)) for _ in range(some)
        ),
        "random base64": (base64.b64encode(next(noise)) for _ in range(some)),
        "random hex": (next(noise).hex().encode() for _ in range(some)),
        "random bytes": (next(noise) for _ in range(some)),
    }


def _throughput(name: str, scanner: Scanner, blocks: Iterator[bytes]) -> None:
    size, hits, seconds = 0, 0, 0.0
    for block in blocks:
        start = time.process_time()
        hits += len(scanner.find(block))
        seconds += time.process_time() - start
        size += len(block)
    _show(f"{name}, all layers, MB/s", size / seconds / 1e6)
    _show(f"{name}, false hits in {size / 1e6:.0f} MB", hits)


def _head(chance: random.Random, line: bytes = b"") -> bytes:
    now = chance.randrange(1_600_000_000, 1_900_000_000)
    return HEAD % (
        chance.choice((b"news", b"shop/cart", b"static/js", b"images/products")),
        chance.randrange(10**6),
        now * 1000 + chance.randrange(1000),
        chance.randrange(100),
        chance.choice(AGENTS),
        chance.randrange(2**31),
        now,
        base64.b64encode(chance.randbytes(24)),
        chance.randbytes(16).hex().encode(),
        chance.randrange(64, 128),
        chance.randrange(256),
        line,
    )


def _median(work: Callable[[], object]) -> float:
    return statistics.median(_seconds(work) for _ in range(5))


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _show(what: str, value: float) -> None:
    print(f"{what:44} {value:10.1f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
