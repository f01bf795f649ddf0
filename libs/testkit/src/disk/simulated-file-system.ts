import type { Answer, Completion, Failure, FileSystem, OpenFile, OpenMode } from '@quorate/raft';
import { SimulatedDirectory } from './simulated-directory.ts';
import { SimulatedFile } from './simulated-file.ts';

export interface SimulatedFileSystemOptions {
  /** Uniform in [0, 1): decides what survives. */
  readonly random: () => number;
  /** Runs later, never from inside the call: virtual time, or any order a test wants to see. */
  readonly schedule: (run: () => void) => void;
  readonly capacityBytes?: number;
}

/**
 * A disk in memory with the faults of real ones. Every operation takes effect and completes at a
 * moment the scheduler chooses; it may stall, run out of room in the middle of a write, fail a sync;
 * and when the power goes, any subset of what was not synced is there, torn at any byte.
 */
export class SimulatedFileSystem implements FileSystem {
  capacityBytes: number;
  /** Begun so far, by all lives. */
  operations = 0;
  /** With this operation the crash comes: it may have happened, and nobody is told. */
  crashAtOperation = Infinity;
  crashKind: 'power' | 'process' = 'power';
  onCrash: () => void = () => undefined;
  private readonly options: SimulatedFileSystemOptions;
  private readonly directories = new Map<string, SimulatedDirectory>();
  private life = 0;
  private syncFails = false;
  private stalled: (() => void)[] | undefined;

  constructor(options: SimulatedFileSystemOptions) {
    this.options = options;
    this.capacityBytes = options.capacityBytes ?? Infinity;
  }

  /** The power goes: whoever runs dies with it, and what was not synced may be lost. */
  losePower(): void {
    this.killProcess();
    for (const directory of this.directories.values()) directory.losePower(this.options.random);
  }

  /** The process dies alone. What it wrote stays in the page cache, as unsynced as it was. */
  killProcess(): void {
    this.life++;
    this.crashAtOperation = Infinity;
    if (this.stalled !== undefined) this.stalled = [];
  }

  stall(): void {
    this.stalled ??= [];
  }

  resume(): void {
    const withheld = this.stalled ?? [];
    this.stalled = undefined;
    for (const run of withheld) this.options.schedule(run);
  }

  failNextSync(): void {
    this.syncFails = true;
  }

  /** The names of the files in `directory`, and the bytes of one: for tests that look or damage. */
  namesIn(directory: string): string[] {
    return [...this.directoryAt(directory).names.keys()].sort();
  }

  contentOf(path: string): Buffer {
    return Buffer.from(this.fileAt(path)!.content);
  }

  flip(path: string, offset: number, mask = 1): void {
    this.fileAt(path)!.flip(offset, mask);
  }

  get usedBytes(): number {
    let bytes = 0;
    for (const { names } of this.directories.values()) {
      for (const file of names.values()) bytes += file.content.length;
    }
    return bytes;
  }

  makeDirectory(path: string, done: Completion): void {
    this.begin(() => {
      this.directoryAt(path);
      return () => done(null);
    });
  }

  list(path: string, done: Answer<readonly string[]>): void {
    this.begin(() => {
      const names = this.namesIn(path);
      return () => done(null, names);
    });
  }

  open(path: string, mode: OpenMode, done: Answer<OpenFile>): void {
    this.begin(() => {
      let file = this.fileAt(path);
      if (mode === 'create') {
        if (file !== undefined) return () => done(failed('EEXIST', path));
        file = new SimulatedFile();
        const { directory, name } = this.split(path);
        directory.apply({ set: { name, file } });
      }
      const opened = file;
      if (opened === undefined) return () => done(failed('ENOENT', path));
      return () => done(null, this.handle(opened));
    });
  }

  rename(from: string, to: string, done: Completion): void {
    this.begin(() => {
      const file = this.fileAt(from);
      if (file === undefined) return () => done(failed('ENOENT', from));
      const { directory, name } = this.split(to);
      directory.apply({ remove: this.split(from).name, set: { name, file } });
      return () => done(null);
    });
  }

  remove(path: string, done: Completion): void {
    this.begin(() => {
      if (this.fileAt(path) === undefined) return () => done(failed('ENOENT', path));
      const { directory, name } = this.split(path);
      directory.apply({ remove: name });
      return () => done(null);
    });
  }

  syncDirectory(path: string, done: Completion): void {
    this.begin(() => {
      if (this.takeSyncFailure()) return () => done(failed('EIO', path));
      this.directoryAt(path).sync();
      return () => done(null);
    });
  }

  freeBytes(_path: string, done: Answer<number>): void {
    this.begin(() => {
      const free = Math.max(0, this.capacityBytes - this.usedBytes);
      return () => done(null, free);
    });
  }

  private handle(file: SimulatedFile): OpenFile {
    const opened: OpenFile = {
      write: (buffers, position, done) => {
        const bytes = Buffer.concat(buffers);
        this.begin(() => {
          const lengthMax = Math.max(
            file.content.length,
            this.capacityBytes - this.usedBytes + file.content.length,
          );
          const fitting = bytes.subarray(0, Math.max(0, lengthMax - position));
          const whole = fitting.length === bytes.length;
          file.apply({ kind: 'write', position, bytes: fitting });
          return () => done(whole ? null : failed('ENOSPC', 'write'));
        });
      },
      read: (into, position, done) => {
        this.begin(() => {
          const bytes = file.content.copy(into, 0, position, position + into.length);
          return () => done(null, bytes);
        });
      },
      sync: (done) => {
        this.begin(() => {
          if (this.takeSyncFailure()) {
            file.forgetUnsynced();
            return () => done(failed('EIO', 'fdatasync'));
          }
          file.sync();
          return () => done(null);
        });
      },
      truncate: (length, done) => {
        this.begin(() => {
          file.apply({ kind: 'truncate', length });
          return () => done(null);
        });
      },
      size: (done) => {
        this.begin(() => {
          const { length } = file.content;
          return () => done(null, length);
        });
      },
      close: (done) => {
        this.begin(() => () => done(null));
      },
      // Two operations even so: whatever happens within, a crash may fall between them.
      writeDurably: (buffers, position, done) => {
        opened.write(buffers, position, (failure) => {
          if (failure !== null) done(failure, 'write');
          else opened.sync((syncFailure) => done(syncFailure, 'sync'));
        });
      },
    };
    return opened;
  }

  /** `effect` happens, and says how to tell; between the two the power may go. */
  private begin(effect: () => () => void): void {
    const { life } = this;
    const run = (): void => {
      if (life !== this.life) return;
      if (this.stalled !== undefined) {
        this.stalled.push(run);
        return;
      }
      this.operations++;
      const tell = effect();
      if (this.operations < this.crashAtOperation) {
        tell();
        return;
      }
      if (this.crashKind === 'power') this.losePower();
      else this.killProcess();
      this.onCrash();
    };
    this.options.schedule(run);
  }

  private takeSyncFailure(): boolean {
    const fails = this.syncFails;
    this.syncFails = false;
    return fails;
  }

  private split(path: string): { directory: SimulatedDirectory; name: string } {
    const at = path.lastIndexOf('/');
    return { directory: this.directoryAt(path.slice(0, at)), name: path.slice(at + 1) };
  }

  private directoryAt(path: string): SimulatedDirectory {
    let directory = this.directories.get(path);
    if (directory === undefined) {
      directory = new SimulatedDirectory();
      this.directories.set(path, directory);
    }
    return directory;
  }

  private fileAt(path: string): SimulatedFile | undefined {
    const { directory, name } = this.split(path);
    return directory.names.get(name);
  }
}

const failed = (code: string, what: string): Failure =>
  Object.assign(new Error(`${code}: ${what}`), { code });
