import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { describeRows, machine, withSection, type Row } from './report.ts';
import type { Settings } from './settings.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = join(root, '.quorate', 'bench');
const page = join(root, 'docs', 'reference', 'benchmarks.md');

export interface Result {
  readonly name: string;
  readonly settings: Settings;
  readonly rows: readonly Row[];
  readonly isBase: (row: Row) => boolean;
  /** What the table does not say by itself: the base of the ratio, and who syncs before it answers. */
  readonly notes: readonly string[];
  readonly facts?: object;
}

/** Shows the table, keeps it as JSON and Markdown, and puts it on the page of benchmarks if asked. */
export function publish({ name, settings, rows, isBase, notes, facts = {} }: Result): void {
  const at = new Date().toISOString();
  const text = [
    `${machine()}; rounds: ${settings.rounds}, each of ${settings.durationMs / 1_000} s.`,
    ...notes,
    '',
    describeRows(rows, isBase),
  ].join('\n');
  process.stdout.write(`\n${text}\n\n`);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}.json`);
  const json = JSON.stringify({ at, machine: machine(), settings, rows, ...facts }, null, 2);
  writeFileSync(file, json);
  writeFileSync(join(folder, `${name}.md`), `${text}\n`);
  process.stdout.write(`kept in ${file} and, as Markdown, beside it\n`);
  if (!settings.writeDocs) return;
  writeFileSync(page, withSection(readFileSync(page, 'utf8'), name, text));
  process.stdout.write(`written to ${page}\n`);
}
