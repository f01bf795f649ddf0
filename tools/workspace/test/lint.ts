import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

export interface Snippet {
  readonly path: string;
  readonly code: string;
}

export interface Complaint {
  readonly ruleId: string | null;
  readonly message: string;
}

/** Lints all snippets in one process: starting ESLint and Nx costs seconds, a snippet hardly any. */
export async function lint(snippets: readonly Snippet[]): Promise<Complaint[][]> {
  const program = join(__dirname, '..', 'src', 'lint-snippets.mjs');
  const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(JSON.stringify(snippets));
  const [answer, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  try {
    return JSON.parse(answer) as Complaint[][];
  } catch {
    throw new Error(`the linter gave no answer:\n${answer}${errors}`);
  }
}
