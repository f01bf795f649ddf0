import type { Core } from '../core/core.ts';
import type { Entry } from '../core/entry.ts';
import { type LogIndex, logIndex } from '../core/ids.ts';
import { EnvelopeReader } from './envelope.ts';
import type { AppendedCommand } from './group.ts';
import type { AppliedAt, Codec } from './state-machine.ts';

/** Those on this node who want to know what the log brings. */
export class Listeners<Command, Event> {
  readonly #commands: Codec<Command>;
  readonly #reader = new EnvelopeReader();
  readonly #events: ((events: readonly Event[], at: AppliedAt) => void)[] = [];
  readonly #restored: (() => void)[] = [];
  readonly #appended: ((commands: readonly AppendedCommand<Command>[]) => void)[] = [];

  constructor(commands: Codec<Command>) {
    this.#commands = commands;
  }

  onEvents(listener: (events: readonly Event[], at: AppliedAt) => void): void {
    this.#events.push(listener);
  }

  onRestored(listener: () => void): void {
    this.#restored.push(listener);
  }

  /** The listener is told at once what stands in the log unapplied: it may matter as much. */
  onAppended(
    listener: (commands: readonly AppendedCommand<Command>[]) => void,
    log: { readonly core: Core; readonly applied: LogIndex },
  ): void {
    this.#appended.push(listener);
    const entries: Entry[] = [];
    for (let index = log.applied + 1; index <= log.core.lastIndex; index++) {
      const entry = log.core.entryAt(logIndex(index));
      if (entry !== undefined) entries.push(entry);
    }
    const commands = this.#read(entries);
    if (commands.length > 0) listener(commands);
  }

  events(events: readonly Event[], at: AppliedAt): void {
    for (const listener of this.#events) listener(events, at);
  }

  restored(): void {
    for (const listener of this.#restored) listener();
  }

  appended(entries: readonly Entry[]): void {
    if (this.#appended.length === 0 || entries.length === 0) return;
    const commands = this.#read(entries);
    if (commands.length === 0) return;
    for (const listener of this.#appended) listener(commands);
  }

  #read(entries: readonly Entry[]): AppendedCommand<Command>[] {
    const commands: AppendedCommand<Command>[] = [];
    for (const { kind, index, payload } of entries) {
      const envelope = kind === 'command' ? this.#reader.read(payload) : undefined;
      if (envelope?.kind !== 'command') continue;
      const command = this.#commands.decode(envelope.body);
      commands.push({ index, origin: envelope.origin, command });
    }
    return commands;
  }
}
