// What is over is removed for good: first how much that is, then whether.
//
// A button has `data-purge`, and `data-query` where it is about what a search finds. What a preview of a search has counted
// is what goes, and nothing that has come since.

import { call, dialog, field, make, reloaded } from "./act.js";

const DAY = 86_400;
const count = (number) => number.toLocaleString("en-US");
const messages = (number) => `${count(number)} message${number === 1 ? "" : "s"}`;

/** `12.4 MB`: as the page itself writes it, `html.rs`. */
function size(bytes) {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let [value, unit] = [bytes, 0];
  for (; value >= 999.5 && unit + 1 < units.length; unit += 1) value /= 1000;
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** What the preview has seen, as pairs of a word and what it says. */
function preview(seen) {
  const pairs = [["Messages", count(seen.messages)], ["Their bodies", size(seen.bytes)]];
  if (seen.oldest) pairs.push(["The oldest", seen.oldest.slice(0, 19).replace("T", " ") + " UTC"]);
  if (seen.kept) pairs.push(["Stay", `${count(seen.kept)} sessions: they are not over, or something keeps them longer`]);
  if (seen.marks) pairs.push(["Marks of inputs", count(seen.marks)]);
  if (seen.events) pairs.push(["Lines of the event log", count(seen.events)]);
  return make("dl", { class: "pairs", "data-preview": true },
    ...pairs.flatMap(([word, said]) => [make("dt", {}, word), make("dd", {}, said)]));
}

/** What is asked of the API, again and again: each call ends after a while with what it has removed. */
function asked(query, days) {
  const url = new URL("/api/v1/purge", location.origin);
  if (query !== undefined) url.searchParams.set("q", query);
  else if (days !== "") url.searchParams.set("older_than", Math.round(Number(days) * DAY));
  return url;
}

function purge(button) {
  const { query } = button.dataset;
  const about = query === undefined
    ? [field("Finished sessions older than so many days (left out: what the settings keep no longer)", { name: "days", type: "number", min: "0", step: "any" })]
    : [make("p", {}, make("code", {}, query)), make("p", {}, "The finished sessions of what this finds, whatever their age.")];
  const fields = make("div", { class: "form" }, ...about);
  const seen = make("div", { class: "form", role: "status" });
  const problem = make("p", { class: "problem", role: "alert", hidden: true });
  const act = make("button", { class: "main", "data-confirm": true }, "Look at it");
  const cancel = make("button", { type: "button" }, "Cancel");
  const form = make("form", { method: "dialog" }, make("h2", {}, "Purge"), fields, seen, problem, make("div", { class: "buttons" }, cancel, act));
  const shown = dialog(form);
  let url = null;
  let found = null;
  let removed = 0;
  const look = async () => {
    url = asked(query, new FormData(form).get("days") ?? "");
    const first = new URL(url);
    first.searchParams.set("preview", "true");
    found = await call("POST", first);
    const nothing = found.messages === 0 && found.marks === 0 && found.events === 0;
    seen.replaceChildren(preview(found), make("p", { class: "quiet" },
      nothing ? "Nothing would go." : "What is removed cannot be read or resent any more. What is not over stays."));
    act.textContent = `Remove ${messages(found.messages)}`;
    act.className = "danger";
    act.disabled = nothing;
    fields.querySelector("input")?.setAttribute("readonly", "");
  };
  const remove = async () => {
    if (found.up_to !== undefined) url.searchParams.set("up_to", found.up_to);
    // What was so old when it was looked at: what gets so old meanwhile would keep it going for ever.
    if (found.at !== undefined) url.searchParams.set("at", found.at);
    for (let more = true; more && shown.open;) {
      const done = await call("POST", url);
      removed += done.messages;
      seen.replaceChildren(make("p", {}, `${count(removed)} of ${messages(found.messages)} removed …`));
      if (done.after !== undefined && done.after !== null) url.searchParams.set("after", done.after);
      more = done.more;
    }
    reloaded(`${messages(removed)} removed.`);
  };
  cancel.addEventListener("click", () => shown.close());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    act.disabled = true;
    problem.hidden = true;
    try {
      await (found ? remove() : look());
    } catch (error) {
      problem.textContent = removed > 0 ? `${messages(removed)} removed, then: ${error.message}` : error.message;
      problem.hidden = false;
      act.disabled = false;
    }
  });
}

export function purges() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-purge]");
    if (button) purge(button);
  });
}
