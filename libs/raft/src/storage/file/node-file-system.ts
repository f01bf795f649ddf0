import fs from 'node:fs';
import { dirname } from 'node:path';
import type {
  Answer,
  Completion,
  DurableCompletion,
  FileSystem,
  OpenFile,
  OpenMode,
} from './file-system.ts';

/**
 * Linux makes a write durable in the call that writes it: one trip to a thread of the pool and back
 * instead of two, which is a fifth of the processor time and of the latency of a small batch. What
 * O_DSYNC means elsewhere is not always what fdatasync does there (a disk's own cache on macOS).
 */
const writesDurably = process.platform === 'linux';

const flags: Readonly<Record<OpenMode, string | number>> = {
  read: 'r',
  write: 'r+',
  create: 'wx+',
  log: writesDurably ? fs.constants.O_RDWR | fs.constants.O_DSYNC : 'r+',
};

/** The machine's own file system. */
export const nodeFileSystem: FileSystem = {
  makeDirectory: (path, done) =>
    fs.mkdir(path, { recursive: true }, (failure, firstMade) => {
      if (failure !== null || firstMade === undefined) done(failure);
      else syncDirectories(dirname(path), dirname(firstMade), done);
    }),
  list: (path, done) => fs.readdir(path, done),
  open: (path, mode, done) =>
    fs.open(path, flags[mode], (failure, descriptor) => {
      if (failure === null) done(null, new NodeFile(descriptor, writesDurably && mode === 'log'));
      else done(failure);
    }),
  rename: (from, to, done) => fs.rename(from, to, done),
  remove: (path, done) => fs.unlink(path, done),
  syncDirectory,
  freeBytes: (path, done) =>
    fs.statfs(path, (failure, stats) => {
      if (failure === null) done(null, stats.bavail * stats.bsize);
      else done(failure);
    }),
};

/** From a directory up to one of its parents: each holds a name that was just made. */
function syncDirectories(path: string, upTo: string, done: Completion): void {
  syncDirectory(path, (failure) => {
    if (failure !== null || path === upTo || path === dirname(path)) done(failure);
    else syncDirectories(dirname(path), upTo, done);
  });
}

/** Windows has no directories to sync: there a rename is as durable as it gets. */
function syncDirectory(path: string, done: Completion): void {
  if (process.platform === 'win32') {
    setImmediate(done, null);
    return;
  }
  fs.open(path, 'r', (failure, descriptor) => {
    if (failure !== null) {
      done(failure);
      return;
    }
    fs.fsync(descriptor, (syncFailure) => {
      fs.close(descriptor, (closeFailure) => done(syncFailure ?? closeFailure));
    });
  });
}

class NodeFile implements OpenFile {
  private readonly descriptor: number;
  /** Opened so that a write returns when it is durable. */
  private readonly durable: boolean;

  constructor(descriptor: number, durable: boolean) {
    this.descriptor = descriptor;
    this.durable = durable;
  }

  write(buffers: readonly Uint8Array[], position: number, done: Completion): void {
    fs.writev(this.descriptor, buffers, position, (failure, bytes) => {
      if (failure !== null) {
        done(failure);
        return;
      }
      const rest = after(buffers, bytes);
      if (rest.length === 0) done(null);
      // A write that ends early gives its reason when it is asked to go on.
      else this.write(rest, position + bytes, done);
    });
  }

  writeDurably(buffers: readonly Uint8Array[], position: number, done: DurableCompletion): void {
    this.write(buffers, position, (failure) => {
      if (failure !== null) done(failure, 'write');
      else if (this.durable) done(null);
      else this.sync((syncFailure) => done(syncFailure, 'sync'));
    });
  }

  read(into: Uint8Array, position: number, done: Answer<number>): void {
    const readOn = (at: number): void => {
      fs.read(this.descriptor, into, at, into.length - at, position + at, (failure, bytes) => {
        if (failure !== null) done(failure);
        else if (bytes === 0 || at + bytes === into.length) done(null, at + bytes);
        else readOn(at + bytes);
      });
    };
    readOn(0);
  }

  sync(done: Completion): void {
    fs.fdatasync(this.descriptor, done);
  }

  truncate(length: number, done: Completion): void {
    fs.ftruncate(this.descriptor, length, done);
  }

  size(done: Answer<number>): void {
    fs.fstat(this.descriptor, (failure, stats) => {
      if (failure === null) done(null, stats.size);
      else done(failure);
    });
  }

  close(done: Completion): void {
    fs.close(this.descriptor, (failure) => done(failure ?? null));
  }
}

function after(buffers: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let skip = bytes;
  let at = 0;
  for (let next = buffers[at]; next !== undefined && skip >= next.length; next = buffers[at]) {
    skip -= next.length;
    at++;
  }
  const cut = buffers[at];
  if (cut === undefined) return [];
  return skip === 0 ? buffers.slice(at) : [cut.subarray(skip), ...buffers.slice(at + 1)];
}
