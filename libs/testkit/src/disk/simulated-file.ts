/** One unsynced change of a file's bytes. */
export type FileChange =
  | { readonly kind: 'write'; readonly position: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly length: number };

export const sectorBytes = 512;

/**
 * A file as processes see it (`content`) and as the disk holds it (`synced`, with the changes since
 * then of which any subset may survive a loss of power).
 */
export class SimulatedFile {
  content: Buffer = Buffer.alloc(0);
  private synced: Buffer = Buffer.alloc(0);
  private unsynced: FileChange[] = [];

  apply(change: FileChange): void {
    this.content = changed(this.content, change);
    this.unsynced.push(change);
  }

  sync(): void {
    this.synced = Buffer.from(this.content);
    this.unsynced = [];
  }

  /** A failed sync: the kernel forgets that some pages were dirty, and still shows them (fsyncgate). */
  forgetUnsynced(): void {
    this.unsynced = [];
  }

  /** Damage that no crash explains. */
  flip(offset: number, mask: number): void {
    this.content[offset] = this.content[offset]! ^ mask;
    this.synced = Buffer.from(this.content);
    this.unsynced = [];
  }

  /**
   * What the disk holds after the power went. Each unsynced change is there, or not, or torn: cut at
   * some byte, or any subset of its sectors.
   */
  losePower(random: () => number): void {
    let survived = this.synced;
    for (const change of this.unsynced) {
      if (random() < 0.4) continue;
      if (change.kind === 'truncate' || random() < 0.4) survived = changed(survived, change);
      else if (random() < 0.5) survived = changed(survived, cutShort(change, random));
      else survived = withSomeSectors(survived, change, random);
    }
    this.content = Buffer.from(survived);
    this.synced = survived;
    this.unsynced = [];
  }
}

type Write = FileChange & { readonly kind: 'write' };

function changed(content: Buffer, change: FileChange): Buffer {
  if (change.kind === 'truncate') return resized(content, change.length);
  const endOffset = change.position + change.bytes.length;
  const next = endOffset > content.length ? resized(content, endOffset) : Buffer.from(content);
  change.bytes.copy(next, change.position);
  return next;
}

function resized(content: Buffer, length: number): Buffer {
  const next = Buffer.alloc(length);
  content.copy(next, 0, 0, length);
  return next;
}

function cutShort(change: Write, random: () => number): Write {
  const length = Math.floor(random() * (change.bytes.length + 1));
  return { ...change, bytes: change.bytes.subarray(0, length) };
}

/** Sectors are counted from the beginning of the file; the length may have grown all the same. */
function withSomeSectors(content: Buffer, change: Write, random: () => number): Buffer {
  const endOffset = change.position + change.bytes.length;
  let next = content;
  if (endOffset > content.length && random() < 0.5) next = resized(content, endOffset);
  for (let at = change.position; at < endOffset;) {
    const sectorEnd = Math.min(endOffset, (Math.floor(at / sectorBytes) + 1) * sectorBytes);
    const bytes = change.bytes.subarray(at - change.position, sectorEnd - change.position);
    if (random() < 0.5) next = changed(next, { kind: 'write', position: at, bytes });
    at = sectorEnd;
  }
  return next;
}
