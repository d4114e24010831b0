// What changes something: asks first, says what will happen, and calls the API with the rights of whoever is logged in.
//
// A button has `data-act="POST /api/v1/…"`, `data-title`, `data-effect` (what will happen), and where they apply
// `data-danger`, `data-reason` (asks for one), `data-ask="name|label|value"` (asks for one more parameter, which goes where
// the address has `{name}`, or else behind it), `data-choices="value|name|…"` (what it may be), `data-takes` (the type that an item that is asked for has to take),
// `data-then` (where to go afterwards, with `{id}` and `{session}` of the answer)).
// Without `data-effect` it acts at once.

/** What moves the cursor or turns text around is shown as a replacement character: `html.rs`, `inert`. */
export const inert = (text) => text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/g, "\ufffd");

/** An element with attributes and children; texts are text nodes. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  const given = children.filter((child) => child !== null && child !== undefined);
  element.append(...given.map((child) => (typeof child === "string" ? inert(child) : child)));
  return element;
}

/** Calls the API; what went wrong is thrown as an error with `path` where a field is at fault. */
export async function call(method, url, body) {
  const headers = { "X-Iop-Csrf": "1" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const response = await fetch(url, { method, headers, body, credentials: "same-origin" });
  const text = await response.text();
  let answer = null;
  try {
    answer = text ? JSON.parse(text) : null;
  } catch {
    answer = null;
  }
  if (!response.ok) {
    const error = new Error(answer?.error ?? (text || `${response.status} ${response.statusText}`));
    error.path = answer?.path;
    throw error;
  }
  return answer;
}

/** Says something for a moment. */
export function say(text, bad = false) {
  for (const old of document.querySelectorAll(".toast")) old.remove();
  const toast = make("div", { class: bad ? "toast bad" : "toast", role: bad ? "alert" : "status" }, text);
  document.body.append(toast);
  setTimeout(() => toast.remove(), bad ? 8000 : 4000);
}

/** A dialog that is gone when it is closed. */
export function dialog(...children) {
  const element = make("dialog", { "aria-labelledby": "dialog-title" }, ...children);
  element.querySelector("h2")?.setAttribute("id", "dialog-title");
  element.addEventListener("close", () => element.remove());
  document.body.append(element);
  element.showModal();
  return element;
}

const AFTER = "iop-said";

/** Loads the page anew, which then says this. */
export function reloaded(text) {
  sessionStorage.setItem(AFTER, text);
  location.reload();
}

/** A labelled field. */
export const field = (label, attributes) => make("label", { class: "field" }, label, make("input", { autocomplete: "off", ...attributes }));

/** A field with choices, each a value and what it is called. */
function chosen(label, name, value, choices) {
  const select = make("select", { name });
  for (let at = 0; at + 1 < choices.length; at += 2) select.append(make("option", { value: choices[at] }, choices[at + 1]));
  select.value = value;
  return make("label", { class: "field" }, label, select);
}

/** A field for an item, with the names of those that take a type of message. */
function itemField(label, attributes, type) {
  const names = make("datalist", { id: "items" });
  call("GET", "/api/v1/graph").then(({ items }) => {
    const takes = ({ messages }) => (type ? messages.includes(type) : messages.length > 0);
    names.append(...items.filter(takes).map(({ name }) => make("option", { value: name })));
  }).catch(() => {});
  const made = field(label, { name: "to", list: "items", ...attributes });
  made.append(names);
  return made;
}

function afterwards(button, answer) {
  const then = button.dataset.then;
  sessionStorage.setItem(AFTER, button.dataset.done ?? "Done.");
  if (!then) {
    location.reload();
    return;
  }
  location.assign(then.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(answer?.[name] ?? "")));
}

function confirm(button) {
  const { title, effect, ask, choices, reason, danger, takes } = button.dataset;
  const problem = make("p", { class: "problem", role: "alert", hidden: true });
  const fields = [];
  if (ask !== undefined) {
    const [name, label, value] = ask.split("|");
    if (name === "to") fields.push(itemField(label, { required: true }, takes));
    else if (choices) fields.push(chosen(label, name, value, choices.split("|")));
    else fields.push(field(label, { name, value: value ?? "", required: true }));
  }
  if (reason !== undefined) {
    fields.push(field("Reason", { name: "reason", required: reason === "required" }));
  }
  const act = make("button", { class: danger !== undefined ? "danger" : "main", "data-confirm": true }, title);
  const cancel = make("button", { type: "button" }, "Cancel");
  const form = make("form", { method: "dialog" }, make("h2", {}, title), make("p", {}, effect), ...fields, problem,
    make("div", { class: "buttons" }, cancel, act));
  const shown = dialog(form);
  cancel.addEventListener("click", () => shown.close());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const parameters = Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));
    act.disabled = true;
    try {
      const answer = await run(button, parameters);
      shown.close();
      afterwards(button, answer);
    } catch (error) {
      problem.textContent = error.path ? `${error.path}: ${error.message}` : error.message;
      problem.hidden = false;
      act.disabled = false;
    }
  });
}

function run(button, parameters) {
  const [method, address] = button.dataset.act.split(" ", 2);
  const behind = { ...parameters };
  const filled = address.replace(/\{(\w+)\}/g, (_, name) => {
    delete behind[name];
    return encodeURIComponent(parameters[name] ?? "");
  });
  const url = new URL(filled, location.origin);
  for (const [name, value] of Object.entries(behind)) url.searchParams.set(name, value);
  return call(method, url);
}

const JOBS = {
  resend: "is sent once more, each as a new message in its session. The old ones stay as they are. What was resent already is left alone.",
  resume: "goes back to its place in its queue and is tried again from its first attempt. What is not suspended is left alone.",
  move: "goes to the other item, with its order and its keys, and whoever waits for its response gets that of the other item. What is being worked on stays.",
  discard: "is taken out for good; nobody will work on it. It can still be read and resent. What is over is left alone.",
};

/** Something is done to all that a search finds: first what it finds, then whether, and at which pace. */
function job(button) {
  const { job: act, query } = button.dataset;
  const name = act[0].toUpperCase() + act.slice(1);
  const problem = make("p", { class: "problem", role: "alert", hidden: true });
  const seen = make("p", {}, "");
  const next = make("button", { class: "main", "data-confirm": true }, "Look for them");
  const cancel = make("button", { type: "button" }, "Cancel");
  const fields = make("div", { class: "form" },
    act === "resend" ? itemField("To another item (may be left out)", {}) : null,
    act === "move" ? itemField("To the item", { required: true }) : null,
    field("Reason", { name: "reason", required: act === "discard" }),
    field("At most so many in a second (may be left out)", { name: "per_second", type: "number", min: "1" }));
  const form = make("form", { method: "dialog" }, make("h2", {}, `${name} all`), make("p", {}, make("code", {}, query)), seen, fields, problem,
    make("div", { class: "buttons" }, cancel, next));
  const shown = dialog(form);
  let found = null;
  cancel.addEventListener("click", () => shown.close());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    next.disabled = true;
    problem.hidden = true;
    try {
      if (found) {
        await call("POST", `/api/v1/jobs/${found.number}/start?token=${encodeURIComponent(found.token)}`);
        location.assign(`/jobs/${found.number}`);
        return;
      }
      const given = Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));
      if ("waiting" in button.dataset) given.waiting = true;
      if (given.per_second) given.per_second = Number(given.per_second);
      found = await call("POST", "/api/v1/jobs", JSON.stringify({ act, query, ...given }));
      fields.remove();
      seen.textContent = `${found.messages.toLocaleString("en-US")} message${found.messages === 1 ? "" : "s"} found now, and no others: each ${JOBS[act]}`;
      next.textContent = `${name} ${found.messages.toLocaleString("en-US")}`;
      if (act === "discard") next.className = "danger";
      next.disabled = found.messages === 0;
    } catch (error) {
      problem.textContent = error.message;
      problem.hidden = false;
      next.disabled = false;
    }
  });
}

/** A row of a lookup table, new or changed. */
function row(button) {
  const { row: address, key, value, title } = button.dataset;
  const problem = make("p", { class: "problem", role: "alert", hidden: true });
  const act = make("button", { class: "main", "data-confirm": true }, "Save");
  const cancel = make("button", { type: "button" }, "Cancel");
  const form = make("form", { method: "dialog" }, make("h2", {}, title),
    field("Key", { name: "key", value: key ?? "", required: true, readonly: key !== undefined }),
    field("Value", { name: "value", value: value ?? "" }),
    make("p", { class: "quiet" }, "Every look-up from now on finds it."), problem, make("div", { class: "buttons" }, cancel, act));
  const shown = dialog(form);
  cancel.addEventListener("click", () => shown.close());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const given = new FormData(form);
    try {
      await call("PUT", address + encodeURIComponent(given.get("key")), given.get("value"));
      reloaded("Saved.");
    } catch (error) {
      problem.textContent = error.message;
      problem.hidden = false;
    }
  });
}

/** Reads the settings once more: first what would change, then whether. */
async function reload() {
  const url = "/api/v1/settings/reload";
  try {
    const { changes } = await call("POST", `${url}?preview=true`);
    if (changes.length === 0) {
      say("Nothing has changed: settings, file and environment are as they were.");
      return;
    }
    const cell = (text) => make("td", { class: "mono" }, text ?? "–");
    const rows = changes.map((change) => make("tr", {}, cell(change.key), cell(change.from), cell(change.to), make("td", {}, change.reload.replace(/_/g, " "))));
    const heads = ["Setting", "From", "To", "It takes effect"].map((head) => make("th", {}, head));
    const act = make("button", { class: "main", "data-confirm": true }, "Apply");
    const cancel = make("button", { type: "button" }, "Cancel");
    const shown = dialog(make("div", {}, make("h2", {}, `${changes.length} changed`),
      make("table", { "data-changes": true }, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...rows)),
      make("p", { class: "quiet" }, "All of it is applied, or nothing. Items that must be restarted let their handlers finish."),
      make("div", { class: "buttons" }, cancel, act)));
    cancel.addEventListener("click", () => shown.close());
    act.addEventListener("click", async () => {
      act.disabled = true;
      try {
        const { kept } = await call("POST", url);
        const named = kept.map((setting) => `${setting.key}: ${setting.problem}`).join("; ");
        reloaded(kept.length === 0 ? "Settings are applied." : `Settings are applied, but running instances keep the value that they had of ${named}`);
      } catch (error) {
        shown.close();
        say(error.message, true);
      }
    });
  } catch (error) {
    say(error.message, true);
  }
}

export function actions() {
  const said = sessionStorage.getItem(AFTER);
  if (said) {
    sessionStorage.removeItem(AFTER);
    say(said);
  }
  for (const element of document.querySelectorAll("[data-scripted]")) element.hidden = false;
  document.addEventListener("click", async (event) => {
    const copy = event.target.closest?.("[data-copy]");
    if (copy) {
      try {
        await navigator.clipboard.writeText(copy.dataset.copy);
        say("Copied.");
      } catch {
        dialog(make("div", {}, make("h2", {}, "Copy this"), make("pre", { class: "body" }, copy.dataset.copy)));
      }
      return;
    }
    const edited = event.target.closest?.("[data-row]");
    if (edited) row(edited);
    if (event.target.closest?.("[data-reload]")) reload();
    const many = event.target.closest?.("[data-job]");
    if (many) job(many);
    const button = event.target.closest?.("[data-act]");
    if (!button) return;
    if (button.dataset.effect) {
      confirm(button);
      return;
    }
    try {
      afterwards(button, await run(button, {}));
    } catch (error) {
      say(error.message, true);
    }
  });
}
