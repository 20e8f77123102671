"""The dashboard that whoever is on duty opens first."""

from __future__ import annotations

from typing import Final

from aws_cdk import Duration
from aws_cdk.aws_cloudwatch import Dashboard, GraphWidget, IMetric, Stats
from constructs import Construct

from infra.constructs.campaign_api import CampaignApi
from infra.constructs.campaign_lifecycle import CampaignLifecycle
from infra.constructs.change_stream import ChangeStream

MINUTE: Final = Duration.minutes(1)


class ShowPage(Construct):
    """Four questions: do people come, are they served quickly, does the show beat, are its events told in time?"""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        api: CampaignApi,
        lifecycle: CampaignLifecycle,
        changes: ChangeStream,
    ) -> None:
        super().__init__(scope, construct_id)
        http, reserve = api.api, api.functions["reserve"]
        beat = lifecycle.steps["keep_books"]
        requests = _graph(
            "Requests",
            http.metric_count(period=MINUTE),
            http.metric_client_error(period=MINUTE),
            http.metric_server_error(period=MINUTE),
        )
        reserving = _graph(
            "Time to reserve (ms)",
            reserve.metric_duration(period=MINUTE, statistic=Stats.p(50)),
            reserve.metric_duration(period=MINUTE, statistic=Stats.p(99)),
        )
        beats = _graph(
            "Beats", beat.metric_invocations(period=MINUTE), beat.metric_errors(period=MINUTE)
        )
        age = _graph("Age of the oldest untold change (ms)", changes.metric_age(MINUTE))
        Dashboard(
            self,
            "Page",
            dashboard_name=name,
            widgets=[[requests, reserving], [beats, age]],
        )


def _graph(title: str, *lines: IMetric) -> GraphWidget:
    return GraphWidget(title=title, left=list(lines), width=12)
