// Puts each editor's slots on the page as they arrive. Everything it inserts was rendered and escaped by the platform.
"use strict";
(() => {
  const STALE_AFTER = 5 * 60 * 1000;
  const byId = (id) => document.getElementById(id);
  const results = byId("results");
  if (!results || !results.dataset.stream) return;
  const stream = results.dataset.stream;
  if (!window.EventSource) {
    location.replace(stream.replace("/search/stream", "/") + "&wait=1");
    return;
  }

  const cards = byId("cards");

  const place = (html, order) => {
    const holder = document.createElement("template");
    holder.innerHTML = html;
    const card = holder.content.firstElementChild;
    const old = byId(card.id);
    // Whoever is on a slot of this card, or has opened a day of it, stays there.
    const focused = old && old.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    if (old) {
      const open = [...old.querySelectorAll(".day")].map((day) => Boolean(day.querySelector("details[open]")));
      [...card.querySelectorAll(".day")].forEach((day, at) => {
        const more = day.querySelector("details");
        if (more && open[at]) more.open = true;
      });
      old.remove();
    }
    const next = [...cards.children].find((other) => other.dataset.order > order);
    cards.insertBefore(card, next || null);
    if (focused) card.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  };

  const source = new EventSource(stream);
  source.addEventListener("card", (event) => {
    const { html, order } = JSON.parse(event.data);
    place(html, order);
  });
  source.addEventListener("update", (event) => {
    const update = JSON.parse(event.data);
    byId("status").textContent = update.status;
    byId("editors").innerHTML = update.editors;
    if (!update.done) return;
    source.close();
    byId("tail").innerHTML = update.tail;
    results.removeAttribute("aria-busy");
    setTimeout(() => { byId("stale").hidden = false; }, STALE_AFTER);
  });
  source.onerror = () => {
    // An EventSource would ask everybody again by itself; only a person decides that.
    source.close();
    results.removeAttribute("aria-busy");
    byId("broken").hidden = false;
  };
})();
