// What every page does: times in the zone of whoever looks, light or dark, and the parts that a page has.

import { actions } from "./act.js";
import { forms } from "./form.js";
import { keys } from "./keys.js";
import { live } from "./live.js";
import { log } from "./log.js";
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

export function age(milliseconds) {
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

localTimes();
for (const element of document.querySelectorAll("[data-zone]")) element.textContent = `Times are in ${zone}.`;
theme();
actions();
search();
keys();
live();
log();
forms();
