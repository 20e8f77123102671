/** Four numbers that must be right, each with the shape of its past. */

import { count, money, moneyParts } from './figures.js';
import { at, make, write } from './page.js';

export class Tiles {
  #held = []; // as this page saw it, one for each version: the API keeps no history of holds

  show({ status, units = {}, reservations = {}, currency, gross, refunded, net, orders }, bars) {
    this.#held = [...this.#held.slice(-119), units.held ?? 0];
    const rows = bars?.rows ?? [];
    let left = units.allotted;
    const pace = bars && status === 'live' ? `${count(bars.pace)} a minute · ` : '';
    const share = units.allotted ? `${Math.floor((100 * units.available) / units.allotted)} % of ${count(units.allotted)}` : '';

    fill('tile-sales', moneyParts(gross, currency), refunded ? `${money(net, currency)} after refunds` : `${count(units.sold)} units`);
    fill('tile-orders', count(orders), bars ? `${pace}peak ${count(bars.peak)}` : '');
    fill('tile-left', count(units.available), share);
    fill('tile-held', count(units.held), `${count(reservations.expired)} ran out · ${count(reservations.released)} given back`);

    sparkline('tile-sales', rows.map((row) => Number(row.soFar)));
    sparkline('tile-orders', rows.map((row) => row.orders));
    sparkline('tile-left', rows.map((row) => (left -= row.units)), units.allotted);
    sparkline('tile-held', this.#held);
  }
}

function fill(id, value, aside) {
  const [, shown, below] = at(id).children;
  const parts = typeof value === 'string' ? [{ value }] : value;
  const text = parts.map((part) => part.value).join('');
  if (shown.textContent !== text) {
    shown.replaceChildren(...parts.map(({ type, value: piece }) => (type === 'currency' ? make('small', '', piece) : piece)));
    const digits = text.replace(/\D/g, '').length;
    shown.style.setProperty('--figures', (text.length + digits) / 2); // the style sheet fits the size to it
  }
  write(below, aside);
}

/** A line over its area, from zero up, stretched over the tile by the style sheet. */
function sparkline(id, values, top = Math.max(...values)) {
  const y = (value) => (29 - (28 * Math.max(0, value)) / (top || 1)).toFixed(2);
  const x = (index) => ((100 * index) / (values.length - 1)).toFixed(2);
  const points = values.length > 1 ? values.map((value, index) => `${x(index)},${y(value)}`) : [];
  const [area, line] = at(id).querySelector('svg').children;
  area.setAttribute('points', points.length ? `0,30 ${points.join(' ')} 100,30` : '');
  line.setAttribute('points', points.join(' '));
}
