import type { Failure, FileSystem } from './file-system.ts';
import { isNoRoom } from '../no-room.ts';
import { answered, completed } from './promised.ts';
import type { OnStorageReport } from '../reports.ts';
import { createAnew, writeZeros } from './segment.ts';

export interface RoomOptions {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly reserveBytes: number;
  /** Free bytes, besides the reserve, that count as room again. */
  readonly marginBytes: number;
  readonly checkIntervalMs: number;
  /** Returns what cancels the timer. */
  readonly setTimer: (run: () => void, delayMs: number) => () => void;
  readonly report: OnStorageReport;
}

/**
 * Room to act in while the disk is full. A file of zeros is kept in good times and given up in bad
 * ones: votes, and the snapshots that let the log be compacted, are then written in its place. There
 * is room again when the reserve can be set aside anew.
 */
export class Room {
  full = false;
  /** Called each time there is room again. */
  onRoom: () => void = () => undefined;
  private readonly options: RoomOptions;
  private reserved = false;
  private cancelCheck: (() => void) | undefined;
  private checking: Promise<void> = Promise.resolve();
  private closed = false;

  constructor(options: RoomOptions) {
    this.options = options;
  }

  async open(): Promise<void> {
    if (await this.hasReserve()) {
      this.reserved = true;
      return;
    }
    try {
      await this.setAside();
    } catch (failure) {
      if (!isNoRoom(failure as Failure)) throw failure;
      this.turnFull(`no room for a reserve of ${this.options.reserveBytes} bytes`);
    }
  }

  /** Gives the reserve up; false when there is nothing left to give. */
  async give(detail: string): Promise<boolean> {
    // A check under way may be setting a reserve aside this very moment.
    await this.checking;
    this.turnFull(detail);
    if (!this.reserved) return false;
    this.reserved = false;
    const { fileSystem, directory } = this.options;
    await completed((done) => fileSystem.remove(this.path, done));
    await completed((done) => fileSystem.syncDirectory(directory, done));
    return true;
  }

  async close(): Promise<void> {
    this.closed = true;
    this.cancelCheck?.();
    await this.checking;
  }

  private get path(): string {
    return `${this.options.directory}/reserve`;
  }

  private turnFull(detail: string): void {
    if (this.full || this.closed) return;
    this.full = true;
    this.options.report({ kind: 'full', detail });
    this.checkLater();
  }

  private checkLater(): void {
    const { setTimer, checkIntervalMs } = this.options;
    this.cancelCheck = setTimer(() => {
      this.checking = this.check();
    }, checkIntervalMs);
  }

  private async check(): Promise<void> {
    try {
      if (await this.foundRoom()) {
        this.full = false;
        this.options.report({ kind: 'room-again' });
        this.onRoom();
        return;
      }
    } catch (failure) {
      const { message } = failure as Failure;
      if (!isNoRoom(failure as Failure)) {
        this.options.report({ kind: 'postponed', detail: `looking for room: ${message}` });
      }
    }
    if (!this.closed) this.checkLater();
  }

  private async foundRoom(): Promise<boolean> {
    const { fileSystem, directory, reserveBytes, marginBytes } = this.options;
    const missing = this.reserved ? 0 : reserveBytes;
    const free = await answered<number>((done) => fileSystem.freeBytes(directory, done));
    if (free < missing + marginBytes || this.closed) return false;
    if (!this.reserved) await this.setAside();
    return true;
  }

  private async hasReserve(): Promise<boolean> {
    const { fileSystem, directory } = this.options;
    const names = await answered<readonly string[]>((done) => fileSystem.list(directory, done));
    return names.includes('reserve');
  }

  /** Real zeros, not a hole: a hole reserves nothing. */
  private async setAside(): Promise<void> {
    const { fileSystem, directory, reserveBytes } = this.options;
    const temporary = `${this.path}.tmp`;
    const file = await createAnew(fileSystem, temporary);
    try {
      await writeZeros(file, reserveBytes);
      await completed((done) => file.close(done));
    } catch (failure) {
      await completed((done) => file.close(done)).catch(() => undefined);
      await completed((done) => fileSystem.remove(temporary, done)).catch(() => undefined);
      throw failure;
    }
    await completed((done) => fileSystem.rename(temporary, this.path, done));
    await completed((done) => fileSystem.syncDirectory(directory, done));
    this.reserved = true;
  }
}
