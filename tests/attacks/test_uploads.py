"""Attempts to get at photos that were handed in, or to have others added; every one must fail."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from attacks.test_templates import check_nothing_is_in, needles_of, templates_of
from mien.http.asking import SESSION_COOKIE
from mien.http.site import Site
from mien.library import Library
from mien.permission.caller import Operation, Role
from mien.service.long_run import Asked, RunKind
from mien.testing import draw_photo
from server.door import Door, caller_of
from server.uploading import hand_in, post_photos, shelf_grant, wait_for, working
from service.stage import Stage, blobs_of, query

ANN = draw_photo(1, seed=1)


@contextmanager
def waiting(stage: Stage) -> Iterator[tuple[Library, TestClient, Site, str]]:
    """An upload that waits for its run, and does not get it."""
    with stage.open() as library, working(library, "admin") as (client, site):
        site.runs.stop()
        run = hand_in(client, shelf_grant(stage, library), {"ann.png": ANN})
        yield library, client, site, run["run_id"]


def go_on(site: Site) -> None:
    site.runs._stopping.clear()
    site.runs.start()


@pytest.mark.parametrize(
    "name",
    [
        "../../../escaped.png",
        "..\\..\\escaped.png",
        "/etc/escaped.png",
        "escaped.png\x00.jpg",
        "%2e%2e%2fescaped.png",
        "upload:///other/escaped.png",
        "a" * 3_000 + ".png",
        "' OR 1=1 --.png",
        "<script>alert(1)</script>.png",
    ],
)
def test_a_name_leads_nowhere(stage: Stage, name: str) -> None:
    with stage.open() as library, working(library) as (client, _):
        answer = post_photos(client, shelf_grant(stage, library), {name: ANN})
        assert answer.status_code == 202
        run = wait_for(client, answer.json()["run_id"])
        assert run["progress"]["new"] == 1
    (uri,) = query(stage.home / "catalog.db", "SELECT uri FROM locations")
    assert uri.startswith("upload:///wedding/")
    assert uri.count("/") == 5
    assert not set(uri) & set("<>'\\\x00 \"")
    assert not list(stage.folder.rglob("*escaped*"))


def test_a_header_cannot_be_smuggled_in_by_a_name(stage: Stage) -> None:
    boundary = "between"
    part = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="photos"; '
        'filename="a.png"\r\nX-Evil: yes\r\nContent-Disposition: form-data; name="grant"\r\n\r\n'
    )
    form = part.encode() + ANN + f"\r\n--{boundary}--\r\n".encode()
    kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    with stage.open() as library, working(library) as (client, _):
        shelf_grant(stage, library)
        answer = client.post("/v1/uploads", content=form, headers=kind)
    # What comes last counts: no photo, but a field that names no grant.
    assert (answer.status_code, answer.json()["code"]) == (422, "no-photos")
    assert blobs_of(stage.home) == []


@pytest.mark.parametrize("change", ["sealed", "state", "swapped", "of another home"])
def test_a_run_cannot_be_made_up_in_the_catalog(stage: Stage, change: str) -> None:
    """Who can write into the catalog, and has no key, has nothing done in anybody's name."""
    with waiting(stage) as (library, client, site, run_id):
        other = client.post("/v1/runs", json={"kind": "rescan"}).json()["run_id"]
        forged = {
            "kind": "add-folder",
            "actor": "user:admin",
            "collection": "default",
            "grant_id": library.grants()[0].grant_id,
            "quality": "none",
            "paths": ["/"],
            "upload_id": "",
            "shelf": "",
        }
        with closing(sqlite3.connect(stage.home / "catalog.db")) as catalog, catalog:
            rows = dict(catalog.execute("SELECT uuid, sealed FROM long_runs").fetchall())
            if change == "sealed":
                new = json.dumps(forged).encode()
            elif change == "swapped":
                new = rows[other]
            else:
                new = bytes(len(rows[run_id])) if change == "of another home" else rows[run_id]
            values = (new, "done" if change == "state" else "queued", run_id)
            catalog.execute("UPDATE long_runs SET sealed = ?, state = ? WHERE uuid = ?", values)
        site.runs._news.clear()
        go_on(site)
        assert wait_for(client, other)["state"] == "done"
        listed = [run["run_id"] for run in client.get("/v1/runs").json()["items"]]
    assert (run_id in listed) == (change == "state")
    assert query(stage.home / "catalog.db", "SELECT count(*) FROM photos") == [0]


def test_the_spool_opens_with_nothing_but_the_home_s_keys(stage: Stage, tmp_path: Path) -> None:
    with waiting(stage) as (library, _, site, run_id):
        upload_id = site.runs.get(run_id).asked.upload_id
        spool = library.parts.deployment.spool
        for path in (stage.home / "spool").rglob("*"):
            assert ANN[20:60] not in (path.read_bytes() if path.is_file() else b"")
            assert path.stat().st_mode & 0o077 == 0
        spool.drop(upload_id)
        keys = (stage.home / "keys" / "keys.db").read_bytes()
        assert upload_id.encode() not in keys
    del tmp_path


def test_nobody_else_is_given_a_run_or_its_photos(stage: Stage) -> None:
    door = Door(
        {
            "admin": caller_of(Role.ADMIN),
            "viewer": caller_of(Role.VIEWER),
            "elsewhere": caller_of(Role.ADMIN, collections=frozenset({"other"})),
            "only-search": caller_of(Role.ADMIN, operations=frozenset({Operation.SEARCH})),
        }
    )
    with stage.open() as library, working(library, "admin", door=door) as (client, _):
        run_id = hand_in(client, shelf_grant(stage, library), {"ann.png": ANN})["run_id"]
        wait_for(client, run_id)
        for who in ("viewer", "elsewhere", "only-search", "nobody", ""):
            client.headers["Authorization"] = f"Bearer {who}"
            for method, path in (
                ("GET", f"/v1/runs/{run_id}"),
                ("GET", f"/v1/runs/{run_id}/events"),
                ("DELETE", f"/v1/runs/{run_id}"),
            ):
                answer = client.request(method, path)
                assert answer.status_code in {401, 403, 404}
                assert "ann" not in answer.text
            if who != "elsewhere":
                assert client.get("/v1/runs").status_code in {401, 403}


def test_a_browser_is_not_made_to_hand_in_by_another_page(stage: Stage) -> None:
    """The cookie alone is not enough: another page knows it is there, and not the token."""
    with stage.open() as library, working(library, "") as (client, _):
        grant = shelf_grant(stage, library)
        del client.headers["Authorization"]
        client.cookies.set(SESSION_COOKIE, "curator")
        answers = [
            post_photos(client, grant, {"ann.png": ANN}),
            client.post("/v1/runs", json={"kind": "rescan"}),
            client.delete("/v1/runs/any"),
        ]
    assert [answer.json()["code"] for answer in answers] == ["no-csrf-token"] * 3


@pytest.mark.parametrize("folders", [["/"], ["."], [".."], ["~"], ["/proc/self"], ["\x00"], [""]])
def test_the_server_s_own_files_are_out_of_reach(stage: Stage, folders: list[str]) -> None:
    stage.draw("ann.png", 1)
    with (
        stage.open(served_folders=str(stage.photos)) as library,
        working(library, "admin") as (client, _),
    ):
        grant = stage.grant(library, scope=stage.photos)
        body = {"kind": "add-folder", "grant": grant, "folders": folders}
        answer = client.post("/v1/runs", json=body)
    assert answer.status_code == 422
    assert blobs_of(stage.home) == []


def test_a_served_folder_is_no_beginning_of_a_name(stage: Stage) -> None:
    stage.draw("ann.png", 1)
    beside = stage.folder / "photos of others"
    beside.mkdir()
    (beside / "ben.png").write_bytes(draw_photo(2))
    with (
        stage.open(served_folders=str(stage.photos)) as library,
        working(library, "admin") as (client, _),
    ):
        grant = stage.grant(library, scope=stage.folder)
        body = {"kind": "add-folder", "grant": grant, "folders": [str(beside)]}
        assert client.post("/v1/runs", json=body).status_code == 422


def test_a_run_may_do_no_more_than_when_it_was_asked_for(stage: Stage) -> None:
    """The operator took the folder back, and the grantor the grant, while it waited."""
    stage.draw("ann.png", 1)
    with (
        stage.open(served_folders=str(stage.photos)) as library,
        working(library, "admin") as (client, site),
    ):
        site.runs.stop()
        grant = stage.grant(library)
        body = {"kind": "add-folder", "grant": grant, "folders": [str(stage.photos)]}
        taken_back = client.post("/v1/runs", json=body).json()["run_id"]
        photos = {"ann.png": ANN}
        revoked = hand_in(client, shelf := shelf_grant(stage, library), photos)["run_id"]
        library.revoke(shelf)
        site.runs._served = ()
        go_on(site)
        runs = [wait_for(client, run_id) for run_id in (taken_back, revoked)]
    assert runs[0]["state"] == "failed"
    assert "MIEN_SERVED_FOLDERS" in runs[0]["report"]["message"]
    assert runs[1]["progress"]["refused"] == {"grant-revoked": 1}
    assert blobs_of(stage.home) == []
    assert not any((stage.home / "spool").iterdir())


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "erase"},
        {"kind": "add-uploads", "grant": "any"},
        {"kind": "rescan", "actor": "user:admin"},
        {"kind": "rescan", "upload_id": "../../keys"},
        {"kind": "add-folder", "folders": "/"},
        {"kind": "add-folder", "folders": ["/"] * 101},
        [],
        "rescan",
        None,
    ],
)
def test_nothing_else_can_be_asked_for(stage: Stage, body: Any) -> None:
    with stage.open() as library, working(library, "admin") as (client, _):
        assert client.post("/v1/runs", json=body).status_code == 422
        assert client.get("/v1/runs").json()["items"] == []


def test_no_answer_about_a_run_holds_a_template(stage: Stage) -> None:
    stage.draw("ann.png", 1, seed=1)
    with stage.open() as library, working(library, "admin") as (client, site):
        run_id = hand_in(client, shelf_grant(stage, library), {"ann.png": ANN})["run_id"]
        wait_for(client, run_id)
        needles = needles_of(templates_of(stage, library))
        asked = Asked(kind=RunKind.RESCAN, actor="user:admin")
        handed_out: list[object] = [
            site.runs.get(run_id),
            site.runs.list(),
            site.runs.submit(asked),
            site.runs.peek(run_id),
            site.runs.cancel(run_id),
            *(
                client.get(path).content
                for path in ("/v1/runs", f"/v1/runs/{run_id}", f"/v1/runs/{run_id}/events")
            ),
        ]
        for one in handed_out:
            check_nothing_is_in(one, needles)
