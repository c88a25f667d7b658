"""The second factor: codes of six digits that change every half minute (TOTP, RFC 6238).

A code counts in its own half minute, the one before and the one after.
"""

from __future__ import annotations

import hmac
from datetime import datetime

import pyotp

_STEP_S = 30
_STEPS_OFF = (0, -1, 1)


def make_secret() -> str:
    """160 random bits, in base 32 as apps take it."""
    return pyotp.random_base32()


def find_step(secret: str, code: str, *, at: datetime) -> int | None:
    """The number of the half minute whose code this is; nothing where it is none that counts."""
    made = pyotp.TOTP(secret, interval=_STEP_S)
    wanted = "".join(code.split()).encode(errors="backslashreplace")
    now = int(at.timestamp()) // _STEP_S
    found = None
    for off in _STEPS_OFF:  # all of them, so that the time tells nothing
        if hmac.compare_digest(made.generate_otp(now + off).encode(), wanted):
            found = now + off
    return found


def make_address(secret: str, *, name: str, site: str) -> str:
    """What an app reads out of a QR code."""
    return pyotp.TOTP(secret, interval=_STEP_S).provisioning_uri(name=name, issuer_name=site)
