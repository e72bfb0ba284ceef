"""The pages that explain the API: they need nothing from elsewhere, and every code that a problem names is on them."""

import re

from tests.web.conftest import Site


def test_the_reference_loads_nothing_from_elsewhere(site: Site) -> None:
    page = site.call("GET", "/docs/api")
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert page.status_code == 200 and len(loaded) >= 3 and all(address.startswith("/docs/static/") for address in loaded)
    assert [site.call("GET", address).status_code for address in loaded] == [200] * len(loaded)


def test_every_problem_is_explained_where_it_points_to(site: Site) -> None:
    page = site.call("GET", "/docs/errors").text
    for problem in (site.call("GET", "/v1/runs"), site.call("GET", "/v1/runs/x", site.a.key), site.call("PATCH", "/v1/runs"), site.call("POST", "/v1/keys", site.a.key, json={})):
        path, _, code = problem.json()["type"].partition("#")
        assert path == "/docs/errors" and f'id="{code}"' in page
