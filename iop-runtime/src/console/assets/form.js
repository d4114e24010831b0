// A form made from the JSON Schema of a message type: nested objects, lists, maps, choices, variants, what may be left out.
// The JSON beside it is the same value; whichever is edited last counts. Used to test an item, and to edit and resend.

import { call, make } from "./act.js";

let numbers = 0;

/** Follows references; what is beside a reference counts too. */
function resolved(root, schema, depth = 0) {
  if (schema === true || schema === undefined) return {};
  if (!schema.$ref || depth > 20) return schema;
  const target = schema.$ref.replace(/^#\/?/, "").split("/").filter(Boolean)
    .reduce((at, part) => at?.[part.replace(/~1/g, "/").replace(/~0/g, "~")], root);
  const { $ref, ...beside } = schema;
  return { ...resolved(root, target, depth + 1), ...beside };
}

const isNull = (schema) => schema.type === "null" || schema.const === null;

/** The schema without null, and whether null is allowed. */
function withoutNull(root, given) {
  const schema = resolved(root, given);
  if (Array.isArray(schema.type) && schema.type.includes("null")) {
    const types = schema.type.filter((type) => type !== "null");
    return { schema: { ...schema, type: types.length === 1 ? types[0] : types }, nullable: true };
  }
  for (const of of ["anyOf", "oneOf"]) {
    const forms = schema[of];
    if (forms?.some((form) => isNull(resolved(root, form)))) {
      const others = forms.filter((form) => !isNull(resolved(root, form)));
      const { [of]: _, ...beside } = schema;
      const inner = others.length === 1 ? { ...resolved(root, others[0]), ...beside } : { ...beside, [of]: others };
      return { schema: inner, nullable: true };
    }
  }
  return { schema, nullable: false };
}

/** The simplest value of a schema. */
function empty(root, given, depth = 0) {
  const { schema, nullable } = withoutNull(root, given);
  if (schema.default !== undefined) return schema.default;
  if (schema.const !== undefined) return schema.const;
  if (nullable || depth > 8) return null;
  if (schema.enum) return schema.enum[0];
  const forms = schema.oneOf ?? schema.anyOf;
  if (forms) return empty(root, { ...schema, oneOf: undefined, anyOf: undefined, ...resolved(root, forms[0]) }, depth + 1);
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === "object" || schema.properties) {
    const value = {};
    for (const name of schema.required ?? []) value[name] = empty(root, schema.properties?.[name] ?? {}, depth + 1);
    return value;
  }
  if (type === "array") return schema.prefixItems ? schema.prefixItems.map((item) => empty(root, item, depth + 1)) : [];
  if (type === "integer" || type === "number") return schema.minimum ?? 0;
  if (type === "boolean") return false;
  return type === "string" ? "" : null;
}

/** `OrderId` and `order_id` as people write it. */
const spoken = (name) => name.replace(/_/g, " ");

/** A label around one control. */
function labelled(name, schema, control, required) {
  const id = `field-${++numbers}`;
  control.id = id;
  const about = schema.description ? make("small", { id: `${id}-about` }, schema.description) : null;
  if (about) control.setAttribute("aria-describedby", about.id);
  return make("div", { class: "field" }, make("label", { for: id }, spoken(name), required ? "" : " (may be left out)"), control, about);
}

// Each maker returns `{ node, read }`; `read` gives the value, `undefined` where it is left out.

/** How a text of a format is entered. The browser's own field for a day takes nothing else, so that what is no day stays text. */
function written(format, value) {
  if (format === "date" && (!value || /^\d{4}-\d{2}-\d{2}$/.test(value))) return { type: "date" };
  return { type: "text", placeholder: { "date-time": "2026-01-31T12:00:00Z", time: "12:00:00", uuid: "00000000-0000-0000-0000-000000000000" }[format] };
}

function text(name, schema, value, required) {
  const long = typeof value === "string" && (value.length > 80 || value.includes("\n"));
  const control = make(long ? "textarea" : "input", long ? { rows: 4 } : written(schema.format, value));
  control.value = value ?? "";
  if (schema.maxLength) control.maxLength = schema.maxLength;
  return { node: labelled(name, schema, control, required), read: () => control.value };
}

function number(name, schema, value, required) {
  const control = make("input", { type: "number", step: schema.type === "integer" ? "1" : "any", min: schema.minimum, max: schema.maximum });
  control.value = value ?? "";
  const read = () => {
    // What is too large for a number of JavaScript is written in the JSON beside the form.
    const read = Number(control.value);
    return control.value === "" ? (required ? null : undefined) : read;
  };
  return { node: labelled(name, schema, control, required), read };
}

function choice(name, schema, values, value, required) {
  const control = make("select", {}, ...values.map((one, index) => make("option", { value: index }, one === null ? "null" : String(one))));
  const at = values.findIndex((one) => JSON.stringify(one) === JSON.stringify(value));
  control.value = String(Math.max(0, at));
  return { node: labelled(name, schema, control, required), read: () => values[Number(control.value)] };
}

function checkbox(name, schema, value) {
  const control = make("input", { type: "checkbox" });
  control.checked = value === true;
  const id = `field-${++numbers}`;
  control.id = id;
  const node = make("div", { class: "field" }, make("div", { class: "chips" }, control, make("label", { for: id }, spoken(name))),
    schema.description ? make("small", {}, schema.description) : null);
  return { node, read: () => control.checked };
}

function raw(name, schema, value, required) {
  const control = make("textarea", { rows: 3, spellcheck: "false" });
  control.value = JSON.stringify(value ?? null, null, 2);
  return { node: labelled(`${name} (JSON)`, schema, control, required), read: () => JSON.parse(control.value) };
}

function group(name, schema, ...children) {
  return make("fieldset", {}, make("legend", {}, spoken(name)), schema.description ? make("small", { class: "quiet" }, schema.description) : null, ...children);
}

function object(root, name, schema, value, changed) {
  const known = schema.properties ?? {};
  const required = (field) => (schema.required ?? []).includes(field);
  // What has to be there comes first.
  const fields = Object.entries(known).sort(([one], [other]) => required(other) - required(one));
  const parts = fields.map(([field, of]) => [field, any(root, field, of, value?.[field], required(field), changed)]);
  const rest = Object.keys(value ?? {}).filter((field) => !(field in known));
  const more = typeof schema.additionalProperties === "object" ? map(root, schema.additionalProperties, value, rest, changed) : null;
  const read = () => {
    const object = {};
    for (const [field, part] of parts) {
      const read = part.read();
      if (read !== undefined) object[field] = read;
    }
    if (more) Object.assign(object, more.read());
    else for (const field of rest) object[field] = value[field];
    return object;
  };
  return { node: group(name, schema, ...parts.map(([, part]) => part.node), more?.node), read };
}

function map(root, schema, value, names, changed) {
  const rows = [];
  const list = make("div", { class: "form" });
  const add = (key, at) => {
    const control = make("input", { type: "text", "aria-label": "key" });
    control.value = key;
    const part = any(root, key || "value", schema, at, true, changed);
    const remove = make("button", { type: "button", class: "small", "aria-label": "Remove" }, "×");
    const node = make("div", { class: "form" }, make("div", { class: "line" }, control, remove), part.node);
    const row = { key: () => control.value, read: part.read };
    remove.addEventListener("click", () => {
      rows.splice(rows.indexOf(row), 1);
      node.remove();
      changed();
    });
    rows.push(row);
    list.append(node);
  };
  for (const key of names) add(key, value[key]);
  const more = make("button", { type: "button", class: "small" }, "Add an entry");
  more.addEventListener("click", () => {
    add("", empty(root, schema));
    changed();
  });
  return { node: make("div", { class: "form" }, list, make("div", {}, more)), read: () => Object.fromEntries(rows.map((row) => [row.key(), row.read()])) };
}

function array(root, name, schema, value, changed) {
  if (schema.prefixItems) {
    const parts = schema.prefixItems.map((item, index) => any(root, `${name} ${index + 1}`, item, value?.[index], true, changed));
    return { node: group(name, schema, ...parts.map((part) => part.node)), read: () => parts.map((part) => part.read()) };
  }
  const rows = [];
  const list = make("div", { class: "form" });
  const add = (at) => {
    const part = any(root, `${name} ${rows.length + 1}`, schema.items ?? {}, at, true, changed);
    const remove = make("button", { type: "button", class: "small", "aria-label": `Remove ${name} ${rows.length + 1}` }, "×");
    const node = make("div", { class: "line" }, part.node, remove);
    remove.addEventListener("click", () => {
      rows.splice(rows.indexOf(part), 1);
      node.remove();
      changed();
    });
    rows.push(part);
    list.append(node);
  };
  for (const at of value ?? []) add(at);
  const more = make("button", { type: "button", class: "small" }, "Add one");
  more.addEventListener("click", () => {
    add(empty(root, schema.items ?? {}));
    changed();
  });
  return { node: group(name, schema, list, make("div", {}, more)), read: () => rows.map((row) => row.read()) };
}

/** What tells a variant of an enum from the others. */
function variantName(root, form) {
  const schema = resolved(root, form);
  if (schema.title) return schema.title;
  if (schema.const !== undefined) return String(schema.const);
  if (schema.enum?.length === 1) return String(schema.enum[0]);
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const tag = resolved(root, field).const;
    if (tag !== undefined) return `${tag}`;
    if ((schema.required ?? []).length === 1 && schema.required[0] === name) return name;
  }
  return schema.description ?? (Array.isArray(schema.type) ? schema.type.join(" or ") : schema.type) ?? "value";
}

/** Whether a value looks like a variant: the right type, the right tag, the fields that it must have. */
function fits(root, form, value) {
  const schema = resolved(root, form);
  if (schema.const !== undefined) return value === schema.const;
  if (schema.enum) return schema.enum.includes(value);
  const type = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
  const types = [schema.type].flat().map((type) => (type === "integer" ? "number" : type));
  if (schema.type && !types.includes(type)) return false;
  if (type !== "object") return true;
  return (schema.required ?? []).every((name) => name in value) && Object.entries(schema.properties ?? {})
    .every(([name, field]) => resolved(root, field).const === undefined || resolved(root, field).const === value[name]);
}

function variants(root, name, schema, forms, value, required, changed) {
  // Plain words are one list.
  const words = forms.flatMap((form) => {
    const one = resolved(root, form);
    return one.const !== undefined ? [one.const] : one.enum ?? [undefined];
  });
  if (!words.includes(undefined)) return choice(name, schema, words, value, required);
  const { oneOf, anyOf, ...beside } = schema;
  const whole = (form) => {
    const one = resolved(root, form);
    return { ...beside, ...one, properties: { ...beside.properties, ...one.properties }, required: [...(beside.required ?? []), ...(one.required ?? [])] };
  };
  const select = make("select", { "aria-label": `${spoken(name)}: which` }, ...forms.map((form, index) => make("option", { value: index }, variantName(root, form))));
  const place = make("div", { class: "form" });
  let inner;
  const build = (at) => {
    const form = forms[Number(select.value)];
    const schema = beside.properties ? whole(form) : resolved(root, form);
    inner = any(root, variantName(root, form), schema, at ?? empty(root, schema), true, changed);
    place.replaceChildren(inner.node);
  };
  select.value = String(Math.max(0, forms.findIndex((form) => fits(root, form, value))));
  build(value);
  select.addEventListener("change", () => {
    build();
    changed();
  });
  return { node: group(name, schema, select, place), read: () => inner.read() };
}

function any(root, name, given, value, required, changed) {
  const { schema, nullable } = withoutNull(root, given);
  // What is not required and is no single control is shown when somebody wants it.
  if (!required || nullable) {
    const simple = ["string", "integer", "number", "boolean"].includes(schema.type) || schema.enum;
    return optional(root, name, schema, value, { nullable, required, simple }, changed);
  }
  return present(root, name, schema, value, true, changed);
}

function optional(root, name, schema, value, { nullable, required }, changed) {
  const box = make("input", { type: "checkbox", "aria-label": `${spoken(name)} is given` });
  const place = make("div", { class: "form" });
  let inner = null;
  const build = (at) => {
    inner = box.checked ? present(root, name, schema, at ?? empty(root, schema), true, changed) : null;
    // The box before it has said its name.
    inner?.node.querySelector(":scope > label")?.classList.add("sr");
    place.replaceChildren(...(inner ? [inner.node] : []));
  };
  box.checked = value !== undefined && value !== null;
  build(value);
  box.addEventListener("change", () => {
    build();
    changed();
  });
  const id = `field-${++numbers}`;
  box.id = id;
  const label = make("div", { class: "chips" }, box, make("label", { for: id }, `${spoken(name)} (may be left out)`));
  return { node: make("div", { class: "field" }, label, place), read: () => (inner ? inner.read() : nullable && required ? null : undefined) };
}

function present(root, name, schema, value, required, changed) {
  if (schema.const !== undefined) return { node: make("span", { hidden: true }), read: () => schema.const };
  if (schema.enum) return choice(name, schema, schema.enum, value, required);
  const forms = schema.oneOf ?? schema.anyOf;
  if (forms) return variants(root, name, schema, forms, value, required, changed);
  if (schema.allOf?.length) {
    const merged = schema.allOf.map((part) => resolved(root, part)).reduce((one, other) => ({ ...one, ...other,
      properties: { ...one.properties, ...other.properties }, required: [...(one.required ?? []), ...(other.required ?? [])] }), { ...schema, allOf: undefined });
    return present(root, name, merged, value, required, changed);
  }
  switch (schema.type) {
    case "object": return object(root, name, schema, value, changed);
    case "array": return array(root, name, schema, value, changed);
    case "string": return text(name, schema, value, required);
    case "integer":
    case "number": return number(name, schema, value, required);
    case "boolean": return checkbox(name, schema, value);
    case "null": return { node: make("span", { hidden: true }), read: () => null };
    default: return schema.properties ? object(root, name, schema, value, changed) : raw(name, schema, value, required);
  }
}

/** Shows the commands for a body: for the shell, and as a test in Rust. */
function commands(place, body) {
  const quoted = `'${body.replace(/'/g, `'\\''`)}'`;
  const { item, type, production, program } = place.dataset;
  const command = place.querySelector("[data-copy-command]");
  if (command) command.dataset.copy = `${program} test ${item} --type ${type} -b ${quoted}`;
  const test = place.querySelector("[data-copy-test]");
  if (test) {
    let fence = "#";
    while (body.includes(`"${fence}`)) fence += "#";
    test.dataset.copy = `#[tokio::test(start_paused = true)]
async fn ${item}_takes_this_${type.replace(/\W+/g, "_").replace(/([a-z])([A-Z])/g, "$1_$2").toLowerCase()}() {
    let production = TestProduction::<${production}>::new().start().await;
    let message: ${type.split(".").at(-1)} = serde_json::from_str(r${fence}"${body}"${fence}).unwrap();
    let session = production.send("${item}", message).await.unwrap();
    production.until_idle().await;
    production.trace(session).await.assert_completed();
}
`;
  }
}

async function form(place) {
  const json = place.querySelector("[data-json]");
  const fields = place.querySelector("[data-fields]");
  const problem = place.querySelector("[data-problem]");
  const send = place.querySelector("[data-send]");
  let part = null;
  let schema = null;

  const complain = (text) => {
    problem.textContent = text;
    problem.hidden = text === "";
  };
  const compact = () => {
    try {
      return JSON.stringify(JSON.parse(json.value));
    } catch {
      return json.value;
    }
  };
  const fromFields = () => {
    try {
      json.value = JSON.stringify(part.read(), null, 2);
      complain("");
    } catch (error) {
      complain(error.message);
    }
    commands(place, compact());
  };
  const fromJson = () => {
    commands(place, compact());
    if (!schema) return;
    try {
      const value = JSON.parse(json.value);
      numbers = 0;
      part = any(schema, place.dataset.type, schema, value, true, fromFields);
      part.node.classList.add("root");
      fields.replaceChildren(part.node);
      complain("");
    } catch (error) {
      complain(`This is no JSON: ${error.message}`);
    }
  };
  try {
    schema = (await call("GET", `/api/v1/types/${encodeURIComponent(place.dataset.type)}`)).schema;
    fromJson();
  } catch (error) {
    fields.replaceChildren(make("p", { class: "quiet" }, `There is no form: ${error.message}. Write the JSON.`));
  }
  fields.addEventListener("input", fromFields);
  fields.addEventListener("change", fromFields);
  json.addEventListener("input", fromJson);
  send?.addEventListener("click", async () => {
    send.disabled = true;
    complain("");
    try {
      const to = place.querySelector("[name=to]")?.value;
      const url = new URL(place.dataset.send, location.origin);
      if (to) url.searchParams.set("to", to);
      const answer = await call("POST", url, json.value);
      location.assign(`/trace/${answer.session}?m=${answer.id}`);
    } catch (error) {
      complain(error.path ? `${error.path}: ${error.message}` : error.message);
      const at = (error.path ?? "").split(/[.[\]]/).filter(Boolean).at(-1);
      for (const label of fields.querySelectorAll("label")) {
        const control = document.getElementById(label.htmlFor);
        control?.classList.toggle("invalid", Boolean(at) && label.textContent.startsWith(at.replace(/_/g, " ")));
      }
      send.disabled = false;
    }
  });
}

export function forms() {
  for (const place of document.querySelectorAll("[data-form]")) form(place);
}
