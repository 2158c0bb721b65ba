"""What `chromium` asks of a page, in the page's own language."""

from __future__ import annotations

from typing import Final

NAMES: Final = """
(() => {
  const own = { touched: performance.now(), forms: [], going: false };
  // A field that only a script reads needs no name; a person goes by what is written in or beside it.
  own.nameOf = field => field.getAttribute('name') || field.id || field.getAttribute('autocomplete')
    || field.getAttribute('aria-label') || field.getAttribute('placeholder')
    || (field.localName === 'button' ? '' : field.type || field.localName);
  own.fields = form => form.localName === 'form' ? [...form.elements] : [form];
  // There is one window: a new one opens in its place.
  window.open = address => { if (address) location.assign(address); return window; };
  Object.defineProperty(window, '__recette', { value: own });
  // A document that is asked for shows later than it is decided on.
  navigation.addEventListener('navigate', event => {
    own.going = !event.destination.sameDocument && event.downloadRequest === null;
    setTimeout(() => { if (event.defaultPrevented) own.going = false; });
  });
  for (const over of ['navigatesuccess', 'navigateerror'])
    navigation.addEventListener(over, () => { own.going = false; own.touched = performance.now(); });
  new MutationObserver(() => { own.touched = performance.now(); })
    .observe(document, { subtree: true, childList: true, characterData: true });
})();
"""
"""Runs before any script of a page."""

STATE: Final = """
() => {
  const all = document.body ? [...document.body.querySelectorAll('*')] : [],
    shadowed = all.some(each => each.shadowRoot);
  return {
    ready: document.readyState !== 'loading' && !__recette.going,
    still: performance.now() - __recette.touched,
    acts: shadowed || all.some(each => each.matches('form, input, button, a[href]')),
    blank: !all.length || !(shadowed || document.body.innerText.trim() || document.body.querySelector('form, input')),
  };
}
"""
"""Whether the page was read and stays, the milliseconds since it changed, whether one can act on it, or it is empty."""

SNAPSHOT: Final = """
() => {
  const own = window.__recette, inert = document.implementation.createHTMLDocument('');
  own.forms = [];
  const below = node => node.shadowRoot ? node.shadowRoot.childNodes
    : node.localName === 'slot' && node.assignedNodes().length ? node.assignedNodes() : node.childNodes;
  const flat = node => {
    const copy = inert.importNode(node, false), kind = node.localName;
    if (node.nodeType !== Node.ELEMENT_NODE) return copy;
    if (kind === 'form') {
      own.forms.push(node);
      if (!copy.hasAttribute('method')) copy.setAttribute('method', 'post');
    }
    if (['input', 'select', 'textarea'].includes(kind)) copy.setAttribute('name', own.nameOf(node));
    if (kind === 'input') {
      copy.toggleAttribute('checked', node.checked);
      if (!['password', 'file'].includes(node.type)) copy.setAttribute('value', node.value);
    }
    if (kind === 'option') copy.toggleAttribute('selected', node.selected);
    if (kind === 'textarea') { copy.textContent = node.value; return copy; }
    if (kind === 'script' || kind === 'template') return copy;
    for (const child of below(node)) copy.appendChild(flat(child));
    if (kind !== 'button' || node.form || node.closest('a')) return copy;
    own.forms.push(node);
    const alone = inert.createElement('form');
    alone.setAttribute('method', 'post');
    alone.appendChild(copy);
    return alone;
  };
  return '<!doctype html>' + flat(document.documentElement).outerHTML;
}
"""
"""The page as text (`recette.model.Rendered.html`); its forms are kept in the order in which they stand there."""

FIELD: Final = """
([form, name]) => __recette.fields(__recette.forms[form]).find(field => __recette.nameOf(field) === name) || null
"""

PRESS: Final = """
([place, name]) => {
  const form = __recette.forms[place], buttons = __recette.fields(form)
    .filter(field => !field.disabled && (['submit', 'image'].includes(field.type) || field.type === 'button'));
  const button = buttons.find(each => name && __recette.nameOf(each) === name)
    || buttons.find(each => each.type !== 'button') || buttons[0];
  if (button) button.click(); else if (form.localName === 'form') form.requestSubmit();
}
"""

STORAGE: Final = """
() => {
  const areas = {};
  for (const area of ['localStorage', 'sessionStorage']) {
    try { areas[area] = { ...window[area] }; } catch (refused) { areas[area] = {}; }
  }
  return { origin: location.origin, areas };
}
"""
