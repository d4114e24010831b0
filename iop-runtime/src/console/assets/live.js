// Follows the production while it is looked at: one stream of events for each page (`pages/live.rs`). Numbers and colours are
// set in the elements that are there, by the name in their `data-live`: nothing moves. A part with rows that come and go has a
// print in `data-print`; where that is another, the page is fetched once more and the part put in its place, unless somebody is
// busy with it: then it says so, and waits.

import { inert, make } from "./act.js";
import { localTimes } from "./console.js";

/** Without an answer for so long, nobody is there. */
const LOST = 4000;

const listeners = new Map();
const prints = new Map();
let address = document.body.dataset.watch;
let source = null;
let missing = 0;
let fetching = false;

/** Calls `heard` with what comes under a topic. */
export function listen(topic, heard) {
  listeners.set(topic, heard);
  source?.addEventListener(topic, (event) => heard(JSON.parse(event.data)));
}

/** Follows another address from now on; none, nothing. */
export function watch(other) {
  address = other;
  prints.clear();
  close();
  open();
}

function open() {
  if (source || !address || document.hidden) return;
  source = new EventSource(address);
  source.addEventListener("open", found);
  source.addEventListener("error", () => {
    missing ||= setTimeout(lost, LOST);
    // A refusal ends it for the browser. It may be that nobody is logged in any more.
    if (source?.readyState === EventSource.CLOSED) {
      close();
      setTimeout(open, LOST);
    }
  });
  for (const [topic, heard] of listeners) source.addEventListener(topic, (event) => heard(JSON.parse(event.data)));
}

// Who looks elsewhere keeps no connection: a browser has six for all of its windows.
function close() {
  source?.close();
  source = null;
}

function found() {
  clearTimeout(missing);
  missing = 0;
  document.querySelector("[data-lost]")?.remove();
}

function lost() {
  if (document.querySelector("[data-lost]")) return;
  const lamp = document.querySelector('[data-live="running"]');
  if (lamp) {
    lamp.className = "lamp lost";
    lamp.textContent = "not reached";
  }
  hint("data-lost", "The production is not reached. What is shown may be old.", "Reload", () => location.reload());
}

function hint(name, text, label, does) {
  if (document.querySelector(`[${name}]`)) return;
  const button = make("button", { type: "button", class: "small" }, label);
  button.addEventListener("click", does);
  document.querySelector("main").append(make("div", { class: "notice warn hint", role: "status", [name]: true }, make("p", {}, text), button));
}

const busy = () => document.querySelector("dialog[open]") || document.activeElement?.matches("input, textarea, select");

/** Another start of the program has other pages, and may be another program. */
function hello(since) {
  if (since === document.body.dataset.since) return;
  if (document.body.dataset.page !== "/test" && !busy()) location.reload();
  else hint("data-anew", "The production was started anew.", "Reload", () => location.reload());
}

function values(changed) {
  for (const [name, attributes] of Object.entries(changed)) {
    for (const element of document.querySelectorAll(`[data-live="${CSS.escape(name)}"]`)) {
      for (const [attribute, value] of Object.entries(attributes)) {
        const shown = inert(value);
        if (attribute !== "text") element.setAttribute(attribute, shown);
        else if (element.textContent !== shown) element.textContent = shown;
      }
    }
  }
}

function stale() {
  const is = (part) => prints.has(part.dataset.part) && prints.get(part.dataset.part) !== part.dataset.print;
  return [...document.querySelectorAll("[data-part]")].filter(is);
}

const held = (part) => "asks" in part.dataset || busy() || part.matches(":hover, :focus-within") || part.querySelector("[aria-selected=true]");

function parts(changed) {
  for (const [name, print] of Object.entries(changed)) prints.set(name, print);
  refresh();
}

/** Puts in place what is another, as far as nobody is busy with it. */
async function refresh() {
  const old = stale();
  const free = old.filter((part) => !held(part));
  if (old.length > free.length) hint("data-changed", "This page has changed.", "Show", () => location.reload());
  else document.querySelector("[data-changed]")?.remove();
  if (free.length === 0 || fetching) return;
  fetching = true;
  try {
    const page = await fetched(location.href, true);
    for (const part of free) put(page, `[data-part="${part.dataset.part}"]`);
  } catch {
    hint("data-changed", "This page has changed.", "Show", () => location.reload());
  }
  fetching = false;
}

/** The page at an address; `alone` without what is noted when it is looked at. */
export async function fetched(href, alone) {
  const url = new URL(href, location.origin);
  if (alone) url.searchParams.set("alone", "true");
  const response = await fetch(url, { credentials: "same-origin" });
  if (!response.ok || response.redirected) throw new Error(String(response.status));
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

/** Puts a part of a page that was fetched in place of the one that is shown. */
export function put(page, selector) {
  const [old, other] = [document.querySelector(selector), page.querySelector(selector)];
  if (!old || !other) return;
  old.replaceWith(document.adoptNode(other));
  localTimes(other);
  for (const element of other.querySelectorAll("[data-scripted]")) element.hidden = false;
}

export function live() {
  listen("hello", hello);
  listen("values", values);
  listen("parts", parts);
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  // What was held is put in its place when nobody is busy with it any more.
  for (const event of ["pointerout", "focusout", "close"]) {
    document.addEventListener(event, () => { if (stale().length > 0) setTimeout(refresh); }, true);
  }
  open();
}
