import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatEnvExample } from '@quorate/service-kit';
import { configSchema } from './config.ts';

const path = join(__dirname, '../.env.example');

it('documents every variable in .env.example (UPDATE=1 writes it anew)', () => {
  const wanted = formatEnvExample(configSchema);
  if (process.env['UPDATE'] === '1') writeFileSync(path, wanted);
  expect(readFileSync(path, 'utf8')).toBe(wanted);
});
