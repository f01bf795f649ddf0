import type { SimulatedFile } from './simulated-file.ts';

/** Names of one directory, as processes see them and as the disk holds them. */
export class SimulatedDirectory {
  names = new Map<string, SimulatedFile>();
  private synced = new Map<string, SimulatedFile>();
  private unsynced: NameChange[] = [];

  apply(change: NameChange): void {
    applyTo(this.names, change);
    this.unsynced.push(change);
  }

  sync(): void {
    this.synced = new Map(this.names);
    this.unsynced = [];
  }

  /** Any subset of the unsynced changes is there; each is whole. */
  losePower(random: () => number): void {
    const survived = new Map(this.synced);
    for (const change of this.unsynced) {
      if (random() < 0.5) applyTo(survived, change);
    }
    for (const file of new Set([...this.names.values(), ...survived.values()])) {
      file.losePower(random);
    }
    this.names = survived;
    this.synced = new Map(survived);
    this.unsynced = [];
  }
}

/** Create, rename and remove are all: some name goes, some name stands for a file. */
export interface NameChange {
  readonly remove?: string;
  readonly set?: { readonly name: string; readonly file: SimulatedFile };
}

function applyTo(names: Map<string, SimulatedFile>, { remove, set }: NameChange): void {
  if (remove !== undefined) names.delete(remove);
  if (set !== undefined) names.set(set.name, set.file);
}
