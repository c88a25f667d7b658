"""What operations that search and compare share: leave that is logged, and similarities."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mien.errors import ModelError, NotFoundError
from mien.evidence.similarity import tell_similarity
from mien.evidence.strength import Strength
from mien.permission.caller import Operation
from mien.permission.quality import QualityFilter
from mien.permission.verdict import Verdict
from mien.rekognition.call import Call
from mien.rekognition.errors import Code, ServiceError, denied, no_collection
from mien.service.leave import Leave
from mien.service.search_desk import SearchDesk
from mien.service.weigh import get_calibration
from mien.types import Calibration

USUAL_THRESHOLD = 80.0
MOST_FACES = 4096


def ask_to_search(call: Call, *, collection_id: str) -> Leave:
    """Leave to search the collection. Raises `ServiceError` where it is refused, logged."""
    call.check(Operation.SEARCH, collection=collection_id)
    try:
        leave = SearchDesk(call.parts).ask(call.terms, collection=collection_id)
    except NotFoundError as error:
        raise no_collection(collection_id) from error
    if isinstance(leave, Verdict):
        call.site.metrics.count_search(leave)
        raise denied(leave)
    return leave


@contextmanager
def searching(call: Call, *, collection_id: str) -> Iterator[SearchDesk]:
    """The desk to search at, while it is this call's turn; its errors are the service's own."""
    try:
        with call.site.turnstile.enter():
            yield SearchDesk(call.parts)
    except NotFoundError as error:
        raise no_collection(collection_id) from error
    except ModelError as error:
        raise ServiceError(Code.ACCESS_DENIED, str(error)) from error


def find_calibration(call: Call, leave: Leave) -> Calibration:
    """What tells similarities of the collection's model. Raises `ServiceError` without any."""
    deployment = call.parts.deployment
    view = deployment.find_view(leave.collection.model_digest) or deployment
    try:
        return get_calibration(view.model)
    except ModelError as error:
        raise ServiceError(Code.ACCESS_DENIED, str(error)) from error


def tell_match(strength: Strength | None, calibration: Calibration) -> float:
    """The member `Similarity`; 0 where nothing is known of a match."""
    return 0.0 if strength is None else tell_similarity(strength.normalised_score, calibration)


def read_quality(chosen: str) -> QualityFilter:
    """The member `QualityFilter`, as it is called here."""
    return QualityFilter(chosen.lower())


def no_faces() -> ServiceError:
    """Programs compare these words."""
    return ServiceError(Code.INVALID, "There are no faces in the image. Should be at least 1.")
