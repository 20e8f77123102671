"""boto3, pointed at an engine on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from boto3.session import Session
from botocore.config import Config

from local.engine.toolchain import CREDENTIALS, REGION

if TYPE_CHECKING:  # these packages hold nothing but types
    from mypy_boto3_apigatewayv2 import ApiGatewayV2Client
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_stepfunctions import SFNClient

#: An engine on this machine answers at once or not at all.
CONFIG: Final = Config(connect_timeout=2, read_timeout=20, retries={"total_max_attempts": 2})


def session() -> Session:
    """A session of the engines' one account: nothing of the person's own AWS configuration is read."""
    return Session(
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        region_name=REGION,
    )


def dynamodb(url: str, config: Config = CONFIG) -> DynamoDBClient:
    """DynamoDB at ``url``: MiniStack's, or DynamoDB Local."""
    return session().client("dynamodb", endpoint_url=url, config=config)


def secrets(url: str) -> SecretsManagerClient:
    """Secrets Manager at ``url``."""
    return session().client("secretsmanager", endpoint_url=url, config=CONFIG)


def gateway(url: str) -> ApiGatewayV2Client:
    """API Gateway's control plane at ``url``."""
    return session().client("apigatewayv2", endpoint_url=url, config=CONFIG)


def lambdas(url: str) -> LambdaClient:
    """Lambda's control plane at ``url``."""
    return session().client("lambda", endpoint_url=url, config=CONFIG)


def machines(url: str) -> SFNClient:
    """Step Functions at ``url``."""
    return session().client("stepfunctions", endpoint_url=url, config=CONFIG)
