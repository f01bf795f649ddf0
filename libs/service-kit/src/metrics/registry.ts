import { collectDefaultMetrics, Registry } from 'prom-client';

export interface RegistryOptions {
  /** Labels on every sample; several nodes in one process each have a registry of their own. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Process metrics cost a timer and an observer each, so tests may go without. */
  readonly processMetrics?: boolean;
}

export function createRegistry(options: RegistryOptions = {}): Registry {
  const registry = new Registry();
  if (options.labels !== undefined) registry.setDefaultLabels({ ...options.labels });
  if (options.processMetrics ?? true) collectDefaultMetrics({ register: registry });
  return registry;
}
