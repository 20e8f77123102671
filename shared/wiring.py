"""
The composition root: the only place that makes clients, and joins adapters to use cases.

Everything is made when it is first asked for and kept for the life of the process, so that importing
does nothing and a function pays for what it uses. That is also why the imports stand inside: the way
of a reservation must not load what campaigns need.
"""

# ruff: noqa: PLC0415

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from shared.settings import Setting, setting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_dynamodb import DynamoDBClient
    from standardwebhooks.webhooks import Webhook

    from shared.adapters.address_rules import CountryAddressRules
    from shared.adapters.dynamodb_buyers import DynamoDBBuyers
    from shared.adapters.dynamodb_campaigns import DynamoDBCampaigns
    from shared.adapters.dynamodb_hold_limits import DynamoDBHoldLimits
    from shared.adapters.dynamodb_keys import DynamoDBKeys
    from shared.adapters.dynamodb_log import DynamoDBLog
    from shared.adapters.dynamodb_orders import DynamoDBOrders
    from shared.adapters.dynamodb_packages import DynamoDBPackages
    from shared.adapters.dynamodb_payments import DynamoDBQuarantine
    from shared.adapters.dynamodb_refunds import DynamoDBRefunds
    from shared.adapters.dynamodb_rehearsals import DynamoDBRehearsals
    from shared.adapters.dynamodb_stock import DynamoDBStock
    from shared.adapters.dynamodb_totals import DynamoDBTotals
    from shared.adapters.dynamodb_traces import DynamoDBTraces
    from shared.adapters.dynamodb_waitlists import DynamoDBWaitlists
    from shared.adapters.eventbridge import EventBridgeBus
    from shared.adapters.file_carrier import FileCarrier
    from shared.adapters.lambda_errands import LambdaErrands
    from shared.adapters.s3_packages import S3Packages
    from shared.adapters.sealed_addresses import SealedAddresses
    from shared.adapters.secret_copy import SecretCopy
    from shared.adapters.step_functions import StepFunctionsLifecycles
    from shared.adapters.stripe_credentials import StripeCredentials
    from shared.use_cases.ask_refund import RefundDesk
    from shared.use_cases.ask_rehearsal import RehearsalDesk
    from shared.use_cases.campaign_cache import CampaignCache
    from shared.use_cases.change_address import AddressDesk
    from shared.use_cases.check_books import BooksChecker
    from shared.use_cases.check_out import CheckoutDesk
    from shared.use_cases.hand_off_files import HandOffDesk
    from shared.use_cases.hints import Hints
    from shared.use_cases.join_waitlist import WaitlistDesk
    from shared.use_cases.order_ports import Books, PaymentProvider, RefundsOnly
    from shared.use_cases.package_campaign import PackageBuilder
    from shared.use_cases.parcel_ports import Dispatch
    from shared.use_cases.read_orders import OrderReader
    from shared.use_cases.read_package import PackageDesk
    from shared.use_cases.read_totals import TotalsDesk
    from shared.use_cases.receive_payment import PaymentDesk
    from shared.use_cases.rehearsal_ports import Desks
    from shared.use_cases.reserve import ReservationDesk
    from shared.use_cases.run_campaign import Shape, ShowRunner
    from shared.use_cases.serve_line import LineKeeper
    from shared.use_cases.storefront import Storefront

# -- clients ---------------------------------------------------------------------------------------


def connect(service: str, *, read_timeout: int = 3, attempts: int = 3) -> Any:
    """A client that gives up while its caller still waits: the gateway does so after 30 seconds."""
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=1,
        read_timeout=read_timeout,
        retries={"mode": "standard", "total_max_attempts": attempts},
        tcp_keepalive=True,
        # Links to objects are signed in an old way by default, which regions of today refuse.
        signature_version="s3v4" if service == "s3" else None,
    )
    return boto3.client(service, config=config)  # type: ignore[call-overload]


@cache
def dynamodb() -> DynamoDBClient:
    """The store, with the SDK's own retries: every write of ours may be repeated as it is."""
    client: DynamoDBClient = connect("dynamodb")
    return client


# -- campaigns and keys ----------------------------------------------------------------------------


@cache
def campaigns() -> DynamoDBCampaigns:
    """The campaigns, to read them, and to write them without an answer to keep."""
    from shared.adapters.dynamodb_campaigns import DynamoDBCampaigns

    return DynamoDBCampaigns(dynamodb(), setting(Setting.CAMPAIGNS_TABLE))


@cache
def campaign_log() -> DynamoDBLog:
    """What was done to campaigns, and for them."""
    from shared.adapters.dynamodb_log import DynamoDBLog

    return DynamoDBLog(dynamodb(), setting(Setting.LOG_TABLE))


@cache
def merchant_keys() -> DynamoDBKeys:
    """The merchants' keys."""
    from shared.adapters.dynamodb_keys import DynamoDBKeys

    return DynamoDBKeys(dynamodb(), setting(Setting.KEYS_TABLE))


@cache
def lifecycles() -> StepFunctionsLifecycles:
    """The executions that take campaigns through their show."""
    from shared.adapters.step_functions import StepFunctionsLifecycles

    return StepFunctionsLifecycles(connect("stepfunctions"), setting(Setting.LIFECYCLE_ARN))


@cache
def errands() -> LambdaErrands:
    """What another function is asked to do at once."""
    from shared.adapters.lambda_errands import LambdaErrands

    return LambdaErrands(connect("lambda"), setting(Setting.ARRANGE_FUNCTION_ARN))


def start_lead() -> int:
    """Seconds before its start at which a campaign's stock is laid out."""
    return int(setting(Setting.START_LEAD_SECONDS))


@cache
def show_runner(shape: Shape) -> ShowRunner:
    """What runs campaigns for their merchants. ``shape`` makes the answer of a campaign."""
    from shared.adapters.dynamodb_campaigns import DynamoDBCampaigns
    from shared.adapters.dynamodb_requests import DynamoDBAnswers
    from shared.adapters.scheduler import SchedulerStartSchedules
    from shared.use_cases.arrange_stock import Stockroom
    from shared.use_cases.run_campaign import ShowRunner

    requests = setting(Setting.REQUESTS_TABLE)
    return ShowRunner(
        campaigns=DynamoDBCampaigns(dynamodb(), setting(Setting.CAMPAIGNS_TABLE), requests),
        answers=DynamoDBAnswers(dynamodb(), requests),
        schedules=SchedulerStartSchedules(
            connect("scheduler"),
            group=setting(Setting.SCHEDULE_GROUP),
            role_arn=setting(Setting.SCHEDULE_ROLE_ARN),
            target_arn=setting(Setting.SCHEDULE_TARGET_ARN),
            dead_letters_arn=setting(Setting.SCHEDULE_DLQ_ARN),
        ),
        lifecycles=lifecycles(),
        stockroom=Stockroom(campaigns(), stock(), errands()),
        shape=shape,
        lead=start_lead(),
    )


# -- stock and reservations ------------------------------------------------------------------------


@cache
def campaign_cache() -> CampaignCache:
    """Campaigns for those who sell: at most half a second old."""
    from shared.use_cases.campaign_cache import CampaignCache

    return CampaignCache(campaigns())


def _overflow_table() -> str:
    """Name of the overflow table; functions that only count or lay out blocks have none."""
    return setting(Setting.OVERFLOW_TABLE)


@cache
def stock() -> DynamoDBStock:
    """The stock blocks."""
    from shared.adapters.dynamodb_stock import DynamoDBStock

    return DynamoDBStock(dynamodb(), setting(Setting.STOCK_TABLE), _overflow_table)


@cache
def hints() -> Hints:
    """What this process knows of where units are."""
    from shared.clock import now_millis
    from shared.use_cases.hints import Hints

    return Hints(stock(), now_millis)


@cache
def buyers() -> DynamoDBBuyers:
    """What buyers have of offers with a limit."""
    from shared.adapters.dynamodb_buyers import DynamoDBBuyers

    return DynamoDBBuyers(dynamodb(), setting(Setting.BUYERS_TABLE))


@cache
def hold_limits() -> DynamoDBHoldLimits:
    """The holds of buyers that campaigns' limits count."""
    from shared.adapters.dynamodb_hold_limits import DynamoDBHoldLimits

    return DynamoDBHoldLimits(dynamodb(), setting(Setting.BUYERS_TABLE))


@cache
def reservation_desk() -> ReservationDesk:
    """What takes, shows and releases reservations."""
    from shared.use_cases.reserve import ReservationDesk

    return ReservationDesk(campaign_cache(), stock(), hints(), buyers(), hold_limits())


@cache
def storefront() -> Storefront:
    """What a storefront shows."""
    from shared.use_cases.storefront import Storefront

    return Storefront(campaign_cache(), hints())


# -- waitlists -------------------------------------------------------------------------------------


@cache
def waitlists() -> DynamoDBWaitlists:
    """The tickets of those who wait."""
    from shared.adapters.dynamodb_waitlists import DynamoDBWaitlists

    return DynamoDBWaitlists(dynamodb(), setting(Setting.WAITLISTS_TABLE))


@cache
def waitlist_desk() -> WaitlistDesk:
    """What gives out tickets, shows them and takes them back."""
    from shared.use_cases.arrange_stock import Stockroom
    from shared.use_cases.join_waitlist import WaitlistDesk
    from shared.use_cases.read_line import LineReader

    return WaitlistDesk(
        campaigns=campaigns(),
        copies=campaign_cache(),
        stock=stock(),
        hints=hints(),
        buyers=buyers(),
        waitlists=waitlists(),
        lines=LineReader(waitlists()),
        stockroom=Stockroom(campaigns(), stock(), errands()),
    )


@cache
def line_keeper() -> LineKeeper:
    """What offers units to those who wait."""
    from shared.clock import now_millis
    from shared.use_cases.serve_line import LineKeeper

    return LineKeeper(
        campaigns=campaigns(),
        copies=campaign_cache(),
        stock=stock(),
        hints=hints(),
        buyers=buyers(),
        waitlists=waitlists(),
        clock=now_millis,
    )


# -- orders and payments ---------------------------------------------------------------------------


@cache
def orders() -> DynamoDBOrders:
    """The orders."""
    from shared.adapters.dynamodb_orders import DynamoDBOrders

    return DynamoDBOrders(dynamodb(), setting(Setting.ORDERS_TABLE))


def _secrets() -> Any:
    """Who asks has a copy, or a buyer who waits: one short try."""
    return connect("secretsmanager", read_timeout=2, attempts=1)


def is_real() -> bool:
    """Whether this deployment takes real money."""
    return setting(Setting.STAGE) == "production"


@cache
def payment_secret() -> SecretCopy[list[Webhook]]:
    """What the provider ``test`` signs its webhooks with."""
    from shared.adapters.payment_secret import webhooks_of
    from shared.adapters.secret_copy import SecretCopy

    return SecretCopy(_secrets(), setting(Setting.PAYMENT_SECRET_ARN), webhooks_of)


@cache
def stripe_secret() -> SecretCopy[StripeCredentials | None]:
    """Our account at Stripe, if an operator has given us one."""
    from shared.adapters.secret_copy import SecretCopy
    from shared.adapters.stripe_credentials import credentials_of

    livemode = is_real()
    arn = setting(Setting.STRIPE_SECRET_ARN)
    return SecretCopy(_secrets(), arn, lambda text: credentials_of(text, livemode=livemode))


def can_take_payments(provider: str) -> bool:
    """Whether a campaign may choose this provider here. ``StoreBusy`` if that cannot be told."""
    return provider != "stripe" or stripe_secret().value() is not None


def _test_provider() -> PaymentProvider:
    from shared.adapters.payment_test_provider import TestProvider

    # Only who receives webhooks needs, and may read, the secret.
    return TestProvider(lambda: payment_secret().value())


def _stripe_provider() -> PaymentProvider:
    from shared.adapters.stripe_calls import StripeCalls
    from shared.adapters.stripe_provider import StripeProvider

    calls = StripeCalls(lambda: stripe_secret().value(), setting(Setting.STRIPE_API_URL))
    return StripeProvider(calls, stripe_secret())


class _Providers(Mapping[str, "PaymentProvider"]):
    """Each made when it is first asked for: a campaign on ``test`` never loads Stripe's library."""

    def __init__(self, makers: Mapping[str, Callable[[], PaymentProvider]]) -> None:
        self._makers = makers
        self._made: dict[str, PaymentProvider] = {}

    def __getitem__(self, name: str) -> PaymentProvider:
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._makers

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


@cache
def payment_providers() -> Mapping[str, PaymentProvider]:
    """The payment providers, by the name that campaigns choose them by."""
    return _Providers({"test": _test_provider, "stripe": _stripe_provider})


@cache
def checkout_desk() -> CheckoutDesk:
    """What turns reservations into orders."""
    from shared.use_cases.check_out import CheckoutDesk

    return CheckoutDesk(
        campaign_cache(),
        stock(),
        orders(),
        payment_providers(),
        addresses(),
        address_rules(),
        livemode=is_real(),
    )


@cache
def address_desk() -> AddressDesk:
    """What changes the addresses of orders."""
    from shared.use_cases.change_address import AddressDesk

    return AddressDesk(campaign_cache(), orders(), addresses(), address_rules())


@cache
def order_reader() -> OrderReader:
    """What shows orders to their merchant."""
    from shared.use_cases.read_orders import OrderReader

    return OrderReader(campaign_cache(), orders())


@cache
def books() -> Books:
    """What is at hand where orders are settled."""
    from shared.use_cases.order_ports import Books

    return Books(
        orders(),
        stock(),
        hints(),
        buyers(),
        payment_providers(),
        quarantine(),
        refunds(),
        campaigns(),
        livemode=is_real(),
    )


@cache
def refunds() -> DynamoDBRefunds:
    """The refunds that merchants asked for."""
    from shared.adapters.dynamodb_refunds import DynamoDBRefunds

    return DynamoDBRefunds(dynamodb(), setting(Setting.ORDERS_TABLE))


@cache
def refund_books() -> RefundsOnly:
    """What is at hand where refunds are seen to."""
    from shared.use_cases.order_ports import RefundsOnly

    return RefundsOnly(orders(), stock(), payment_providers(), refunds(), campaigns())


@cache
def refund_executions() -> StepFunctionsLifecycles:
    """The executions that see refunds through."""
    from shared.adapters.step_functions import StepFunctionsLifecycles

    return StepFunctionsLifecycles(
        connect("stepfunctions"), setting(Setting.REFUNDS_ARN), about="refund"
    )


@cache
def refund_desk() -> RefundDesk:
    """What accepts refunds, and shows them."""
    from shared.adapters.dynamodb_requests import DynamoDBAnswers
    from shared.use_cases.ask_refund import RefundDesk

    answers = DynamoDBAnswers(dynamodb(), setting(Setting.REQUESTS_TABLE))
    return RefundDesk(campaign_cache(), order_reader(), refunds(), refund_executions(), answers)


@cache
def quarantine() -> DynamoDBQuarantine:
    """Payment events put aside."""
    from shared.adapters.dynamodb_payments import DynamoDBQuarantine

    return DynamoDBQuarantine(dynamodb(), setting(Setting.PAYMENTS_TABLE))


@cache
def payment_desk() -> PaymentDesk:
    """What receives payment providers' events."""
    from shared.domain.payable import TEST
    from shared.use_cases.receive_payment import PaymentDesk

    # A rehearsal's bank is at no address: what comes from outside in its name moves nothing where real money is taken.
    return PaymentDesk(campaign_cache(), books(), unheard=(TEST,) if is_real() else ())


# -- totals ----------------------------------------------------------------------------------------


@cache
def totals() -> DynamoDBTotals:
    """The snapshots of the totals, and what is derived from them."""
    from shared.adapters.dynamodb_totals import DynamoDBTotals

    return DynamoDBTotals(dynamodb(), setting(Setting.TOTALS_TABLE))


@cache
def totals_desk() -> TotalsDesk:
    """What reads totals, timelines and closing reports."""
    from shared.clock import now_millis
    from shared.use_cases.read_totals import TotalsDesk

    return TotalsDesk(campaigns(), totals(), stock(), now_millis)


# -- the end of the books ----------------------------------------------------------------------------


@cache
def package_records() -> DynamoDBPackages:
    """What was built of closing packages."""
    from shared.adapters.dynamodb_packages import DynamoDBPackages

    return DynamoDBPackages(dynamodb(), setting(Setting.TOTALS_TABLE))


@cache
def package_files() -> S3Packages:
    """Where closing packages are kept."""
    from shared.adapters.s3_packages import S3Packages

    return S3Packages(connect("s3"), setting(Setting.PACKAGES_BUCKET))


@cache
def books_checker() -> BooksChecker:
    """What compares the books on demand."""
    from shared.adapters.dynamodb_requests import DynamoDBAnswers
    from shared.clock import now_millis
    from shared.use_cases.check_books import BooksChecker

    answers = DynamoDBAnswers(dynamodb(), setting(Setting.REQUESTS_TABLE))
    return BooksChecker(campaigns(), totals(), books(), answers, now_millis)


@cache
def package_builder() -> PackageBuilder:
    """What builds closing packages."""
    from shared.adapters.kms_signer import KmsSigner
    from shared.adapters.xlsx_workbooks import XlsxWorkbooks
    from shared.use_cases.package_campaign import PackageBuilder

    return PackageBuilder(
        campaigns=campaigns(),
        totals=totals(),
        orders=orders(),
        records=package_records(),
        files=package_files(),
        signer=KmsSigner(connect("kms"), setting(Setting.SIGNING_KEY_ARN)),
        workbooks=XlsxWorkbooks(),
    )


@cache
def package_desk() -> PackageDesk:
    """What hands closing packages out."""
    from shared.clock import now_seconds
    from shared.use_cases.read_package import PackageDesk

    return PackageDesk(campaigns(), package_records(), package_files(), now_seconds)


# -- parcels ---------------------------------------------------------------------------------------


@cache
def addresses() -> SealedAddresses:
    """What seals addresses, and opens them."""
    from shared.adapters.sealed_addresses import SealedAddresses
    from shared.clock import now_seconds

    return SealedAddresses(
        dynamodb(),
        setting(Setting.ADDRESSES_TABLE),
        key_keeper,
        setting(Setting.ADDRESS_KEY_ARN),
        days=int(setting(Setting.ADDRESS_DAYS)),
        clock=now_seconds,
    )


@cache
def address_rules() -> CountryAddressRules:
    """What the addresses of each country have."""
    from shared.adapters.address_rules import CountryAddressRules

    return CountryAddressRules()


@cache
def key_keeper() -> Any:
    """Asked once a campaign by each process."""
    return connect("kms")


@cache
def parcel_files() -> FileCarrier:
    """Where parcels are handed over as files."""
    from shared.adapters.file_carrier import FileCarrier

    return FileCarrier(connect("s3"), setting(Setting.PARCELS_BUCKET))


@cache
def dispatch() -> Dispatch:
    """What is at hand where orders are handed over."""
    from shared.use_cases.parcel_ports import Dispatch

    return Dispatch(orders(), addresses(), address_rules(), {"file": parcel_files()})


@cache
def hand_off_desk() -> HandOffDesk:
    """What gives fulfillers their files."""
    from shared.adapters.xlsx_workbooks import XlsxWorkbooks
    from shared.clock import now_seconds
    from shared.use_cases.hand_off_files import HandOffDesk

    return HandOffDesk(campaign_cache(), dispatch(), parcel_files(), XlsxWorkbooks(), now_seconds)


# -- rehearsals ------------------------------------------------------------------------------------


@cache
def rehearsals() -> DynamoDBRehearsals:
    """The rehearsals."""
    from shared.adapters.dynamodb_rehearsals import DynamoDBRehearsals

    return DynamoDBRehearsals(dynamodb(), setting(Setting.REHEARSALS_TABLE))


@cache
def rehearsal_executions() -> StepFunctionsLifecycles:
    """The executions that see rehearsals through."""
    from shared.adapters.step_functions import StepFunctionsLifecycles

    return StepFunctionsLifecycles(
        connect("stepfunctions"), setting(Setting.REHEARSALS_ARN), about="rehearsal"
    )


@cache
def rehearsal_desk() -> RehearsalDesk:
    """What accepts rehearsals, and shows them."""
    from shared.use_cases.ask_rehearsal import RehearsalDesk

    return RehearsalDesk(campaigns(), rehearsals(), rehearsal_executions())


def rehearsal_desks() -> Desks:
    """The desks of buyers, on a store that is metered. Fresh for each rehearsal: what it uses is its own."""
    from typing import cast

    from shared.adapters.dynamodb_buyers import DynamoDBBuyers
    from shared.adapters.dynamodb_campaigns import DynamoDBCampaigns
    from shared.adapters.dynamodb_hold_limits import DynamoDBHoldLimits
    from shared.adapters.dynamodb_orders import DynamoDBOrders
    from shared.adapters.dynamodb_refunds import DynamoDBRefunds
    from shared.adapters.dynamodb_stock import DynamoDBStock
    from shared.adapters.dynamodb_waitlists import DynamoDBWaitlists
    from shared.adapters.metered_dynamodb import MeteredDynamoDB
    from shared.adapters.rehearsal_bank import NoQuarantine, RehearsalBank
    from shared.clock import now_millis
    from shared.use_cases.arrange_stock import Stockroom
    from shared.use_cases.campaign_cache import CampaignCache
    from shared.use_cases.check_out import CheckoutDesk
    from shared.use_cases.hints import Hints
    from shared.use_cases.join_waitlist import WaitlistDesk
    from shared.use_cases.order_ports import Books
    from shared.use_cases.read_line import LineReader
    from shared.use_cases.receive_payment import PaymentDesk
    from shared.use_cases.rehearsal_ports import Desks
    from shared.use_cases.reserve import ReservationDesk

    meter = MeteredDynamoDB(dynamodb())
    client = cast("DynamoDBClient", meter)
    exact = DynamoDBCampaigns(client, setting(Setting.CAMPAIGNS_TABLE))
    known = CampaignCache(exact)
    blocks = DynamoDBStock(client, setting(Setting.STOCK_TABLE), _overflow_table)
    hints = Hints(blocks, now_millis)
    purses = DynamoDBBuyers(client, setting(Setting.BUYERS_TABLE))
    limited = DynamoDBHoldLimits(client, setting(Setting.BUYERS_TABLE))
    book = DynamoDBOrders(client, setting(Setting.ORDERS_TABLE))
    given_back = DynamoDBRefunds(client, setting(Setting.ORDERS_TABLE))
    tickets = DynamoDBWaitlists(client, setting(Setting.WAITLISTS_TABLE))
    bank: Mapping[str, PaymentProvider] = {"test": RehearsalBank()}
    ledgers = Books(
        book, blocks, hints, purses, bank, NoQuarantine(), given_back, exact, livemode=is_real()
    )
    return Desks(
        reservations=ReservationDesk(known, blocks, hints, purses, limited),
        checkout=CheckoutDesk(
            known, blocks, book, bank, addresses(), address_rules(), livemode=is_real()
        ),
        payments=PaymentDesk(known, ledgers),
        waitlist=WaitlistDesk(
            campaigns=exact,
            copies=known,
            stock=blocks,
            hints=hints,
            buyers=purses,
            waitlists=tickets,
            lines=LineReader(tickets),
            stockroom=Stockroom(exact, blocks, errands()),
        ),
        campaigns=campaigns(),
        stock=stock(),
        meter=meter,
        livemode=is_real(),
    )


@cache
def traces() -> DynamoDBTraces:
    """What deletes everything that a rehearsal has left."""
    from shared.adapters.dynamodb_traces import DynamoDBTraces

    tables = {
        "campaigns": Setting.CAMPAIGNS_TABLE,
        "stock": Setting.STOCK_TABLE,
        "overflow": Setting.OVERFLOW_TABLE,
        "buyers": Setting.BUYERS_TABLE,
        "waitlists": Setting.WAITLISTS_TABLE,
        "orders": Setting.ORDERS_TABLE,
        "totals": Setting.TOTALS_TABLE,
        "addresses": Setting.ADDRESSES_TABLE,
    }
    return DynamoDBTraces(dynamodb(), {role: setting(name) for role, name in tables.items()})


# -- events ----------------------------------------------------------------------------------------


@cache
def bus() -> EventBridgeBus:
    """The bus on which others are told what happened."""
    from shared.adapters.eventbridge import EventBridgeBus

    return EventBridgeBus(connect("events"), setting(Setting.BUS_NAME))


def merchant_of(campaign_id: str) -> str:
    """The merchant of a campaign. ``CampaignNotFound``; ``StoreBusy``."""
    return campaign_cache().get(campaign_id).merchant
