// What every page does: times in the zone of whoever looks, light or dark, and the parts that a page has.

import { actions, call, say } from "./act.js";
import { diagram } from "./diagram.js";
import { forms } from "./form.js";
import { keys } from "./keys.js";
import { fetched, live, put, watch } from "./live.js";
import { log } from "./log.js";
import { purges } from "./purge.js";
import { search } from "./search.js";

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const two = (number) => String(number).padStart(2, "0");

function clock(date) {
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${time}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

function day(date) {
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

function age(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${seconds % 60} s`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} m`;
  return `${Math.floor(seconds / 86400)} d ${Math.floor((seconds % 86400) / 3600)} h`;
}

/** Shows every time below `root` in the zone of whoever looks; how long ago it was stands behind it. */
export function localTimes(root = document) {
  const today = day(new Date());
  for (const element of root.querySelectorAll("time[datetime]")) {
    const date = new Date(element.dateTime);
    if (Number.isNaN(date.getTime())) continue;
    const full = `${day(date)} ${clock(date)} ${zone}`;
    const past = Date.now() - date.getTime();
    element.textContent = day(date) === today ? clock(date) : `${day(date)} ${clock(date)}`;
    element.title = `${full}, ${past < 0 ? `in ${age(-past)}` : `${age(past)} ago`}`;
  }
}

function zones() {
  const parts = new Intl.DateTimeFormat("en-GB", { timeZoneName: "short" }).formatToParts(new Date());
  const short = parts.find(({ type }) => type === "timeZoneName")?.value ?? zone;
  for (const element of document.querySelectorAll("[data-zone]")) element.textContent = `Times are in ${zone}.`;
  for (const element of document.querySelectorAll("[data-zone-short]")) {
    element.textContent = short;
    element.title = `Times are in ${zone}.`;
  }
}

/** On a narrow screen the pages of the bar are scrolled to the one that is shown. */
function hereInSight() {
  const here = document.querySelector(".top nav [aria-current]");
  const bar = here?.parentElement;
  if (bar) bar.scrollLeft = here.offsetLeft - bar.offsetLeft - (bar.clientWidth - here.offsetWidth) / 2;
}

function theme() {
  const button = document.querySelector("[data-theme-toggle]");
  if (!button) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    const dark = document.documentElement.dataset.theme
      ? document.documentElement.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    const chosen = dark ? "light" : "dark";
    document.documentElement.dataset.theme = chosen;
    document.cookie = `theme=${chosen}; path=/; max-age=31536000; samesite=strict`;
  });
}

/** The message that is chosen may be right of what there is room for. */
function inSight() {
  const id = document.querySelector("[data-drawing]")?.dataset.chosen;
  const message = id && document.querySelector(`[data-drawing] [data-message="${CSS.escape(id)}"] .pill`);
  message?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

/** Within a trace only the drawing and the panel change, and what was scrolled to stays in sight. */
function swapping() {
  const trace = document.querySelector("[data-trace]");
  if (!trace) return;
  inSight();
  const swap = async (href) => {
    const page = await fetched(href, false);
    for (const part of ["[data-drawing]", "#panel"]) put(page, part);
    watch(page.body.dataset.watch);
  };
  trace.addEventListener("click", async (event) => {
    const link = event.target.closest?.("[data-drawing] a, a[data-swap]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    const href = link.getAttribute("href");
    try {
      await swap(href);
      history.pushState(null, "", href);
    } catch {
      location.assign(href);
    }
  });
  addEventListener("popstate", () => swap(location.href).catch(() => location.reload()));
  trace.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-reveal]");
    if (!button) return;
    try {
      const detail = await call("GET", button.dataset.reveal);
      trace.querySelector("[data-body]").textContent = JSON.stringify(detail.body.value, null, 2);
      button.remove();
    } catch (error) {
      say(error.message, true);
    }
  });
}

localTimes();
zones();
hereInSight();
theme();
swapping();
actions();
search();
keys();
live();
diagram();
log();
forms();
purges();
