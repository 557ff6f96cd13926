// Shows what stands in the description, to which the page has a link: text goes into the page as text, never as HTML.

/** Makes an element with a text or with children. */
function make(name, content, attributes = {}) {
  const element = document.createElement(name);
  element.append(...(Array.isArray(content) ? content : [content]));
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

/** Finds what a `$ref` means. */
function resolve(description, schema) {
  if (!schema?.$ref) return schema ?? {};
  return schema.$ref.slice(2).split("/").reduce((at, key) => at[key], description);
}

/** Says in a few words what type a value has. */
function typeOf(description, schema) {
  if (!schema) return "any";
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.oneOf || schema.anyOf || schema.allOf) {
    return (schema.oneOf ?? schema.anyOf ?? schema.allOf).map((one) => typeOf(description, one)).join(" | ");
  }
  if (schema.type === "array") return `[${typeOf(description, schema.items)}]`;
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  return [schema.type ?? "any"].flat().join(" | ");
}

function table(head, rows) {
  const cells = (kind, row) => make("tr", row.map((cell) => make(kind, cell)));
  return make("table", [make("thead", [cells("th", head)]), make("tbody", rows.map((row) => cells("td", row)))]);
}

function example(value) {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

/** Lists the members of an object, if it is one. */
function members(description, schema) {
  const object = resolve(description, schema);
  const parts = object.allOf ? object.allOf.map((part) => resolve(description, part)) : [object];
  const rows = parts.flatMap((part) =>
    Object.entries(part.properties ?? {}).map(([name, value]) => [
      make("code", name),
      make("code", typeOf(description, value)),
      value.description ?? "",
    ]),
  );
  return rows.length ? [table(["member", "type", "meaning"], rows)] : [];
}

function operation(description, path, method, said, id) {
  const parts = [make("h3", [make("span", method, { class: "method" }), path], { id })];
  parts.push(make("p", [said.summary, said.description].filter(Boolean).join(" ")));
  if (said.parameters?.length) {
    const rows = said.parameters.map((it) => [
      make("code", it.name),
      it.in + (it.required ? ", required" : ""),
      it.description ?? "",
      it.example === undefined ? "" : make("code", example(it.example)),
    ]);
    parts.push(table(["parameter", "where", "meaning", "example"], rows));
  }
  const body = said.requestBody?.content?.["application/json"];
  if (body) {
    const schema = resolve(description, body.schema);
    parts.push(make("h4", "Body"), ...members(description, body.schema));
    const shown = body.example ?? schema.example ?? schema.examples?.[0];
    if (shown) parts.push(make("pre", example(shown)));
  }
  parts.push(make("h4", "Answers"));
  for (const [status, answer] of Object.entries(said.responses)) {
    parts.push(make("p", [make("code", status), ` ${answer.description}`]));
    const schema = answer.content?.["application/json"]?.schema;
    if (status === "200" && schema) parts.push(...members(description, schema));
  }
  return make("section", parts);
}

const description = await (await fetch(document.getElementById("description").href)).json();
document.getElementById("title").textContent = `${description.info.title}: the API`;
document.getElementById("about").textContent = description.info.description;
const [contents, routes] = ["contents", "routes"].map((id) => document.getElementById(id));
routes.replaceChildren();
for (const tag of description.tags) {
  routes.append(make("h2", tag.name), make("p", tag.description));
  for (const [path, methods] of Object.entries(description.paths)) {
    for (const [method, said] of Object.entries(methods)) {
      if (!said.tags?.includes(tag.name)) continue;
      const id = `${method}-${path}`.replace(/[^a-z0-9]+/gi, "-");
      routes.append(operation(description, path, method, said, id));
      const link = make("a", `${method.toUpperCase()} ${path}`, { href: `#${id}` });
      contents.append(make("li", [link]));
    }
  }
}
