"""Purposes that nothing is done for, and those that only share a word with them."""

from __future__ import annotations

import pytest

from mien.permission.prohibited import PROHIBITIONS, find_prohibition
from mien.permission.purpose import check_purpose, is_purpose
from mien.permission.verdict import Reason

PROHIBITED = {
    "covert identification of strangers": (
        *("identify-strangers", "stranger-lookup", "covert-identification", "doxxing", "dox"),
        *("find-that-stranger", "deanonymise-bloggers", "unmask-protester", "secret-tracking"),
        *("bystander-identification", "passersby-recognition", "clandestine-search"),
    ),
    "stalking": (
        *("stalking", "stalk", "ex-girlfriend-monitoring", "spouse-tracker", "track-stalker"),
        *("spy-on-neighbour", "employee-monitoring", "staff-tracking", "people-watching"),
    ),
    "enforcement against migrants": (
        *("immigration-enforcement", "border-control", "deportation", "mass-deportations"),
        *("refugee-tracking", "asylum-police", "migrant-raid", "find-undocumented", "deport"),
        *("visa-enforcement", "undocumented-identification"),
    ),
    "surveillance of unions, politics, protest or belief": (
        *("union-surveillance", "union-busting", "union-monitoring", "political-surveillance"),
        *("protest-monitoring", "identify-protesters", "demonstrator-recognition", "surveillance"),
        *("sur-veillance", "religious-profiling", "ethnic-profiling", "strike-blacklist"),
        *("dissident-finder", "activist-tracking", "surveil"),
    ),
    "inference of emotions or traits": (
        *("emotion-recognition", "mood-detection", "personality-scoring", "gender-classification"),
        *("age-estimation", "race-inference", "ethnicity-detection", "sexual-orientation-guessing"),
        *("criminality-prediction", "religion-inference", "political-prediction"),
        *("sexuality-detection", "trait-analysis", "health-prediction"),
    ),
    "watching live, or for a face to turn up": (
        *("live-watch", "watchlist", "watch-list", "live-camera", "realtime-recognition", "cctv"),
        *("face-alert", "alert-on-person", "live-identification", "live-tracking"),
    ),
    "scoring of people, or trade in their likeness": (
        *("social-scoring", "social-credit", "predictive-policing", "sell-biometrics"),
        *("template-brokerage", "faceprint-resale", "citizen-score"),
    ),
}

FINE = (
    *("family-album", "press-archive", "union-archive", "yearbook", "sports-club", "try", "demo"),
    *("school-photos", "wedding-photos", "event-photos", "find-my-photos", "museum-collection"),
    *("local-history", "newsroom", "journalism", "portrait-archive", "obituaries"),
    *("protest-photography", "political-archive", "party-conference", "election-reporting"),
    *("union-history", "trade-union-portraits", "strike-1984-archive", "activist-portraits"),
    *("migrant-museum", "refugee-family-reunion", "border-collie-club", "immigration-history"),
    *("live-music-archive", "live-show-photos", "race-photos", "race-results-classification"),
    *("age-group-winners", "marathon-race-recognition", "track-and-field-women", "staff-directory"),
    *("partner-profile-pictures", "neighbourhood-watch-picnic", "bird-watching", "watchmakers"),
    *("religious-art-classification", "health-fair", "gender-studies-archive", "emotion-museum"),
    *("photo-orientation-detection", "crowd-photos", "secret-santa-photos", "social-club"),
    *("sale-catalogue", "police-orchestra", "template-test", "unknown-soldier-search"),
    *("missing-persons", "people", "alert-badge", "data-migration", "research", "bench"),
    *("ellis-island-immigrants-identification", "another-purpose", "family-album-of-ann"),
)


@pytest.mark.parametrize(
    ("sentence", "purpose"), [(s, one) for s, some in PROHIBITED.items() for one in some]
)
def test_what_says_what_it_is_is_refused(sentence: str, purpose: str) -> None:
    assert is_purpose(purpose)
    assert find_prohibition(purpose) is not None
    assert check_purpose(purpose).reasons == (Reason.PROHIBITED_PURPOSE,)
    found = find_prohibition(purpose)
    assert found is not None
    if purpose not in {"unmask-protester", "ethnic-profiling", "sexual-orientation-guessing"}:
        assert found.sentence == sentence


@pytest.mark.parametrize("purpose", FINE)
def test_what_only_shares_a_word_is_not(purpose: str) -> None:
    assert find_prohibition(purpose) is None
    assert check_purpose(purpose).is_allowed


def test_every_prohibition_has_an_example_here() -> None:
    assert {one.sentence for one in PROHIBITIONS} == set(PROHIBITED)


def test_every_word_can_stand_in_a_purpose() -> None:
    """A word that no slug can hold would prohibit nothing."""
    for one in PROHIBITIONS:
        words = set(one.words).union(*(left | right for left, right in one.pairs))
        assert all(is_purpose(word) and "-" not in word for word in words)
        assert all(part.isalpha() and part == part.lower() for part in one.parts)


def test_a_pair_needs_two_words() -> None:
    """One word alone, standing on both sides of a pair, is not two."""
    for one in PROHIBITIONS:
        for left, right in one.pairs:
            assert not left & right, one.sentence


def test_what_is_no_purpose_at_all_is_told_first() -> None:
    assert check_purpose("").reasons == (Reason.NO_PURPOSE,)
    assert check_purpose("Live Watch").reasons == (Reason.MALFORMED_PURPOSE,)
    assert check_purpose("STALKING").reasons == (Reason.MALFORMED_PURPOSE,)
