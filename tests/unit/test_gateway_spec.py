"""A candidate's gateway.yaml, laid over the defaults."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from headgate.errors import InputError
from headgate.gateway_spec import (
    FileSessions,
    GatewaySpec,
    HeaderSessions,
    RedisSessions,
    fill,
    load_gateway_spec,
)
from headgate.numbers import Subscriber

DEFAULTS = """\
image: headgate/gateway            # built from docker/gateway
install: /etc/nginx
ports: {proxy: 8080, transparent: 80}
commands:
  validate: [nginx, -t]
  start: [nginx, -g, "daemon off;"]
  reload: [nginx, -s, reload]
sessions:                          # how this gateway learns which subscriber holds which address
  redis: {port: 6379, key: "session:{ip}", fields: {msisdn: "{msisdn}", consent: "{consent}"}}
"""
REDIS = RedisSessions(6379, "session:{ip}", (("msisdn", "{msisdn}"), ("consent", "{consent}")))
SPEC = GatewaySpec(
    image="headgate/gateway",
    install=PurePosixPath("/etc/nginx"),
    proxy_port=8080,
    transparent_port=80,
    validate=("nginx", "-t"),
    start=("nginx", "-g", "daemon off;"),
    reload=("nginx", "-s", "reload"),
    sessions=REDIS,
)


def loaded(folder: Path, own: str | None = None, defaults: str = DEFAULTS) -> GatewaySpec:
    (folder / "defaults.yaml").write_text(defaults)
    candidate = folder / "candidate"
    candidate.mkdir(exist_ok=True)
    if own is not None:
        (candidate / "gateway.yaml").write_text(own)
    return load_gateway_spec(candidate, folder / "defaults.yaml")


def complaints(folder: Path, own: str, defaults: str = DEFAULTS) -> list[str]:
    with pytest.raises(InputError) as caught:
        loaded(folder, own, defaults)
    problems = caught.value.problems
    return [str(problem).replace(f"{folder}/", "") for problem in problems]


def test_without_a_file_of_its_own_the_defaults_hold(tmp_path: Path) -> None:
    assert loaded(tmp_path) == SPEC


@pytest.mark.parametrize(
    ("own", "changed"),
    [
        ("image: carrier/gateway:7", {"image": "carrier/gateway:7"}),
        ("install: /opt/nginx/conf/", {"install": PurePosixPath("/opt/nginx/conf")}),
        ("ports: {proxy: 3128}", {"proxy_port": 3128}),
        ("ports: {proxy: 80}", {"proxy_port": 80}),
        ("ports: {proxy: null}", {"proxy_port": None}),
        ("ports: {transparent: ~}", {"transparent_port": None}),
        ("commands: {validate: [sh, -c, 'a b']}", {"validate": ("sh", "-c", "a b")}),
        ("sessions: {}", {}),
        (
            "sessions: {redis: {port: 6380, key: '{ip}'}}",
            {"sessions": RedisSessions(6380, "{ip}", REDIS.fields)},
        ),
        (
            "sessions: {redis: {fields: {number: '+{msisdn}', consent: null}}}",
            {"sessions": replace(REDIS, fields=(("msisdn", "{msisdn}"), ("number", "+{msisdn}")))},
        ),
        (
            "sessions: {file: {path: maps/subscribers.map, line: '{ip} {msisdn};'}}",
            {"sessions": FileSessions(PurePosixPath("maps/subscribers.map"), "{ip} {msisdn};")},
        ),
        (
            "sessions: {header: {name: x-core-msisdn, value: '{msisdn}'}}",
            {"sessions": HeaderSessions("x-core-msisdn", "{msisdn}")},
        ),
    ],
)
def test_what_the_candidate_says_goes_over_the_defaults(
    tmp_path: Path, own: str, changed: dict[str, Any]
) -> None:
    assert loaded(tmp_path, own) == replace(SPEC, **changed)


TOKEN = "expected a header name (letters, digits and any of !#$%&'*+-.^_`|~)"
FRAMING = "`Connection` is part of every message: expected a header of its own"
VISIBLE = "expected visible ASCII characters, with spaces only inside"
NOT_TEXT = "the text holds a NUL character or half a surrogate pair: expected neither"
IMAGE = "expected the name of an image, such as headgate/gateway"
ABSOLUTE = "expected an absolute path below `/`, without `..`"
BELOW = "expected the path of a file, relative to `install` and below it"
FIELDS = "expected {ip}, {msisdn}, {imsi} or {consent}"
WORDS = "words, such as [nginx, -t]"
FREE = "expected a mapping of field names and templates"
SINGLE = "expected a single line, without its line break"
MAPPING = "expected a mapping (key: value)"


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ("[a]", f":1:1: {MAPPING}, found a list"),
        ("-", f":1:1: {MAPPING}, found a list"),
        ("imgae: x", ":1:1: unknown key `imgae`: did you mean `image`?"),
        ("image: a b", f":1:8: image: {IMAGE}, found `a b`"),
        ("image:", f":1:7: image: {IMAGE}, found nothing"),
        ("image: [x]", f":1:8: image: {IMAGE}, found a list"),
        ("install: etc/nginx", f":1:10: install: {ABSOLUTE}, found `etc/nginx`"),
        ("install: /", f":1:10: install: {ABSOLUTE}, found `/`"),
        ("install: /etc/../root", f":1:10: install: {ABSOLUTE}, found `/etc/../root`"),
        ("install:", f":1:9: install: {ABSOLUTE}, found nothing"),
        ("port: {proxy: 80}", ":1:1: unknown key `port`: did you mean `ports`?"),
        ("ports: 8080", f":1:8: ports: {MAPPING}, found `8080`"),
        ("ports:", f":1:7: ports: {MAPPING}, found nothing"),
        (
            "ports: {proxy: null, transparent: null}",
            ":1:8: ports: neither port is offered: expected proxy, transparent or both",
        ),
        ("ports: {proxy: 0}", ":1:16: ports.proxy: expected a port (1 to 65535), found `0`"),
        (
            "ports: {proxy: 8080, tranparent: 80}",
            ":1:22: unknown key `ports.tranparent`: did you mean `transparent`?",
        ),
        ("commands: nginx", f":1:11: commands: {MAPPING}, found `nginx`"),
        (
            "commands: {start: nginx}",
            f":1:19: commands.start: expected a list of {WORDS}, found `nginx`",
        ),
        ("commands: {start: []}", f":1:19: commands.start: the list is empty: expected {WORDS}"),
        (
            'commands: {start: [nginx, ""]}',
            ":1:27: commands.start: expected a text, found an empty text",
        ),
        ("commands: {start: [nginx, [x]]}", ":1:27: commands.start: expected a text, found a list"),
        ('commands: {start: [nginx, "a\\0b"]}', f":1:27: commands.start: {NOT_TEXT}"),
        (
            "commands: {restart: [nginx]}",
            ":1:12: unknown key `commands.restart`: did you mean `start`?",
        ),
        ("sessions: redis", f":1:11: sessions: {MAPPING}, found `redis`"),
        ("sessions:", f":1:10: sessions: {MAPPING}, found nothing"),
        (
            "sessions: {rediss: {port: 1}}",
            ":1:12: unknown key `sessions.rediss`: did you mean `redis`?",
        ),
        (
            "sessions: {radius: {port: 1}}",
            ":1:12: unknown key `sessions.radius`: did you mean `redis`?",
        ),
        (
            'sessions: {redis: {port: 1}, file: {path: a, line: "{ip}"}}',
            ":1:11: sessions: expected exactly one of redis, file or header, found redis and file",
        ),
        (
            "sessions: {redis: {port: x}}",
            ":1:26: sessions.redis.port: expected a port (1 to 65535), found `x`",
        ),
        (
            "sessions: {redis: {key: session}}",
            ":1:25: sessions.redis.key: expected a text that holds `{ip}`, found `session`",
        ),
        (
            'sessions: {redis: {key: "{ip}:{mssidn}"}}',
            ":1:25: sessions.redis.key: unknown field `{mssidn}`: did you mean `{msisdn}`?",
        ),
        (
            "sessions: {redis: {fields: []}}",
            f":1:28: sessions.redis.fields: {FREE}, found a list",
        ),
        (
            "sessions: {redis: {fields: {msisdn: null, consent: null}}}",
            ':1:28: sessions.redis.fields: no field is left: expected such as `msisdn: "{msisdn}"`',
        ),
        (
            'sessions: {redis: {fields: {msisdn: "{mdn}"}}}',
            f":1:37: sessions.redis.fields.msisdn: unknown field `{{mdn}}`: {FIELDS}",
        ),
        (
            'sessions: {redis: {fields: {x: "447700900123 {mdn}"}}}',
            f":1:32: sessions.redis.fields.x: unknown field `{{mdn}}`: {FIELDS}",
        ),
        (
            "sessions: {redis: {db: 1}}",
            ":1:20: unknown key `sessions.redis.db`: expected port, key or fields",
        ),
        (
            "sessions: {file: {path: a}}",
            ':1:18: sessions.file.line is missing: expected such as `line: "{ip} {msisdn};"`',
        ),
        (
            'sessions: {file: {path: /etc/passwd, line: "{ip}"}}',
            f":1:25: sessions.file.path: {BELOW}, found `/etc/passwd`",
        ),
        (
            'sessions: {file: {path: ../a, line: "{ip}"}}',
            f":1:25: sessions.file.path: {BELOW}, found `../a`",
        ),
        (
            'sessions: {file: {path: ., line: "{ip}"}}',
            f":1:25: sessions.file.path: {BELOW}, found `.`",
        ),
        (
            'sessions: {file: {path: a, line: "{msisdn};"}}',
            ":1:34: sessions.file.line: expected a text that holds `{ip}`, found `{msisdn};`",
        ),
        (
            'sessions: {file: {path: a, line: "{ip} {msisdn};\\n"}}',
            f":1:34: sessions.file.line: {SINGLE}, found `{{ip}} {{msisdn}};\\n`",
        ),
        (
            'sessions: {file: {path: a, line: "{ip} {"}}',
            f":1:34: sessions.file.line: a `{{` stands alone: {FIELDS}, or `{{{{`",
        ),
        (
            'sessions: {header: {name: "x core", value: "{msisdn}"}}',
            f":1:27: sessions.header.name: {TOKEN}, found `x core`",
        ),
        (
            'sessions: {header: {name: Connection, value: "{msisdn}"}}',
            f":1:27: sessions.header.name: {FRAMING}",
        ),
        (
            'sessions: {header: {name: x, value: "{msisdn}\\n"}}',
            f":1:37: sessions.header.value: {VISIBLE}, found `{{msisdn}}\\n`",
        ),
        (
            'sessions: {header: {name: x, value: "{nai}"}}',
            f":1:37: sessions.header.value: unknown field `{{nai}}`: {FIELDS}",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place_and_what_was_expected(
    tmp_path: Path, own: str, expected: str
) -> None:
    assert complaints(tmp_path, own) == [f"candidate/gateway.yaml{expected}"]


def test_a_mistake_in_the_defaults_points_into_the_defaults(tmp_path: Path) -> None:
    defaults = DEFAULTS.replace("8080", "x").replace("validate: [nginx, -t]", "validate: nginx")
    assert complaints(tmp_path, "image: -x", defaults) == [
        f"candidate/gateway.yaml:1:8: image: {IMAGE}, found `-x`",
        "defaults.yaml:3:16: ports.proxy: expected a port (1 to 65535), found `x`",
        f"defaults.yaml:5:13: commands.validate: expected a list of {WORDS}, found `nginx`",
    ]


def test_a_key_that_both_files_lack_is_named(tmp_path: Path) -> None:
    defaults = DEFAULTS.replace("image: headgate/gateway", "")
    assert complaints(tmp_path, "install: /etc/nginx", defaults) == [
        "candidate/gateway.yaml:1:1: image is missing: expected such as `image: headgate/gateway`"
    ]


def test_a_mistake_in_defaults_that_the_candidate_replaces_does_no_harm(tmp_path: Path) -> None:
    spec = loaded(tmp_path, "ports: {proxy: 3128}", DEFAULTS.replace("8080", "x"))
    assert spec.proxy_port == 3128


def test_a_key_given_twice_is_told_whichever_file_holds_it(tmp_path: Path) -> None:
    defaults = DEFAULTS.replace("{proxy: 8080,", "{proxy: 8080, proxy: 1,")
    assert complaints(tmp_path, "ports: {proxy: 1, proxy: 2}", defaults) == [
        "candidate/gateway.yaml:1:19: the key `ports.proxy` is given twice, first in line 1",
        "defaults.yaml:3:22: the key `ports.proxy` is given twice, first in line 3",
    ]


def test_a_file_of_its_own_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "candidate").mkdir()
    (tmp_path / "candidate/gateway.yaml").symlink_to("/etc/hostname")
    with pytest.raises(InputError) as caught:
        loaded(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}/candidate/gateway.yaml: this is a symbolic link: expected the file itself"
    )


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("session:{ip}", "session:100.64.128.1"),
        ("{ip} {msisdn};", "100.64.128.1 447700900123;"),
        ("{imsi}/{consent}", "001010000000001/no"),
        ('{{"{ip}": {{"n": "{msisdn}"}}}}', '{"100.64.128.1": {"n": "447700900123"}}'),
        ("{{msisdn}}", "{msisdn}"),
    ],
)
def test_a_template_is_filled_for_a_subscriber(template: str, expected: str) -> None:
    ada = Subscriber("447700900123", "001010000000001", consent=False)
    assert fill(template, ip="100.64.128.1", subscriber=ada) == expected


def test_consent_given_reads_yes() -> None:
    ada = Subscriber("447700900123", "001010000000001", consent=True)
    assert fill("{consent}", ip="100.64.128.1", subscriber=ada) == "yes"
