"""YAML is read as text with places; what is wrong with a file is told by line and column."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from headgate import yamlfile
from headgate.errors import InputError
from headgate.yamlfile import (
    Fields,
    Listing,
    Mapping,
    Node,
    Scalar,
    legible,
    listed,
    merged,
    read_yaml,
    shown,
)

PARSERS = ["SafeLoader", *(["CSafeLoader"] if yaml.__with_libyaml__ else [])]


@pytest.fixture(params=PARSERS, autouse=True)
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every behaviour here is the same with libyaml and without."""
    monkeypatch.setattr(yamlfile, "_PARSER", getattr(yaml, request.param))


def write(folder: Path, content: str | bytes) -> Path:
    path = folder / "x.yaml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def complaint(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_yaml(path)
    return str(caught.value).replace(str(path), path.name)


def texts(node: Node) -> dict[str, str | None]:
    assert isinstance(node, Mapping)
    entries = {key: entry.node for key, entry in node.entries.items()}
    return {key: value.text for key, value in entries.items() if isinstance(value, Scalar)}


def word(node: Node) -> str:
    if not isinstance(node, Scalar) or not node.text:
        yamlfile.refuse(node, "a word")
    return node.text


@pytest.mark.parametrize(
    "written",
    ["0447700", "no", "12:30:45", "1e3", "0x1F", "2012-01-10", "3.0", "true", "'~'", '"null"'],
)
def test_every_scalar_stays_the_text_that_was_written(tmp_path: Path, written: str) -> None:
    assert texts(read_yaml(write(tmp_path, f"a: {written}"))) == {"a": written.strip("'\"")}


@pytest.mark.parametrize("written", ["", "~", "null", "Null", "NULL"])
def test_the_null_is_told_apart_from_text(tmp_path: Path, written: str) -> None:
    assert texts(read_yaml(write(tmp_path, f"a: {written}\n"))) == {"a": None}


def test_an_empty_text_in_quotes_is_no_null(tmp_path: Path) -> None:
    assert texts(read_yaml(write(tmp_path, "a: ''"))) == {"a": ""}


def test_every_value_keeps_its_line_and_column(tmp_path: Path) -> None:
    path = write(tmp_path, "é: x\nb:\n  - {c: 1}\n")
    tree = read_yaml(path)
    assert isinstance(tree, Mapping)
    listing = tree.entries["b"].node
    assert isinstance(listing, Listing)
    inner = listing.items[0]
    assert isinstance(inner, Mapping)
    nodes = (tree.entries["é"].node, listing, inner, inner.entries["c"].node)
    assert [node.where.removeprefix(f"{path}:") for node in nodes] == ["1:4", "3:3", "3:5", "3:9"]
    assert [node.name for node in nodes] == ["é", "b", "b", "b.c"]


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    assert texts(read_yaml(write(tmp_path, b"\xef\xbb\xbfa: 1"))) == {"a": "1"}


EMPTY = "x.yaml: the file is empty: expected a mapping (key: value)"
KEY = "while scanning a simple key that begins"
DEEP = "nested too deeply: expected at most 16 levels"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", EMPTY),
        (b"# nothing but a comment\n", EMPTY),
        (b"---\n", EMPTY),
        (b"~\n", EMPTY),
        (b"\xff\xfea\0", "x.yaml:1:1: not UTF-8: found the byte 0xff"),
        ("é: 1\nbé: ".encode() + b"\xe9", "x.yaml:2:5: not UTF-8: found the byte 0xe9"),
        (b"a: 1\nb: \x07", "x.yaml:2:4: found the control character U+0007: expected text"),
        (b"a: 1\n---\nb: 2\n", "x.yaml:2:1: a second document begins here: expected one"),
        (b"? [a]\n: 1\n", "x.yaml:1:3: expected a plain word as key"),
        (b"*x : 1\n", "x.yaml:1:1: expected a plain word as key"),
        (b"!!str a: 1\n", "x.yaml:1:1: expected a plain word as key"),
        (b"[" * 100_000, f"x.yaml:1:18: {DEEP}"),
        (b"{a: " * 30, f"x.yaml:1:69: {DEEP}"),
        (
            b"a: *.adult.example\n",
            "x.yaml:1:5: not valid YAML: a value that begins with `*` stands in quotes",
        ),
        (
            b"a: 1\nb\nc: 2\n",
            f"x.yaml:3:1: not valid YAML: could not find expected ':' ({KEY} in line 2)",
        ),
    ],
)
def test_a_file_that_is_no_yaml_of_ours_is_refused(
    tmp_path: Path, content: bytes, expected: str
) -> None:
    assert complaint(write(tmp_path, content)) == expected


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ("a: [1, 2\nb: 3\n", "x.yaml:2:2: not valid YAML: "),
        ("a: b: c\n", "x.yaml:1:5: not valid YAML: "),
        ("a:\n\t- b\n", "x.yaml:2:1: not valid YAML: "),
        ("a: @x\n", "x.yaml:1:4: not valid YAML: "),
        ("a: !x!y 447700900123\n", "x.yaml:1:4: not valid YAML: "),
    ],
)
def test_a_syntax_error_is_told_with_its_place(tmp_path: Path, content: str, where: str) -> None:
    message = complaint(write(tmp_path, content))
    assert message.startswith(where)
    assert "447700900123" not in message


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    message = "x.yaml: there is no such file: expected a YAML file"
    assert complaint(tmp_path / "x.yaml") == message


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").mkdir()
    assert complaint(tmp_path / "x.yaml") == "x.yaml: this is a directory: expected a YAML file"


def test_a_named_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.yaml")
    assert complaint(tmp_path / "x.yaml") == "x.yaml: this is a special file: expected a YAML file"


def test_a_file_that_cannot_be_read_is_told_in_the_systems_words(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").symlink_to("x.yaml")
    message = "x.yaml: the file cannot be read: Too many levels of symbolic links"
    assert complaint(tmp_path / "x.yaml") == message


def test_a_file_of_absurd_size_is_refused_unread(tmp_path: Path) -> None:
    path = write(tmp_path, b"")
    os.truncate(path, yamlfile.MOST_BYTES + 1)
    assert complaint(path) == "x.yaml: the file is larger than 16 MiB"


def site(node: Node) -> tuple[str, tuple[str, ...]]:
    with Fields(node) as fields:
        host = fields.required("host", word, "premium.example")
        paths = fields.optional("paths", listed(word, "paths"), ())
    return host, paths


def problems_of(path: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        site(read_yaml(path))
    return [str(problem).replace(str(path), "x.yaml") for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("[a]", ["x.yaml:1:1: expected a mapping (key: value), found a list"]),
        ("a", ["x.yaml:1:1: expected a mapping (key: value), found `a`"]),
        (
            "!!map {host: a}",
            ["x.yaml:1:1: the tag `!!map` is not accepted: every value is a text anyway"],
        ),
        ("paths: []", ["x.yaml:1:1: host is missing: expected such as `host: premium.example`"]),
        ("host:", ["x.yaml:1:6: host: expected a word, found nothing"]),
        ("host: ''", ["x.yaml:1:7: host: expected a word, found an empty text"]),
        ("host: [a]", ["x.yaml:1:7: host: expected a word, found a list"]),
        ("host: {a: b}", ["x.yaml:1:7: host: expected a word, found a mapping"]),
        ("hots: a", ["x.yaml:1:1: unknown key `hots`: did you mean `host`?"]),
        ("HOST: a", ["x.yaml:1:1: unknown key `HOST`: did you mean `host`?"]),
        ("{host: a, '': b}", ["x.yaml:1:11: unknown key ``: expected host or paths"]),
        (
            "host: a\nzzz: 1",
            ["x.yaml:2:1: unknown key `zzz`: expected host or paths"],
        ),
        (
            "host: a\npaths:\n  - {x: y}\n  - ok\n  - ''",
            [
                "x.yaml:3:5: paths: expected a word, found a mapping",
                "x.yaml:5:5: paths: expected a word, found an empty text",
            ],
        ),
        (
            "host: a\n'host': b\nhost: c",
            [
                "x.yaml:2:1: the key `host` is given twice, first in line 1",
                "x.yaml:3:1: the key `host` is given twice, first in line 1",
            ],
        ),
        (
            "paths: &p [a]\nhost: *p",
            [f"x.yaml:2:7: host: the alias `*p` is not accepted: {yamlfile.QUOTE_STARS}"],
        ),
        (
            "host: !!int 3",
            ["x.yaml:1:7: host: the tag `!!int` is not accepted: every value is a text anyway"],
        ),
        (
            "447700900123: +44 7700 900123",
            [
                "x.yaml:1:1: unknown key `447700900***`: expected host or paths",
                "x.yaml:1:1: host is missing: expected such as `host: premium.example`",
            ],
        ),
    ],
)
def test_all_that_is_wrong_with_a_mapping_is_told(
    tmp_path: Path, content: str, expected: list[str]
) -> None:
    found = problems_of(write(tmp_path, content))
    assert found == expected


def test_problems_are_sorted_by_line_as_a_number(tmp_path: Path) -> None:
    lines = "\n".join(f"k{number}: x" for number in range(12))
    found = problems_of(write(tmp_path, f"host: a\n{lines}"))
    assert [line.split(":")[1] for line in found] == [str(number) for number in range(2, 14)]


def test_a_defect_of_the_reader_itself_is_not_hidden(tmp_path: Path) -> None:
    tree = read_yaml(write(tmp_path, "unknown: 1"))

    def broken(node: Node) -> str:
        raise LookupError(node.where)

    with pytest.raises(LookupError), Fields(tree) as fields:
        fields.required("unknown", broken, "x")


def test_a_mapping_is_laid_over_another_key_by_key(tmp_path: Path) -> None:
    base = read_yaml(write(tmp_path, "a: 1\nb: {c: 2, d: 3}\ne: [1, 2]\nf: {g: 1}\n"))
    over = read_yaml(write(tmp_path, "b: {d: 4}\ne: [5]\nf:\n"))
    result = merged(base, over)
    assert texts(result) == {"a": "1", "f": None}
    assert isinstance(result, Mapping)
    assert texts(result.entries["b"].node) == {"c": "2", "d": "4"}
    listing = result.entries["e"].node
    assert isinstance(listing, Listing)
    assert len(listing.items) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("premium.example", "`premium.example`"),
        ("447700900123", "`447700900***`"),
        ("+44 7700 900123", "`+447700900***`"),
        ("07700-900.123 x", "`07700900*** x`"),
        ("001010000000001", "`001010000000***`"),
        ("198.51.100.23", "`198.51.100.23`"),
        ("1234567", "`1234567`"),
        ("a\nb\x1b[31m\u202e", r"`a\nb\x1b[31m\u202e`"),
        ("é", "`é`"),
        ("x" * 61, "`" + "x" * 59 + "…`"),
    ],
)
def test_a_persons_own_text_is_shown_printable_short_and_without_numbers(
    text: str, expected: str
) -> None:
    assert shown(text) == expected
    assert legible(text) == expected[1:-1]


def test_the_tree_does_not_show_its_values(tmp_path: Path) -> None:
    assert "447700900123" not in repr(read_yaml(write(tmp_path, "a: '447700900123'")))
