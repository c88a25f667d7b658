"""The photos of the demo: public figures, free to use, out of packages on the package index.

Every file is verified by its SHA-256. The terms below are what the photographers' captions
and the publishers ask for; the demo records them with its grant.
"""

from __future__ import annotations

from pathlib import Path

TERMS = (
    "Official White House photographs by Pete Souza, works of the United States government, "
    "and a NASA portrait of Eileen Collins, all in the public domain. The photographs may not "
    "be used in any way that suggests approval or endorsement by the people shown."
)
GRANTOR = "United States government (White House, NASA): public domain"

_WHITE_HOUSE = "pkg:pypi/face_recognition@1.3.0?format=sdist"
_WHITE_HOUSE_ARCHIVE = "5e5efdd1686aa566af0d3cc1313b131e4b197657a8ffd03669e6d3fad92705ec"
_WHITE_HOUSE_FOLDER = "face_recognition-1.3.0/tests/test_images"
_WHITE_HOUSE_SHA256 = {
    "32bit.png": "44dca895a7d635a4aedddd91a4f37af9a8a5b44e66154282a24645a757b5f627",
    "biden.jpg": "3c17508bb91554c637a2eabddfae790e5bb1caba93130814fc2ac50be9760c4c",
    "obama.jpg": "0930e3aa8cae5920329c0c8cbc6a2ab70f47b0e67b432875beaa95cbf7e741f6",
    "obama2.jpg": "a7efcc907375274796f39646510704aa86672d59f6d5469d69af3c85590976a6",
    "obama3.jpg": "76ac6bf97c36dc2da0ad16a537d6a5ac1b10f48d49aac29a0cca9a17cdbc3ca3",
    "obama_partial_face.jpg": "c2d1f09e7ef3042352b41e41286e6eb0522f64f88308be13886991b95db52117",
    "obama_partial_face2.jpg": "9a812347f97633542b8cd9992de22def11b74f79d82056bc3ee830f13878e028",
}
_NASA = "pkg:pypi/scikit-image@0.26.0"
_NASA_PATH = "skimage/data/astronaut.png"
_NASA_SHA256 = "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5"

PROBE = "obama.jpg"


def fetch_demo_photos(folder: Path) -> None:
    """Fetches what is not in the folder yet. Raises `WeightsError` where that fails."""
    from mien.vision.fetch import Source, Wanted, fetch_files

    white_house = [
        Wanted(f"{_WHITE_HOUSE_FOLDER}/{name}", sha256, folder / name)
        for name, sha256 in _WHITE_HOUSE_SHA256.items()
        if not (folder / name).is_file()
    ]
    if white_house:
        fetch_files(Source(_WHITE_HOUSE, _WHITE_HOUSE_ARCHIVE), white_house)
    astronaut = folder / "astronaut.png"
    if not astronaut.is_file():
        fetch_files(Source(_NASA), [Wanted(_NASA_PATH, _NASA_SHA256, astronaut)])
