"""Where the faces of a photo are, and how well they are seen; whose they are is not looked at.

No collection is asked, no template is made, and nothing is kept: the log hears of none of it.
It is part of what a grant allows all the same, since whoever looks does so for its purpose.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from mien.permission.access_key import AccessTerms
from mien.permission.grant import may_search
from mien.permission.verdict import Verdict
from mien.service.handed_in import naming
from mien.service.ingest import find_standing
from mien.service.parts import Parts
from mien.service.probe import show_probe
from mien.types import Look, PhotoAnalysis


def glance(
    parts: Parts, terms: AccessTerms, *, read: Callable[[], bytes]
) -> PhotoAnalysis | Verdict:
    """What is read, with all of its faces, once leave was given; or why it may not be looked at.

    Raises `PhotoError` for what gives no picture, and whatever reading does.
    """
    deployment = parts.deployment
    stored = find_standing(deployment, terms.grant_id)
    if isinstance(stored, Verdict):
        return stored
    verdicts = [
        may_search(stored.grant, purpose=terms.purpose, basis=basis, at=deployment.clock())
        for basis in sorted(stored.grant.bases)
    ]
    # The bases say what may be kept of a photo, and here nothing is: any of them will do.
    refused = [verdict for verdict in verdicts if not verdict.is_allowed]
    if len(refused) == len(verdicts):
        return refused[0]
    content = read()
    with naming(content), deployment.cores.take(most=os.cpu_count() or 1) as threads:
        analysis = deployment.vision(threads=threads).analyse(content, look=Look.GLANCE)
    return show_probe(analysis, None).analysis
