"""What a guest agrees to, word for word, so that a record of consent can say which words it was."""

from __future__ import annotations

from hashlib import sha256

TERMS = (
    "Your selfie is used to find photos of you in this one collection, and for nothing else.",
    "It is made small and sealed, and deleted once the host says no, or your answer is shown.",
    "If nobody answers, it is deleted after 24 hours.",
    "The host may look at the face you hand in before you see anything.",
    "That you agreed is kept, with the time and without your name.",
)
AGREEMENT = (
    "I am the person in this selfie, I am of age, and I agree that my face is measured to find "
    "photos of me."
)
ENROL_TERMS = (
    "This collection keeps faces only of people who agreed to it.",
    "A template of your face and your name are kept, and the faces of you in these photos.",
    "Your selfie is sealed, and deleted once the host says no, or your answer is shown.",
    "If nobody answers, it is deleted after 24 hours.",
    "The host may look at the face and the name you hand in before you see anything.",
    "You can withdraw on the page of your answer: then everything is erased at once.",
    "Without that, it ends with this link.",
)
ENROL_AGREEMENT = (
    "I am the person in this selfie, I am of age, and I agree that a template of my face is kept "
    "to find photos of me until this link ends."
)


def version_of(*, enrols: bool) -> str:
    """Which words these are: a hash of them all."""
    words = (*ENROL_TERMS, ENROL_AGREEMENT) if enrols else (*TERMS, AGREEMENT)
    digest = sha256("\n".join(words).encode()).hexdigest()
    return f"find-my-photos-{digest[:16]}"
