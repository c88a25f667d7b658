"""Verdicts: a no needs a reason, any no wins, and every reason can be read."""

from __future__ import annotations

import re

import pytest

from mien.permission.verdict import ALLOWED, Reason, Verdict, combine, refuse

CODES = {
    "no-grant",
    "unknown-grant",
    "grant-changed",
    "grant-revoked",
    "grant-not-yet-valid",
    "grant-expired",
    "collection-changed",
    "platform-forbids",
    "out-of-scope",
    "use-not-granted",
    "basis-mismatch",
    "retention-ended",
    "no-purpose",
    "malformed-purpose",
    "prohibited-purpose",
    "purpose-not-of-collection",
    "purpose-not-granted",
    "display-not-granted",
    "not-enrolled",
    "item-suppressed",
    "source-suppressed",
    "face-suppressed",
    "under-case",
    "no-consent",
    "consent-not-given",
    "consent-not-yet-valid",
    "consent-expired",
    "consent-withdrawn",
    "consent-changed",
    "consent-conflict",
    "purpose-not-consented",
    "minor-without-guardian",
    "licence-not-accepted",
    "poor-quality",
    "not-signed-in",
    "operation-not-yours",
    "collection-not-yours",
    "purpose-not-yours",
    "not-a-person",
    "more-than-yours",
    "sign-in-failed",
    "too-many-tries",
    "link-not-in-force",
    "own-search",
    "link-changed",
    "link-revoked",
    "link-expired",
    "link-spent",
    "link-busy",
    "guest-spent",
}
"""Programs compare these: one that is renamed here breaks them."""


def test_reason_codes_are_the_ones_that_programs_know() -> None:
    assert {str(reason) for reason in Reason} == CODES


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_explained_in_a_sentence(reason: Reason) -> None:
    assert re.fullmatch(r"[A-Z].+\.", reason.explanation)
    assert reason not in reason.explanation, "say it in words"


def test_no_two_reasons_are_explained_alike() -> None:
    assert len({reason.explanation for reason in Reason}) == len(Reason)


def test_a_verdict_without_reasons_allows_and_any_reason_refuses() -> None:
    assert ALLOWED.is_allowed
    assert not refuse(Reason.NO_GRANT).is_allowed


def test_a_refusal_without_a_reason_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="needs a reason"):
        refuse()


def test_reasons_keep_their_order_and_are_told_once() -> None:
    verdict = refuse(Reason.OUT_OF_SCOPE, Reason.NO_GRANT, Reason.OUT_OF_SCOPE)
    assert verdict.reasons == (Reason.OUT_OF_SCOPE, Reason.NO_GRANT)


def test_any_no_wins_wherever_it_stands() -> None:
    no = refuse(Reason.GRANT_EXPIRED)
    for verdicts in ([no, ALLOWED, ALLOWED], [ALLOWED, no, ALLOWED], [ALLOWED, ALLOWED, no]):
        assert combine(verdicts) == no


def test_combining_keeps_the_reasons_of_all_in_order_and_once() -> None:
    first = refuse(Reason.GRANT_EXPIRED, Reason.OUT_OF_SCOPE)
    second = refuse(Reason.BASIS_MISMATCH, Reason.GRANT_EXPIRED)
    assert combine([first, ALLOWED, second]) == Verdict(
        (Reason.GRANT_EXPIRED, Reason.OUT_OF_SCOPE, Reason.BASIS_MISMATCH)
    )
