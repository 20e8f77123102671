"""The whole of livehour in one stack: what is made, and what is handed to what."""

from __future__ import annotations

from aws_cdk import Stack, Tags
from constructs import Construct

from infra.constructs.alarms import Alarms
from infra.constructs.backend_function import Backend
from infra.constructs.campaign_api import CampaignApi
from infra.constructs.campaign_lifecycle import CampaignLifecycle
from infra.constructs.campaign_start import CampaignStart
from infra.constructs.campaign_sweep import CampaignSweep
from infra.constructs.change_stream import ChangeStream
from infra.constructs.closing_packages import ClosingPackages
from infra.constructs.event_bus import CampaignBus
from infra.constructs.fulfilment import Fulfilment
from infra.constructs.order_refunds import OrderRefunds
from infra.constructs.parcels import Parcels
from infra.constructs.payment_secret import PaymentSecret
from infra.constructs.rehearsals import Rehearsals
from infra.constructs.show_page import ShowPage
from infra.constructs.stockroom import Stockroom
from infra.constructs.stripe_account import StripeAccount
from infra.constructs.tables import Tables
from infra.stages import Stage


class LivehourStack(Stack):
    """Every stage is made from this; they differ by the values of ``Stage`` only."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage) -> None:
        super().__init__(
            scope,
            construct_id,
            description="livehour: one-off livestream sales",
            termination_protection=stage.deletion_protection,
        )
        tables = Tables(self, "Tables", stage=stage)
        backend = Backend(self, "Backend", stage=stage, tables=tables)
        bus = CampaignBus(self, "Events", stage=stage)
        changes = ChangeStream(self, "Changes", backend=backend, bus=bus.bus)
        stripe = StripeAccount(
            self,
            "Stripe",
            name=f"livehour-{stage.name}-payments-stripe",
            api_url=stage.stripe_api_url,
            removal=stage.removal,
        )
        packages = ClosingPackages(self, "Packages", stage=stage)
        parcels = Parcels(self, "Parcels", stage=stage)
        fulfilment = Fulfilment(self, "Fulfilment", backend=backend, bus=bus.bus, parcels=parcels)
        lifecycle = CampaignLifecycle(
            self,
            "Lifecycle",
            backend=backend,
            bus=bus.bus,
            stripe=stripe,
            packages=packages,
            parcels=parcels,
        )
        start = CampaignStart(self, "Start", backend=backend, machine=lifecycle.machine)
        refunds = OrderRefunds(self, "Refunds", backend=backend, stripe=stripe)
        stockroom = Stockroom(self, "Stockroom", backend=backend)
        rehearsals = Rehearsals(
            self,
            "Rehearsals",
            backend=backend,
            lifecycle=lifecycle.machine,
            stockroom=stockroom,
            parcels=parcels,
        )
        sweep = CampaignSweep(
            self,
            "Sweep",
            backend=backend,
            machine=lifecycle.machine,
            refunds=refunds,
            rehearsals=rehearsals,
        )
        payment_secret = PaymentSecret(
            self, "Payments", name=f"livehour-{stage.name}-payments-test", removal=stage.removal
        )
        api = CampaignApi(
            self,
            "Api",
            backend=backend,
            start=start,
            stockroom=stockroom,
            payment_secret=payment_secret,
            stripe=stripe,
            packages=packages,
            refunds=refunds,
            parcels=parcels,
            rehearsals=rehearsals,
        )
        if stage.watched:
            name = f"livehour-{stage.name}"
            Alarms(
                self,
                "Alarms",
                name=name,
                api=api,
                start=start,
                lifecycle=lifecycle,
                sweep=sweep,
                refunds=refunds,
                changes=changes,
                bus=bus,
                fulfilment=fulfilment,
            )
            ShowPage(self, "Page", name=name, api=api, lifecycle=lifecycle, changes=changes)
        Tags.of(self).add("application", "livehour")
        Tags.of(self).add("stage", stage.name)
