/** The few touches of the document that every part of the wall needs. Texts only: data never becomes markup. */

export const at = (id) => document.getElementById(id);

/** Writes only what changed, so that selections and screen readers are left in peace. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** An element with a class and what there is of children. */
export function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children.filter(Boolean));
  return element;
}

/** Data in whatever script it is written in, kept apart from the sentence around it. */
export function data({ text, lang }) {
  const element = make('bdi', '', text);
  if (lang) element.lang = lang;
  return element;
}
