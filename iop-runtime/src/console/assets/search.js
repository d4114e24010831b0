// Suggestions for a query while it is written. They come from the production: its items, types, keys and states.

import { call, make } from "./act.js";

export function search() {
  for (const field of document.querySelectorAll("[data-search][data-suggest]")) suggestions(field);
}

function suggestions(field) {
  const list = make("ul", { class: "suggestions", role: "listbox", id: "suggestions", hidden: true, "aria-label": "Suggestions" });
  field.after(list);
  field.setAttribute("role", "combobox");
  field.setAttribute("aria-controls", "suggestions");
  field.setAttribute("aria-expanded", "false");
  field.setAttribute("autocomplete", "off");
  let shown = [];
  let at = -1;
  let asked = 0;

  const close = () => {
    list.hidden = true;
    at = -1;
    field.setAttribute("aria-expanded", "false");
  };
  const take = (suggestion) => {
    const { start, end, text } = suggestion;
    field.value = field.value.slice(0, start) + text + field.value.slice(end);
    const cursor = start + text.length;
    field.setSelectionRange(cursor, cursor);
    close();
    field.focus();
    if (text.endsWith(":")) ask();
  };
  const mark = () => [...list.children].forEach((entry, index) => {
    entry.setAttribute("aria-selected", String(index === at));
    if (index === at) {
      field.setAttribute("aria-activedescendant", entry.id);
      entry.scrollIntoView({ block: "nearest" });
    }
  });
  const show = () => {
    list.replaceChildren(...shown.map((suggestion, index) => {
      const entry = make("li", { role: "option", id: `suggestion-${index}` }, suggestion.text, make("span", {}, suggestion.about ?? ""));
      entry.addEventListener("pointerdown", (event) => {
        event.preventDefault();
        take(suggestion);
      });
      return entry;
    }));
    at = -1;
    list.hidden = shown.length === 0;
    field.setAttribute("aria-expanded", String(shown.length > 0));
  };
  const ask = async () => {
    const mine = ++asked;
    try {
      const url = new URL(field.dataset.suggest, location.origin);
      url.searchParams.set("q", field.value);
      url.searchParams.set("cursor", field.selectionStart ?? field.value.length);
      const found = await call("GET", url);
      if (mine !== asked || document.activeElement !== field) return;
      // What is chosen stays so, however late the answer comes.
      const chosen = shown[at]?.text;
      shown = found;
      show();
      at = shown.findIndex(({ text }) => text === chosen);
      if (at >= 0) mark();
    } catch {
      close();
    }
  };
  field.addEventListener("input", ask);
  field.addEventListener("focus", () => { if (field.value === "") ask(); });
  field.addEventListener("blur", close);
  field.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    // Without more a browser would empty the field.
    if (event.key === "Escape") close();
    else if (event.key === "ArrowDown") at = Math.min(shown.length - 1, at + 1);
    else if (event.key === "ArrowUp") at = Math.max(-1, at - 1);
    else if ((event.key === "Tab" || event.key === "Enter") && at >= 0) take(shown[at]);
    else return;
    event.preventDefault();
    mark();
  });
}
