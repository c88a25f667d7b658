"""Any Pillow picture to 8-bit sRGB without transparency."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageCms

__all__ = ["convert_to_srgb"]

_WHITE = (255, 255, 255, 255)
_WIDE_MODES = frozenset({"I", "F", "I;16", "I;16B", "I;16L", "I;16N"})
_TRANSPARENT_MODES = frozenset({"RGBA", "LA", "PA", "La", "RGBa"})
_PROFILED_MODES = frozenset({"RGB", "L", "CMYK"})
_LARGEST_PROFILE_BYTES = 4 * 1024 * 1024
_SIXTEEN_TO_EIGHT = 257.0


def convert_to_srgb(picture: Image.Image) -> Image.Image:
    """Mode RGB; wide values are scaled to 8 bits, transparent ones laid over white."""
    profile = picture.info.get("icc_profile")
    if picture.mode in _WIDE_MODES:
        picture = _narrow(picture)
    if picture.mode in _TRANSPARENT_MODES or "transparency" in picture.info:
        picture = _lay_over_white(picture)
    elif picture.mode not in _PROFILED_MODES:
        picture = picture.convert("RGB")
    if isinstance(profile, bytes) and 0 < len(profile) <= _LARGEST_PROFILE_BYTES:
        picture = _apply_profile(picture, profile)
    return picture if picture.mode == "RGB" else picture.convert("RGB")


def _narrow(picture: Image.Image) -> Image.Image:
    values = np.asarray(picture).astype(np.float32)
    if picture.mode == "F":
        # Float pictures hold 0 to 1 or 0 to 255; nothing in the file says which.
        values = np.nan_to_num(values) * (255.0 if np.nanmax(values, initial=0.0) <= 1.0 else 1.0)
    else:
        values = values / _SIXTEEN_TO_EIGHT
    return Image.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))


def _lay_over_white(picture: Image.Image) -> Image.Image:
    coloured = picture.convert("RGBA")
    ground = Image.new("RGBA", coloured.size, _WHITE)
    return Image.alpha_composite(ground, coloured).convert("RGB")


def _apply_profile(picture: Image.Image, profile: bytes) -> Image.Image:
    """The picture in sRGB; as it is where the profile is broken or made for another mode."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "sRGB" in ImageCms.getProfileDescription(source):
            return picture
        converted = ImageCms.profileToProfile(
            picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return picture
    return picture if converted is None else converted
