"""The audit log in the browser: in words, page by page, and proved."""

from __future__ import annotations

from mien.pages.web import render_page
from mien.service.audit import Action
from mien.service.erase import GrantTarget
from mien.testing import draw_photo
from server.door import visiting
from service import inbox
from service.stage import PURPOSE, Stage, query
from web.pages import ask, refusal_of, send

CATALOG = "catalog.db"


def test_every_action_has_words(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "auditor", with_key=False) as client:
        values = {"csrf_token": "", "me": None, "page": "audit", "status": 200}
        entries = [
            {"seq": seq, "time": "2030-05-01T12:00:00Z", "action": str(action), "actor": "x"}
            | {"purpose": None, "outcome": "done", "reasons": []}
            for seq, action in enumerate(Action)
        ]
        more = {"entries": entries, "names": {}, "size": 1, "first": 0, "newer": 0, "reasons": {}}
        page = render_page("audit", values | more)
        assert ask(client, "/audit").status_code == 200
    bare = [action for action in Action if f"</span> {action} " in page and "-" in action]
    assert bare == []


def test_what_was_done_stands_there_in_words(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "admin", with_key=False) as client:
        inbox.fill(stage, library)
        library.search(draw_photo(inbox.ANN), purpose=PURPOSE)
        library.search(draw_photo(inbox.ANN), purpose="no-such")
        page = ask(client, "/audit").text
        entry = ask(client, "/audit/entries/0").text
    assert (
        page.index("refused") < page.index("began to add photos") < page.index("recorded a grant")
    )
    assert "No grant in force here allows searching for this purpose." in page
    assert "recorded a grant" in entry
    assert "A. Holder" in entry


def test_a_long_log_has_pages(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "auditor", with_key=False) as client:
        for _ in range(120):
            stage.grant(library)
        first, middle, last = (
            ask(client, path).text for path in ("/audit", "/audit?before=70", "/audit?before=20")
        )
    assert [page.count('aria-label="Entry ') for page in (first, middle, last)] == [50, 50, 20]
    assert 'href="/audit?before=70"' in first
    assert 'href="/audit?before=20"' in middle
    assert 'href="/audit"' in middle
    assert "Older" not in last


def test_details_of_what_was_erased_are_gone(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "auditor", with_key=False) as client:
        grant = inbox.fill(stage, library, grantor="<b>Ann</b>")
        assert "&lt;b&gt;Ann&lt;/b&gt;" in ask(client, "/audit/entries/0").text
        library.erase(GrantTarget(grant))
        page = ask(client, "/audit/entries/0").text
        assert ask(client, "/audit/entries/77").status_code == 404
    assert "Ann" not in page
    assert "their key is destroyed" in page


def test_a_sound_log_is_proved_against_a_checkpoint_that_was_kept(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "auditor", with_key=False) as client:
        stage.grant(library)
        kept = send(client, "/audit/checkpoint")
        assert "checkpoint.txt" in kept.headers["Content-Disposition"]
        stage.grant(library)
        page = send(client, "/audit/proof").text
        assert "Nothing was changed." in page
        assert "entries are as they were written here" in page
        assert "A checkpoint that was kept elsewhere proves that." in page
        against = send(client, "/audit/proof", kept=kept.text).text
        assert "the checkpoint you kept signed is still there" in against
        other = send(client, "/audit/proof", kept="a.example/log\n1\nAAAA\n")
        assert "kept-checkpoint-not-contained" in other.text
        assert "Nothing was changed" not in other.text


def test_what_was_changed_is_named(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "auditor", with_key=False) as client:
        for _ in range(3):
            stage.grant(library)
        change = "UPDATE audit_entries SET content = replace(content, 'done', 'gone') WHERE seq = 1"
        query(stage.home / CATALOG, change.replace("content,", "CAST(content AS TEXT),"))
        page = send(client, "/audit/proof").text
        unsigned = send(client, "/audit/checkpoint")
    assert "The log is not signed as it is" in refusal_of(unsigned)
    assert "Entry 1 was" in page
    assert "Nothing was changed" not in page


def test_the_review_of_searches_is_one_click_away(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "auditor", with_key=False) as client:
        assert 'href="/audit/reviews"' in ask(client, "/audit").text
        assert ask(client, "/audit/reviews").status_code == 200
