import type { LogIndex } from './ids.ts';

/**
 * Appends sent to a peer and not answered, bounded by number and by bytes. An answer that matches up
 * to an index frees every append that ends there or before: answers are cumulative, so a lost or
 * coalesced one costs nothing.
 */
export class InflightWindow {
  private readonly ends: number[] = [];
  private readonly sizes: number[] = [];
  private head = 0;
  private bytes = 0;
  private readonly messagesMax: number;
  private readonly bytesMax: number;

  constructor(messagesMax: number, bytesMax: number) {
    this.messagesMax = messagesMax;
    this.bytesMax = bytesMax;
  }

  get count(): number {
    return this.ends.length - this.head;
  }

  /** One append larger than the bound may still go, alone: otherwise it never would. */
  get full(): boolean {
    return this.count >= this.messagesMax || this.bytes >= this.bytesMax;
  }

  add(end: LogIndex, bytes: number): void {
    this.ends.push(end);
    this.sizes.push(bytes);
    this.bytes += bytes;
  }

  freeThrough(match: LogIndex): void {
    while (this.head < this.ends.length && this.ends[this.head]! <= match) {
      this.bytes -= this.sizes[this.head]!;
      this.head += 1;
    }
    if (this.head === this.ends.length) this.clear();
    else if (this.head > this.messagesMax) {
      this.ends.splice(0, this.head);
      this.sizes.splice(0, this.head);
      this.head = 0;
    }
  }

  clear(): void {
    this.ends.length = 0;
    this.sizes.length = 0;
    this.head = 0;
    this.bytes = 0;
  }
}
