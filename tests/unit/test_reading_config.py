"""Configs as nginx cuts them; every case here is nginx's own answer (tests/system/test_reading)."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from headgate.errors import InputError
from headgate.reading.config import Config, Directive, Included, read_config
from headgate.reading.layout import Kind, pieces
from headgate.reading.shelf import Shelf


def read(main: str, **files: str) -> Config:
    held = {"nginx.conf": main.encode()}
    held |= {
        name.replace("__", "/").replace("_", "."): text.encode() for name, text in files.items()
    }
    return read_config(Shelf(held, name="candidate"))


def words(config: Config) -> list[list[str]]:
    return [[word.text for word in directive.words] for directive, _ in config.walk()]


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("a b;", ["a", "b"]),
        ("a\t\r\n b ;", ["a", "b"]),
        ("a 'b c' \"d;{}\";", ["a", "b c", "d;{}"]),
        ("a b#c;", ["a", "b#c"]),
        ("a #b;\n c;", ["a", "c"]),
        ("a b'c\"d;", ["a", "b'c\"d"]),
        ("a '\\'' \"\\\"\" b\\;c;", ["a", "'", '"', "b\\;c"]),
        ("a \\t\\n\\r\\\\\\d;", ["a", "\t\n\r\\\\d"]),
        ("a ${b}c d$e;", ["a", "${b}c", "d$e"]),
        ("a b}c;", ["a", "b}c"]),
        ("a '' \"\";", ["a", "", ""]),
        ('a "b")c;', ["a", "b", ")c"]),
        ("a ü;", ["a", "ü"]),
        ("'a' b;", ["a", "b"]),
    ],
)
def test_words_end_where_nginx_ends_them(written: str, wanted: list[str]) -> None:
    assert words(read(written)) == [wanted]


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("a b", '1:4: unexpected end of file, expected ";" or "}"'),
        ("a 'b\n", "2:1: unexpected end of file, expected a closing '"),
        ("a;;", '1:3: unexpected ";"'),
        ("http { } }", '1:10: unexpected "}": no block is open'),
        ("http {\n a;\n", '3:1: unexpected end of file, expected "}" for http of line 1'),
        ("http { a }", '1:10: unexpected "}": expected ";" before it'),
        ("a 'b'c;", '1:6: unexpected "c" behind a closing quote'),
        ("a\nb {", '2:3: directive "a" is not terminated by ";"'),
        ("http;", '1:5: directive "http" has no opening "{"'),
        ("map $a $b { a { } }", '1:15: unexpected "{" in a block of map'),
        ("access_by_lua_block {\n { }", "2:2: unexpected end of file, expected the end of this"),
        ("access_by_lua_block {\n [==[ ]] }", "2:2: expected the closing long bracket ]==]"),
        ("include a b;", "1:1: include takes one argument"),
        (f"a {'b' * 5000};", "1:3: a word of more than 4096 bytes"),
        (f"a '{'b' * 5000}';", "1:4: a word, perhaps for want of a closing ' of more than 4096"),
        (f"#{'b' * 5000}\na;", "1:1: a comment of more than 4096 bytes"),
        ("http {" * 101, "1:600: blocks nested more than 100 deep"),
        ("include nginx.conf;", "1:9: /etc/nginx/nginx.conf is included without end"),
    ],
)
def test_what_has_no_structure_is_refused_at_its_place(written: str, message: str) -> None:
    with pytest.raises(InputError) as refused:
        read(written)
    assert str(refused.value).startswith(f"candidate/nginx.conf:{message}")


@pytest.mark.parametrize(
    "body",
    [
        " local a = '}' ",
        ' local a = "\\"}" ',
        " --[[ } ]] ",
        " --[==[ ]] } ]==] ",
        " local a = [[ } ]] ",
        " -- }\n ",
        " a = { b = { } } ",
        " -- it's { }\n ",
        " don't ",
    ],
)
def test_lua_ends_with_its_brace(body: str) -> None:
    config = read(f"access_by_lua_block {{{body}}} after;")
    lua, after = (directive for directive, _ in config.walk())
    assert lua.body is not None
    assert lua.block is None
    assert config.main.text.data[lua.body.start : lua.body.end].decode() == body
    assert after.name == "after"


@pytest.mark.parametrize(
    "name", ["access_by_lua_block", "server_rewrite_by_lua_block", "any_future_by_lua_block"]
)
def test_every_block_of_lua_is_one(name: str) -> None:
    (directive,) = (one for one, _ in read(f"{name} {{ if x then y() end }}").walk())
    assert directive.body is not None


def test_an_include_is_followed_where_it_stands() -> None:
    config = read(
        "http { include conf.d/*.conf; last; }",
        conf_d__b_conf="b;",
        conf_d__a_conf="a; include /etc/nginx/deep;",
        deep="d;",
    )
    assert [one[0] for one in words(config)] == [
        "http",
        "include",
        "a",
        "include",
        "d",
        "b",
        "last",
    ]
    assert list(config.files) == [
        "/etc/nginx/nginx.conf",
        "/etc/nginx/conf.d/a.conf",
        "/etc/nginx/deep",
        "/etc/nginx/conf.d/b.conf",
    ]
    (http,) = config.main.directives
    assert [one.name for one in http.inner] == ["a", "d", "b", "last"]


def test_a_map_includes_its_entries() -> None:
    config = read("map $a $b { include table; c d; }", table="e f;")
    (directive,) = config.main.directives
    assert [one.name for one in directive.inner] == ["e", "c"]


def test_a_file_that_is_nobodys_is_left_unread_or_refused() -> None:
    main = {"nginx.conf": b"include\n  mime.types;"}
    (unread,) = read_config(Shelf(main)).unread
    assert unread.args[0].text == "mime.types"
    with pytest.raises(InputError) as refused:
        read_config(Shelf(main, image={}))
    assert str(refused.value) == "nginx.conf:2:3: there is no file /etc/nginx/mime.types"


def test_the_candidate_s_files_go_before_the_image_s() -> None:
    image = {"/etc/nginx/a": b"image;", "/etc/nginx/b": b"image;"}
    shelf = Shelf({"nginx.conf": b"include a; include b;", "a": b"own;"}, image=image)
    assert words(read_config(shelf)) == [["include", "a"], ["own"], ["include", "b"], ["image"]]


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ("/etc/nginx/*.conf", ["a.conf", "b.conf"]),
        ("/etc/nginx/[!a].conf", ["b.conf"]),
        ("/etc/nginx/[^a].conf", ["b.conf"]),
        ("/etc/nginx/.*.conf", [".c.conf"]),
        ("/etc/nginx/*/?", ["d/e", "l/e"]),
        ("/etc/nginx/d/../a.conf", ["d/../a.conf"]),
        ("/etc/nginx/l/*", ["l/e"]),
        ("/etc/nginx/x*", []),
    ],
)
def test_a_pattern_stands_for_files_in_the_order_of_their_names(
    pattern: str, wanted: list[str]
) -> None:
    files = dict.fromkeys(["b.conf", "a.conf", ".c.conf", "d/e"], b"")
    shelf = Shelf(files, links={"l": "d"})
    assert shelf.matching(pattern) == [f"/etc/nginx/{one}" for one in wanted]


def test_a_link_leads_to_its_file_and_a_ring_of_links_nowhere() -> None:
    links = {"on/a": "../off/a", "ring": "round", "round": "ring"}
    shelf = Shelf({"off/a": b"x"}, links=links, install=PurePosixPath("/opt"))
    found = shelf.text("/opt/on/a")
    assert found is not None
    assert found.data == b"x"
    assert shelf.text("/opt/ring") is None


def spans(directives: tuple[Directive, ...]) -> list[str]:
    return [str(directive.span) for directive in directives]


def test_places_are_files_lines_and_columns() -> None:
    config = read("a;\n  b c;\nhttp {\n\td; }")
    assert spans(config.main.directives) == ["nginx.conf:1:1", "nginx.conf:2:3", "nginx.conf:3:1"]
    (http,) = config.main.directives[2:]
    assert spans(http.block or ()) == ["nginx.conf:4:2"]


def test_a_file_in_pieces_is_the_file() -> None:
    text = "# top\nhttp { # it's\n map $a $b { c 'd'; }\n x_by_lua_block { '}' }\n}\n# end"
    main: Included = read(text).main
    found = list(pieces(main))
    assert "".join(text[one.start : one.end] for one in found) == text
    assert [text[one.start : one.end] for one in found if one.kind is Kind.COMMENT] == [
        "# top",
        "# it's",
        "# end",
    ]
    assert [text[one.start : one.end] for one in found if one.kind is Kind.LUA] == [" '}' "]
