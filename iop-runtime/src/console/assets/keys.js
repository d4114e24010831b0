// The keyboard: `/` searches, `j` and `k` go through rows, Enter opens one, `g` and a letter goes to a page, `?` says so.

import { dialog, make } from "./act.js";

const PAGES = { p: "/", m: "/messages", q: "/queues", u: "/suspended", l: "/log", t: "/test", s: "/settings", b: "/tables", a: "/alerts", o: "/jobs", r: "/store", d: "/audit" };
const HELP = [
  ["/", "search"],
  ["j  k", "next and previous row"],
  ["Enter", "open the row"],
  ["Esc", "close what is open"],
  ["Tab", "everything that can be pressed, in the order of the page"],
  ["g p", "production"], ["g m", "messages"], ["g q", "queues"], ["g u", "suspended"], ["g l", "event log"],
  ["g t", "test"], ["g s", "settings"], ["g b", "tables"], ["g a", "alerts"], ["g o", "jobs"], ["g r", "store"], ["g d", "audit"],
  ["?", "these keys"],
];

let going = 0;

function rows() {
  return [...document.querySelectorAll("[data-rows] tbody tr, .iop-sequence [data-message], ul.tree .row")]
    .filter((row) => row.getClientRects().length > 0);
}

function step(by) {
  const all = rows();
  if (all.length === 0) return;
  const now = all.findIndex((row) => row.getAttribute("aria-selected") === "true" || row.matches(".at"));
  const next = all[Math.min(all.length - 1, Math.max(0, now < 0 ? (by > 0 ? 0 : all.length - 1) : now + by))];
  for (const row of all) {
    row.removeAttribute("aria-selected");
    row.classList.remove("at");
  }
  if (next.matches("tr")) next.setAttribute("aria-selected", "true");
  else next.classList.add("at");
  const link = target(next);
  (link ?? next).focus?.({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

function target(row) {
  return row.querySelector("a[data-open]") ?? row.closest("a") ?? row.querySelector("a");
}

function help() {
  const pairs = HELP.flatMap(([key, what]) => [make("dt", {}, make("kbd", {}, key)), make("dd", {}, what)]);
  const close = make("button", { type: "button" }, "Close");
  const shown = dialog(make("div", {}, make("h2", {}, "Keys"), make("dl", { class: "pairs" }, ...pairs), make("div", { class: "buttons" }, close)));
  close.addEventListener("click", () => shown.close());
}

export function keys() {
  const button = document.querySelector("[data-help]");
  if (button) {
    button.hidden = false;
    button.addEventListener("click", help);
  }
  document.addEventListener("click", (event) => {
    const row = event.target.closest?.("tr[data-href]");
    if (row && !event.target.closest("a, button, input, label") && !String(getSelection())) location.assign(row.dataset.href);
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.("input, textarea, select, dialog")) return;
    if (going && Date.now() - going < 1500 && PAGES[event.key]) {
      const link = document.querySelector(`.top nav a[href="${PAGES[event.key]}"]`);
      going = 0;
      if (link) location.assign(link.href);
      return;
    }
    going = 0;
    if (event.key === "g") going = Date.now();
    else if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
    else if (event.key === "?") help();
    else if (event.key === "/") {
      const field = document.querySelector("[data-search], [data-diagram-filter]");
      if (!field) location.assign("/messages");
      field?.focus();
      field?.select?.();
    } else if (event.key === "Enter") {
      const row = document.querySelector("tr[aria-selected='true']");
      if (row && !event.target.closest("a, button")) target(row)?.click();
      return;
    } else return;
    event.preventDefault();
  });
}
