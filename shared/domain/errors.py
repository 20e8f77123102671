"""
Everything livehour can refuse, by what the caller can do about it.

* Refusal
  x Malformed (400)
    + InvalidJson, IdempotencyKeyMissing, IdempotencyKeyInvalid, InvalidCursor
  x Unauthenticated (401)
    + KeyMissing, KeyInvalid, SignatureInvalid
  x Forbidden (403)
    + WrongScope
  x NotFound (404)
    + RouteNotFound, CampaignNotFound, OfferNotFound, ReservationNotFound, OrderNotFound, ProviderNotFound,
      RefundNotFound, RehearsalNotFound, TicketNotFound
  x MethodNotAllowed (405)
  x Conflict (409)
    + CampaignState, PartiesFrozen, CampaignNotOpen, CampaignClosed, SoldOut, StockContended,
      BuyerLimitReached, TooManyHolds,
      CouponNotOpen, CouponExhausted, CouponLimitReached,
      ReservationConfirmed, ReservationReleased, ReservationExpired, CheckoutReplaced,
      ShipmentRequested, OrderEnded, PersonalDataGone, NotClosed, PackageNotBuilt,
      UnitsAvailable, WaitlistNotOpen, PaymentRefused, PaymentUnderWay, AmountNotPayable, OrderNotPaid,
      RefundExceedsPaid, RefundEnded,
      RestockOfPart, RestockTooLate
  x PreconditionFailed (412), PreconditionRequired (428)
  x TooLarge (413)
  x Unprocessable (422)
    + InvalidRequest, IdempotencyKeyReused, LocalTimeMissing, LocalTimeAmbiguous
  x InternalError (500)
  x Busy (503)
    + StoreBusy, ProviderSilent, ProviderBusy, CarrierSilent

Each leaf has a ``code`` that never changes, a ``title`` for people, and a ``detail`` that says what to do next.
``facts`` are further members of the problem document (``available``, ``limit``, ``expires_at``, …).
"""

from __future__ import annotations

from typing import Any, ClassVar


class Refusal(Exception):
    """The request was understood, and the rules refuse it."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "refused"
    title: ClassVar[str] = "The request was refused"
    advice: ClassVar[str] = "Correct the request and send it again."

    def __init__(self, detail: str | None = None, **facts: Any) -> None:
        self.detail = detail or self.advice
        self.facts = facts
        super().__init__(self.detail)


# -- 400 -------------------------------------------------------------------------------------------


class Malformed(Refusal):
    status = 400
    code = "malformed"
    title = "The request cannot be read"


class InvalidJson(Malformed):
    code = "invalid_json"
    title = "The body is not a JSON object in UTF-8"
    advice = "Send one JSON object, encoded in UTF-8, with Content-Type application/json."


class IdempotencyKeyMissing(Malformed):
    code = "idempotency_key_missing"
    title = "Idempotency-Key is missing"
    advice = (
        "Send an Idempotency-Key header with a fresh random value (a UUID is fine) on every POST."
    )


class IdempotencyKeyInvalid(Malformed):
    code = "idempotency_key_invalid"
    title = "Idempotency-Key is not usable"
    advice = "Use 1 to 255 printable ASCII characters; a UUID is fine."


class InvalidCursor(Malformed):
    code = "invalid_cursor"
    title = "starting_after is not an id of this list"
    advice = "Pass the id of the last object of the previous page, or leave it out to start at the newest."


# -- 401, 403, 404, 405 ----------------------------------------------------------------------------


class Unauthenticated(Refusal):
    status = 401
    code = "unauthenticated"
    title = "No valid credentials"


class KeyMissing(Unauthenticated):
    code = "key_missing"
    title = "No key was sent"
    advice = (
        "Send the header 'Authorization: Bearer lh_<scope>_…' with a key of your merchant account."
    )


class KeyInvalid(Unauthenticated):
    code = "key_invalid"
    title = "The key is not valid"
    advice = "The key is unknown or revoked: check that it was copied whole, or ask for a new one."


class SignatureInvalid(Unauthenticated):
    code = "signature_invalid"
    title = "The webhook signature does not hold"
    advice = "Sign the exact bytes of the body with the current secret and a timestamp within 5 minutes of now."


class Forbidden(Refusal):
    status = 403
    code = "forbidden"
    title = "Not allowed"


class WrongScope(Forbidden):
    code = "wrong_scope"
    title = "The key has another scope"
    advice = "Use a key with the scope this endpoint needs."


class NotFound(Refusal):
    status = 404
    code = "not_found"
    title = "There is no such thing"
    advice = "Check the id: it is unknown, or not yours."


class RouteNotFound(NotFound):
    code = "route_not_found"
    title = "There is no such endpoint"
    advice = "Check the path and the method against the API reference at /docs."


class CampaignNotFound(NotFound):
    code = "campaign_not_found"
    title = "There is no such campaign"


class OfferNotFound(NotFound):
    code = "offer_not_found"
    title = "The campaign has no such offer"
    advice = "Use a SKU of this campaign's offers, as GET /v1/shows/{campaign_id} lists them."


class ReservationNotFound(NotFound):
    code = "reservation_not_found"
    title = "There is no such reservation"


class OrderNotFound(NotFound):
    code = "order_not_found"
    title = "There is no such order"


class ProviderNotFound(NotFound):
    code = "provider_not_found"
    title = "There is no such payment provider"
    advice = "Post payment webhooks to /v1/webhooks/payments/{provider}, of a provider that is set up here."


class RefundNotFound(NotFound):
    code = "refund_not_found"
    title = "There is no such refund"


class RehearsalNotFound(NotFound):
    code = "rehearsal_not_found"
    title = "There is no such rehearsal"
    advice = "Check the rehearsal's id and whose key you use. Verdicts are kept for 7 days."


class TicketNotFound(NotFound):
    code = "ticket_not_found"
    title = "There is no such waitlist ticket"


class MethodNotAllowed(Refusal):
    """``allow``: the methods that the endpoint has."""

    status = 405
    code = "method_not_allowed"
    title = "The endpoint does not know this method"
    advice = "Use one of the methods in 'allow', as the API reference at /docs lists them."


# -- 409 -------------------------------------------------------------------------------------------


class Conflict(Refusal):
    status = 409
    code = "conflict"
    title = "The state does not allow it"


class CampaignState(Conflict):
    code = "campaign_state"
    title = "The campaign's status does not allow it"


class RehearsalUnderWay(Conflict):
    """``rehearsal``: its id."""

    code = "rehearsal_under_way"
    title = "The campaign is being rehearsed already"
    advice = "Read it at /v1/rehearsals/{rehearsal}; once it is 'cleaned', the next one may begin."


class PartiesFrozen(Conflict):
    code = "parties_frozen"
    title = "The parties of the campaign are fixed"
    advice = (
        "Parties and their shares are fixed when the stock is laid out, shortly before the opening: "
        "send the change without 'parties'."
    )


class CampaignNotOpen(Conflict):
    code = "campaign_not_open"
    title = "The campaign is not selling now"
    advice = "Reserve between starts_at and ends_at of the campaign, unless it is paused."


class CampaignClosed(Conflict):
    code = "campaign_closed"
    title = "The campaign is closed"
    advice = "Nothing can be bought any more; what is paid will be fulfilled or refunded."


class SoldOut(Conflict):
    code = "sold_out"
    title = "Not enough units are left"
    advice = "Ask for at most 'available' units, or try again later: unpaid units come back when their hold ends."


class StockContended(Conflict):
    """Units are free, but on each path of the request others took them first. Nothing is held for it."""

    code = "stock_contended"
    title = "These units are taken and released by others at this moment"
    advice = "Send the request again, with a new Idempotency-Key, after 'retry_after' seconds."

    def __init__(self, detail: str | None = None, *, retry_after: int = 1, **facts: Any) -> None:
        super().__init__(detail, retry_after=retry_after, **facts)


class BuyerLimitReached(Conflict):
    code = "buyer_limit_reached"
    title = "The buyer has reached the limit of this offer"
    advice = "Ask for at most 'remaining' units, or release a reservation of this buyer."


class TooManyHolds(Conflict):
    """
    ``rule``: the limit of the campaign that one more hold would exceed, ``open_holds`` or ``holds_begun``; ``limit``: its
    value; ``retry_after`` (seconds): when it allows one more.
    """

    code = "too_many_holds"
    title = "The buyer has too many holds in this campaign"
    advice = (
        "Repeat the request after 'retry_after' seconds. If 'rule' is 'open_holds', paying or releasing a reservation of "
        "this buyer is enough."
    )


class CouponNotOpen(Conflict):
    """``starts_at``, ``ends_at``: of the coupon, if the show has one of this code for the offer."""

    code = "coupon_not_open"
    title = "This coupon cannot be used now"
    advice = "Check the code and its window; without 'coupon', the reservation is taken at the price of the moment."


class CouponExhausted(Conflict):
    code = "coupon_exhausted"
    title = "The coupon has been used up"
    advice = (
        "Try again later, for uses come back with holds that end unpaid; or reserve without 'coupon', at the price of the "
        "moment."
    )


class CouponLimitReached(Conflict):
    """``limit``: reservations of one buyer of this offer."""

    code = "coupon_limit_reached"
    title = "The buyer has used this coupon as often as it can be"
    advice = "Reserve without 'coupon', at the price of the moment; or release a reservation of this buyer first."


class UnitsAvailable(Conflict):
    """``available``: units that are left."""

    code = "units_available"
    title = "There is nothing to wait for"
    advice = "Reserve instead: there are enough units."


class WaitlistNotOpen(Conflict):
    """``campaign_status``."""

    code = "waitlist_not_open"
    title = "Nobody can wait for this offer now"
    advice = "Wait only for an offer with a waitlist, as GET /v1/shows/{campaign_id} shows it, while its campaign is live."


class ReservationConfirmed(Conflict):
    code = "reservation_confirmed"
    title = "The reservation is already paid"
    advice = "Read the order: the units are sold to this buyer."


class ReservationReleased(Conflict):
    code = "reservation_released"
    title = "The reservation was released"
    advice = "Make a new reservation with a new Idempotency-Key."


class ReservationExpired(Conflict):
    code = "reservation_expired"
    title = "The reservation has expired"
    advice = "Make a new reservation with a new Idempotency-Key."


class CheckoutReplaced(Conflict):
    """``order``: its id."""

    code = "checkout_replaced"
    title = "A later checkout of this reservation has replaced this one"
    advice = (
        "Read the order: it has the address and the payment of the last checkout. To change them again, check out with a "
        "new Idempotency-Key."
    )


class ShipmentRequested(Conflict):
    """``parcel``: its reference with the carrier; ``carrier``: the carrier's name."""

    code = "shipment_requested"
    title = "The order's shipment was requested with its address"
    advice = (
        "Its address can no longer be changed here: this carrier takes no shipment back for certain. Give the new address "
        "to the fulfiller under the reference 'parcel'; or refund the order and have it ordered again."
    )


class OrderEnded(Conflict):
    """``state``: of the order."""

    code = "order_ended"
    title = "Nothing will be sent for this order"
    advice = "It was cancelled or refunded. Make a new reservation and check it out with the right address."


class PersonalDataGone(Conflict):
    code = "personal_data_gone"
    title = "The order's personal data was erased"
    advice = "An address that was erased, or whose time is over, is not replaced. Refund the order, or send it by hand."


class NotClosed(Conflict):
    code = "not_closed"
    title = "The campaign is not closed yet"
    advice = "Ask again after the campaign has closed and its books are reconciled."


class PackageNotBuilt(Conflict):
    code = "package_not_built"
    title = "The closing package is not built yet"
    advice = (
        "Ask again a minute after the campaign has closed: it is built once the books are settled."
    )


class PaymentRefused(Conflict):
    code = "payment_refused"
    title = "The payment provider refuses to take this payment"
    advice = "Read what the provider says: the amount or the currency may be out of its bounds. The units stay held."


class PaymentUnderWay(Conflict):
    """``order``: its id."""

    code = "payment_under_way"
    title = "The payment of the earlier checkout is under way and cannot be stopped"
    advice = (
        "Read the order in a moment: it is paid if that payment succeeds. If it fails, repeat this request with the same "
        "Idempotency-Key."
    )


class AmountNotPayable(Conflict):
    """
    ``largest_payable_quantity``: units at this price that can be paid at once; 0 if not even one can. ``minimum``,
    ``maximum``: what the provider takes in one payment, minor units of ``currency``.
    """

    code = "amount_not_payable"
    title = "The payment provider cannot take this amount in one payment"
    advice = "Ask for at most 'largest_payable_quantity' units in one reservation."


class OrderNotPaid(Conflict):
    """``state``: of the order."""

    code = "order_not_paid"
    title = "The order is not paid"
    advice = "Only what was paid for can be given back; what came too late goes back without being asked."


class RefundExceedsPaid(Conflict):
    """``refundable``: what is left, in minor units."""

    code = "refund_exceeds_paid"
    title = "That is more than is left of the payment"
    advice = (
        "Ask for at most 'refundable': the rest has gone back, or is promised to another refund."
    )


class RefundEnded(Conflict):
    """``state``: of the refund."""

    code = "refund_state"
    title = "The refund has come to its end"
    advice = "Only a refund that needs attention can be tried again. After a failed one, ask for a new refund."


class RestockOfPart(Conflict):
    code = "restock_of_part"
    title = "Units go back on sale with the whole refund of their order only"
    advice = "Leave out 'restock'; or refund the whole order at once, if nothing of it was refunded before."


class RestockTooLate(Conflict):
    """``status``: of the campaign."""

    code = "restock_too_late"
    title = "The sale is not open"
    advice = "Leave out 'restock': units go back on sale only while the campaign is selling."


# -- 412, 413, 422, 428, 500, 503 ----------------------------------------------------------------------


class PreconditionFailed(Refusal):
    status = 412
    code = "precondition_failed"
    title = "The campaign has changed since it was read"
    advice = "Read the campaign again, apply your change to it, and send its new ETag in If-Match."


class PreconditionRequired(Refusal):
    status = 428
    code = "precondition_required"
    title = "If-Match is missing"
    advice = "Send the ETag of the campaign as you read it in If-Match."


class TooLarge(Refusal):
    status = 413
    code = "body_too_large"
    title = "The body is too large"
    advice = "Send at most 16,384 bytes."


class Unprocessable(Refusal):
    status = 422
    code = "unprocessable"
    title = "The request breaks a rule"


class InvalidRequest(Unprocessable):
    """``errors``: a list of ``{"pointer", "detail"}`` with one JSON pointer for each fault."""

    code = "invalid_request"
    title = "Some fields are not valid"
    advice = "Correct the fields named in 'errors' and send the request again."


class IdempotencyKeyReused(Unprocessable):
    code = "idempotency_key_reused"
    title = "The Idempotency-Key belongs to another request"
    advice = "Use a fresh Idempotency-Key for each new request; repeat a request with the same key and body only."


class LocalTimeMissing(Unprocessable):
    code = "local_time_missing"
    title = "This local time does not exist"
    advice = "Clocks go forward over it. Choose one of 'readings', or another time."


class LocalTimeAmbiguous(Unprocessable):
    code = "local_time_ambiguous"
    title = "This local time exists twice"
    advice = "Clocks go back over it. Choose one of 'readings': the same time with its UTC offset."


class InternalError(Refusal):
    """Not a refusal but a fault of ours, in the shape of one."""

    status = 500
    code = "internal_error"
    title = "Something broke on our side"
    advice = "Nothing is known to be lost. Repeat the request with the same Idempotency-Key, and report request_id."


class Busy(Refusal):
    """Nothing is wrong with the request; ``retry_after`` (seconds) says when to repeat it, with the same key."""

    status = 503
    code = "busy"
    title = "Too busy right now"
    advice = "Repeat the same request with the same Idempotency-Key after 'retry_after' seconds."

    def __init__(self, detail: str | None = None, *, retry_after: int = 1, **facts: Any) -> None:
        super().__init__(detail, retry_after=retry_after, **facts)


class StoreBusy(Busy):
    code = "store_busy"
    title = "The store is throttled or does not answer"


class OpensInAMoment(Busy):
    """Who asks has a clock, or looked at it, just before a release of which others have counted the units already."""

    code = "opens_in_a_moment"
    title = "More units are on sale in a moment"


class CarrierSilent(Busy):
    """Nothing is known of what was asked: it is asked again, under the same parcel id."""

    code = "carrier_unavailable"
    title = "The carrier does not answer"


class ProviderSilent(Busy):
    """Nothing is known of what was asked: it is asked again, under the same id."""

    code = "payment_provider_unavailable"
    title = "The payment provider does not answer"
    advice = (
        "Nothing was lost, and the hold runs on until expires_at: repeat the same request with the same "
        "Idempotency-Key after 'retry_after' seconds."
    )

    def __init__(self, detail: str | None = None, *, retry_after: int = 5, **facts: Any) -> None:
        super().__init__(detail, retry_after=retry_after, **facts)


class ProviderBusy(Busy):
    """The provider has answered that it has too many requests: nothing was done."""

    code = "payment_provider_busy"
    title = "The payment provider has too many requests"
    advice = (
        "Nothing was lost, and the hold runs on until expires_at: repeat the same request with the same "
        "Idempotency-Key after 'retry_after' seconds."
    )


# -- of no request ---------------------------------------------------------------------------------


class ParcelRefused(Exception):
    """A carrier's last word on a parcel: it never will carry it."""
