import { execFile } from 'node:child_process';

/** A command of a tutorial, and what the text says that it answers. */
export interface TutorialStep {
  readonly command: string;
  expected: string | undefined;
}

/** A command that did not say what its reader was promised. */
export interface WrongStep {
  readonly command: string;
  readonly expected: string | undefined;
  readonly output: string;
}

/**
 * Runs a tutorial as its reader would: all of its `sh` blocks as one script in one shell, with the ports
 * changed to those of the cluster at hand. A comment below a command is what it answers, with `…` for
 * what differs from run to run. Returns the steps that ran in the foreground, and what was wrong.
 */
export async function runTutorial(
  markdown: string,
  ports: ReadonlyMap<string, string>,
  timeoutMs = 50_000,
): Promise<{ readonly steps: number; readonly wrong: readonly WrongStep[] }> {
  const steps = stepsOf(markdown);
  let script = scriptOf(steps);
  for (const [written, real] of ports) {
    script = script.replace(new RegExp(`\\b${written}\\b`, 'g'), real);
  }
  const outputs = (await runShell(script, timeoutMs)).split(`${mark}\n`);
  const foreground = steps.filter(({ command }) => !command.endsWith('&'));
  const wrong = foreground.flatMap(({ command, expected }, i): WrongStep[] => {
    const output = outputs[i]?.trim() ?? '';
    const right = expected === undefined || patternOf(expected).test(output);
    return right ? [] : [{ command, expected, output }];
  });
  return { steps: foreground.length, wrong };
}

function stepsOf(markdown: string): readonly TutorialStep[] {
  const steps: TutorialStep[] = [];
  for (const [, block] of markdown.matchAll(/```sh\n([^]*?)```/g)) {
    for (const line of block!.trimEnd().split('\n')) {
      if (line.startsWith('# ')) steps.at(-1)!.expected = line.slice(2);
      else steps.push({ command: line, expected: undefined });
    }
  }
  return steps;
}

const mark = '-- end of step --';

/**
 * As written, with a mark after each. What a command in the background says comes whenever it comes on
 * a terminal; here it is kept until it is waited for.
 */
function scriptOf(steps: readonly TutorialStep[]): string {
  const lines = steps.map(({ command }) => {
    if (command.endsWith(' &')) return `${command.slice(0, -2)} > "$kept" &`;
    const run = command === 'wait' ? 'wait; cat "$kept"' : command;
    return `${run}\necho '${mark}'`;
  });
  return ['kept=$(mktemp)', `trap 'rm -f "$kept"' EXIT`, ...lines].join('\n');
}

const literally = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
const patternOf = (expected: string): RegExp =>
  new RegExp(`^${expected.split('…').map(literally).join('.*')}$`);

function runShell(script: string, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('sh', ['-c', script], { timeout: timeoutMs }, (error, output) => {
      if (error === null) resolve(output);
      else reject(new Error(`the shell failed: ${output}`, { cause: error }));
    });
  });
}
