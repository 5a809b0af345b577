"""Handsets browse each in its own way, as handsets do."""

from __future__ import annotations

import random
import re
from collections import Counter
from itertools import islice

import pytest

from headgate.browser import PER_REQUEST, Browser, dealt, user_agents
from headgate.plan import lines


def browsers(count: int = 500, seed: str = "seed") -> list[Browser]:
    return list(islice(dealt(random.Random(seed)), count))


def test_no_two_handsets_browse_alike() -> None:
    assert len(set(browsers())) == 500


def test_a_seed_deals_the_same_again() -> None:
    assert browsers() == browsers()
    assert browsers() != browsers(seed="another")


def test_every_user_agent_is_used_before_one_is_used_again() -> None:
    agents = Counter(one.agent for one in browsers(64) if one.agent)
    assert max(agents.values()) == 1
    assert len({one.agent for one in browsers()}) == len(user_agents()) + 1


def test_every_browser_can_say_what_a_request_needs() -> None:
    for one in browsers():
        names = [name for name, _ in one.lines]
        assert len(set(names)) == len(names)
        assert set(PER_REQUEST) <= {*names, "Connection"}
        assert all(
            value is None or re.fullmatch(r"[!-~]([ -~]*[!-~])?", value) for _, value in one.lines
        )


def test_no_line_but_host_is_in_all_and_host_stands_in_many_places() -> None:
    found = [[name for name, _ in one.head({"Host": "a"})] for one in browsers()]
    counts = Counter(name for names in found for name in names)
    assert [name for name, count in counts.items() if count == len(found)] == ["Host"]
    assert len({names.index("Host") for names in found}) >= 4
    assert len({tuple(names) for names in found}) > 60


def test_what_is_given_stands_in_its_place() -> None:
    one = Browser("x", (("Accept", "y"), ("Host", None), ("Cookie", None), ("Connection", "z")))
    assert one.head({"Host": "a"}) == [("Accept", "y"), ("Host", "a"), ("Connection", "z")]
    head = one.head({"Host": "a", "Cookie": "b=c", "Connection": None})
    assert head == [("Accept", "y"), ("Host", "a"), ("Cookie", "b=c")]
    assert one.connection == "z"


# The lists that go with the tool


@pytest.mark.parametrize("name", ["ordinary_sites.txt", "user_agents.txt"])
def test_a_list_names_each_once(name: str) -> None:
    assert len(set(lines(name))) == len(lines(name))
    assert all(line == line.strip() and line.isascii() for line in lines(name))


def test_the_sites_are_a_few_thousand_valid_names_from_everywhere() -> None:
    sites = lines("ordinary_sites.txt")
    assert 2500 <= len(sites) <= 5000
    for site in sites:
        assert re.fullmatch(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}", site)
        assert site.rpartition(".")[2] not in ("example", "test", "invalid", "localhost")
    assert len({site.rpartition(".")[2] for site in sites}) > 100
    firsts = Counter(site.partition(".")[0] for site in sites)
    assert firsts["www"] < 0.8 * len(sites)
    assert firsts["m"] > 100


def test_the_user_agents_are_of_many_years_and_makers() -> None:
    agents = lines("user_agents.txt")
    assert 40 <= len(agents) <= 60
    for maker in (
        "iPhone",
        "Android",
        "BlackBerry",
        "Nokia",
        "Opera",
        "MSIE",
        "Firefox",
        "Windows",
    ):
        assert any(maker in agent for agent in agents)
