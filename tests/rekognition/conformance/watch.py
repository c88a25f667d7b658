"""What goes over the wire between a client and the service, before boto3 makes something of it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from rekognition.conformance.answers import Field, hold

COMMON_ERRORS = frozenset(
    {
        "AccessDeniedException",
        "IncompleteSignatureException",
        "InvalidSignatureException",
        "MissingAuthenticationTokenException",
        "SerializationException",
        "ThrottlingException",
        "UnknownOperationException",
        "UnrecognizedClientException",
        "ValidationException",
    }
)
"""Errors that every service of AWS may answer, whatever an operation's model lists."""

_MEDIA_TYPE = "application/x-amz-json-1.1"
_REQUEST_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_OK, _BAD_REQUEST, _SERVER_ERROR = 200, 400, 500


@dataclass
class Watch:
    """Everything that was sent and answered since `forget`; whatever is wrong fails the call.

    `sent` and `answered` are members by the names of their shapes; `errors` the codes.
    """

    sent: set[Field] = field(default_factory=set)
    answered: set[Field] = field(default_factory=set)
    called: set[str] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)
    last: dict[str, Any] = field(default_factory=dict)

    def attach(self, client: Any) -> None:
        client.meta.events.register("before-call.rekognition", self._note_request)
        self.attach_answers(client)

    def attach_answers(self, client: Any) -> None:
        """Where what is sent is no document."""
        client.meta.events.register("before-parse.rekognition", self._check_answer)

    def forget(self) -> None:
        for held in (self.sent, self.answered, self.called, self.errors, self.last):
            held.clear()

    def _note_request(self, *, model: Any, params: dict[str, Any], **_: object) -> None:
        self.called.add(model.name)
        # What is sent may be wrong on purpose.
        self.sent |= hold(model.input_shape, json.loads(params["body"])).seen

    def _check_answer(
        self, *, operation_model: Any, response_dict: dict[str, Any], **_: object
    ) -> None:
        status, headers = response_dict["status_code"], response_dict["headers"]
        document = json.loads(response_dict["body"] or b"{}", parse_constant=_refuse)
        assert _REQUEST_ID.fullmatch(headers["x-amzn-RequestId"])
        assert headers["Content-Type"] == _MEDIA_TYPE
        self.last = document
        if status == _OK:
            findings = hold(operation_model.output_shape, document)
            assert not findings.problems, f"{operation_model.name}: {findings.problems}"
            self.answered |= findings.seen
        else:
            self._check_error(operation_model, document, status=status)

    def _check_error(self, operation: Any, document: dict[str, Any], *, status: int) -> None:
        code = document["__type"].rpartition("#")[2]
        known = {shape.name for shape in operation.error_shapes} | COMMON_ERRORS
        assert code in known, f"{operation.name} answers no {code}"
        message = document.get("message") or document.get("Message")
        assert isinstance(message, str), document
        assert message, document
        assert document.get("Code", code) == code
        is_ours = code in {"InternalServerError", "ThrottlingException"}
        assert status == _BAD_REQUEST or (is_ours and status == _SERVER_ERROR), (code, status)
        self.errors.append(code)


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")
