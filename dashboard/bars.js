/** The timeline as rows of equal width without gaps: what the chart draws and the table beside it says. */

import { money, titleOf } from './figures.js';

const MOST = 9_000; // rows: a day of ten-second bars

const seconds = (instant) => Date.parse(instant) / 1000;

/**
 * `rows`: `{start, orders, units, gross, soFar, cues}`, oldest first; times in seconds, money in BigInt minor units.
 * `pace`, `peak`: orders per minute in the last full minute and in the best one. `until`: where a chart of them should end.
 */
export function barsOf(timeline, totals) {
  const { bucket: width, currency } = timeline;
  const asOf = seconds(timeline.as_of);
  const known = new Map(timeline.buckets.map((bucket) => [seconds(bucket.start), bucket]));
  const markers = (timeline.markers ?? []).map((marker) => inWords(marker, totals, currency)).filter(({ at }) => at <= asOf);
  let soFar = 0n;
  const rows = starts([...known.keys()], width, seconds(totals.starts_at), asOf).map((start) => {
    const { orders = 0, units = 0, gross = 0 } = known.get(start) ?? {};
    soFar += BigInt(gross);
    const cues = markers.filter(({ at }) => at >= start && at < start + width);
    return { start, orders, units, gross: BigInt(gross), soFar, cues };
  });
  const last = rows.findLast((row) => row.orders > 0);
  return { width, rows, markers, asOf, lastSale: last && last.start + width, ...paces(rows, width, asOf) };
}

/** Bars no wider than the eye wants: fifty to some hundreds over the show. */
export function fittingWidth({ starts_at: from, ends_at: to }) {
  const length = seconds(to) - seconds(from);
  if (!length || length < 0) return 60;
  return length <= 900 ? 10 : length <= 6 * 3600 ? 60 : 300;
}

/** From the opening to now, with every empty bar, in step with the bars that came. */
function starts(known, width, opens, asOf) {
  if (!known.length && !(opens <= asOf)) return [];
  const first = known.length ? Math.min(...known) : Math.floor(opens / width) * width;
  const from = first - width * Math.max(0, Math.ceil((first - opens) / width) || 0);
  const to = Math.max(asOf, ...known);
  return Array.from({ length: Math.min(MOST, Math.floor((to - from) / width) + 1) }, (_, index) => from + index * width);
}

function paces(rows, width, asOf) {
  const span = Math.max(1, Math.round(60 / width)); // bars in a minute
  const minute = (end) => rows.slice(Math.max(0, end - span), end);
  const rate = (end) => (minute(end).reduce((sum, row) => sum + row.orders, 0) * 60) / (span * width);
  const full = rows.filter(({ start }) => start + width <= asOf).length || rows.length; // the open bar is not a minute yet
  const peak = rows.reduce((most, _, index) => Math.max(most, rate(index + 1)), 0);
  return { pace: Math.round(rate(full)), peak: Math.round(peak) };
}

function off({ percent_off: percent, amount_off: amount }, currency) {
  return percent == null ? money(amount ?? 0, currency) : `${percent} %`;
}

const lasting = (seconds) => (seconds < 60 ? `${seconds} s` : `${Math.round(seconds / 60)} min`);

function inWords(marker, { offers = [] }, currency) {
  const title = titleOf(offers.find(({ sku }) => sku === marker.sku) ?? { sku: marker.sku ?? '' }).text;
  const price = marker.unit_price == null ? '' : money(marker.unit_price, currency);
  const words = { // in the chart, in a sentence
    pin: [title, `${title} pinned`],
    unpin: ['', 'nothing pinned'],
    flash_price: [price, `${title} at ${price}`],
    flash_end: ['', `${title} at its list price again`],
    coupon: [marker.code, `coupon ${marker.code}: ${off(marker, currency)} off ${marker.sku ? title : 'everything'}`],
    coupon_end: ['', `coupon ${marker.code} stopped`],
    price: [price, `${title} now costs ${price}`],
    release_stock: [`+${marker.units}`, `${marker.units} of ${title} released`],
    stock: [`+${marker.units}`, `${marker.units} more of ${title}`],
    announce: ['', `announced: ${marker.text}`],
    paused: ['paused', marker.text ? `paused: ${marker.text}` : 'paused'],
    resumed: ['resumed', 'selling again'],
    extended: ['longer', `the show goes on ${lasting(marker.seconds)} longer`],
    waitlist_opened: ['line', `buyers wait for ${title}`],
    waitlist_closed: ['', `nobody waits for ${title} any more`],
    replay: ['replay', 'the show is over, and its replay sells on'],
    sold_out: ['sold out', `${title} sold out`],
  };
  const [label, sentence] = words[marker.cue] ?? ['', String(marker.cue).replaceAll('_', ' ')];
  return { ...marker, at: seconds(marker.at), label, sentence };
}
