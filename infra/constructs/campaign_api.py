"""The HTTP API: every route of ``shared.contracts.routes``, the functions behind them, and the check of keys."""

from __future__ import annotations

import json
from typing import Final

from aws_cdk import CfnOutput, Duration
from aws_cdk.aws_apigatewayv2 import (
    CfnStage,
    CorsHttpMethod,
    CorsPreflightOptions,
    HttpApi,
    HttpMethod,
    HttpRoute,
    HttpRouteKey,
    HttpStage,
    ThrottleSettings,
)
from aws_cdk.aws_apigatewayv2_authorizers import HttpLambdaAuthorizer, HttpLambdaResponseType
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration
from aws_cdk.aws_logs import LogGroup
from constructs import Construct

from infra.constructs.backend_function import Backend, BackendFunction
from infra.constructs.campaign_start import CampaignStart
from infra.constructs.closing_packages import ClosingPackages
from infra.constructs.order_refunds import OrderRefunds
from infra.constructs.parcels import Parcels
from infra.constructs.payment_secret import PaymentSecret
from infra.constructs.rehearsals import Rehearsals
from infra.constructs.stockroom import Stockroom
from infra.constructs.stripe_account import StripeAccount
from infra.stages import Stage
from shared.contracts.routes import ELSE_FUNCTION, ROUTES

MEMORY: Final = {
    # MB, by function. More memory is more of a core: 1,024 is what a buyer waits for.
    "campaigns": 512,
    "reserve": 1024,
    "waitlist": 512,
    "checkout": 512,
    "payment_webhooks": 512,
    # A piece of a large campaign within the gateway's 30 seconds.
    "parcels": 3008,
    "totals": 512,
    # The whole of the books within the gateway's 30 seconds: more than a core's worth.
    "check_books": 3008,
    "refunds": 512,
    "rehearsals": 512,
    "api_reference": 256,
}
TIMEOUT: Final = {
    # Seconds, by function: those that ask a payment provider, which may take its time twice, and the one that counts all.
    "checkout": 20,
    "payment_webhooks": 20,
    "check_books": 28,
    "parcels": 28,
}
USUAL_TIMEOUT: Final = 10
ACCESS_LOG: Final = {
    # No address and no header: a log of requests, not of people.
    "request_id": "$context.requestId",
    "at": "$context.requestTimeEpoch",
    "route": "$context.routeKey",
    "status": "$context.status",
    "ms": "$context.responseLatency",
    "backend_ms": "$context.integrationLatency",
    "bytes": "$context.responseLength",
    "merchant": "$context.authorizer.merchant",
    "error": "$context.error.message",
}


class CampaignApi(Construct):
    """What merchants, storefronts, walls and payment providers call."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        backend: Backend,
        start: CampaignStart,
        stockroom: Stockroom,
        payment_secret: PaymentSecret,
        stripe: StripeAccount,
        packages: ClosingPackages,
        refunds: OrderRefunds,
        parcels: Parcels,
        rehearsals: Rehearsals,
    ) -> None:
        super().__init__(scope, construct_id)
        stage = backend.stage
        settings = {
            "campaigns": {**start.settings, **stripe.settings, **stockroom.settings},
            "waitlist": stockroom.settings,
            "checkout": {**stripe.settings, **parcels.seals},
            "payment_webhooks": {**payment_secret.settings, **stripe.settings},
            "check_books": stripe.settings,
            "totals": packages.reads,
            "refunds": refunds.settings,
            "rehearsals": rehearsals.settings,
            "parcels": parcels.settings,
        }
        self.functions = {
            name: BackendFunction(
                self,
                backend=backend,
                name=name,
                memory=memory,
                timeout=TIMEOUT.get(name, USUAL_TIMEOUT),
                environment=settings.get(name),
            )
            for name, memory in MEMORY.items()
        }
        start.allow(self.functions["campaigns"])
        for name in ("campaigns", "waitlist"):
            stockroom.allow_asking(self.functions[name])
        payment_secret.allow_reading(self.functions["payment_webhooks"])
        for name in ("campaigns", "checkout", "payment_webhooks", "check_books"):
            stripe.allow_reading(self.functions[name])
        packages.allow_reading(self.functions["totals"])
        refunds.machine.allow_looking_after(self.functions["refunds"])
        rehearsals.machine.allow_beginning(self.functions["rehearsals"])
        parcels.allow_sealing(self.functions["checkout"])
        parcels.allow_giving_out(self.functions["parcels"])

        self.api = HttpApi(
            self,
            "Http",
            api_name=f"livehour-{stage.name}",
            create_default_stage=False,
            # Open to every page: a key is a header that a script must have been given, never something a browser adds.
            cors_preflight=CorsPreflightOptions(
                allow_origins=["*"],
                allow_methods=[CorsHttpMethod(method) for method in _methods()],
                allow_headers=[
                    "authorization",
                    "content-type",
                    "idempotency-key",
                    "if-match",
                    "if-none-match",
                ],
                # A browser shows a script these beside the few that it shows anyway.
                expose_headers=[
                    "allow",
                    "date",
                    "etag",
                    "idempotent-replayed",
                    "link",
                    "retry-after",
                    "www-authenticate",
                    "x-poll-interval",
                    "x-request-id",
                ],
                max_age=Duration.hours(1),
            ),
        )
        self._serve_routes(
            BackendFunction(
                self, backend=backend, name="authorize", memory=stage.authorizer_memory, timeout=5
            )
        )
        self._open_stage(stage)
        CfnOutput(self, "Url", value=self.api.api_endpoint).override_logical_id("ApiUrl")

    def _serve_routes(self, authorize: BackendFunction) -> None:
        self.functions["authorize"] = authorize
        # Without an identity source the authorizer is asked even when no key was sent, and its answer is never cached: a
        # missing key gets our own problem document, and a revoked one stops working at once.
        authorizer = HttpLambdaAuthorizer(
            "Keys",
            authorize,
            response_types=[HttpLambdaResponseType.SIMPLE],
            identity_source=[],
            results_cache_ttl=Duration.seconds(0),
        )
        integrations = {
            name: HttpLambdaIntegration(name, function) for name, function in self.functions.items()
        }
        for route in ROUTES:
            self.api.add_routes(
                path=route.path,
                methods=[HttpMethod(route.method)],
                integration=integrations[route.function],
                # A route without scopes is signed (webhooks) or public (the reference).
                authorizer=authorizer if route.scopes else None,
            )
        HttpRoute(
            self,
            "EverythingElse",
            http_api=self.api,
            integration=integrations[ELSE_FUNCTION],
            route_key=HttpRouteKey.DEFAULT,
        )

    def _open_stage(self, stage: Stage) -> None:
        opened = HttpStage(
            self,
            "Stage",
            http_api=self.api,
            stage_name="$default",
            auto_deploy=True,
            throttle=ThrottleSettings(
                rate_limit=stage.requests_per_second, burst_limit=stage.request_burst
            ),
        )
        if stage.access_log:
            log = LogGroup(
                self,
                "Log",
                log_group_name=f"/aws/vendedlogs/apis/livehour-{stage.name}",
                retention=stage.log_retention,
                removal_policy=stage.removal,
            )
            resource = opened.node.default_child
            assert isinstance(resource, CfnStage)  # noqa: S101 - tells the type checker what CDK made
            resource.access_log_settings = CfnStage.AccessLogSettingsProperty(
                destination_arn=log.log_group_arn, format=json.dumps(ACCESS_LOG)
            )


def _methods() -> list[str]:
    return sorted({route.method for route in ROUTES})
