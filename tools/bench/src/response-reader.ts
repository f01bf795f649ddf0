const headEnd = Buffer.from('\r\n\r\n');
const lineEnd = Buffer.from('\r\n');

export interface Response {
  readonly status: number;
  readonly body: Buffer;
}

/**
 * Just enough of HTTP/1.1 to measure servers with: responses with a length or in chunks, one after
 * another on a connection. A client that did more would be what is measured.
 */
export class ResponseReader {
  #rest: Buffer = Buffer.alloc(0);
  readonly #onResponse: (response: Response) => void;

  constructor(onResponse: (response: Response) => void) {
    this.#onResponse = onResponse;
  }

  push(bytes: Buffer): void {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    for (let used = this.#take(); used > 0; used = this.#take()) {
      this.#rest = this.#rest.subarray(used);
    }
  }

  /** How many bytes the first response took; 0 while it is not there in full. */
  #take(): number {
    const bytes = this.#rest;
    const end = bytes.indexOf(headEnd);
    if (end < 0) return 0;
    const head = bytes.toString('latin1', 0, end);
    const status = Number(head.slice(9, 12));
    const start = end + headEnd.length;
    const length = /\r\ncontent-length: *(\d+)/i.exec(head);
    if (length === null && /\r\ntransfer-encoding: *chunked/i.test(head)) {
      const chunked = readChunks(bytes, start);
      if (chunked === undefined) return 0;
      this.#onResponse({ status, body: chunked.body });
      return chunked.end;
    }
    const bodyEnd = start + Number(length?.[1] ?? 0);
    if (bytes.length < bodyEnd) return 0;
    this.#onResponse({ status, body: bytes.subarray(start, bodyEnd) });
    return bodyEnd;
  }
}

function readChunks(
  bytes: Buffer,
  start: number,
): { readonly body: Buffer; readonly end: number } | undefined {
  const chunks: Buffer[] = [];
  for (let at = start; ;) {
    const sizeEnd = bytes.indexOf(lineEnd, at);
    if (sizeEnd < 0) return undefined;
    const size = parseInt(bytes.toString('latin1', at, sizeEnd), 16);
    const chunkStart = sizeEnd + lineEnd.length;
    const end = chunkStart + size + lineEnd.length;
    if (bytes.length < end) return undefined;
    if (size === 0) return { body: Buffer.concat(chunks), end };
    chunks.push(bytes.subarray(chunkStart, chunkStart + size));
    at = end;
  }
}
