import { availableParallelism } from 'node:os';

export interface CliOptions {
  readonly seeds: number;
  readonly firstSeed: number;
  /** Stops when this much real time has passed, whatever `seeds` says. */
  readonly minutes: number | undefined;
  readonly jobs: number;
  readonly trace: boolean;
  readonly keepGoing: boolean;
  readonly json: boolean;
}

export const usage = `Simulates whole raft clusters from seeds, with faults, and checks them after every event.

  npx nx sim raft -- [options]

  --seeds N       how many seeds to run (default 200)
  --from N        the first of them (default: drawn, and printed)
  --minutes M     run for M minutes instead of a number of seeds
  --seed N        run this one seed
  --trace         print every event (with --seed)
  --jobs N        worker processes (default: the number of cores, at most 2)
  --keep-going    do not stop at the first failing seed
  --json          end with one line of JSON instead of the summary
`;

/** Throws an `Error` with a sentence for the user. */
export function parseCliOptions(args: readonly string[], drawnSeed: number): CliOptions {
  const values = new Map<string, number>();
  let trace = false;
  let keepGoing = false;
  let json = false;
  for (let i = 0; i < args.length; i++) {
    const [name = '', inline] = (args[i] ?? '').split('=');
    switch (name) {
      case '--trace':
        trace = true;
        break;
      case '--keep-going':
        keepGoing = true;
        break;
      case '--json':
        json = true;
        break;
      case '--seeds':
      case '--from':
      case '--minutes':
      case '--seed':
      case '--jobs': {
        const value = Number(inline ?? args[++i]);
        if (!Number.isFinite(value) || value < 0) throw new Error(`${name} needs a number`);
        values.set(name, value);
        break;
      }
      default:
        throw new Error(`unknown option ${name}`);
    }
  }
  const seed = values.get('--seed');
  const minutes = values.get('--minutes');
  return {
    seeds: seed !== undefined ? 1 : (values.get('--seeds') ?? (minutes === undefined ? 200 : 1e9)),
    firstSeed: seed ?? values.get('--from') ?? drawnSeed,
    minutes,
    jobs: seed !== undefined ? 1 : (values.get('--jobs') ?? Math.min(2, availableParallelism())),
    trace,
    keepGoing,
    json,
  };
}
