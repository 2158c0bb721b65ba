// Puts on the page what editors report while it is open. What it inserts was rendered and escaped by the platform.
"use strict";
(() => {
  const HIDDEN_FOR = 5 * 60 * 1000;
  const AGAIN_AFTER = 20 * 1000;
  const byId = (id) => document.getElementById(id);
  const section = byId("appointments");
  if (!section || !section.dataset.stream || !window.EventSource) return;
  const list = byId("appointment-list");
  const first = new URL(section.dataset.stream, location.href);
  const wanted = first.searchParams.get("etat");
  let source = null;
  let last = null;
  let resting = 0;

  const show = (event) => {
    last = event.lastEventId;
    const { key, status, said, html, filters } = JSON.parse(event.data);
    byId(key)?.remove();
    if (!wanted || wanted === status) {
      const holder = document.createElement("template");
      holder.innerHTML = html;
      const line = holder.content.firstElementChild;
      line.classList.add("fresh");
      list.prepend(line);
      while (list.children.length > Number(section.dataset.most)) list.lastElementChild.remove();
    }
    byId("no-appointment").hidden = list.children.length > 0;
    if (byId("filters")) byId("filters").innerHTML = filters;
    byId("news").textContent = said;
  };

  const listen = () => {
    if (source) return;
    const from = new URL(first);
    if (last !== null) from.searchParams.set("after", last);
    const opened = new EventSource(from);
    source = opened;
    opened.addEventListener("open", () => { byId("news-ended").hidden = true; });
    opened.addEventListener("appointment", show);
    opened.addEventListener("ended", () => {
      opened.close();
      byId("news-ended").hidden = false;
    });
    // A lost connection is opened again by the browser; after a refusal it asks no more, so that we do, now and then.
    opened.addEventListener("error", () => {
      if (opened.readyState !== EventSource.CLOSED || source !== opened) return;
      byId("news-ended").hidden = false;
      source = null;
      setTimeout(listen, AGAIN_AFTER);
    });
  };

  // A browser opens few connections to one place: a page that nobody has looked at for long gives its own back.
  document.addEventListener("visibilitychange", () => {
    clearTimeout(resting);
    if (document.visibilityState === "visible") listen();
    else resting = setTimeout(() => { source?.close(); source = null; }, HIDDEN_FOR);
  });
  listen();
})();
