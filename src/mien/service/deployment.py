"""One deployment: where its data lies, and the open handles to it."""

from __future__ import annotations

import fcntl
import getpass
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from mien.catalog.connect import Database, open_database
from mien.errors import CatalogError, ConflictError
from mien.service.cores import Cores
from mien.service.ports import Clock, Models, Vision
from mien.service.suppressed import SuppressionList
from mien.types import EmbeddingModel
from mien.vault.root import make_root_key, parse_root_key, read_root_key
from mien.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class Home:
    """The layout of the data folder."""

    folder: Path

    @property
    def catalog(self) -> Path:
        return self.folder / "catalog.db"

    @property
    def keys(self) -> Path:
        return self.folder / "keys"

    @property
    def blobs(self) -> Path:
        return self.folder / "blobs"

    @property
    def spool(self) -> Path:
        return self.folder / "spool"

    @property
    def snapshots(self) -> Path:
        return self.folder / "snapshots"

    @property
    def models(self) -> Path:
        return self.folder / "models"

    @property
    def lock(self) -> Path:
        return self.folder / "adding.lock"

    @property
    def running_lock(self) -> Path:
        return self.folder / "running.lock"

    @property
    def erasing_lock(self) -> Path:
        return self.folder / "erasing.lock"


class Deployment:
    """The open handles, and who acts. Vision is opened when first asked for."""

    def __init__(
        self, home: Home, *, root_key: str, models: Models, clock: Clock, actor: str
    ) -> None:
        """Makes the home where there is none. Raises `VaultError`, `CatalogError`."""
        _make_folder(home.folder)
        self.home = home
        self.clock = clock
        self.actor = actor
        self.vault = Vault(
            keys_folder=home.keys, blobs_folder=home.blobs, root_key=_load_root_key(home, root_key)
        )
        self.spool = self.vault.open_spool(home.spool)
        self.database: Database = open_database(home.catalog)
        self.cores = Cores()
        self._turn = threading.Lock()
        self._views: dict[str, Deployment] = {}
        self._origin: Deployment | None = None
        self.use(models)

    def use(self, models: Models) -> None:
        """Sees with these from now on. Only before anything was looked at."""
        self._models = models
        self._visions: dict[int, Vision] = {}
        self._model: EmbeddingModel | None = None
        self.suppressed = SuppressionList(self.database, self.vault)

    @property
    def model(self) -> EmbeddingModel:
        """What the embeddings of this deployment can be compared with."""
        if self._model is None:
            self._model = self._models.model
        return self._model

    def vision(self, *, threads: int) -> Vision:
        """The models, for calls that use this many threads each."""
        with self._turn:
            if threads not in self._visions:
                self._visions[threads] = self._models.open(threads=threads)
            return self._visions[threads]

    def acting(self, actor: str) -> Deployment:
        """The same deployment, with all that it has open, as somebody else acts in it."""
        other = copy(self)
        other.actor = actor
        other._origin = self._origin or self  # noqa: SLF001  (its own class)
        return other

    def seen_with(self, pack: str) -> Deployment:
        """The same deployment as the models of another pack see it. Raises `ModelError`."""
        return self._see_with(self._models.get(pack))

    def find_view(self, digest: str) -> Deployment | None:
        """The same deployment as another model sees it, where its weights are here."""
        if digest == self.model.digest:
            return self
        if self._origin is not None:
            view = self._origin.find_view(digest)
            return None if view is None else view.acting(self.actor)
        with self._turn:
            view = self._views.get(digest)
        if view is None and (models := self._models.find(digest)) is not None:
            return self._see_with(models)
        return view

    def _see_with(self, models: Models) -> Deployment:
        """Handles are shared; what depends on the model is the view's own."""
        model = models.model
        if model.digest == self.model.digest:
            return self
        if self._origin is not None:
            return self._origin._see_with(models).acting(self.actor)  # noqa: SLF001
        with self._turn:
            self._views.setdefault(self.model.digest, self)
            if model.digest not in self._views:
                view = copy(self)
                view.use(models)
                self._views[model.digest] = view
            return self._views[model.digest]

    def close(self) -> None:
        self.vault.close()
        self.database.close()


def find_user() -> str:
    """Who acts, where nobody says otherwise: the account that runs this."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid-{os.getuid()}"


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise CatalogError(
            f"The data folder {folder} cannot be made ({error.strerror}). Choose another with "
            "--home or MIEN_HOME, or give write access to the folder above it."
        ) from error


def _load_root_key(home: Home, root_key: str) -> bytes:
    if root_key:
        return parse_root_key(root_key)
    path = home.keys / "root.key"
    if home.catalog.exists() or (home.keys / "keys.db").exists():
        # Data without its root key: making a new one would hide that it is lost.
        return read_root_key(path)
    return make_root_key(path)


@contextmanager
def adding(home: Home, *, clear_up: Callable[[], None]) -> Iterator[None]:
    """Held while photos are added, by any number of processes at once.

    Whoever finds nobody else there clears up first what a killed process left behind.
    """
    with _open_lock(home.lock) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            clear_up()
        except BlockingIOError:
            pass  # somebody is adding now, and what looks left over may be theirs
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


def _open_lock(path: Path) -> BinaryIO:
    try:
        return path.open("ab")
    except OSError as error:
        raise CatalogError(
            f"Nothing can be added to the data folder {path.parent} ({error.strerror}). "
            "Give write access to it or make room, then run the same command again."
        ) from error


@contextmanager
def adding_alone(home: Home) -> Iterator[None]:
    """Held while nobody may add. Raises `ConflictError` where somebody does."""
    with _open_lock(home.lock) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConflictError(
                "Photos are being added here. Wait until that ends, then run the same command "
                "again; what was done stays done."
            ) from error
        yield


@contextmanager
def erasing(home: Home, *, waits: bool = True) -> Iterator[bool]:
    """Held by the one who erases; whether it was free, where nobody waits for it."""
    with home.erasing_lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX if waits else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


@contextmanager
def recording(home: Home) -> Iterator[None]:
    """Held while a batch or a snapshot is written, so that no erasure falls in between."""
    with home.erasing_lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield
