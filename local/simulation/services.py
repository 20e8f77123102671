"""The services beside the store, as far as livehour calls them: schedules, executions, objects, a key, a secret, a bus."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any, Final

from local.simulation.refusals import refuse

PAYMENT_SECRET: Final = "whsec_" + "c2ltdWxhdGlvbg" * 4


class Schedules:
    """EventBridge Scheduler: one-time schedules, fired at their second or up to a minute late, and at least once."""

    def __init__(self, fire: Callable[[str, int], None]) -> None:
        """``fire``: told the input and the second (since 1970 UTC) of a new schedule."""
        self._fire = fire
        self._names: set[str] = set()

    def serve(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        name = request["Name"]
        if operation == "CreateSchedule":
            if name in self._names:
                raise refuse(operation, "ConflictException", "exists", service="scheduler")
            self._names.add(name)
            text = request["ScheduleExpression"].removeprefix("at(").removesuffix(")")
            at = datetime.fromisoformat(text).replace(tzinfo=UTC)
            self._fire(request["Target"]["Input"], int(at.timestamp()))
            return {"ScheduleArn": name}
        if name not in self._names:
            raise refuse(operation, "ResourceNotFoundException", "none", service="scheduler")
        # What is deleted may be on its way already: it fires still, and must do no harm.
        self._names.remove(name)
        return {}


class Executions:
    """Step Functions: a name is used once, except that the same start of a running execution is answered as before."""

    def __init__(self, begin: Callable[[str, dict[str, Any]], None]) -> None:
        self._begin = begin
        self._inputs: dict[str, str] = {}
        self.ended: dict[str, str] = {}
        """How executions ended: ``SUCCEEDED``, ``ABORTED``, ``TIMED_OUT``, or the error that they failed with."""
        self.ended_at: dict[str, datetime] = {}

    def end(self, name: str, how: str, second: int) -> None:
        """Let an execution be over."""
        self.ended[name] = how
        self.ended_at[name] = datetime.fromtimestamp(second, UTC)

    def serve(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        if operation == "DescribeExecution":
            return self._describe(request["executionArn"].rpartition(":")[2])
        name, given = request["name"], request["input"]
        if name in self._inputs:
            if name in self.ended or self._inputs[name] != given:
                raise refuse(operation, "ExecutionAlreadyExists", "exists", service="stepfunctions")
            return {"executionArn": name}
        self._inputs[name] = given
        self._begin(name, json.loads(given))
        return {"executionArn": name}

    def _describe(self, name: str) -> dict[str, Any]:
        if name not in self._inputs:
            code = "ExecutionDoesNotExist"
            raise refuse("DescribeExecution", code, "none", service="stepfunctions")
        if name not in self.ended:
            return {"status": "RUNNING"}
        how = self.ended[name]
        status = how if how in ("SUCCEEDED", "ABORTED", "TIMED_OUT") else "FAILED"
        told: dict[str, Any] = {"status": status, "stopDate": self.ended_at[name]}
        if status == "FAILED":
            told |= {"error": how, "cause": f"{how}: as it was simulated"}
        return told

    @property
    def begun(self) -> list[str]:
        """Names of all executions there ever were, the first one first."""
        return list(self._inputs)

    @property
    def running(self) -> list[str]:
        """Names of executions that have not ended."""
        return [name for name in self._inputs if name not in self.ended]


def serve_secret(_operation: str, _request: Mapping[str, Any]) -> dict[str, Any]:
    """Secrets Manager: there is one."""
    return {"SecretString": PAYMENT_SECRET}


class Objects:
    """S3: objects that are put if they are what their sender says they are, and where none is if so asked."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def serve(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        key = request["Key"]
        if operation == "DeleteObject":
            self.kept.pop(key, None)
            return {}
        if operation == "GetObject":
            if key not in self.kept:
                raise refuse(operation, "NoSuchKey", "none", service="s3", status=404)
            return {"ETag": key}
        body = request["Body"]
        if not isinstance(body, bytes):
            body.seek(0)
            body = body.read()
        data: bytes = body
        if b64encode(hashlib.sha256(data).digest()).decode() != request["ChecksumSHA256"]:
            raise refuse(operation, "BadDigest", "not what was said", service="s3")
        if key in self.kept and "IfNoneMatch" in request:
            raise refuse(operation, "PreconditionFailed", "exists", service="s3", status=412)
        self.kept[key] = data
        return {"ETag": key}


class Keys:
    """
    KMS: keys whose signature is always the same, and whose data keys never are. Nobody verifies a signature here: that it is
    asked for is what is played.
    """

    def __init__(self, *, alike: bool = False) -> None:
        """``alike``: a second drawing gives the first key again, where two courses of events are compared."""
        self._alike = alike
        self._drawn = 0

    def serve(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        if operation == "GetPublicKey":
            return {"PublicKey": b"the public key of the simulation"}
        if operation == "Sign":
            return {"Signature": hashlib.sha256(b"signed: " + request["Message"]).digest()}
        context = repr(sorted(request["EncryptionContext"].items())).encode()
        if operation == "GenerateDataKey":
            self._drawn += 0 if self._alike else 1
            drawn = hashlib.sha512(f"key {self._drawn}".encode()).digest()
            return {"Plaintext": drawn, "CiphertextBlob": context + drawn}
        wrapped = bytes(request["CiphertextBlob"])
        if not wrapped.startswith(context):
            raise refuse(operation, "InvalidCiphertextException", "another's", service="kms")
        return {"Plaintext": wrapped.removeprefix(context)}


@dataclass(slots=True)
class Bus:
    """EventBridge: keeps what it was told, and sometimes does not take an entry."""

    random: Random
    refusing: float = 0.0
    told: list[dict[str, Any]] = field(default_factory=list)
    """Events in the order of their arrival, repetitions too: detail type and detail."""
    refused: int = 0

    def serve(self, _operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        results = []
        for entry in request["Entries"]:
            if self.refusing and self.random.random() < self.refusing:
                self.refused += 1
                results.append({"ErrorCode": "ThrottlingException", "ErrorMessage": "later"})
                continue
            self.told.append({"type": entry["DetailType"], "detail": json.loads(entry["Detail"])})
            results.append({"EventId": str(len(self.told))})
        failed = sum("ErrorCode" in result for result in results)
        return {"Entries": results, "FailedEntryCount": failed}
