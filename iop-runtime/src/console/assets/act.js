// What changes something: asks first, says what will happen, and calls the API with the rights of whoever is logged in.
//
// A button has `data-act="POST /api/v1/…"`, `data-title`, `data-effect` (what will happen), and where they apply
// `data-danger`, `data-reason` (asks for one), `data-ask="name|label|value"` (asks for one more parameter),
// `data-then` (where to go afterwards, with `{id}` and `{session}` of the answer), and `data-each="ID,ID"` (the same for each,
// with `{id}` in the address). Without `data-effect` it acts at once.

/** An element with attributes and children; texts are text nodes. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
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
  const element = make("dialog", {}, ...children);
  element.addEventListener("close", () => element.remove());
  document.body.append(element);
  element.showModal();
  return element;
}

const AFTER = "iop-said";

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
  const { title, effect, ask, reason, danger } = button.dataset;
  const problem = make("p", { class: "problem", role: "alert", hidden: true });
  const fields = [];
  if (ask !== undefined) {
    const [name, label, value] = ask.split("|");
    fields.push(make("label", { class: "field" }, label, make("input", { name, value: value ?? "", autocomplete: "off" })));
  }
  if (reason !== undefined) {
    fields.push(make("label", { class: "field" }, "Reason", make("input", { name: "reason", required: reason === "required", autocomplete: "off" })));
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
      const answer = await run(button, parameters, (done, all) => { act.textContent = `${title}: ${done} of ${all}`; });
      shown.close();
      afterwards(button, answer);
    } catch (error) {
      act.textContent = title;
      problem.textContent = error.path ? `${error.path}: ${error.message}` : error.message;
      problem.hidden = false;
      act.disabled = false;
    }
  });
}

async function run(button, parameters, progress = () => {}) {
  const [method, address] = button.dataset.act.split(" ", 2);
  const one = (id) => {
    const url = new URL(address.replace("{id}", encodeURIComponent(id ?? "")), location.origin);
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    return call(method, url);
  };
  if (button.dataset.each === undefined) return one();
  const ids = button.dataset.each.split(",");
  const failed = [];
  for (const [index, id] of ids.entries()) {
    progress(index, ids.length);
    try {
      await one(id);
    } catch (error) {
      failed.push(error.message);
    }
  }
  if (failed.length > 0) throw new Error(`${failed.length} of ${ids.length} were not done: ${failed[0]}`);
  return null;
}

/** A row of a lookup table, new or changed. */
function row(button) {
  const { row: address, key, value, title } = button.dataset;
  const problem = make("p", { class: "problem", role: "alert", hidden: true });
  const act = make("button", { class: "main", "data-confirm": true }, "Save");
  const cancel = make("button", { type: "button" }, "Cancel");
  const form = make("form", { method: "dialog" }, make("h2", {}, title),
    make("label", { class: "field" }, "Key", make("input", { name: "key", value: key ?? "", required: true, readonly: key !== undefined })),
    make("label", { class: "field" }, "Value", make("input", { name: "value", value: value ?? "", autocomplete: "off" })),
    make("p", { class: "quiet" }, "Every look-up from now on finds it."), problem, make("div", { class: "buttons" }, cancel, act));
  const shown = dialog(form);
  cancel.addEventListener("click", () => shown.close());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const given = new FormData(form);
    try {
      await call("PUT", address + encodeURIComponent(given.get("key")), given.get("value"));
      sessionStorage.setItem(AFTER, "Saved.");
      location.reload();
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
        await call("POST", url);
        sessionStorage.setItem(AFTER, "Settings are applied.");
        location.reload();
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
