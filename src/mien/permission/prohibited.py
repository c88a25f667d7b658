"""Purposes that nothing is done for, whoever allows them and whatever else they are called.

A purpose is looked at word by word. Some words are prohibited wherever they stand; most are
so only beside another, so that an archive of a union is an archive and its surveillance is
not. It catches those who say what they do; those who do not have lied on the record.
"""

from __future__ import annotations

from dataclasses import dataclass

Words = frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prohibition:
    """What is prohibited, in a sentence; told by a word, by two together, or by a part of one."""

    sentence: str
    words: Words = frozenset()
    pairs: tuple[tuple[Words, Words], ...] = ()
    parts: tuple[str, ...] = ()


def _words(text: str) -> Words:
    return frozenset(text.split())


_IDENTIFYING = _words(
    "identify identifying identification recognise recognize recognition find finding finder"
    " search lookup expose exposing"
)
_STRANGERS = _words("stranger strangers passerby passersby bystander bystanders")
_WATCHING = _words(
    "monitor monitoring tracking tracker watching spy spying profiling"
    " blacklist blacklisting infiltration informant informants suppression repression"
)
_INFERRING = _words(
    "infer inference inferring predict prediction estimate estimation guess guessing"
)
_MEASURING = _INFERRING | _words(
    "detect detection classify classification recognise recognize recognition"
)

PROHIBITIONS = (
    Prohibition(
        sentence="covert identification of strangers",
        words=_words("covert covertly clandestine dox doxx unmask unmasking"),
        pairs=(
            (_IDENTIFYING, _STRANGERS),
            (_words("secret secretly"), _WATCHING | _words("identify identification")),
        ),
        parts=("doxing", "doxxing", "deanonym"),
    ),
    Prohibition(
        sentence="stalking",
        words=_words("stalk stalks spyware voyeur voyeurism"),
        pairs=(
            (
                _WATCHING,
                _words(
                    "ex girlfriend boyfriend wife husband spouse partner crush"
                    " person persons people individual individuals neighbour neighbor"
                    " employee employees worker workers staff tenant tenants"
                ),
            ),
        ),
        parts=("stalking", "stalker"),
    ),
    Prohibition(
        sentence="enforcement against migrants",
        words=_words("deport deports deported deporting deportations"),
        pairs=(
            (
                _words(
                    "immigration immigrant immigrants migration migrant migrants refugee refugees"
                    " asylum border borders visa undocumented"
                ),
                _WATCHING
                | _words("enforcement control controls police policing raid raids detention")
                | _words("arrest arrests removal"),
            ),
            (_words("undocumented"), _IDENTIFYING),
        ),
        parts=("deportation",),
    ),
    Prohibition(
        sentence="surveillance of unions, politics, protest or belief",
        words=_words("surveil surveilling"),
        pairs=(
            (
                _words(
                    "union unions labor labour strike strikes striker strikers organizer"
                    " organizers organiser organisers political politics politician politicians"
                    " activism activist activists dissident dissidents protest protests"
                    " protester protesters demonstration demonstrations demonstrator demonstrators"
                    " religion religious faith ethnic minority minorities"
                ),
                _WATCHING | _words("busting buster busters"),
            ),
            (
                _words(
                    "protester protesters demonstrator demonstrators activist activists"
                    " dissident dissidents striker strikers"
                ),
                _IDENTIFYING,
            ),
        ),
        parts=("surveillance",),
    ),
    Prohibition(
        sentence="inference of emotions or traits",
        pairs=(
            (
                _words("emotion emotions emotional mood moods sentiment personality trait traits"),
                _MEASURING | _words("analysis analytics scoring score"),
            ),
            (
                _words(
                    "racial ethnicity ethnic gender sex sexual sexuality age criminality"
                    " honesty attractiveness"
                ),
                _MEASURING,
            ),
            (
                _words("race religion religious belief beliefs political intelligence health")
                | _words("disability"),
                _INFERRING,
            ),
        ),
    ),
    Prohibition(
        sentence="watching live, or for a face to turn up",
        words=_words("cctv"),
        pairs=(
            (
                _words("live realtime"),
                _words("watch camera cameras recognition identification monitoring tracking"),
            ),
            (_words("alert alerts alerting"), _words("face faces person people sighting")),
        ),
        parts=("watchlist",),
    ),
    Prohibition(
        sentence="scoring of people, or trade in their likeness",
        pairs=(
            (_words("social citizen"), _words("score scores scoring credit")),
            (_words("predictive"), _words("policing police")),
            (
                _words("sell selling sale resale trade trading broker brokerage"),
                _words("biometric biometrics template templates faceprint faceprints"),
            ),
        ),
    ),
)


def find_prohibition(purpose: str) -> Prohibition | None:
    """Why nothing is done for this purpose, if that is so."""
    words = frozenset(purpose.split("-"))
    joined = purpose.replace("-", "")
    return next((one for one in PROHIBITIONS if _applies(one, words, joined=joined)), None)


def _applies(prohibition: Prohibition, words: Words, *, joined: str) -> bool:
    return (
        bool(prohibition.words & words)
        or any(one & words and other & words for one, other in prohibition.pairs)
        or any(part in joined for part in prohibition.parts)
    )
