// The event log as it is written: new lines come in at the top, and wait while somebody reads further down.

import { call, make } from "./act.js";
import { localTimes } from "./console.js";

const KEPT = 1000;

function line(event) {
  const cell = (attributes, ...children) => make("td", attributes, ...children);
  const link = (href, text) => make("a", { href }, text);
  return make("tr", { "data-number": event.number },
    cell({ class: "nowrap" }, make("time", { datetime: event.time }, event.time)),
    cell({}, make("span", { class: `level ${event.level}` }, event.level)),
    cell({ class: "nowrap" }, event.item ? link(`/items/${encodeURIComponent(event.item)}`, event.item) : ""),
    cell({ class: "text wide" }, event.text),
    cell({ class: "right nowrap" }, event.session ? link(`/trace/${event.session}${event.message ? `?m=${event.message}` : ""}`, "trace") : ""));
}

export function log() {
  const table = document.querySelector("[data-log]");
  const button = document.querySelector("[data-tail]");
  if (!table || !button) return;
  const body = table.querySelector("tbody");
  const waiting = document.querySelector("[data-waiting]");
  let last = Number(table.dataset.last);
  let held = [];
  let on = false;
  let timer = 0;

  const reading = () => scrollY > 160;
  const show = () => {
    for (const event of held) body.prepend(line(event));
    held = [];
    while (body.children.length > KEPT) body.lastElementChild.remove();
    localTimes(body);
    waiting.hidden = true;
  };
  const look = async () => {
    try {
      const url = new URL("/api/v1/log", location.origin);
      for (const [name, value] of new URLSearchParams(table.dataset.query)) url.searchParams.set(name, value);
      url.searchParams.set("after", last);
      url.searchParams.set("oldest_first", "true");
      const page = await call("GET", url);
      if (page.events.length > 0) last = page.events.at(-1).number;
      held.push(...page.events);
      if (held.length === 0) return;
      if (!reading()) show();
      else {
        waiting.textContent = `${held.length} new line${held.length === 1 ? "" : "s"} above`;
        waiting.hidden = false;
      }
    } catch {
      button.textContent = "Not reached";
    }
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    on = !on;
    button.setAttribute("aria-pressed", String(on));
    button.textContent = on ? "Following" : "Follow";
    clearInterval(timer);
    if (on) {
      look();
      timer = setInterval(look, 1000);
    }
  });
  waiting.addEventListener("click", () => {
    scrollTo({ top: 0 });
    show();
  });
  addEventListener("scroll", () => { if (held.length > 0 && !reading()) show(); }, { passive: true });
}
