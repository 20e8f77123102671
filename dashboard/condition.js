/** What state the show and the connection are in, in words: facts and a clock in, `{tone, text}` out. */

import { age, clock, count, span } from './figures.js';

const QUIET = 120; // seconds without a paid order before the wall says so

/** While a show can still sell, its totals are only as true as their `as_of`. */
export const isMoving = ({ status }) => ['live', 'pausing', 'paused', 'closing'].includes(status);

const say = (tone, text) => ({ tone, text });

/** For the dot: how far the numbers can be trusted right now. */
export function connectionState(feed, online) {
  if (feed.paused) return say('paused', 'paused');
  if (feed.freshAt === null) return feed.failures ? say('offline', 'no answer yet') : say('waiting', 'connecting');
  if (feed.isFinal) return say('final', 'final');
  const old = feed.now - feed.freshAt;
  const limit = Math.max(10_000, 3 * feed.interval);
  if (!online || (feed.failures && old > 3 * limit)) return say('offline', `offline for ${age(old)}`);
  if (old > limit) return say('stale', `stale, ${age(old)} old`);
  return say('live', isMoving(feed.totals) ? `live, ${age(old)} ago` : 'connected');
}

/** The one thing somebody entering the room should know; no text while all goes its way. */
export function showState({ totals, refused, now }, bars, connection) {
  if (refused) return say('error', `The API refuses to go on: ${refused.message}`);
  if (connection.tone === 'offline') return say('error', 'No answer from the API. The wall keeps what came last, and keeps asking.');
  if (!totals) return say('waiting', '');
  const { status, complete, starts_at: opens, units = {} } = totals;
  const toStart = (Date.parse(opens) - now) / 1000;
  if (status === 'draft') return say('before', 'Draft: not scheduled yet.');
  if (status === 'scheduled') return say('before', toStart > 0 ? `Starts in ${span(toStart)}` : 'About to start.');
  if (status === 'cancelled') return say('cancelled', 'Cancelled. Nothing is on sale.');
  if (status === 'closed' && complete) return say('done', 'Closed and reconciled with the ledger. These numbers are final.');
  if (status === 'closed') return say('closing', 'Closed. Reconciling: a late payment can still move the numbers.');
  const held = units.held && `${count(units.held)} units are still held and may`;
  if (status === 'closing') return say('closing', `Sale closed: ${held ? `${held} be paid.` : 'settling the last payments.'}`);
  if (status === 'pausing') return say('halted', 'Pausing: reservations are refused, and the last blocks are being told.');
  if (status === 'paused') return say('halted', `Paused: nothing can be reserved${held ? `. ${held} be paid` : ''}.`);
  if (units.allotted && !units.available) return say('sold-out', held ? `None left: ${held} return.` : 'Sold out: all units are paid for.');
  const silence = bars && now / 1000 - (bars.lastSale ?? Date.parse(opens) / 1000);
  return silence >= QUIET ? say('quiet', `Quiet: no paid order for ${age(silence * 1000)}.`) : say('live', '');
}

/** When the books last held, as the API tells it: an error once they are behind the totals by more than a few counts. */
export function booksState({ reconciled_at: held, as_of: asOf, time_zone: zone }) {
  if (!held) return say('waiting', '');
  const behind = Date.parse(asOf) - Date.parse(held) > 15_000;
  return say(behind ? 'error' : 'live', `${behind ? 'books last agreed' : 'books agree'} ${clock(held, zone, 'seconds')}`);
}

/**
 * The sums that do not hold in what the API sent, by name. A wrong number on a wall is worse than a wall that is down, so the
 * wall adds up what it shows.
 */
export function discrepancies(totals, timeline) {
  const { units = {}, reservations: { placed, confirmed, released, expired, held } = {}, offers = [] } = totals;
  const buckets = timeline?.version === totals.version ? timeline.buckets : [];
  const sum = (list) => list.reduce((total, number) => total + BigInt(number ?? 0), 0n);
  const ofUnits = (name, { allotted, available, held: kept, sold } = {}) => [name, allotted, [available, kept, sold]];
  const sums = [ofUnits('units', units), ['reservations', placed, [confirmed, released, expired, held]]];
  sums.push(...offers.map((offer) => ofUnits(offer.sku, offer.units)));
  for (const [where, list] of Object.entries({ products: offers, timeline: buckets })) {
    for (const what of list.length ? ['orders', 'gross'] : []) {
      sums.push([`${what} of ${where}`, totals[what], list.map((part) => part[what])]);
    }
  }
  return sums.filter(([, whole, list]) => BigInt(whole ?? 0) !== sum(list)).map(([name]) => name);
}
