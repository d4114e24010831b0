// What changes something: asks first, says what will happen, and calls the API with the rights of whoever is logged in.
//
// A button has `data-act="POST /api/v1/…"`, `data-title`, `data-effect` (what will happen), and where they apply
// `data-danger`, `data-reason` (asks for one), `data-ask="name|label|value"` (asks for one more parameter),
// `data-then` (where to go afterwards, with `{id}` and `{session}` of the answer). Without `data-effect` it acts at once.

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
  const url = new URL(address, location.origin);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return call(method, url, button.dataset.body);
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
