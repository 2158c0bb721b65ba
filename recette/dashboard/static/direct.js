// The page follows what happens: the server sends fragments it rendered, this puts them in their place.
// Without this script the page asks again by itself now and then.
"use strict";
(() => {
  const main = document.querySelector("main[data-stream]");
  if (!main || !window.EventSource) return;
  const source = new EventSource(main.dataset.stream);
  for (const name of ["live", "dues"]) {
    source.addEventListener(name, (event) => {
      const place = document.getElementById(name);
      // Whoever reads by keyboard keeps the place where they are.
      if (place && !(name === "dues" && place.contains(document.activeElement))) place.innerHTML = event.data;
    });
  }
  source.addEventListener("journal", () => {
    source.close();
    setTimeout(() => location.reload(), 1000);
  });
  addEventListener("pagehide", () => source.close());
})();
