"""Verifies a bundle of Mien's audit log, with nothing but Python's own library.

    python3 -I verify.py [--key KEY] [--against FILE]

Every entry is hashed and the roots of all checkpoints computed anew (RFC 6962), each
checkpoint's Ed25519 signature checked (RFC 8032), and each proof that one grew out of the
other (RFC 9162). A log that was cut goes on under another key; the first key must have signed
that, and the operator must have acknowledged it. The bundle brings its own key: compare it
with one that you were given before, or hand that one in. `--against` takes a checkpoint.
Exit code 0 where everything holds, 1 where something does not, which is then told.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

# Edwards25519 (RFC 8032, 5.1): the field, the order of the base point, the constant d.
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
NOTHING = (0, 1, 1, 0)

Point = tuple[int, int, int, int]


class Key(NamedTuple):
    """What checkpoints are checked with."""

    name: str
    key_id: bytes
    public: bytes


class Wrong(Exception):  # noqa: N818  (what is told is what is wrong)
    """Something does not hold; the message says what."""


def add_points(a: Point, b: Point) -> Point:
    """RFC 8032, 5.1.4: extended coordinates."""
    first = (a[1] - a[0]) * (b[1] - b[0]) % P
    second = (a[1] + a[0]) * (b[1] + b[0]) % P
    third, fourth = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = second - first, fourth - third, fourth + third, second + first
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def multiply(number: int, point: Point) -> Point:
    result = NOTHING
    while number:
        if number & 1:
            result = add_points(result, point)
        point, number = add_points(point, point), number >> 1
    return result


def parse_point(content: bytes) -> Point:
    """RFC 8032, 5.1.3. Raises `ValueError` for bytes that are no point."""
    y = int.from_bytes(content, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if len(content) != 32 or y >= P or (x * x - square) % P or (x == 0 and sign):  # noqa: PLR2004  (bytes of a point)
        raise ValueError("no point of the curve")
    x = P - x if x & 1 != sign else x
    return (x, y, 1, x * y % P)


def is_signed(text: bytes, signature: bytes, *, key: bytes) -> bool:
    """RFC 8032, 5.1.7."""
    try:
        point, commitment = parse_point(key), parse_point(signature[:32])
    except ValueError:
        return False
    scalar = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or scalar >= ORDER:  # noqa: PLR2004  (bytes of a signature)
        return False
    digest = hashlib.sha512(signature[:32] + key + text).digest()
    challenge = int.from_bytes(digest, "little") % ORDER
    left = multiply(scalar, BASE)
    right = add_points(commitment, multiply(challenge, point))
    return all((left[i] * right[2] - right[i] * left[2]) % P == 0 for i in (0, 1))


BASE = parse_point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def hash_leaf(content: bytes) -> bytes:
    return hashlib.sha256(b"\0" + content).digest()


def hash_children(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def find_roots(leaf_hashes: list[bytes], sizes: set[int]) -> dict[int, bytes]:
    """The roots over the first entries, for each of these sizes."""
    roots, peaks = {}, []
    for number, leaf_hash in enumerate(leaf_hashes, start=1):
        peaks.append(leaf_hash)
        size = number
        while size % 2 == 0:
            right = peaks.pop()
            peaks[-1], size = hash_children(peaks[-1], right), size // 2
        if number in sizes:
            root = peaks[-1]
            for left in reversed(peaks[:-1]):
                root = hash_children(left, root)
            roots[number] = root
    return roots


def is_consistent(old: tuple[int, bytes], new: tuple[int, bytes], *, proof: list[bytes]) -> bool:
    """RFC 9162, 2.1.4.2, for sizes that differ."""
    nodes = [old[1], *proof] if old[0] & (old[0] - 1) == 0 else proof
    first, last = old[0] - 1, new[0] - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    old_root = new_root = nodes[0] if nodes else b""
    for node in nodes[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            old_root, new_root = hash_children(node, old_root), hash_children(node, new_root)
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            new_root = hash_children(new_root, node)
        first, last = first >> 1, last >> 1
    return last == 0 and (old_root, new_root) == (old[1], new[1])


def parse_key(text: str) -> Key:
    """Of the form `name+key id+base64(1, key)`."""
    name, key_id, encoded = text.strip().split("+", 2)
    content = base64.b64decode(encoded, validate=True)
    named = hashlib.sha256(name.encode() + b"\n" + content).digest()[:4]
    if content[:1] != b"\1" or named.hex() != key_id:
        raise Wrong("the key is malformed")
    return Key(name, named, content[1:])


def read_note(note: str, key: Key) -> tuple[int, bytes]:
    """The size and root that a checkpoint states, its signature checked."""
    text, _, lines = note.rpartition("\n\n")
    text += "\n"
    prefix = f"\N{EM DASH} {key.name} "
    signatures = [
        base64.b64decode(line[len(prefix) :])
        for line in lines.splitlines()
        if line.startswith(prefix)
    ]
    own = [signature[4:] for signature in signatures if signature[:4] == key.key_id]
    if not own or not all(is_signed(text.encode(), each, key=key.public) for each in own):
        raise Wrong("a checkpoint is not signed by the key")
    origin, size, root = text.rstrip("\n").split("\n")
    if origin != key.name:
        raise Wrong("a checkpoint is of another log")
    return int(size), base64.b64decode(root, validate=True)


def read_entries(folder: Path) -> list[bytes]:
    entries = (folder / "entries.jsonl").read_bytes().splitlines()
    for number, entry in enumerate(entries):
        if json.loads(entry)["seq"] != number:
            raise Wrong(f"entry {number} is missing, or another stands in its place")
    return entries


def read_keys(folder: Path, entries: list[bytes], *, first: Key) -> list[Key]:
    """The keys that the log was signed with, one after the other."""
    listed = json.loads((folder / "successions.json").read_text("utf-8"))
    signatures = {each["entry"]: bytes.fromhex(each["signature"]) for each in listed}
    keys = [first]
    for number, facts in find_facts(entries, "log-succeeded"):
        if not is_signed(entries[number], signatures.get(number, b""), key=first.public):
            raise Wrong(f"the first key did not sign that another follows with entry {number}")
        keys.append(parse_key(facts["key"]))
    return keys


def find_facts(entries: list[bytes], action: str) -> list[tuple[int, dict[str, Any]]]:
    """The facts of all entries of one kind, with their numbers."""
    documents = [json.loads(entry) for entry in entries]
    return [(d["seq"], d["facts"]) for d in documents if d["action"] == action]


def read_heads(notes: list[str], keys: list[Key]) -> list[tuple[int, bytes]]:
    """Sizes and roots of checkpoints, each checked with the key of the log that it names."""
    by_name = {key.name: key for key in keys}
    return [read_note(note, by_name.get(note.partition("\n")[0], keys[0])) for note in notes]


def tell_cuts(entries: list[bytes]) -> str:
    """Where the log was cut. Raises `Wrong` where nobody acknowledged it."""
    acknowledged = {
        name: number
        for number, facts in find_facts(entries, "cut-acknowledged")
        for name in facts["logs"]
    }
    told = ""
    for number, facts in find_facts(entries, "log-succeeded"):
        cut = (
            f"the log was cut at entry {number}, after {facts['signed']} entries of "
            f"{facts['predecessor']} were signed"
        )
        if facts["log"] not in acknowledged:
            raise Wrong(f"{cut}, and nobody has acknowledged it")
        told += f"; {cut}; acknowledged in entry {acknowledged[facts['log']]}"
    return told


def verify(folder: Path, *, key: str | None = None, kept: str | None = None) -> str:
    """Checks the bundle in a folder; what was found. Raises `Wrong`."""
    brought = (folder / "key.txt").read_text("utf-8").strip()
    first = parse_key(brought)
    entries = read_entries(folder)
    # The last key signs the whole; whoever knows it needs no other.
    later = [facts["key"] for _, facts in find_facts(entries, "log-succeeded")]
    if key is not None and key.strip() not in {brought, *later[-1:]}:
        raise Wrong("the bundle was signed with another key than the one handed in")
    keys = read_keys(folder, entries, first=first)
    notes = json.loads((folder / "checkpoints.json").read_text("utf-8"))
    heads = read_heads([*notes, *([kept] if kept else [])], keys)
    roots = find_roots([hash_leaf(entry) for entry in entries], {size for size, _ in heads})
    for size, root in heads:
        if roots.get(size) != root:
            raise Wrong(f"the first {size} entries are not those that were signed")
    newest = (folder / "checkpoint").read_text("utf-8")
    if not notes or notes[-1] != newest or heads[len(notes) - 1][0] != len(entries):
        raise Wrong("the newest checkpoint is not over all entries")
    if newest.partition("\n")[0] != keys[-1].name:
        raise Wrong("the newest checkpoint is of a log that another succeeded")
    check_proofs(folder, heads=heads[: len(notes)])
    cuts = tell_cuts(entries)
    counted = f"{len(entries)} entries, {len(notes)} checkpoints"
    return f"{counted}: all as they were signed by {first.name}{cuts}"


def check_proofs(folder: Path, *, heads: list[tuple[int, bytes]]) -> None:
    proofs = json.loads((folder / "proofs.json").read_text("utf-8"))
    if len(proofs) != len(heads) - 1:
        raise Wrong("proofs are missing")
    for old, new, proof in zip(heads, heads[1:], proofs):  # noqa: B905  (lengths are compared above)
        nodes = [bytes.fromhex(node) for node in proof]
        if old[0] >= new[0] or not is_consistent(old, new, proof=nodes):
            raise Wrong(f"the proof that {new[0]} entries begin with the first {old[0]} is wrong")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--key", help="the key that you were given before")
    parser.add_argument("--against", type=Path, help="a checkpoint that you kept")
    options = parser.parse_args()
    try:
        kept = None if options.against is None else options.against.read_text("utf-8")
        told = verify(Path(__file__).resolve().parent, key=options.key, kept=kept)
    except Wrong as wrong:
        sys.stderr.write(f"This does not hold: {wrong}.\n")
        return 1
    except (OSError, ValueError, LookupError, TypeError) as error:
        sys.stderr.write(f"This bundle is damaged: {type(error).__name__}: {error}.\n")
        return 1
    sys.stdout.write(told + ".\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
