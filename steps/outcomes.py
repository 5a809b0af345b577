"""Then: what an outside party has seen."""

from __future__ import annotations

from pytest_bdd import then

from headgate.disclosure import LEAK
from headgate.gate.visit import Visit


@then("each site has received its visitor's own number, once, and nothing more")
@then("nobody has learned anything that the policy does not grant")
@then("no site has received a number that a handset made up")
@then("no site has received anything that tells who is calling")
@then("no number is left in its logs or on its disk")
def nothing_is_wrong(visit: Visit) -> None:
    assert visit.wrong == []


@then("every ordinary site has learned who its visitors are")
def every_ordinary_site_learned(visit: Visit) -> None:
    assert visit.sites_with(LEAK) == visit.ordinary_sites
