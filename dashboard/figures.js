/** Numbers, money, times and titles as people read them, in the reader's language and the campaign's time zone. */

// A browser on a machine without a language calls its own "en-US@posix", which is none to anybody, itself included.
const LOCALES = navigator.languages?.filter(isLanguage);
const once = (make) => {
  const made = new Map();
  return (...key) => made.get(`${key}`) ?? made.set(`${key}`, make(...key)).get(`${key}`);
};

const COUNT = new Intl.NumberFormat(LOCALES);
const currencyFormat = once((currency, notation, digits) => {
  const options = { style: 'currency', currency, currencyDisplay: 'code', notation };
  const exact = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat(LOCALES, { ...options, ...(notation === 'compact' ? { maximumSignificantDigits: 3 } : exact) });
});
/** Decimals by currency, as the API says them: a browser's own are those of prices in shops, and fewer for 17 currencies. */
const DIGITS = new Map();
const clockFormat = once((zone, parts) => new Intl.DateTimeFormat(LOCALES, {
  timeZone: zone || undefined, hourCycle: 'h23', hour: '2-digit', minute: '2-digit',
  ...(parts === 'seconds' && { second: '2-digit' }), ...(parts === 'day' && { day: 'numeric', month: 'short' }),
}));

function isLanguage(tag) {
  try {
    return Intl.getCanonicalLocales(tag).length > 0;
  } catch {
    return false;
  }
}

export const count = (number) => COUNT.format(number ?? 0);

/** Minor units as an exact decimal text: digits are moved, never divided. */
function decimal(minor, digits) {
  const exact = BigInt(minor ?? 0);
  const figures = (exact < 0n ? -exact : exact).toString().padStart(digits + 1, '0');
  const text = digits ? `${figures.slice(0, -digits)}.${figures.slice(-digits)}` : figures;
  return exact < 0n ? `-${text}` : text;
}

/** How many minor digits the currency has: 2 for CNY, 0 for JPY, 3 for KWD. */
export function learnDigits(currency, exponent) {
  if (exponent != null) DIGITS.set(currency, exponent);
}

const digitsOf = (currency) => DIGITS.get(currency)
  ?? new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits;

/** The parts of an amount of minor units, with the ISO code: a bare "¥" would be yen to some and yuan to others. */
export function moneyParts(minor, currency) {
  const digits = digitsOf(currency);
  return currencyFormat(currency, 'standard', digits).formatToParts(decimal(minor, digits));
}

export const money = (minor, currency) => moneyParts(minor, currency).map((part) => part.value).join('');

/** For an axis: "CNY 131K". */
export function shortMoney(minor, currency) {
  const digits = digitsOf(currency);
  return currencyFormat(currency, 'compact', digits).format(Number(minor) / 10 ** digits);
}

/** `parts`: 'minutes', 'seconds' or 'day' (with the date). */
export const clock = (instant, zone, parts = 'minutes') => clockFormat(zone, parts).format(new Date(instant));

/** 83 → "1:23", 3723 → "1:02:03", two days → "2 d 3 h". */
export function span(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const [d, h, m, s] = [Math.floor(whole / 86400), Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60, whole % 60];
  const two = (number) => String(number).padStart(2, '0');
  if (d) return `${d} d ${h} h`;
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** "4 s", "3 min", "2 h": how old something is. */
export function age(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`;
}

/** A language range, cut from its end (RFC 4647, lookup): en-GB, en. A single letter goes with what it introduces. */
function* everShorter(range) {
  const parts = range.toLowerCase().split('-');
  while (parts.length) {
    yield parts.join('-');
    parts.pop();
    if (parts.at(-1)?.length === 1) parts.pop();
  }
}

/** In the reader's language, else in English, else in any, else the SKU; with the language, for the right glyphs. */
export function titleOf({ sku, title }) {
  if (typeof title === 'string') return { text: title, lang: '' };
  const titles = title ?? {};
  const written = new Map(Object.keys(titles).map((tag) => [tag.toLowerCase(), tag]));
  const wanted = [...(LOCALES ?? []), 'en'].flatMap((range) => [...everShorter(range)]);
  const lang = written.get(wanted.find((tag) => titles[written.get(tag)])) ?? Object.keys(titles).find((tag) => titles[tag]);
  return lang ? { text: titles[lang], lang } : { text: sku, lang: '' };
}
