"""The keys of grants, photos and faces, each wrapped under the one above it.

    root key -> key per grant -> key per photo (wrapped under each grant that covers it)
             |                                 -> key per face, and of the original
             -> key per subject: a person, a suppression, a case
             -> named secrets: the rotation, the keys of index snapshots

They live in one small SQLite file of their own (mien.vault.keyfile), to be left out of
ordinary backups: whoever destroys a row here destroys what it sealed, wherever copies lie.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from mien.vault.keyfile import KeyFile
from mien.vault.ring import KeyRing, tell_destroyed
from mien.vault.seal import make_key, seal, unseal

_PHOTO_KEYS = (
    "SELECT p.photo_id, p.grant_id, p.wrapped, g.wrapped FROM photo_keys AS p"
    " JOIN grant_keys AS g USING (grant_id) WHERE p.photo_id IN ({})"
)
_FACE_KEYS = "SELECT photo_id, face_id, wrapped FROM face_keys WHERE photo_id IN ({})"


class KeyStore(KeyFile):
    """Keys by the outside ids of what they open.

    Threads must take turns; several processes may hold the same file.
    """

    def make_grant_key(self, grant_id: str) -> bytes:
        """The grant's key, made where there is none."""
        key = self.find_grant_key(grant_id)
        if key is None:
            key = make_key()
            wrapped = seal(self._root_key, key, context=f"grant key:{grant_id}")
            self._execute("INSERT INTO grant_keys VALUES (?, ?)", grant_id, wrapped)
        return key

    def find_grant_key(self, grant_id: str) -> bytes | None:
        """Nothing where it was never made, or is destroyed."""
        row = self._find_row("SELECT wrapped FROM grant_keys WHERE grant_id = ?", grant_id)
        return None if row is None else self._open_grant_key(grant_id, wrapped=row[0])

    def make_photo_key(self, photo_id: str, *, grant_id: str) -> bytes:
        """The photo's key, made where there is none, and wrapped under this grant too."""
        key = self._find_photo_key(photo_id) or make_key()
        self._wrap_photo_key(key, photo_id=photo_id, grant_id=grant_id)
        return key

    def add_cover(self, photo_id: str, *, grant_id: str) -> None:
        """Wraps the photo's key under another grant. Raises `KeyDestroyedError`."""
        self._wrap_photo_key(self.get_photo_key(photo_id), photo_id=photo_id, grant_id=grant_id)

    def get_photo_key(self, photo_id: str) -> bytes:
        """Raises `KeyDestroyedError` where no grant opens the photo any more."""
        key = self._find_photo_key(photo_id)
        if key is None:
            raise tell_destroyed(photo_id)
        return key

    def make_face_key(self, face_id: str, *, photo_id: str, photo_key: bytes) -> bytes:
        """A fresh key for a face, wrapped under its photo's."""
        key = make_key()
        self.wrap_key(key, owner_id=face_id, photo_id=photo_id, photo_key=photo_key)
        return key

    def wrap_key(self, key: bytes, *, owner_id: str, photo_id: str, photo_key: bytes) -> None:
        """Keeps the key of a face or an original, wrapped under its photo's."""
        wrapped = seal(photo_key, key, context=f"face key:{owner_id}:{photo_id}")
        self._execute("INSERT INTO face_keys VALUES (?, ?, ?)", photo_id, owner_id, wrapped)

    def find_face_keys(self, photo_id: str, *, photo_key: bytes) -> Mapping[str, bytes]:
        """The keys of all faces in the photo that still have one, by face id."""
        rows = self._execute("SELECT face_id, wrapped FROM face_keys WHERE photo_id = ?", photo_id)
        return {
            face_id: unseal(photo_key, wrapped, context=f"face key:{face_id}:{photo_id}")
            for face_id, wrapped in rows
        }

    def read_ring(self, photo_ids: Sequence[str]) -> KeyRing:
        """What opens the faces of these photos, at a few queries for all of them."""
        photos: dict[str, tuple[str, bytes]] = {}
        wrapped_grants: dict[str, bytes] = {}
        for cursor in self._execute_in_parts(_PHOTO_KEYS, photo_ids):
            for photo_id, grant_id, wrapped, wrapped_grant in cursor:
                photos[photo_id] = (grant_id, wrapped)
                wrapped_grants[grant_id] = wrapped_grant
        faces: dict[str, list[tuple[str, bytes]]] = defaultdict(list)
        for cursor in self._execute_in_parts(_FACE_KEYS, photo_ids):
            for photo_id, face_id, wrapped in cursor:
                faces[photo_id].append((face_id, wrapped))
        grants = {
            grant_id: self._open_grant_key(grant_id, wrapped=wrapped)
            for grant_id, wrapped in wrapped_grants.items()
        }
        return KeyRing(photos, grants=grants, faces=faces)

    def find_face_key(self, face_id: str, *, photo_id: str, photo_key: bytes) -> bytes | None:
        """The key of one face in the photo; nothing where it is destroyed."""
        row = self._find_row("SELECT photo_id, wrapped FROM face_keys WHERE face_id = ?", face_id)
        if row is None or row[0] != photo_id:
            return None
        return unseal(photo_key, row[1], context=f"face key:{face_id}:{photo_id}")

    def make_subject_key(self, subject: str) -> bytes:
        """The subject's key, made where there is none."""
        key = self.find_subject_key(subject)
        if key is None:
            key = make_key()
            wrapped = seal(self._root_key, key, context=f"subject key:{subject}")
            self._execute("INSERT INTO subject_keys VALUES (?, ?)", subject, wrapped)
        return key

    def find_subject_key(self, subject: str) -> bytes | None:
        """Nothing where it was never made, or is destroyed."""
        row = self._find_row("SELECT wrapped FROM subject_keys WHERE subject = ?", subject)
        if row is None:
            return None
        return unseal(self._root_key, row[0], context=f"subject key:{subject}")

    def put_subject_key(self, subject: str, key: bytes) -> None:
        """Puts a key back that was lost, unless there is one."""
        wrapped = seal(self._root_key, key, context=f"subject key:{subject}")
        self._execute("INSERT OR IGNORE INTO subject_keys VALUES (?, ?)", subject, wrapped)

    def put_suppression(self, subject: str, content: bytes) -> None:
        """Keeps a copy of the record of a suppression, in the place of what was there."""
        self._execute("INSERT OR REPLACE INTO suppressions VALUES (?, ?)", subject, content)

    def find_suppressions(self) -> set[str]:
        """The subjects of all suppressions that have both a copy and a key."""
        found = self._execute("SELECT subject FROM suppressions JOIN subject_keys USING (subject)")
        return {subject for (subject,) in found}

    def find_suppression(self, subject: str) -> bytes | None:
        row = self._find_row("SELECT content FROM suppressions WHERE subject = ?", subject)
        return None if row is None else row[0]

    def destroy_face_keys(self, face_ids: Sequence[str]) -> int:
        """How many of them there were."""
        return self._delete("DELETE FROM face_keys WHERE face_id IN ({})", face_ids)

    def destroy_photo_keys(self, photo_ids: Sequence[str]) -> int:
        """Destroys the photos' keys under every grant, and their faces'; how many there were."""
        self._delete("DELETE FROM face_keys WHERE photo_id IN ({})", photo_ids)
        return self._delete("DELETE FROM photo_keys WHERE photo_id IN ({})", photo_ids)

    def destroy_covers(self, covers: Iterable[tuple[str, str]]) -> int:
        """Takes photos, each with a grant, out of the grant's reach; how many were in it."""
        statement = "DELETE FROM photo_keys WHERE photo_id = ? AND grant_id = ?"
        return sum(self._execute(statement, *cover).rowcount for cover in covers)

    def destroy_grant_keys(self, grant_ids: Sequence[str]) -> int:
        """Destroys the grants' keys and what hangs on them alone; how many there were."""
        self._delete("DELETE FROM photo_keys WHERE grant_id IN ({})", grant_ids)
        return self._delete("DELETE FROM grant_keys WHERE grant_id IN ({})", grant_ids)

    def destroy_subject_keys(self, subjects: Sequence[str]) -> int:
        """With the copies that they open; how many of them there were."""
        self._delete("DELETE FROM suppressions WHERE subject IN ({})", subjects)
        return self._delete("DELETE FROM subject_keys WHERE subject IN ({})", subjects)

    def renew_photo_key(self, photo_id: str) -> None:
        """Another key for the photo, under the same grants and for the same faces.

        Copies of the thumbnail that lie elsewhere do not open any more.
        """
        old = self._find_photo_key(photo_id)
        if old is None:
            return
        faces = self.find_face_keys(photo_id, photo_key=old)
        grants = self._execute("SELECT grant_id FROM photo_keys WHERE photo_id = ?", photo_id)
        grant_ids = [grant_id for (grant_id,) in grants.fetchall()]
        self.destroy_photo_keys([photo_id])
        key = make_key()
        for grant_id in grant_ids:
            self._wrap_photo_key(key, photo_id=photo_id, grant_id=grant_id)
        for face_id, face_key in faces.items():
            self.wrap_key(face_key, owner_id=face_id, photo_id=photo_id, photo_key=key)

    def count_keys(
        self,
        *,
        face_ids: Sequence[str],
        photo_ids: Sequence[str],
        covers: Iterable[tuple[str, str]],
        grant_ids: Sequence[str],
        subjects: Sequence[str],
    ) -> int:
        """How many keys of all these there are."""
        one = "SELECT count(*) FROM photo_keys WHERE photo_id = ? AND grant_id = ?"
        return (
            self._count("SELECT count(*) FROM face_keys WHERE face_id IN ({})", face_ids)
            + self._count("SELECT count(*) FROM photo_keys WHERE photo_id IN ({})", photo_ids)
            + sum(int(self._execute(one, *cover).fetchone()[0]) for cover in covers)
            + self._count("SELECT count(*) FROM grant_keys WHERE grant_id IN ({})", grant_ids)
            + self._count("SELECT count(*) FROM subject_keys WHERE subject IN ({})", subjects)
            + self._count("SELECT count(*) FROM suppressions WHERE subject IN ({})", subjects)
        )

    def iter_covers(self) -> Iterator[tuple[str, str]]:
        """Every photo that has a key, with each grant whose key opens it."""
        yield from self._execute("SELECT photo_id, grant_id FROM photo_keys")

    def iter_grant_ids(self) -> Iterator[str]:
        """Every grant that has a key."""
        for (grant_id,) in self._execute("SELECT grant_id FROM grant_keys"):
            yield grant_id

    def iter_photo_ids(self) -> Iterator[str]:
        """Every photo that has a key, each once."""
        for (photo_id,) in self._execute("SELECT DISTINCT photo_id FROM photo_keys"):
            yield photo_id

    def iter_face_ids(self) -> Iterator[str]:
        """Every face that has a key."""
        for (face_id,) in self._execute("SELECT face_id FROM face_keys"):
            yield face_id

    def iter_subjects(self) -> Iterator[str]:
        """Every subject that has a key."""
        for (subject,) in self._execute("SELECT subject FROM subject_keys"):
            yield subject

    def _wrap_photo_key(self, key: bytes, *, photo_id: str, grant_id: str) -> None:
        grant_key = self.make_grant_key(grant_id)
        wrapped = seal(grant_key, key, context=f"photo key:{photo_id}:{grant_id}")
        self._execute(
            "INSERT OR IGNORE INTO photo_keys VALUES (?, ?, ?)", photo_id, grant_id, wrapped
        )

    def _open_grant_key(self, grant_id: str, *, wrapped: bytes) -> bytes:
        return unseal(self._root_key, wrapped, context=f"grant key:{grant_id}")

    def _find_photo_key(self, photo_id: str) -> bytes | None:
        row = self._find_row(
            "SELECT p.grant_id, p.wrapped, g.wrapped FROM photo_keys AS p"
            " JOIN grant_keys AS g USING (grant_id) WHERE p.photo_id = ? LIMIT 1",
            photo_id,
        )
        if row is None:
            return None
        grant_id, wrapped, wrapped_grant_key = row
        grant_key = self._open_grant_key(grant_id, wrapped=wrapped_grant_key)
        return unseal(grant_key, wrapped, context=f"photo key:{photo_id}:{grant_id}")
