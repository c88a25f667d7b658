"""The root key: 32 random bytes that everything else at rest hangs from.

It stands in hexadecimal in a file that only its owner may read, or is handed in from the
environment. It is made once, atomically, and never replaced in silence: where keys exist
and the root key does not, opening fails.
"""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from mien.errors import RootKeyError
from mien.vault.seal import KEY_BYTES, make_key

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def parse_root_key(text: str, *, source: str = "MIEN_ROOT_KEY") -> bytes:
    """Raises `RootKeyError` unless the text is 64 hexadecimal digits; `source` held it."""
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise RootKeyError(
            f"The root key in {source} is malformed: it must be 64 hexadecimal digits."
        )
    return key


def read_root_key(path: Path) -> bytes:
    """Raises `RootKeyError` where the file is missing, malformed or open to others."""
    try:
        mode = path.stat().st_mode
        text = path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise RootKeyError(
            f"The root key {path} cannot be read ({type(error).__name__}). Restore it from "
            "where you keep it; without it nothing in this home can be read."
        ) from error
    if mode & _OTHERS:
        raise RootKeyError(f"The root key {path} is open to others. Run: chmod 600 {path}")
    return parse_root_key(text, source=str(path))


def make_root_key(path: Path) -> bytes:
    """The key at this path, made first if there is none; safe when two processes ask at once."""
    if not path.exists():
        try:
            _write_fresh_key(path)
        except OSError as error:
            raise RootKeyError(
                f"The root key {path} cannot be made: {error.strerror}. "
                "Make room or give write access, then run the same command again."
            ) from error
    return read_root_key(path)


def _write_fresh_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".root-")
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(make_key().hex() + "\n")
            file.flush()
            os.fsync(descriptor)
        _link_unless_there(name, path)
    finally:
        Path(name).unlink()


def _link_unless_there(name: str, path: Path) -> None:
    try:
        os.link(name, path)
    except FileExistsError:
        return  # another process was first; its key is the one
    # What is sealed from now on is lost without it, so its name must be there too.
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
