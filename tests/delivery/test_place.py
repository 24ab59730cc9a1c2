"""Which forge a connection is of, and what the target is called there."""

from __future__ import annotations

import pytest

from phaseplan.delivery.place import Access, forge_of, page_on, project_of, site_of
from phaseplan.errors import InputFault
from phaseplan.plan.delivery import Delivery


def access(host: str, kind: str = "generic") -> Access:
    return Access("forge", host, kind, "t0ken")


@pytest.mark.parametrize(
    ("host", "kind", "forge", "root"),
    [
        ("https://github.com", "generic", None, "https://api.github.com"),
        ("api.github.com", "http", None, "https://api.github.com"),
        ("https://github.example.com", "generic", None, "https://github.example.com/api/v3"),
        ("https://git.example.com", "github", None, "https://git.example.com/api/v3"),
        ("gitlab.com", "generic", None, "https://gitlab.com/api/v4"),
        ("https://git.example.com/gitlab/", "gitlab", None, "https://git.example.com/gitlab/api/v4"),
        ("https://git.example.com/api/v4", "generic", "gitlab", "https://git.example.com/api/v4"),
        ("https://codeberg.org", "generic", None, "https://codeberg.org/api/v1"),
        ("https://git.example.com:3000", "generic", "forgejo", "https://git.example.com:3000/api/v1"),
        ("http://127.0.0.1:8080", "gitea", None, "http://127.0.0.1:8080/api/v1"),
    ],
)
def test_the_api_is_found(host: str, kind: str, forge: str | None, root: str) -> None:
    assert site_of(access(host, kind), forge).root == root


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("http://git.example.com", "without TLS"),
        ("ftp://github.com", "without TLS"),
        ("", "is empty"),
        ("https://git.example.com:port", "is no address"),
        ("https://git.example.com", "does not say which forge"),
    ],
)
def test_a_token_goes_where_its_connection_says_and_only_over_tls(host: str, words: str) -> None:
    with pytest.raises(InputFault, match=words) as refused:
        site_of(access(host))
    assert "Next: " in str(refused.value) and "t0ken" not in str(refused.value) + repr(access(host))
    assert not {"url", "host", "address", "api"} & set(Delivery.model_fields), "a plan names no address"


@pytest.mark.parametrize(
    ("remote", "project"),
    [
        ("https://github.com/acme/shop.git", "acme/shop"),
        ("git@github.com:acme/shop.git", "acme/shop"),
        ("work-alias:acme/shop", "acme/shop"),
        ("ssh://git@gitlab.example.com:2222/group/sub/shop.git/", "group/sub/shop"),
        ("/srv/git/acme/shop.git", None),
        ("file:///srv/git/acme/shop.git", None),
        ("https://example.com/../shop", None),
        ("https://example.com/a b/shop", None),
        ("https://example.com/shop", None),
    ],
)
def test_the_project_is_told_by_the_url(remote: str, project: str | None) -> None:
    assert project_of(remote) == project


def test_a_project_that_is_not_known_is_asked_for() -> None:
    with pytest.raises(InputFault, match="project: owner/name"):
        forge_of(access("https://github.com"), Delivery(how="pull-request"), "/srv/git/shop.git")
    with pytest.raises(InputFault, match="project: owner/name"):
        forge_of(access("https://github.com"), Delivery(how="pull-request", project="a/b/c"), "")


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example.com/acme/shop/pull/1",
        "javascript:alert(1)",
        "https://git.example.com@evil.example.com/",
        "https://me@git.example.com/",
        'https://git.example.com/"onclick=x',
        "https://git.example.com/a) [b](https://evil.example.com",
    ],
)
def test_only_a_page_of_the_target_s_host_is_linked(url: str) -> None:
    remote = "https://git.example.com/acme/shop.git"
    assert page_on(remote, url) == ""
    assert page_on(remote, "https://git.example.com/acme/shop/pulls/1")
    assert page_on("git@git.example.com:acme/shop", "https://git.example.com/acme/shop/pulls/1")
    assert page_on("/srv/git/shop.git", "https://git.example.com/acme/shop/pulls/1") == ""
