/** The chart as a table, newest first: for whoever reads rather than looks. */

import { clock, count, money } from './figures.js';
import { at, make } from './page.js';

export class Twin {
  #shown = null;

  constructor() {
    at('twin').addEventListener('toggle', () => this.#fill());
  }

  show(shown) {
    this.#shown = shown;
    this.#fill();
  }

  #fill() {
    if (!this.#shown || !at('twin').open) return;
    const { bars: { rows, width }, currency, zone } = this.#shown;
    at('twin-rows').replaceChildren(...rows.toReversed().map(({ start, orders, units, gross, soFar, cues }) => {
      const time = make('th', '', clock(start * 1000, zone, width < 60 ? 'seconds' : 'minutes'));
      time.scope = 'row';
      const figures = [count(orders), count(units), money(gross, currency), money(soFar, currency)];
      const happened = make('td', 'words', cues.map((cue) => cue.sentence).join(' · '));
      return make('tr', '', time, ...figures.map((text) => make('td', '', text)), happened);
    }));
  }
}
