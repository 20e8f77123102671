/** The offers: what is left, held and sold of each, which one the host shows, and what a unit costs now. */

import { clock, count, money, titleOf } from './figures.js';
import { at, data, make } from './page.js';

export function showProducts({ offers = [], pinned, currency }, bars, zone) {
  const flashOf = new Map();
  for (const { cue, sku, unit_price: price, at: from, seconds } of bars?.markers ?? []) {
    if (cue === 'flash_price' && from + seconds > bars.asOf) flashOf.set(sku, { price, until: clock((from + seconds) * 1000, zone) });
  }
  at('products').replaceChildren(...offers.map((offer) => row(offer, offer.sku === pinned, flashOf.get(offer.sku), currency)));
  at('products-empty').hidden = offers.length > 0;
}

function row(offer, isPinned, flash, currency) {
  const { units = {}, orders, gross, unit_price: price, price_now: now = price } = offer;
  const isSoldOut = units.allotted > 0 && !units.available;
  const title = make('span', 'title', data(titleOf(offer)));
  const product = make('th', '', make('span', 'names', title,
    now != null && now < price ? make('span', 'flag flash', special(now, flash, currency)) : price != null && make('span', 'quiet', money(price, currency)),
    isPinned && make('span', 'flag pinned', 'pinned'),
    isSoldOut && make('span', 'flag sold-out', units.held ? 'all held or sold' : 'sold out')), stockBar(units));
  product.scope = 'row';
  const figures = [units.available, units.held, units.sold].map((number) => make('td', '', count(number)));
  const details = [count(units.allotted), count(orders), money(gross, currency)].map((text) => make('td', 'wide', text));
  return make('tr', `${isPinned ? 'is-pinned' : ''} ${isSoldOut ? 'is-sold-out' : ''}`, product, ...figures, ...details);
}

/** A price below the list price, as the totals say it; until when, where it is the flash price that is open. */
function special(now, flash, currency) {
  return flash?.price === now ? `${money(now, currency)} until ${flash.until}` : money(now, currency);
}

/** Sold, held and left as lengths; the same numbers stand in the row. */
function stockBar({ allotted, held, sold }) {
  const pieces = Object.entries({ sold, held }).map(([name, number]) => {
    const piece = make('span', name);
    piece.style.width = `${(100 * number) / (allotted || 1)}%`;
    return piece;
  });
  const bar = make('span', 'stock', ...pieces);
  bar.setAttribute('aria-hidden', 'true');
  return bar;
}
