"""What members of several operations may hold, with the limits of the service model."""

from __future__ import annotations

from mien.rekognition.members import Choice, Many, Number, Table, Text, Whole

COLLECTION_ID = Text(1, 255, r"[a-zA-Z0-9_.\-]+")
EXTERNAL_IMAGE_ID = Text(1, 255, r"[a-zA-Z0-9_.\-:]+")
USER_ID = Text(1, 128, r"[a-zA-Z0-9_.\-:]+")
FACE_ID = Text(0, None, r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
CLIENT_TOKEN = Text(1, 64, r"[a-zA-Z0-9-_]+")
NEXT_TOKEN = Text(0, 255)
PERCENT = Number(0.0, 100.0)
FACES_AT_ONCE = Whole(1, 4096)
PAGE = Whole(0, 4096)
USERS_AT_ONCE = Whole(1, 500)
QUALITY_FILTER = Choice(("NONE", "AUTO", "LOW", "MEDIUM", "HIGH"))
RESOURCE_ARN = Text(20, 2048)
# Letters, digits of every script and blanks of every width, as Amazon's \p{L}\p{N}\p{Z} means
# them; Python's \w is letters, digits and the low line.
_BLANKS = " \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
TAG_KEY = Text(1, 128, rf"(?!aws:)[\w{_BLANKS}.:/=+\-@]*")
TAG_VALUE = Text(0, 256, rf"[\w{_BLANKS}.:/=+\-@]*")
TAGS = Table(TAG_KEY, TAG_VALUE, 0, 200)
TAG_KEYS = Many(TAG_KEY, 0, 200)
