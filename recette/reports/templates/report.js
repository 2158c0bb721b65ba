"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  for (const element of all("[data-script]")) element.hidden = false;

  // --- filter: no box ticked means no restriction; texts are compared without case or accents
  const form = document.getElementById("filter");
  const plain = (text) => text.normalize("NFKD").replace(/\p{Diacritic}/gu, "").toLowerCase();
  const items = all("[data-verdict]").map((element) => ({ element, text: plain(element.textContent) }));
  const sections = all("[data-section]").map((section) => ({
    items: items.filter(({ element }) => section.contains(element)),
    shown: section.querySelector("[data-shown]"),
    empty: section.querySelector("[data-empty]"),
  }));
  const ticked = (name) => all(`input[name="${name}"]:checked`, form).map((input) => input.value);

  const apply = () => {
    const verdicts = ticked("verdict");
    const severities = ticked("severity");
    const wanted = plain(form.elements.text.value.trim());
    const restricted = verdicts.length + severities.length > 0 || wanted !== "";
    for (const { element, text } of items) {
      const { verdict, severity } = element.dataset;
      const fits =
        (!verdicts.length || verdicts.includes(verdict)) &&
        (!severities.length || (severity || "").split(" ").some((each) => severities.includes(each))) &&
        text.includes(wanted);
      element.hidden = !fits;
    }
    for (const { items: own, shown, empty } of sections) {
      const visible = own.filter(({ element }) => !element.hidden).length;
      if (shown) shown.textContent = restricted ? `${visible} / ${own.length}` : String(own.length);
      if (empty) empty.hidden = !(own.length && visible === 0);
    }
    form.elements.clear.disabled = !restricted;
  };
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply));
  form.elements.text.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { form.elements.text.value = ""; apply(); }
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      form.elements.text.focus();
    }
  });
  apply();

  // --- copy
  for (const button of all("button[data-copy]")) {
    const source = document.getElementById(button.dataset.copy);
    const label = button.textContent;
    const say = (word) => {
      button.textContent = word;
      setTimeout(() => { button.textContent = label; }, 2000);
    };
    const select = () => {
      const range = document.createRange();
      range.selectNodeContents(source);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
    };
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(source.textContent);
        say(button.dataset.done);
      } catch {
        select();
        say(document.execCommand("copy") ? button.dataset.done : button.dataset.select);
      }
    });
  }

  // --- evidence opens on the place of its finding
  for (const details of all("details.evidence")) {
    details.addEventListener("toggle", () => {
      const mark = details.open && details.querySelector("mark");
      if (mark) mark.parentElement.scrollTop = mark.offsetTop - mark.parentElement.offsetTop - 120;
    });
  }

  // --- a link to something folded or filtered away opens it
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let node = target; node; node = node.parentElement) {
      if (node.hidden && node.matches("[data-verdict]")) { form.reset(); apply(); }
      if (node.tagName === "DETAILS") node.open = true;
    }
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();
})();
