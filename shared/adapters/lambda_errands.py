"""Work that another function of ours does at once, asked for without waiting for it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shared.adapters.dynamodb_faults import store_faults

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


class LambdaErrands:
    """Asynchronous invocations: Lambda keeps them, and tries again what fails."""

    def __init__(self, client: LambdaClient, arrange_arn: str) -> None:
        self._client = client
        self._arrange = arrange_arn

    def arrange(self, campaign_id: str) -> None:
        payload = json.dumps({"campaign": campaign_id}).encode()
        with store_faults():
            self._client.invoke(FunctionName=self._arrange, InvocationType="Event", Payload=payload)
