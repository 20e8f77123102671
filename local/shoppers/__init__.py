"""Synthetic viewers of a show, and the payment provider that takes their money.

`visits` plans who comes when and with what habit, from a seed. `agenda` makes it happen at those instants with a few
threads, `shopper` walks one visit through the API, `wire` is the buyer's connection with its faults, `waiting_list` brings
back whoever found the scarce product sold out, and `payment_provider` signs and delivers webhooks. What was acknowledged,
refused or cut is kept in the `journal`, so that somebody else can hold the shop's books against it.

Everything is asked of the deployed API over HTTP: nothing here knows how the shop works inside.
"""
