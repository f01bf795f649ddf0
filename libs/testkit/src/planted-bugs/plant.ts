import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { build, stop } from 'esbuild';
import type { Plugin } from 'esbuild';
import type { Quarry } from './hunt.ts';
import type { PlantedBug } from './planted-bug.ts';

/** Puts the bug into the text; throws when its place is not found exactly once. */
export function mutate(bug: PlantedBug, text: string): string {
  const parts = text.split(bug.find);
  if (parts.length !== 2) {
    throw new Error(
      `"${bug.name}": its place occurs ${parts.length - 1} times in ${bug.file}, not once`,
    );
  }
  return parts.join(bug.replace);
}

/** Bundles the simulation with one file of the library changed on the way; nothing is written there. */
export async function plant(
  bug: PlantedBug,
  testkitDirectory: string,
  outputFile: string,
): Promise<void> {
  const source = resolve(testkitDirectory, '../raft/src');
  const planted = new Set<string>();
  const plugin: Plugin = {
    name: 'planted-bug',
    setup: (bundler) => {
      bundler.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        if (relative(source, path) !== join(bug.file)) return undefined;
        planted.add(bug.file);
        return { contents: mutate(bug, await readFile(path, 'utf8')), loader: 'ts' };
      });
    },
  };
  await build({
    entryPoints: [join(testkitDirectory, 'src/planted-bugs/hunt-main.ts')],
    outfile: outputFile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    logLevel: 'silent',
    plugins: [plugin],
  });
  // The bundler is a process of its own, and would outlive the last test.
  await stop();
  if (planted.size === 0)
    throw new Error(`"${bug.name}": ${bug.file} is not part of the simulation`);
}

export interface HuntBudget {
  readonly firstSeeds: readonly number[];
  readonly from: number;
  readonly budgetMs: number;
}

/** Runs a bundle; a bug that makes it hang or crash outright counts as found as well. */
export function huntIn(bundle: string, budget: HuntBudget): Promise<Quarry> {
  const { firstSeeds, from, budgetMs } = budget;
  const child = spawn(
    process.execPath,
    [bundle, firstSeeds.join(','), String(from), String(budgetMs)],
    { stdio: ['ignore', 'pipe', 'inherit'], timeout: budgetMs + 60_000, killSignal: 'SIGKILL' },
  );
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (code, signal) => {
      const line = output.trim().split('\n').at(-1) ?? '';
      if (line.startsWith('{')) done(JSON.parse(line) as Quarry);
      else fail(new Error(`the hunt ended with ${signal ?? `code ${code ?? '?'}`}: ${output}`));
    });
  });
}
