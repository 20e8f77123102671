/** The wall: follows one campaign and shows it. */

import { barsOf, fittingWidth } from './bars.js';
import { Chart } from './chart.js';
import { booksState, connectionState, discrepancies, showState } from './condition.js';
import { askForConnection, findConnection, remember } from './connection.js';
import { Feed } from './feed.js';
import { clock, count, learnDigits, money, span } from './figures.js';
import { at, write } from './page.js';
import { showProducts } from './products.js';
import { Tiles } from './tiles.js';
import { Twin } from './twin.js';

const SUMMARY_EVERY = 30_000; // ms: how often a screen reader may be told the score
const [chart, twin] = [new Chart(), new Twin()];

class Wall {
  #bars = null;
  #drawn = [];
  #told = { when: 0, urgent: '' };
  #tiles = new Tiles();

  /** Resolves with a complaint, or nothing, when the person has to choose again. */
  follow(connection) {
    this.feed = new Feed(connection, () => this.#refresh());
    at('wall').hidden = false;
    at('pause').onclick = () => this.#pause(!this.feed.paused);
    at('bucket').onchange = () => {
      this.#draw();
      this.feed.wake();
    };
    this.#pause(false);
    const ticking = setInterval(() => this.feed.paused || this.#refresh(), 1_000); // ages and the countdown
    return new Promise((resolve) => {
      this.leave = (complaint) => {
        clearInterval(ticking);
        this.feed.pause(true);
        resolve(complaint);
      };
      at('change').onclick = () => this.leave();
    });
  }

  #pause(paused) {
    this.feed.pause(paused);
    at('pause').setAttribute('aria-pressed', paused);
    write(at('pause'), paused ? 'Resume' : 'Pause');
    this.#refresh();
  }

  #refresh() {
    const { totals, timeline, refused } = this.feed;
    if (refused && !totals) return this.leave(refused.message);
    const connection = connectionState(this.feed, navigator.onLine);
    document.body.dataset.connection = connection.tone;
    write(at('connection-text'), connection.text);
    if (totals && (this.#drawn[0] !== totals || this.#drawn[1] !== timeline)) this.#draw();
    const note = showState(this.feed, this.#bars, connection);
    document.body.dataset.state = note.tone;
    write(at('note'), note.text);
    at('note').hidden = !note.text;
    if (!totals) return;
    write(at('timeline-trouble'), this.feed.timelineTrouble && `The chart waits: ${this.feed.timelineTrouble}`);
    showPassing(totals, this.feed.now);
    this.#announce(totals, note);
  }

  #draw() {
    const { totals, timeline } = this.feed;
    const { time_zone: zone, currency, status, name, campaign, version } = totals;
    learnDigits(currency, totals.currency_exponent);
    this.#drawn = [totals, timeline];
    this.feed.useBucket(Number(at('bucket').value) || fittingWidth(totals));
    this.#bars = timeline && barsOf(timeline, totals);
    document.title = `${name ?? campaign} · livehour`;
    write(at('name'), name ?? campaign);
    write(at('status'), status);
    write(at('as-of'), `as of ${clock(totals.as_of, zone, 'seconds')}`);
    write(at('version'), `version ${count(version)}`);
    const wrong = discrepancies(totals, timeline);
    write(at('sums'), wrong.length ? `sums differ: ${wrong.join(', ')}` : 'sums agree');
    at('sums').classList.toggle('wrong', wrong.length > 0);
    const books = booksState(totals);
    write(at('reconciled'), books.text);
    at('reconciled').classList.toggle('wrong', books.tone === 'error');
    this.#tiles.show(totals, this.#bars);
    showProducts(totals, this.#bars, zone);
    at('timeline').classList.toggle('is-empty', !this.#bars?.rows.length);
    if (timeline) {
      const shown = { bars: this.#bars, currency, zone, until: endOfAxis(totals, this.#bars) };
      chart.show(shown);
      twin.show(shown);
      write(at('timeline-as-of'), `as of ${clock(timeline.as_of, zone, 'seconds')}`);
    }
  }

  /** Polite: the score, now and then. Urgent: only what changes what people do. */
  #announce({ orders, gross, currency, units }, note) {
    const urgent = ['sold-out', 'error'].includes(note.tone) ? note.text : '';
    if (urgent !== this.#told.urgent) write(at('urgent'), (this.#told.urgent = urgent));
    if (this.feed.paused || Date.now() - this.#told.when < SUMMARY_EVERY) return;
    this.#told.when = Date.now();
    write(at('polite'), `${count(orders)} orders, ${money(gross, currency)}, ${count(units?.available)} units left. ${note.text}`);
  }
}

/** The show so far and a little more: the first minutes are not lost at the edge of an empty hour. */
function endOfAxis({ ends_at: ends }, { rows, width, asOf }) {
  const last = (rows.at(-1)?.start ?? asOf) + width;
  const roomy = last + width * Math.max(5, rows.length / 4);
  return Math.max(last, Math.min(roomy, Date.parse(ends) / 1000 || last));
}

function showPassing({ starts_at: opens, ends_at: closes, time_zone: zone, status }, now) {
  const [from, to] = [Date.parse(opens), Date.parse(closes)];
  const rest = status === 'live' && to > now ? `, ${span((to - now) / 1000)} to go` : '';
  write(at('times'), from && to ? `${clock(from, zone, 'day')} to ${clock(to, zone)} ${zone ?? ''}${rest}` : '');
  at('elapsed').value = Math.min(1, Math.max(0, (now - from) / (to - from) || 0));
}

let known = await findConnection();
let complaint = '';
addEventListener('hashchange', () => location.reload()); // another campaign was chosen in the address
for (;;) {
  if (complaint !== '' || !known.key || !known.campaign) {
    known = await askForConnection(known, complaint);
    remember(known);
  }
  complaint = await new Wall().follow(known);
}
