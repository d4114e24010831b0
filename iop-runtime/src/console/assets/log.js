// The event log as it is written: new lines come in at the top, and wait while somebody reads further down.

import { make } from "./act.js";
import { localTimes } from "./console.js";
import { listen, watch } from "./live.js";

/** As many as are sent to who comes back: `pages/log.rs`. */
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

  const reading = () => scrollY > 160;
  const show = () => {
    for (const event of held) body.prepend(line(event));
    held = [];
    while (body.children.length > KEPT) body.lastElementChild.remove();
    localTimes(body);
    waiting.hidden = true;
    document.querySelector("[data-no-line]")?.remove();
  };
  listen("log", (event) => {
    // A stream that was cut off may begin with what was seen.
    if (event.number <= last) return;
    last = event.number;
    held.push(event);
    if (!reading()) {
      show();
      return;
    }
    held.splice(0, held.length - KEPT);
    waiting.textContent = `${held.length} new line${held.length === 1 ? "" : "s"} above`;
    waiting.hidden = false;
  });
  // Who looked elsewhere for long is sent the newest lines alone.
  listen("skipped", () => {
    held = [];
    for (const gap of body.querySelectorAll("[data-gap]")) gap.remove();
    body.prepend(make("tr", { "data-gap": true }, make("td", { colspan: 5, class: "quiet" }, "Lines between these were not sent while nobody looked. Show finds them.")));
  });
  button.hidden = false;
  button.addEventListener("click", () => {
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(on));
    button.textContent = on ? "Following" : "Follow";
    const query = new URLSearchParams(table.dataset.query);
    query.set("after", last);
    watch(on ? `/live/log?${query}` : document.body.dataset.watch);
  });
  waiting.addEventListener("click", () => {
    scrollTo({ top: 0 });
    show();
  });
  addEventListener("scroll", () => { if (held.length > 0 && !reading()) show(); }, { passive: true });
}
