import { docsScriptForm } from './script-form.ts';
import { docsScriptSchema } from './script-schema.ts';

/**
 * The page's script, for the browser: plain JavaScript in strings, so that neither the compiler nor the
 * bundler rewrites it. Everything from the document enters the page as text, never as markup.
 */
const page = String.raw`
function renderOperation(doc, path, method, op) {
  const item = el('article', { id: op.operationId, 'data-words': [method, path, op.summary, op.description || ''].join(' ').toLowerCase() });
  item.append(el('h3', {}, el('span', { class: 'method ' + method }, method), path));
  item.append(el('p', { class: 'lead' }, op.summary));
  if (op.description) item.append(el('p', {}, op.description));
  const parameters = op.parameters || [];
  if (parameters.length > 0) {
    item.append(el('h4', {}, 'Parameters'), table(parameters.map((p) => fieldRow(doc, p.name, p.schema, p.required, p.in))));
  }
  const body = bodySchema(doc, op);
  if (body) item.append(el('h4', {}, 'Body'), schemaTable(doc, body));
  item.append(el('h4', {}, 'Answers'), table(Object.keys(op.responses).map((status) => answerRow(doc, status, op.responses[status]))));
  item.append(tryForm(doc, path, method, op));
  return item;
}

function answerRow(doc, status, response) {
  const cell = el('td', {}, withCode(response.description));
  const media = Object.values(response.content || {})[0];
  const schema = media && resolve(doc, media.schema);
  const isProblem = Boolean((response.content || {})['application/problem+json']);
  if (schema && !isProblem && Object.keys(schema.properties || {}).length > 0) {
    const fields = Object.entries(schema.properties).map(([key, value]) => key + ': ' + typeName(doc, value));
    cell.append(el('div', { class: 'type mono' }, '{ ' + fields.join(', ') + ' }'));
  }
  return el('tr', {}, el('td', { class: 'mono ' + (status < 400 ? 'good' : 'bad') }, status), cell);
}

function render(doc) {
  const nav = document.getElementById('nav');
  const main = document.getElementById('main');
  document.getElementById('version').textContent = doc.info.version + ' · OpenAPI ' + doc.openapi;
  main.replaceChildren(el('p', { class: 'lead' }, doc.info.description || ''));
  const groups = new Map((doc.tags || []).map((tag) => [tag.name, []]));
  for (const [path, methods] of Object.entries(doc.paths)) {
    for (const [method, op] of Object.entries(methods)) {
      const tag = (op.tags || ['api'])[0];
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push({ path, method, op });
    }
  }
  for (const [tag, operations] of groups) {
    if (operations.length === 0) continue;
    nav.append(el('h2', {}, tag));
    for (const { path, method, op } of operations) {
      const link = el('a', { href: '#' + op.operationId, title: op.summary }, el('span', { class: 'method ' + method }, method), el('span', {}, path));
      nav.append(link);
      main.append(renderOperation(doc, path, method, op));
    }
  }
  document.getElementById('filter').addEventListener('input', (event) => filter(event.target.value));
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

function filter(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  for (const article of document.querySelectorAll('article')) {
    const hidden = !words.every((word) => article.dataset.words.includes(word));
    article.hidden = hidden;
    document.querySelector('nav a[href="#' + article.id + '"]').hidden = hidden;
  }
}

fetch('/openapi.json')
  .then((response) => response.json())
  .then(render)
  .catch((error) => document.getElementById('main').replaceChildren(el('p', { class: 'bad' }, 'The API document could not be read: ' + error.message)));
`;

export const docsScript = `'use strict';\n${docsScriptSchema}${docsScriptForm}${page}`;
