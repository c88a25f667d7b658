"""Finds faces and their five landmarks with CenterFace.

A photo is looked at at 640 px, a large one in tiles at 1280 px too, but for a probe that
shows a face without. Where that leaves only a faint trace of a face, or one that lies or
stands on its head, it is looked at there again, larger and turned. Where nothing convincing
was found, the whole photo is looked at small within a grey border, since faces that fill the
picture are lost otherwise. What each look is worth is measured in docs/decisions.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mien.types import Face, Look
from mien.vision.decode import Photo
from mien.vision.findings import Findings, join, keep_best, moved, parse_maps, to_face, unlikeness
from mien.vision.session import Session
from mien.vision.view import View

__all__ = ["Detector", "cut_side"]

_SIDE_MULTIPLE_PX = 32
_LEAST_CONFIDENCE = 0.5
_CONVINCING_CONFIDENCE = 0.7
_FIRST_PASS_PX = 640
_LARGE_PASS_PX = 1280
_LARGE_PHOTO_PX = 1000
_LARGEST_TILE_PX = 704
_SHARED_PX = 128
_BORDERED_PASS_PX = 160

_TURNED_PASS_PX = 320

_TRACE = 0.1
_LEAST_FACE_PX = 12.0
_MOST_TRACES = 64
_MOST_TURNED = 8
_CLOSE_VIEW_PX = 128
_CLOSE_VIEW_FACES = 3.2
_TURNED_VIEW_PX = 160
_TURNED_VIEW_FACES = 2.5
_MOST_UNLIKENESS = 0.13
_MOST_UPRIGHT_DEG = 25.0
_MOST_LEAN_DEG = 60.0
_QUARTERS_DEG = (0.0, 90.0, 180.0, 270.0)
_MIDDLE = 0.2
_VIEWS_A_RUN = 16


class Detector:
    """May be used from several threads."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def detect(self, photo: Photo, *, look: Look = Look.PHOTO) -> tuple[Face, ...]:
        """Every face found, in pixels of the full photo, most confident first."""
        picture = photo.picture
        found = self.look(picture)
        is_enough = look is Look.PROBE and _is_convincing(found)
        if max(picture.size) >= _LARGE_PHOTO_PX and not is_enough:
            found = join([found, self.look_in_tiles(picture)])
        is_trace = found[:, 0] < _LEAST_CONFIDENCE
        is_large = found[:, 3] - found[:, 1] >= _LEAST_FACE_PX * photo.scale
        traces, found = found[is_trace & is_large][:_MOST_TRACES], found[~is_trace]
        found = join([found, *self.look_closer(picture, traces)])
        if not _is_convincing(found):
            found = join([found, self.look_within_border(picture)])
        if not _is_convincing(found):
            found = join([found, traces[:_MOST_TURNED]])
        found = join([self.straighten(picture, row) for row in found])
        if len(found) and not _is_convincing(found):
            turned = self.look_turned(picture)
            found = join([found, *(self.straighten(picture, row) for row in turned)])
        found = found[found[:, 0] >= _LEAST_CONFIDENCE]
        return tuple(to_face(row) for row in moved(found, factor=1 / photo.scale))

    def look(self, picture: Image.Image, *, side_px: int = _FIRST_PASS_PX) -> Findings:
        """One pass over the whole picture with its longer side at `side_px`; traces too."""
        scale = side_px / max(picture.size)
        return moved(self._run(_resize(picture, scale)), factor=1 / scale)

    def look_in_tiles(self, picture: Image.Image) -> Findings:
        """One pass at up to twice the first one's scale, in tiles so that memory stays flat."""
        scale = min(1.0, _LARGE_PASS_PX / max(picture.size))
        large = _resize(picture, scale)
        found = [
            self._look_at_tile(large, (left, top, right, bottom))
            for left, right in cut_side(large.width)
            for top, bottom in cut_side(large.height)
        ]
        return moved(join(found), factor=1 / scale)

    def look_closer(self, picture: Image.Image, traces: Findings) -> list[Findings]:
        """Those of mere traces that a closer look says are faces, one row or none for each."""
        views = [_view_of(row, faces=_CLOSE_VIEW_FACES, px=_CLOSE_VIEW_PX) for row in traces]
        return self._look_at_middles(picture, views)

    def look_within_border(self, picture: Image.Image) -> Findings:
        """One pass over the picture made small, with half a side of grey all around."""
        scale = _BORDERED_PASS_PX / 2 / max(picture.size)
        small = _resize(picture, scale)
        centre = complex(*small.size) / 2
        (found,) = self._look_at(small, [View(centre, _BORDERED_PASS_PX, _BORDERED_PASS_PX)])
        return moved(found, factor=1 / scale)

    def look_turned(self, picture: Image.Image) -> Findings:
        """One small pass each with the picture lying on either side and on its head."""
        scale = _TURNED_PASS_PX / max(picture.size)
        small = _resize(picture, scale)
        centre = complex(*small.size) / 2
        views = [View(centre, _TURNED_PASS_PX, _TURNED_PASS_PX, turn) for turn in _QUARTERS_DEG[1:]]
        return moved(join(self._look_at(small, views)), factor=1 / scale)

    def straighten(self, picture: Image.Image, row: NDArray[np.float64]) -> Findings:
        """A face as it is seen from the side on which it stands upright.

        Landmarks of a face that leans far are wrong, and no upright face's: then it is looked
        at from all four sides, and once more upright where it still leans.
        """
        best = row[np.newaxis]
        apart, lean_deg = unlikeness(row)
        if apart > _MOST_UNLIKENESS:
            upright = self._find_upright(picture, row, leans_deg=_QUARTERS_DEG)
            if upright is None:
                return best
            if abs(upright[1]) <= _MOST_UPRIGHT_DEG:
                return best  # it does not lean: the first look was the larger one
            best, lean_deg = upright
        elif abs(lean_deg) <= _MOST_UPRIGHT_DEG:
            return best
        straight = self._find_upright(picture, best[0], leans_deg=(lean_deg,))
        return best if straight is None else straight[0]

    def _find_upright(
        self, picture: Image.Image, row: NDArray[np.float64], *, leans_deg: Sequence[float]
    ) -> tuple[Findings, float] | None:
        """The face as seen most surely by a view in which it is upright, and how far it leans."""
        views = [
            _view_of(row, faces=_TURNED_VIEW_FACES, px=_TURNED_VIEW_PX, lean_deg=lean)
            for lean in leans_deg
        ]
        best: tuple[Findings, float] | None = None
        for found, lean in zip(self._look_at_middles(picture, views), leans_deg, strict=True):
            if not len(found) or (best is not None and found[0, 0] <= best[0][0, 0]):
                continue
            seen_deg = unlikeness(found[0])[1]
            if abs((seen_deg - lean + 180) % 360 - 180) <= _MOST_LEAN_DEG:
                best = found, seen_deg
        return best

    def _look_at_middles(self, picture: Image.Image, views: Sequence[View]) -> list[Findings]:
        """The face in the middle of each view, one row or none."""
        return [
            _keep_middle(found, view)
            for found, view in zip(self._look_at(picture, views), views, strict=True)
        ]

    def _look_at(self, picture: Image.Image, views: Sequence[View]) -> list[Findings]:
        """What each view shows, in pixels of the picture; views are all of one size."""
        found = []
        for start in range(0, len(views), _VIEWS_A_RUN):
            some = views[start : start + _VIEWS_A_RUN]
            maps = self._session.run(np.concatenate([_prepare(one.cut(picture)) for one in some]))
            for number, view in enumerate(some):
                seen = parse_maps(
                    [one[number : number + 1] for one in maps], least=_LEAST_CONFIDENCE
                )
                found.append(view.put_back(keep_best(seen)))
        return found

    def _look_at_tile(self, large: Image.Image, tile: tuple[int, int, int, int]) -> Findings:
        """What a tile cuts is whole in its neighbour, or large enough for the first pass."""
        left, top, right, bottom = tile
        found = moved(self._run(large.crop(tile)), shift_px=(left, top))
        is_whole = (found[:, 1] > left) | (left == 0)
        is_whole &= (found[:, 2] > top) | (top == 0)
        is_whole &= (found[:, 3] < right) | (right == large.width)
        is_whole &= (found[:, 4] < bottom) | (bottom == large.height)
        return found[is_whole]

    def _run(self, picture: Image.Image) -> Findings:
        return keep_best(parse_maps(self._session.run(_prepare(picture)), least=_TRACE))


def _is_convincing(found: Findings) -> bool:
    return bool((found[:, 0] >= _CONVINCING_CONFIDENCE).any())


def _view_of(row: NDArray[np.float64], *, faces: float, px: int, lean_deg: float = 0.0) -> View:
    """A view around a face that is `faces` times as wide as the face."""
    x1, y1, x2, y2 = row[1:5]
    side_px = max(x2 - x1, y2 - y1) * faces
    return View(complex(x1 + x2, y1 + y2) / 2, side_px, px, lean_deg)


def _keep_middle(found: Findings, view: View) -> Findings:
    """The most confident of those near the middle of a view: one row or none."""
    middles = (found[:, 1] + found[:, 3] + 1j * (found[:, 2] + found[:, 4])) / 2
    is_near: NDArray[np.bool_] = np.abs(middles - view.centre) <= view.side_px * _MIDDLE
    return found[is_near][:1]


def cut_side(side_px: int) -> list[tuple[int, int]]:
    """Where tiles along one side begin and end; neighbours share at least 128 px."""
    count = max(1, -(-(side_px - _SHARED_PX) // (_LARGEST_TILE_PX - _SHARED_PX)))
    tile_px = -(-(side_px + (count - 1) * _SHARED_PX) // count)
    starts = [index * (side_px - tile_px) // max(1, count - 1) for index in range(count)]
    return [(start, start + tile_px) for start in starts]


def _resize(picture: Image.Image, scale: float) -> Image.Image:
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    if size == picture.size:
        return picture
    return picture.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)


def _prepare(picture: Image.Image) -> NDArray[np.float32]:
    """Shape (1, 3, height, width), padded with zeros at right and bottom."""
    width, height = (-(-side // _SIDE_MULTIPLE_PX) * _SIDE_MULTIPLE_PX for side in picture.size)
    values = np.zeros((1, 3, height, width), np.float32)
    values[0, :, : picture.height, : picture.width] = np.asarray(picture).transpose(2, 0, 1)
    return values
