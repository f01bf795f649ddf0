import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runScript } from './testing/scenario-script.ts';

const folder = join(__dirname, 'scenarios');

describe('scenarios', () => {
  it.each(readdirSync(folder).filter((name) => name.endsWith('.txt')))('%s', (name) => {
    const path = join(folder, name);
    const text = readFileSync(path, 'utf8');
    const trace = runScript(text);
    if (process.env['UPDATE'] === '1') writeFileSync(path, trace);
    else expect(trace).toBe(text);
  });
});
