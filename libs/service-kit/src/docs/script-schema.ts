/** How schemas are shown: names of types, rows of fields, an example to start from. */
export const docsScriptSchema = String.raw`
function el(name, attributes, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

function table(rows) {
  return el('table', {}, el('tbody', {}, ...rows));
}

function withCode(text) {
  const span = el('span', {});
  String(text).split(/\x60([^\x60]+)\x60/).forEach((part, i) => span.append(i % 2 ? el('code', {}, part) : part));
  return span;
}

function resolve(doc, schema) {
  let found = schema || {};
  for (let i = 0; found.$ref && i < 10; i += 1) {
    found = found.$ref.slice(2).split('/').reduce((at, key) => at && at[key], doc) || {};
  }
  return found;
}

function variants(schema) {
  return schema.anyOf || schema.oneOf;
}

function typeName(doc, schema, depth = 0) {
  const found = resolve(doc, schema);
  if (found.const !== undefined) return JSON.stringify(found.const);
  if (found.enum) return found.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (variants(found)) return [...new Set(variants(found).map((part) => typeName(doc, part, depth + 1)))].join(' | ');
  if (Array.isArray(found.type)) return found.type.length > 4 ? 'any JSON' : found.type.join(' | ');
  if (found.type === 'array') return (depth > 3 ? '…' : typeName(doc, found.items, depth + 1)) + '[]';
  return found.type || 'any JSON';
}

function limits(schema) {
  const words = [];
  if (schema.minimum !== undefined && schema.minimum > -9e15) words.push('≥ ' + schema.minimum);
  if (schema.maximum !== undefined && schema.maximum < 9e15) words.push('≤ ' + schema.maximum);
  if (schema.minLength) words.push('at least ' + schema.minLength + ' long');
  if (schema.maxLength) words.push('at most ' + schema.maxLength + ' long');
  if (schema.maxItems) words.push('at most ' + schema.maxItems + ' items');
  if (schema.default !== undefined) words.push('default ' + JSON.stringify(schema.default));
  return words.join(', ');
}

function fieldRow(doc, name, schema, required, place) {
  const found = resolve(doc, schema);
  const first = el('td', {}, el('code', {}, name));
  if (required) first.append(' ', el('span', { class: 'required' }, 'required'));
  const second = el('td', {}, el('span', { class: 'type' }, [typeName(doc, found), limits(found), place].filter(Boolean).join(' · ')));
  const about = found.description || (schema && schema.description);
  if (about) second.append(el('div', {}, withCode(about)));
  const items = found.type === 'array' ? resolve(doc, found.items) : found;
  if (items.properties) second.append(schemaTable(doc, items));
  return el('tr', {}, first, second);
}

function schemaTable(doc, schema) {
  const found = resolve(doc, schema);
  const options = variants(found);
  if (options) {
    const box = el('div', {});
    options.forEach((option, i) => box.append(...(i > 0 ? [el('p', { class: 'quiet' }, 'or')] : []), schemaTable(doc, option)));
    return box;
  }
  if (!found.properties) return el('p', { class: 'type' }, typeName(doc, found));
  const required = found.required || [];
  return table(Object.entries(found.properties).map(([name, value]) => fieldRow(doc, name, value, required.includes(name))));
}

function bodySchema(doc, op) {
  const content = op.requestBody && op.requestBody.content;
  return content && content['application/json'] && resolve(doc, content['application/json'].schema);
}

function example(doc, schema, depth = 0) {
  const found = resolve(doc, schema);
  if (found.example !== undefined) return found.example;
  if (found.examples && found.examples.length > 0) return found.examples[0];
  if (found.default !== undefined) return found.default;
  if (found.const !== undefined) return found.const;
  if (found.enum) return found.enum[0];
  if (variants(found)) return example(doc, variants(found)[0], depth);
  if (found.properties) {
    const required = found.required || [];
    const entries = Object.entries(found.properties).filter(([name, value]) => required.includes(name) || resolve(doc, value).example !== undefined);
    return Object.fromEntries(entries.map(([name, value]) => [name, depth > 4 ? null : example(doc, value, depth + 1)]));
  }
  switch (Array.isArray(found.type) ? 'string' : found.type) {
    case 'array': return depth > 4 ? [] : [example(doc, found.items, depth + 1)];
    case 'integer': case 'number': return Math.max(found.minimum > -9e15 ? found.minimum : 0, 1);
    case 'boolean': return true;
    case 'object': return {};
    default: return 'text';
  }
}
`;
