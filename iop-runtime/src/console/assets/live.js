// Follows the production while it is looked at: lamps on every page, and on the first one figures and picture. The picture
// is patched, never drawn again: nothing moves but numbers and colours.

import { age } from "./console.js";
import { call } from "./act.js";

const SVG = "http://www.w3.org/2000/svg";
const MANY = 50;
let paused = false;

const count = (number) => Math.round(number).toLocaleString("en-US");

function rate(perSecond) {
  if (perSecond < 0.05) return "0";
  return perSecond < 9.95 ? perSecond.toFixed(1) : count(perSecond);
}

function spoken(micros) {
  if (micros === null || micros === undefined) return "–";
  const milliseconds = micros / 1000;
  if (milliseconds < 1 && micros > 0) return `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 1000) return `${Math.floor(milliseconds)} ms`;
  return milliseconds < 60000 ? `${(milliseconds / 1000).toFixed(2)} s` : age(milliseconds);
}

function put(name, text) {
  const element = document.querySelector(`[data-live="${name}"]`);
  if (element && element.textContent !== text) element.textContent = text;
}

/** As the page is first drawn: `pages/production.rs`, `state`. */
function state(item) {
  const waiting = item.backlog.queued + item.backlog.retrying;
  if (item.state === "running") {
    if (item.breaker === "open" || item.parked > 0) return "failing";
    if (item.counts.failed_last_hour > 0 && item.backlog.suspended > 0) return "failing";
    if (item.degraded || (item.trouble ?? []).length > 0 || waiting >= MANY) return "trouble";
    return item.workers.busy > 0 ? "busy" : "up";
  }
  if (item.state === "stopped") return "down";
  return item.error ? "failing" : "busy";
}

function patch(group, item) {
  group.dataset.state = state(item);
  const waiting = item.backlog.queued + item.backlog.retrying;
  const suspended = item.backlog.suspended;
  const text = suspended > 0 ? count(suspended) : waiting > 0 ? count(waiting) : "";
  const badge = group.querySelector("[data-badge]");
  badge.classList.toggle("alarming", suspended > 0 || waiting >= MANY);
  badge.classList.toggle("empty", text === "");
  const label = badge.querySelector("text");
  if (label.textContent !== text) {
    const width = Math.max(24, text.length * 7 + 14);
    label.textContent = text;
    label.setAttribute("x", -width / 2);
    badge.querySelector("rect").setAttribute("x", -width);
    badge.querySelector("rect").setAttribute("width", width);
  }
  const shown = ` · ${rate(item.counts.per_second)}/s`;
  const below = group.querySelector("[data-rate]");
  if (below.textContent !== shown) below.textContent = shown;
}

function spark(place, series) {
  const old = place.querySelector("svg");
  if (!old) return;
  const [width, height, bars] = [Number(old.getAttribute("width")), Number(old.getAttribute("height")), 60];
  const shown = series.slice(-bars);
  const most = Math.max(1, ...shown.map((moment) => moment.completed + moment.failed));
  const pitch = width / bars;
  for (const bar of old.querySelectorAll("rect")) bar.remove();
  shown.forEach((moment, index) => {
    let below = 0;
    for (const [name, value] of [["up", moment.completed], ["down", moment.failed]]) {
      if (value === 0) continue;
      const part = Math.max(1, (value / most) * (height - 1));
      const bar = document.createElementNS(SVG, "rect");
      bar.setAttribute("class", name);
      bar.setAttribute("x", (bars - shown.length + index) * pitch);
      bar.setAttribute("y", height - below - part);
      bar.setAttribute("width", pitch * 0.75);
      bar.setAttribute("height", part);
      old.append(bar);
      below += part;
    }
  });
}

function figures(overview) {
  const now = Date.parse(overview.now);
  const items = overview.items;
  put("rate", rate(overview.counts.per_second));
  put("hour", count(overview.counts.completed_last_hour));
  const queued = items.reduce((sum, item) => sum + item.backlog.queued + item.backlog.retrying, 0);
  put("queued", count(queued));
  document.querySelector('[data-figure="queued"]')?.classList.toggle("worth", queued >= MANY);
  const oldest = items.filter((item) => item.backlog.oldest && item.backlog.queued + item.backlog.retrying > 0).sort((one, other) => Date.parse(one.backlog.oldest) - Date.parse(other.backlog.oldest))[0];
  put("oldest", oldest ? `oldest ${age(now - Date.parse(oldest.backlog.oldest))} · ${oldest.name}` : "nothing waits");
  put("errors", count(overview.counts.failed_last_hour));
  document.querySelector('[data-figure="errors"]')?.classList.toggle("alarming", overview.counts.failed_last_hour > 0);
  const failed = items.filter((item) => item.counts.failed_last_hour > 0).sort((one, other) => other.counts.failed_last_hour - one.counts.failed_last_hour);
  put("where", failed.length === 0 ? "none" : failed.length === 1 ? `all in ${failed[0].name}`
    : failed.slice(0, 2).map((item) => `${item.name} ${item.counts.failed_last_hour}`).join(" · "));
  put("p95", spoken(overview.latency.p95_micros));
  put("p50", `half of them within ${spoken(overview.latency.p50_micros)}`);
  const place = document.querySelector("[data-live-spark]");
  if (place) spark(place, overview.series);
}

function lamps(items, queues) {
  const stopped = items.filter((item) => item.state === "stopped").length;
  const suspended = queues.reduce((sum, queue) => sum + queue.suspended, 0);
  const up = document.querySelector('[data-lamp="running"]');
  const red = document.querySelector('[data-lamp="suspended"]');
  up.className = `lamp ${stopped === 0 ? "good" : "warn"}`;
  up.textContent = stopped === 0 ? `all ${items.length} up` : `${stopped} of ${items.length} stopped`;
  red.className = `lamp ${suspended > 0 ? "bad" : "good"}`;
  red.textContent = `${count(suspended)} suspended`;
}

function lost() {
  const lamp = document.querySelector('[data-lamp="running"]');
  if (!lamp) return;
  lamp.className = "lamp lost";
  lamp.textContent = "not reached";
}

async function look() {
  const first = document.body.dataset.page === "/" && document.querySelector("[data-diagram]");
  if (paused || document.hidden) return;
  try {
    if (!first) {
      const [status, queues] = await Promise.all([call("GET", "/api/v1/status"), call("GET", "/api/v1/queues")]);
      lamps(status.items, queues);
      return;
    }
    const seen = await call("GET", "/api/v1/overview");
    lamps(seen.items, [...seen.items.map((item) => item.backlog), ...seen.orphans]);
    figures(seen);
    for (const item of seen.items) {
      const group = document.querySelector(`[data-item="${CSS.escape(item.name)}"]`);
      if (group) patch(group, item);
    }
  } catch {
    lost();
  }
}

/** Who points at an item sees its neighbours only. */
function neighbours(svg) {
  const show = (name) => {
    const near = new Set([name]);
    for (const route of svg.querySelectorAll(".route")) {
      const touches = route.dataset.from === name || route.dataset.to === name;
      route.classList.toggle("is-near", touches);
      if (touches) near.add(route.dataset.from).add(route.dataset.to);
    }
    for (const item of svg.querySelectorAll("[data-item]")) item.classList.toggle("is-near", near.has(item.dataset.item));
    svg.classList.add("near");
  };
  for (const item of svg.querySelectorAll("[data-item]")) {
    const link = item.closest("a");
    for (const event of ["pointerenter", "focus"]) link.addEventListener(event, () => show(item.dataset.item));
    for (const event of ["pointerleave", "blur"]) link.addEventListener(event, () => svg.classList.remove("near"));
  }
}

function filter(svg, field) {
  field.hidden = false;
  field.addEventListener("input", () => {
    const wanted = field.value.trim().toLowerCase();
    const found = new Set();
    for (const item of svg.querySelectorAll("[data-item]")) {
      const text = item.querySelector("title").textContent.toLowerCase();
      const here = wanted !== "" && text.includes(wanted);
      item.classList.toggle("is-near", here);
      if (here) found.add(item.dataset.item);
    }
    for (const route of svg.querySelectorAll(".route")) {
      route.classList.toggle("is-near", found.has(route.dataset.from) || found.has(route.dataset.to));
    }
    svg.classList.toggle("near", wanted !== "");
  });
}

function pressed(button, does) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(on));
    does(on);
  });
}

export function live() {
  const svg = document.querySelector("[data-diagram] svg");
  if (svg) {
    neighbours(svg);
    const field = document.querySelector("[data-diagram-filter]");
    if (field) filter(svg, field);
    const labels = document.querySelector("[data-diagram-labels]");
    if (labels) pressed(labels, (on) => svg.classList.toggle("plain", !on));
    const toggle = document.querySelector("[data-live-toggle]");
    if (toggle) pressed(toggle, (on) => { paused = !on; look(); });
  }
  if (!document.querySelector("[data-lamp]")) return;
  setInterval(look, svg ? 1500 : 6000);
  document.addEventListener("visibilitychange", look);
}
