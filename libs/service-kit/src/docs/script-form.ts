/** Try it out: a form per operation, its answer, and the same request for a terminal. */
export const docsScriptForm = String.raw`
function tryForm(doc, path, method, op) {
  const form = el('form', {});
  const inputs = (op.parameters || []).map((parameter) => {
    const input = el('input', { name: parameter.name, autocomplete: 'off' });
    if (parameter.in === 'path') input.value = String(example(doc, parameter.schema));
    form.append(el('label', {}, parameter.name + ' (' + parameter.in + ')', input));
    return { parameter, input };
  });
  const schema = bodySchema(doc, op);
  let area;
  if (op.requestBody) {
    const text = schema ? JSON.stringify(example(doc, schema), null, 2) : '';
    area = el('textarea', { spellcheck: 'false', rows: String(Math.min(text.split('\n').length + 1, 16)) });
    area.value = text;
    form.append(el('label', {}, schema ? 'JSON body' : 'Body', area));
  }
  const send = el('button', { type: 'submit' }, 'Send');
  const copies = ['curl', 'PowerShell'].map((shell) => {
    const button = el('button', { type: 'button' }, 'Copy as ' + shell);
    button.addEventListener('click', () => copy(button, shell === 'curl' ? asCurl(read()) : asPowerShell(read())));
    return button;
  });
  const output = el('div', { 'aria-live': 'polite' });
  form.append(el('div', { class: 'row' }, send, ...copies), output);
  const read = () => readRequest(path, method, inputs, area, Boolean(schema));
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    send.disabled = true;
    await attempt(read(), output);
    send.disabled = false;
  });
  return form;
}

function readRequest(path, method, inputs, area, json) {
  let url = path;
  const query = new URLSearchParams();
  for (const { parameter, input } of inputs) {
    if (parameter.in === 'path') url = url.replace('{' + parameter.name + '}', encodeURIComponent(input.value));
    else if (parameter.in === 'query' && input.value !== '') query.set(parameter.name, input.value);
  }
  if ([...query].length > 0) url += '?' + query;
  const headers = {};
  const token = document.getElementById('token').value.trim();
  if (token) headers.authorization = 'Bearer ' + token;
  const body = area && area.value.trim() !== '' ? area.value : undefined;
  if (body !== undefined && json) headers['content-type'] = 'application/json';
  return { url, method: method.toUpperCase(), headers, body };
}

async function attempt(request, output) {
  const start = performance.now();
  try {
    const { url, method, headers, body } = request;
    const response = await fetch(url, { method, headers, body });
    const text = await response.text();
    const took = (performance.now() - start).toFixed(1) + ' ms';
    const notes = ['x-request-id', 'retry-after', 'etag', 'allow'].filter((name) => response.headers.has(name)).map((name) => name + ': ' + response.headers.get(name));
    output.replaceChildren(
      el('p', { class: 'row' }, el('span', { class: 'status ' + (response.ok ? 'good' : 'bad') }, response.status + ' ' + response.statusText), el('span', { class: 'quiet mono' }, [took, ...notes].join(' · '))),
      el('pre', {}, ...highlighted(pretty(text))),
    );
  } catch (error) {
    output.replaceChildren(el('p', { class: 'bad' }, 'No answer: ' + error.message));
  }
}

function pretty(text) {
  try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
}

function highlighted(text) {
  const nodes = [];
  const token = /("(?:\\.|[^"\\])*")(\s*:)?|\b(true|false|null)\b|-?\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
  let at = 0;
  if (!/^\s*[{[]/.test(text) || text.length > 200000) return [text];
  for (const match of text.matchAll(token)) {
    nodes.push(text.slice(at, match.index));
    const kind = match[1] ? (match[2] ? 'key' : 'string') : match[3] ? 'word' : 'number';
    nodes.push(el('span', { class: kind }, match[1] || match[0]), match[1] ? match[2] || '' : '');
    at = match.index + match[0].length;
  }
  return [...nodes, text.slice(at)];
}

function asCurl({ url, method, headers, body }) {
  const quote = (text) => "'" + text.replaceAll("'", "'\\''") + "'";
  const parts = ['curl -i -X ' + method + ' ' + quote(location.origin + url)];
  for (const [name, value] of Object.entries(headers)) parts.push('-H ' + quote(name + ': ' + value));
  if (body !== undefined) parts.push('--data-raw ' + quote(compact(body)));
  return parts.join(' ');
}

function asPowerShell({ url, method, headers, body }) {
  const quote = (text) => "'" + text.replaceAll("'", "''") + "'";
  const parts = ['Invoke-RestMethod -Method ' + method + ' -Uri ' + quote(location.origin + url)];
  if (headers.authorization) parts.push('-Headers @{authorization=' + quote(headers.authorization) + '}');
  if (headers['content-type']) parts.push('-ContentType ' + quote(headers['content-type']));
  if (body !== undefined) parts.push('-Body ' + quote(compact(body)));
  return parts.join(' ');
}

function compact(text) {
  try { return JSON.stringify(JSON.parse(text)); } catch { return text; }
}

async function copy(button, text) {
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = 'Copied';
  } catch {
    prompt('Copy this:', text);
  }
  setTimeout(() => { button.textContent = label; }, 1200);
}
`;
