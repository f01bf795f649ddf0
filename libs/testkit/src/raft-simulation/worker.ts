import { runSimulation } from './run-simulation.ts';
import type { SimulationResult } from './run-simulation.ts';

/** From the CLI to a worker: run these; from a worker: what became of one. */
export interface Assignment {
  readonly seeds: readonly number[];
}

export type WorkerMessage = SimulationResult | { readonly kind: 'idle' };

const send = (message: WorkerMessage): void => {
  process.send?.(message);
};

process.on('message', (assignment: Assignment) => {
  for (const seed of assignment.seeds) send(runSimulation(seed));
  send({ kind: 'idle' });
});
// Without the CLI there is nobody to work for.
process.on('disconnect', () => process.exit(0));
send({ kind: 'idle' });
