"""The reader of configs, held against nginx itself."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from tests.system.made_configs import Files, made, mutated
from tests.system.nginx_oracle import Opinion, Oracle, ask, inside
from tests.system.runs import DEFAULTS, SAMPLES, TOP

from headgate.candidate import load_candidate
from headgate.errors import InputError
from headgate.gateway_spec import FileSessions
from headgate.reading.chunk import Chunk, lua_of
from headgate.reading.config import Config, Included, read_config
from headgate.reading.layout import Kind, pieces
from headgate.reading.luajit import COMMAND, problems, questions
from headgate.reading.shelf import Shelf

# What nginx says when a text has no structure, whatever its words mean.
SYNTAX = re.compile(
    r'unexpected "|unexpected end of file|has no opening "\{"|is not terminated by ";"'
    r"|too long (?:parameter|lua code block)|missing the closing long bracket|open\(\) "
)
MADE, BROKEN = 400, 200


def _samples() -> dict[str, Files]:
    """Every gateway of the project, with the file of sessions that the lab would write."""
    found = {}
    for main in sorted(
        [*SAMPLES.rglob("nginx.conf"), *(TOP / "tests" / "corpus").rglob("nginx.conf")]
    ):
        candidate = load_candidate(main.parent, DEFAULTS)
        files = dict(candidate.files)
        if isinstance(candidate.spec.sessions, FileSessions):
            files.setdefault(str(candidate.spec.sessions.path), b"")
        if not candidate.links:
            found[str(main.parent.relative_to(TOP))] = files
    return found


SAMPLE_FILES = _samples()
WHOLE = SAMPLE_FILES["gateway_config/released"]
CASES: list[tuple[str, Files]] = [
    *SAMPLE_FILES.items(),
    *((f"made {n}", files) for n, files in enumerate(made("reading", MADE))),
    *((f"broken {n}", files) for n, files in enumerate(mutated("broken", WHOLE, BROKEN))),
]


@pytest.fixture(scope="module")
def oracle() -> Oracle:
    return ask([files for _, files in CASES])


def _read(files: Files, oracle: Oracle) -> Config | InputError:
    try:
        return read_config(Shelf(files, image=oracle.image))
    except InputError as error:
        return error


@pytest.fixture(scope="module")
def readings(oracle: Oracle) -> Sequence[tuple[str, Opinion, Config | InputError]]:
    return [
        (name, opinion, _read(files, oracle))
        for (name, files), opinion in zip(CASES, oracle.opinions, strict=True)
    ]


Readings = Sequence[tuple[str, Opinion, Config | InputError]]


def test_nginx_takes_and_refuses_many_of_the_cases(readings: Readings) -> None:
    refused = [opinion for _, opinion, _ in readings if SYNTAX.search(opinion.what)]
    assert len(SAMPLE_FILES) > 140
    assert sum(opinion.accepted for _, opinion, _ in readings) > len(SAMPLE_FILES) + MADE // 3
    assert len(refused) > (MADE // 2 + BROKEN) // 4


def test_what_nginx_accepts_is_read(readings: Readings) -> None:
    wrong = [
        (name, str(read))
        for name, opinion, read in readings
        if opinion.accepted and isinstance(read, InputError)
    ]
    assert wrong == []


def test_what_has_no_structure_for_nginx_is_refused_at_the_same_line(readings: Readings) -> None:
    wrong = []
    for name, opinion, read in readings:
        if not opinion.accepted and SYNTAX.search(opinion.what):
            said = f"{opinion.file.removeprefix('/etc/nginx/')}:{opinion.line}:"
            if not isinstance(read, InputError) or not read.problems[0].where.startswith(said):
                wrong.append((name, opinion.what, said, str(read)[:200]))
    assert wrong == []


def test_the_files_read_are_those_of_nginx_s_dump(readings: Readings) -> None:
    for name, opinion, read in readings:
        if opinion.accepted and isinstance(read, Config):
            dump = b"".join(
                f"# configuration file {path}:\n".encode() + text.data + b"\n"
                for path, text in read.files.items()
            )
            assert dump == opinion.dump, name


def _all_files(included: Included) -> Sequence[Included]:
    inner = [file for one in included.directives for file in _below(one.includes, one.block)]
    return [included, *inner]


def _below(includes: Sequence[Included], block: object) -> Sequence[Included]:
    found = [file for one in includes for file in _all_files(one)]
    for directive in block if isinstance(block, tuple) else ():
        found += _below(directive.includes, directive.block)
    return found


def test_the_tree_written_back_gives_the_very_bytes(readings: Readings) -> None:
    seen = 0
    for name, _, read in readings:
        for file in _all_files(read.main) if isinstance(read, Config) else ():
            data, found = file.text.data, list(pieces(file))
            assert b"".join(data[one.start : one.end] for one in found) == data, name
            blanks = b"".join(data[one.start : one.end] for one in found if one.kind is Kind.BLANK)
            assert not blanks.strip(b" \t\r\n"), name
            seen += 1
    assert seen > len(CASES)


def _chunks(files: Files) -> list[Chunk]:
    shelf = Shelf(files)
    return list(lua_of(read_config(shelf), shelf).chunks)


def _luajit(chunks: Sequence[Chunk]) -> list[str]:
    """Where LuaJIT, in the gateway image, finds chunks wrong."""
    answers = inside(COMMAND, questions(chunks)).decode()
    return [str(problem).partition(": this")[0] for problem in problems(chunks, answers)]


def test_luajit_takes_all_the_lua_of_the_samples() -> None:
    chunks = [chunk for files in SAMPLE_FILES.values() for chunk in _chunks(files)]
    assert len(chunks) > 150
    assert _luajit(chunks) == []


def test_luajit_finds_what_is_no_lua_at_its_place_before_any_traffic() -> None:
    main = (
        b"http {\n"
        b"  init_by_lua_block { return ... }\n"
        b"  server {\n"
        b"    access_by_lua_block {\n"
        b"      local a = 1\n"
        b"      local b = ) 2\n"
        b"    }\n"
        b"    rewrite_by_lua_block { return ... }\n"
        b"    log_by_lua 'a = \\'b\\'\n"
        b"       c = ]';\n"
        b"    content_by_lua_file /etc/nginx/page.lua;\n"
        b"  }\n"
        b"}\n"
    )
    page = b"#!/usr/bin/lua\nlocal x = {\n"
    found = _luajit(_chunks({"nginx.conf": main, "page.lua": page}))
    # In the body of a function there is no `...`; at the start there is.
    wanted = ["nginx.conf:6:17", "nginx.conf:8:35", "nginx.conf:10:12", "page.lua:3:1"]
    assert found == wanted
