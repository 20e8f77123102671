/**
 * Where the numbers come from: `{api, key, campaign}`, from `/config.json` of the page's own origin, else from what this tab
 * was told before. `#campaign=cmp_…` chooses another campaign; the hash never names an API or a key: a crafted link could
 * otherwise send somebody's key to a stranger.
 */

import { at, write } from './page.js';

const MEMORY = 'livehour.connection';

export async function findConnection() {
  const found = (await fromServer()) ?? JSON.parse(sessionStorage.getItem(MEMORY)) ?? {};
  const chosen = new URLSearchParams(location.hash.slice(1)).get('campaign');
  return { ...found, campaign: chosen || found.campaign };
}

/** Remembered by this tab only, and forgotten with it. */
export function remember(connection) {
  sessionStorage.setItem(MEMORY, JSON.stringify(connection));
  history.replaceState(null, '', `#campaign=${encodeURIComponent(connection.campaign)}`);
}

/** An API at the page's own origin may be left out; `/v1` may be written or not. */
export function addressOf({ api, campaign }, path) {
  const root = new URL(api || '/', location.href).href.replace(/\/+$/, '').replace(/\/v1$/, '');
  return `${root}/v1/campaigns/${encodeURIComponent(campaign)}/${path}`;
}

async function fromServer() {
  try {
    const answer = await fetch('/config.json', { cache: 'no-store' });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null; // no such file, or a page in its place: the form asks
  }
}

/** Shows the form with what is known and what went wrong; resolves with what the person entered. */
export function askForConnection(known, complaint = '') {
  const fields = ['api', 'key', 'campaign'].map(at);
  fields.forEach((field) => { field.value = known[field.id] || (field.id === 'api' ? location.origin : ''); });
  write(at('complaint'), complaint);
  at('complaint').hidden = !complaint;
  at('wall').hidden = true;
  at('connect').hidden = false;
  (fields.find((field) => !field.value) ?? fields[2]).focus();
  return new Promise((resolve) => {
    at('connect-form').onsubmit = (event) => { // the browser has checked the fields
      event.preventDefault();
      at('connect').hidden = true;
      resolve(Object.fromEntries(fields.map(({ id, value }) => [id, value.trim()])));
    };
  });
}
