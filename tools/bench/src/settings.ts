import { parseArgs } from 'node:util';

export interface Settings {
  readonly rounds: number;
  readonly durationMs: number;
  readonly warmUpMs: number;
  readonly connections: readonly number[];
  /** Whether the table goes into the page of benchmarks too. */
  readonly writeDocs: boolean;
}

const options = {
  quick: { type: 'boolean', default: false },
  rounds: { type: 'string' },
  seconds: { type: 'string' },
  connections: { type: 'string' },
  'write-docs': { type: 'boolean', default: false },
} as const;

/** What the load of all runs together may take; starting, clearing and stopping come on top. */
const budgetMs = { full: 210_000, quick: 20_000 };
const durationMsMax = 2_000;

/**
 * `--quick` for a look, nothing for figures to be told. With many cases each run is shorter, so that
 * the whole stays within its time; `--seconds` is taken as it stands.
 */
export function readSettings(caseCount: number, args = process.argv.slice(2)): Settings {
  const { values } = parseArgs({ options, args });
  const { quick } = values;
  const rounds = countOf('--rounds', values.rounds ?? (quick ? '1' : '3'));
  const connections = (values.connections ?? (quick ? '50' : '1,50,256'))
    .split(',')
    .map((one) => countOf('--connections', one));
  const runs = caseCount * rounds * connections.length;
  const runMs = (quick ? budgetMs.quick : budgetMs.full) / runs;
  const durationMs = Math.round(Math.min(durationMsMax, (runMs * 2) / 3));
  return {
    rounds,
    durationMs:
      values.seconds === undefined ? durationMs : 1_000 * positive('--seconds', values.seconds),
    warmUpMs: Math.round(durationMs / 2),
    connections,
    writeDocs: values['write-docs'],
  };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0)
    throw new Error(`${name} takes numbers above 0: ${text}`);
  return value;
}

function countOf(name: string, text: string): number {
  const value = positive(name, text);
  if (!Number.isInteger(value)) throw new Error(`${name} takes whole numbers: ${text}`);
  return value;
}
