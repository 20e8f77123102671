/**
 * Follows one campaign: polls its totals, and its timeline when the totals moved.
 *
 * The next poll is set after the answer to the last, at the pace the server asks for (`X-Poll-Interval`), ±20 % so that many
 * walls do not march in step. Failures back off; a hidden tab and a paused wall do not poll at all. A version older than the
 * one shown is dropped: numbers never go back.
 */

import { isMoving } from './condition.js';
import { addressOf } from './connection.js';

const [QUICKEST, SLOWEST] = [500, 60_000]; // ms between polls, whatever the server says
const LONGEST_PAUSE = 30_000; // ms between tries while nothing answers
const TIMELINE_EVERY = 5_000; // ms: the bigger answer, which moves bar by bar
const PATIENCE = 10_000; // ms until an unanswered request counts as failed

export class Feed {
  totals = null;
  timeline = null;
  bucket = 60; // seconds
  interval = 3_000; // ms
  freshAt = null; // server's clock, ms: the newest moment the totals are known to be true for
  skew = 0; // ms from this machine's clock to the server's
  failures = 0;
  paused = false;
  refused = null; // the error that ended the polling
  timelineTrouble = '';
  #connection;
  #changed;
  #etags = new WeakMap(); // of the bodies we hold: the tag of one that was dropped is forgotten with it
  #timer;
  #round;
  #timelineAt = 0;

  /** `changed()` is called after every answer and failure. */
  constructor(connection, changed) {
    this.#connection = connection;
    this.#changed = changed;
    document.addEventListener('visibilitychange', this.wake);
    addEventListener('online', this.wake);
  }

  get now() { return Date.now() + this.skew; }

  /** Complete totals and their timeline: nothing will change any more. */
  get isFinal() { return Boolean(this.totals?.complete) && this.timeline?.version >= this.totals.version; }

  /** Polls at once, if anybody is looking. */
  wake = () => {
    clearTimeout(this.#timer);
    this.#round?.abort();
    this.#round = new AbortController();
    if (!this.paused && !document.hidden && !this.refused) this.#poll(this.#round.signal);
  };

  pause(paused) {
    this.paused = paused;
    this.wake();
  }

  /** Bars of another width from the next poll on; the old ones stay until the new have come. */
  useBucket(seconds) {
    if (seconds !== this.bucket) this.#timelineAt = 0;
    this.bucket = seconds;
  }

  async #poll(signal) {
    let wait = this.interval * (0.8 + 0.4 * Math.random());
    try {
      await this.#refreshTotals(signal);
      await this.#refreshTimeline(signal);
      this.failures = 0;
    } catch (trouble) {
      if (signal.aborted) return;
      this.failures += 1;
      if (trouble.isFinal) this.refused = trouble;
      const backOff = Math.min(LONGEST_PAUSE, this.interval * 2 ** this.failures) * (0.5 + 0.5 * Math.random());
      wait = Math.max(backOff, 1_000 * (trouble.retryAfter || 0));
    }
    this.#changed();
    if (!signal.aborted && !this.refused && !this.isFinal) this.#timer = setTimeout(this.wake, wait);
  }

  async #refreshTotals(signal) {
    const news = await this.#ask('totals', this.totals, signal);
    if (news?.version < this.totals?.version) return;
    this.totals = news ?? this.totals;
    const asOf = Date.parse(this.totals.as_of);
    this.skew = Math.max(this.skew, asOf - Date.now()); // a snapshot cannot come from the future
    this.freshAt = isMoving(this.totals) ? asOf : this.now;
    if (news) this.#changed();
  }

  /** Trouble here is told beside the chart and does not slow the totals down. */
  async #refreshTimeline(signal) {
    const held = this.timeline?.bucket === this.bucket ? this.timeline : null;
    const isTooSoon = Date.now() - this.#timelineAt < TIMELINE_EVERY && !this.totals.complete;
    if (held?.version >= this.totals.version || isTooSoon) return;
    try {
      const news = await this.#ask(`timeline?bucket=${this.bucket}`, held, signal);
      if (news && !(news.version < held?.version)) this.timeline = news;
      this.timelineTrouble = '';
    } catch (trouble) {
      if (signal.aborted) throw trouble;
      this.timelineTrouble = trouble.message;
    }
    this.#timelineAt = Date.now();
  }

  /** The answer's body; null when it is still the one we hold. */
  async #ask(path, held, signal) {
    const headers = { Authorization: `Bearer ${this.#connection.key}` };
    if (this.#etags.has(held)) headers['If-None-Match'] = this.#etags.get(held);
    const limited = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]);
    const answer = await fetch(addressOf(this.#connection, path), { headers, cache: 'no-store', signal: limited });
    this.#heed(answer.headers);
    if (answer.status === 304) return null;
    const text = await answer.text();
    if (!answer.ok) throw refusal(answer, text);
    const body = JSON.parse(text, keepBigIntegers);
    if (answer.headers.has('ETag')) this.#etags.set(body, answer.headers.get('ETag'));
    return body;
  }

  #heed(headers) {
    const wish = 1_000 * headers.get('X-Poll-Interval');
    if (wish > 0) this.interval = Math.min(SLOWEST, Math.max(QUICKEST, wish));
    const told = Date.parse(headers.get('Date')); // whole seconds, rounded down
    if (told) this.skew = told + 500 - Date.now();
  }
}

/** `isFinal`: asking again will not help, for the key, the campaign or the question is wrong. */
function refusal({ status, headers }, text) {
  let problem = {};
  try { problem = JSON.parse(text) ?? {}; } catch { /* not a problem document: the status must do */ }
  const error = new Error(problem.detail || problem.title || `The API answered ${status}.`);
  const isFinal = status >= 400 && status < 500 && status !== 408 && status !== 429;
  return Object.assign(error, { status, isFinal, retryAfter: Number(headers.get('Retry-After')) });
}

/** Integers beyond 2^53 keep every digit where the browser shows a reviver the source text. */
function keepBigIntegers(_name, value, context) {
  const isRounded = Number.isInteger(value) && !Number.isSafeInteger(value);
  return isRounded && /^-?\d+$/.test(context?.source ?? '') ? BigInt(context.source) : value;
}
