/** Orders per bar, sales so far, and what the host did: drawn by uPlot, read by mouse or by arrow keys. */

import { clock, count, money, shortMoney } from './figures.js';
import { at, write } from './page.js';

const { uPlot } = globalThis;
const { bars, stepped } = uPlot.paths;
const NARROW = 560; // px: below it there is no room for words in the chart, nor for a second axis
const STEPS = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity };

const bar = (x, y, r) => `M${x - r} ${y}h${2 * r}v${0.5 * r}h${-2 * r}z`;
const plus = (x, y, r) => {
  const [thick, arm] = [0.6 * r, 0.7 * r];
  return `M${x - thick / 2} ${y - r}h${thick}v${arm}h${arm}v${thick}h${-arm}v${arm}h${-thick}v${-arm}h${-arm}v${-thick}h${arm}z`;
};

/** The head of a marker around x and y, and its ink: told apart by shape as well as colour. */
const HEADS = {
  pin: ['pin', (x, y, r) => `M${x - r} ${y - r}h${2 * r}l${-r} ${2 * r}z`],
  flash_price: ['flash', (x, y, r) => `M${x} ${y - r}l${r} ${r}l${-r} ${r}l${-r} ${-r}z`],
  coupon: ['flash', (x, y, r) => `M${x - r} ${y - r * 0.7}h${2 * r}v${1.4 * r}h${-2 * r}z`],
  price: ['flash', (x, y, r) => `M${x} ${y - r}l${r} ${r}l${-r} ${r}l${-r} ${-r}z`],
  paused: ['text', (x, y, r) => `M${x - r} ${y - r}h${r * 0.7}v${2 * r}h${-r * 0.7}zM${x + r * 0.3} ${y - r}h${r * 0.7}v${2 * r}h${-r * 0.7}z`],
  resumed: ['text', (x, y, r) => `M${x - r} ${y - r}l${2 * r} ${r}l${-2 * r} ${r}z`],
  release_stock: ['sold', plus],
  stock: ['sold', plus],
  extended: ['text', (x, y, r) => `M${x - r} ${y - r}l${r} ${r}l${-r} ${r}zM${x} ${y - r}l${r} ${r}l${-r} ${r}z`],
  waitlist_opened: ['text', (x, y, r) => [-1, -0.25, 0.5].map((row) => bar(x, y + row * r, r)).join('')],
  waitlist_closed: ['text', (x, y, r) => bar(x, y - 0.25 * r, r)],
  replay: ['text', (x, y, r) => `M${x - r} ${y - r}l${2 * r} ${r}l${-2 * r} ${r}z`],
  sold_out: ['text', (x, y, r) => `M${x - r} ${y - r}h${2 * r}v${2 * r}h${-2 * r}z`],
};

export class Chart {
  #plot;
  #shown; // {bars, until, currency, zone}
  #frame = at('chart');

  constructor() {
    new ResizeObserver(() => this.#redraw()).observe(this.#frame);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#redraw());
    this.#frame.addEventListener('keydown', (event) => this.#step(event));
    this.#frame.addEventListener('blur', () => this.#point(null));
  }

  /** `until`: where the time axis ends, in seconds. */
  show(shown) {
    this.#shown = shown;
    if (this.#plot) this.#plot.setData(this.#columns());
    else this.#redraw();
    if (this.#plot?.cursor.idx == null) this.#say(null);
  }

  #columns() {
    const { bars: { rows, width }, until } = this.#shown;
    const starts = rows.map(({ start }) => start);
    const last = starts.at(-1) ?? until - width;
    for (let next = last + width; next <= until; next += width) starts.push(next); // room for bars to come
    const soFar = [...rows, ...rows.slice(-1)].map((row) => Number(row.soFar)); // to the end of the last bar
    return [starts, ...[rows.map((row) => row.orders), soFar].map((column) => starts.map((_, index) => column[index]))];
  }

  #redraw() {
    this.#plot?.destroy();
    const { clientWidth: width, clientHeight: height } = this.#frame;
    this.#plot = null;
    if (!this.#shown || !width) return;
    this.#plot = new uPlot({ width, height, ...this.#look(width < NARROW) }, this.#columns(), this.#frame);
  }

  #look(isNarrow) {
    const style = getComputedStyle(this.#frame);
    const ink = (name) => style.getPropertyValue(`--${name}`).trim();
    const size = Math.round(parseFloat(style.fontSize) * 0.8);
    const none = { show: false };
    const axis = { stroke: ink('quiet'), font: `${size}px ${style.fontFamily}`, ticks: none, grid: none };
    const fromZero = (_plot, _least, most) => [0, Math.max(4, most * 1.08)];
    const labels = (text) => ({ values: (_plot, ticks) => ticks.map((tick) => text(tick, ticks[1] - ticks[0])) });
    const time = (tick, step) => clock(tick * 1000, this.#shown.zone, step < 60 ? 'seconds' : 'minutes');
    const whole = (tick) => (tick % 1 ? '' : count(tick));
    const sales = (tick) => (tick && this.#shown.bars.rows.at(-1)?.soFar ? shortMoney(tick, this.#shown.currency) : '');
    const { zone } = this.#shown;
    return {
      legend: none,
      padding: [isNarrow ? 1.6 * size : 4.8 * size, 8, 0, 0],
      cursor: { y: false, drag: { x: false, y: false }, points: none },
      tzDate: (stamp) => (zone ? uPlot.tzDate(new Date(stamp * 1000), zone) : new Date(stamp * 1000)),
      scales: {
        x: { range: () => [this.#shown.bars.rows[0]?.start ?? this.#shown.until - 600, this.#shown.until] },
        orders: { range: fromZero },
        money: { range: fromZero },
      },
      axes: [
        { ...axis, size: 2.2 * size, space: 6 * size, ...labels(time) },
        { ...axis, scale: 'orders', size: 4 * size, space: 3 * size, grid: { stroke: ink('grid'), width: 1 }, ...labels(whole) },
        { ...axis, scale: 'money', side: 1, show: !isNarrow, size: 7 * size, space: 4 * size, ...labels(sales) },
      ],
      series: [
        {},
        { scale: 'orders', paths: bars({ size: [0.82, 64], align: 1, radius: 0.12 }), fill: ink('sold'), points: none },
        { scale: 'money', paths: stepped({ align: 1 }), stroke: ink('line'), width: size / 6, points: none },
      ],
      hooks: {
        drawAxes: [(plot) => drawBands(plot, this.#shown.bars.markers, ink('flash-band'))],
        draw: [(plot) => drawMarkers(plot, this.#shown.bars.markers, ink, size, isNarrow ? '' : style.fontFamily)],
        setCursor: [({ cursor }) => this.#say(cursor.idx)],
      },
    };
  }

  #step(event) {
    const last = (this.#shown?.bars.rows.length ?? 0) - 1;
    const step = STEPS[event.key];
    if (event.key === 'Escape') this.#point(null);
    if (!step || last < 0) return;
    event.preventDefault();
    const from = this.#plot.cursor.idx ?? (step < 0 ? last + 1 : -1);
    this.#point(Math.min(last, Math.max(0, from + step)));
    write(at('cursor'), at('readout').textContent);
  }

  #point(index) {
    const { rows, width } = this.#shown?.bars ?? {};
    const left = index === null ? -10 : this.#plot.valToPos(rows[index].start + width / 4, 'x');
    this.#plot?.setCursor({ left, top: 10 });
  }

  /** The bar under the cursor in words; without a cursor, the best bar so far. */
  #say(index) {
    const { bars: { rows, width }, currency, zone } = this.#shown;
    const row = rows[index] ?? rows.reduce((best, each) => (each.orders > best.orders ? each : best), { orders: 0 });
    const time = clock((row.start ?? 0) * 1000, zone, width < 60 ? 'seconds' : 'minutes');
    const figures = [`${count(row.orders)} orders`, `${count(row.units)} units`, money(row.gross, currency)];
    const words = [time, ...figures, ...(row.cues ?? []).map((cue) => cue.sentence)].join(' · ');
    write(at('readout'), rows[index] ? words : row.start ? `Best: ${words}` : '');
  }
}

/** A flash price lasts: a band behind the bars. */
function drawBands({ ctx, bbox, valToPos }, markers, colour) {
  const inside = (x) => Math.min(bbox.left + bbox.width, Math.max(bbox.left, x));
  ctx.fillStyle = colour;
  for (const { at: from, seconds = 0 } of markers.filter(({ cue }) => cue === 'flash_price')) {
    const [left, right] = [from, from + seconds].map((time) => inside(valToPos(time, 'x', true)));
    ctx.fillRect(left, bbox.top, right - left, bbox.height);
  }
}

/** A stem with a head for each cue that has one; its words where there is room for them. */
function drawMarkers({ ctx, bbox, valToPos }, markers, ink, size, font) {
  const em = size * uPlot.pxRatio;
  const takenTo = [-Infinity, -Infinity, -Infinity]; // three lines of words
  ctx.save();
  ctx.font = font ? `${em}px ${font}` : ctx.font;
  const placed = markers.filter(({ cue }) => cue in HEADS).map(({ at: time, cue, label }) => {
    const x = Math.round(valToPos(time, 'x', true));
    const words = label.length > 22 ? `${label.slice(0, 21)}…` : label;
    const wide = ctx.measureText(words).width + 1.3 * em;
    const left = Math.min(x, ctx.canvas.width - wide);
    const lane = font ? takenTo.findIndex((end) => end <= left) : 0;
    if (lane >= 0) takenTo[lane] = left + wide;
    const y = bbox.top + [0.7, -0.8, -2.3, -3.8][lane + 1] * em;
    return { x, y, left, words: font && lane >= 0 ? words : '', head: HEADS[cue][1], colour: ink(HEADS[cue][0]) };
  });
  ctx.lineWidth = em / 12;
  ctx.setLineDash([em / 6, em / 4]);
  for (const { x, y, colour } of placed) {
    ctx.strokeStyle = colour;
    ctx.stroke(new Path2D(`M${x} ${y}V${bbox.top + bbox.height}`));
  }
  ctx.setLineDash([]);
  for (const { x, y, left, words, head, colour } of placed) {
    ctx.fillStyle = colour;
    ctx.fill(new Path2D(head(x, y, 0.42 * em)));
    ctx.strokeStyle = ink('card');
    ctx.lineWidth = em / 3;
    ctx.strokeText(words, left + 0.75 * em, y + 0.35 * em); // keeps the stems behind out of the letters
    ctx.fillStyle = ink('text');
    ctx.fillText(words, left + 0.75 * em, y + 0.35 * em);
  }
  ctx.restore();
}
