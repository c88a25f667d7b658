"""Takes in what Amazon Rekognition lists, with the holder's own images: faces are embedded anew.

The images enter as any photos do, under a grant. Then each face of Amazon's is looked for where
it was, and users become face groups. Run again, it goes on, and nothing is there twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mien.catalog.collections import Collection
from mien.catalog.grants import StoredGrant
from mien.catalog.image_names import Named, add_name
from mien.catalog.landed import LandedPhoto, find_landed
from mien.errors import ConflictError
from mien.permission.charter import make_charter
from mien.permission.grant import may_add
from mien.permission.verdict import Verdict
from mien.service.import_groups import import_users
from mien.service.import_match import MatchedFace, is_listed, pair_images
from mien.service.import_plan import NamedFiles, Plan, plan_import
from mien.service.import_report import ImportReport, Loss, Missing, MovedFace
from mien.service.ingest import AddReport, AddRequest, add_photos, find_standing
from mien.service.intake import ReadPhoto
from mien.service.parts import Parts
from mien.service.rescan import RescanRequest, rescan
from mien.service.standing import find_collection
from mien.service.tags import Tags
from mien.sources.amazon_listing import ListedCollection, ListedFace
from mien.sources.base import FoundFile
from mien.sources.named_images import NamedImages
from mien.types import Box

_OF_AMAZON = "aws:"

Progress = Callable[[int, int], None]
"""Told how many files were met, of how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """What Amazon lists, where the images are, and the grant that covers them."""

    collections: Sequence[ListedCollection]
    images: NamedImages
    grant_id: str | None


def import_collections(
    parts: Parts, request: ImportRequest, *, progress: Progress = lambda _, __: None
) -> ImportReport:
    """Takes in what the grant covers. Raises as `add_photos` does."""
    report = ImportReport()
    plans = [plan_import(listed, request.images) for listed in request.collections]
    counter = _Counter(progress, of=sum(len(plan.files) for plan in plans))
    for plan in plans:
        _Import(parts, request, plan=plan, report=report).work(counter.count)
        counter.before += len(plan.files)
    parts.session.prepare_to_add()
    again = RescanRequest(workers=parts.workers, max_file_bytes=parts.max_file_bytes)
    rescan(parts.deployment, again)
    return report


@dataclass(slots=True)
class _Counter:
    """Counts the files of one collection on after those of the ones before."""

    progress: Progress
    of: int
    before: int = 0

    def count(self, met: int) -> None:
        self.progress(self.before + met, self.of)


class _Import:
    """One collection on its way in."""

    def __init__(
        self, parts: Parts, request: ImportRequest, *, plan: Plan, report: ImportReport
    ) -> None:
        self._parts = parts
        self._grant_id = request.grant_id
        self._plan = plan
        self._report = report
        self._name = plan.listed.collection_id
        self._deployment = parts.session.prepare_to_add(self._name)

    def work(self, progress: Callable[[int], None]) -> None:
        added = self._add(progress)
        stored = find_standing(self._deployment, self._grant_id)
        with self._deployment.database.reading() as connection:
            collection = find_collection(self._deployment, connection, name=self._name)
        before = len(self._report.faces)
        for name in self._plan.names:
            landed = self._find_landed(name, stored=stored, collection=collection)
            if landed:
                self._match(name, landed=list(landed.values()))
                self._keep_names(name, landed, stored=stored, collection=collection)
            else:
                self._tell_absent(name, added=added, stored=stored)
        moved = self._report.faces[before:]
        if collection is None:
            self._lose("collection", Loss.COLLECTION_EMPTY)
        elif moved:  # whoever brought nothing into a collection has no say in it
            self._report.collections += 1
            self._keep_tags(collection)
        import_users(
            self._parts,
            self._plan.listed,
            grant=None if isinstance(stored, Verdict) or collection is None else stored.grant,
            moved={face.old_face_id: face.new_face_id for face in moved},
            report=self._report,
        )

    def _add(self, progress: Callable[[int], None]) -> AddReport:
        def tell(so_far: AddReport) -> None:
            self._parts.session.keep_signed()
            progress(so_far.met)

        request = AddRequest(
            source=self._plan,
            grant_id=self._grant_id,
            collection=self._name,
            workers=self._parts.workers,
            max_file_bytes=self._parts.max_file_bytes,
            is_wanted=self._is_wanted,
        )
        added = add_photos(self._deployment, request, progress=tell)
        if not added.verdict.is_allowed:
            self._report.verdict = added.verdict
        self._report.photos_new += added.photos_new
        self._report.photos_known += added.photos_known
        self._report.refused |= set(added.refused)
        return added

    def _is_wanted(self, photo: ReadPhoto, box: Box) -> bool:
        """Whoever else is in an image was never in the collection, and is not taken into it."""
        if photo.analysis is None:
            return False
        size = photo.analysis.width_px, photo.analysis.height_px
        return is_listed(box, self._plan.faces_by_uri[photo.found.uri], size=size)

    def _find_landed(
        self, name: NamedFiles, *, stored: StoredGrant | Verdict, collection: Collection | None
    ) -> dict[str, LandedPhoto]:
        """Of the files of a name, those that are photos of the collection now, by their place."""
        if isinstance(stored, Verdict) or collection is None:
            return {}
        with self._deployment.database.reading() as connection:
            found = {
                file.uri: find_landed(
                    connection, file.uri, grant_id=stored.id, collection_id=collection.id
                )
                for file in name.files
            }
        return {uri: photo for uri, photo in found.items() if photo is not None}

    def _match(self, name: NamedFiles, *, landed: Sequence[LandedPhoto]) -> None:
        paired = pair_images(name.images, landed)
        for image_id, faces in name.images.items():
            if image_id not in paired:
                self._lose_faces(faces, Loss.NO_IMAGE)
                continue
            photo, matches = paired[image_id]
            met = {match.listed.face_id for match in matches}
            self._report.faces += [self._move(match, photo=photo) for match in matches]
            unmet = [face for face in faces if face.face_id not in met]
            self._lose_faces(unmet, _judge_unmet(photo, has_others=bool(matches)))

    def _move(self, match: MatchedFace, *, photo: LandedPhoto) -> MovedFace:
        return MovedFace(
            collection=self._name,
            old_face_id=match.listed.face_id,
            new_face_id=match.landed.uuid,
            external_image_id=match.listed.external_image_id,
            old_image_id=match.listed.image_id,
            new_image_id=photo.uuid,
            overlap=round(match.overlap, 3),
        )

    def _keep_names(
        self,
        name: NamedFiles,
        landed: Mapping[str, LandedPhoto],
        *,
        stored: StoredGrant | Verdict,
        collection: Collection | None,
    ) -> None:
        """What Amazon's images are called is what programs ask for here."""
        given = next(name.iter_faces()).external_image_id
        if not given or isinstance(stored, Verdict) or collection is None:
            return
        with self._deployment.database.writing() as connection:
            for uri, photo in landed.items():
                named = Named(
                    photo_id=photo.id,
                    collection_id=collection.id,
                    grant_id=stored.id,
                    uri=uri,
                    name=given,
                )
                add_name(connection, named, at=self._deployment.clock())

    def _keep_tags(self, collection: Collection) -> None:
        """Those that are not here yet: what somebody wrote here since stays. None of Amazon's."""
        listed = self._plan.listed.tags
        if listed is None:
            self._lose("tags", Loss.TAGS_UNKNOWN)
            return
        tags = Tags(self._deployment, collection)
        known = tags.read()
        new = {
            key: value
            for key, value in listed.items()
            if key not in known and not key.startswith(_OF_AMAZON)
        }
        try:
            tags.put(new)
        except ConflictError:
            self._lose("tags", Loss.TAGS_FULL)

    def _tell_absent(
        self, name: NamedFiles, *, added: AddReport, stored: StoredGrant | Verdict
    ) -> None:
        """Why none of the files of a name is here."""
        faces = list(name.iter_faces())
        failed = {one.path: one.reason for one in added.failed}
        codes = [failed[file.shown] for file in name.files if file.shown in failed]
        if not name.files:
            named = bool(faces[0].external_image_id)
            self._lose_faces(faces, Loss.NO_IMAGE if named else Loss.NO_NAME)
        elif len(codes) == len(name.files):
            self._lose_faces(faces, Loss.IMAGE_UNREADABLE, *codes)
        else:
            codes += self._find_reasons(name.files, added=added, stored=stored)
            self._lose_faces(faces, Loss.IMAGE_REFUSED, *codes)

    def _find_reasons(
        self, files: Sequence[FoundFile], *, added: AddReport, stored: StoredGrant | Verdict
    ) -> list[str]:
        """Why these may not enter: by the grant, or else by what the whole run was refused for."""
        if isinstance(stored, Verdict):
            return [str(reason) for reason in stored.reasons]
        with self._deployment.database.reading() as connection:
            known = find_collection(self._deployment, connection, name=self._name)
        basis = (known.charter if known else make_charter(stored.grant)).basis
        now = self._deployment.clock()
        verdicts = [may_add(stored.grant, uri=file.uri, basis=basis, at=now) for file in files]
        own = [str(reason) for verdict in verdicts for reason in verdict.reasons]
        return own or [str(reason) for reason in sorted(added.refused)]

    def _lose_faces(self, faces: Sequence[ListedFace], reason: Loss, *codes: str) -> None:
        for face in faces:
            self._report.missing.append(
                Missing(
                    collection=self._name,
                    what="face",
                    id=face.face_id,
                    external_image_id=face.external_image_id,
                    reason=reason,
                    codes=tuple(dict.fromkeys(codes)),
                )
            )

    def _lose(self, what: str, reason: Loss) -> None:
        self._report.missing.append(Missing(collection=self._name, what=what, reason=reason))


def _judge_unmet(photo: LandedPhoto, *, has_others: bool) -> Loss:
    """Why a face of Amazon's is not in a photo."""
    if not has_others:
        return Loss.IMAGE_CHANGED
    return Loss.FACE_LEFT_OUT if photo.hidden else Loss.NO_FACE_THERE
