import type { Duplex } from 'node:stream';

import type { NodeId } from '../core/ids.ts';
import type { PeerMessage } from '../replica/peer-message.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { FrameSplitter, ProtocolViolation } from './frame-splitter.ts';
import { readMessage, writeMessage } from './message-codec.ts';
import type { LinkLimits } from './options.ts';

export interface LinkPeer {
  readonly id: NodeId;
  readonly incarnation: number;
}

export interface LinkHandlers {
  onMessage(groupId: string, message: PeerMessage): void;
  onHeard(): void;
  /** Once. */
  onClose(why: string): void;
}

/** A frame without a group: the peer is alive and has nothing to say. */
const pingCode = 0;
const messageCode = 1;

/**
 * One trusted connection to a peer. What a turn sends leaves in one gathered write at its end; what
 * the peer is too slow to take waits up to a bound, and then is refused rather than kept.
 *
 *   frame: length u32 · 0                               ping
 *          length u32 · 1 · group (text) · message
 */
export class Link {
  readonly peer: LinkPeer;
  readonly #socket: Duplex;
  readonly #limits: LinkLimits;
  readonly #handlers: LinkHandlers;
  readonly #out = new ByteWriter();
  readonly #splitter: FrameSplitter;
  readonly #onFrame = (body: Buffer) => this.#read(body);
  #flushScheduled = false;
  #heard = true;
  #sent = false;
  #silentMs = 0;
  #closed = false;

  constructor(
    connection: { readonly peer: LinkPeer; readonly socket: Duplex },
    limits: LinkLimits,
    handlers: LinkHandlers,
  ) {
    this.peer = connection.peer;
    this.#socket = connection.socket;
    this.#limits = limits;
    this.#handlers = handlers;
    this.#splitter = new FrameSplitter(limits.frameBytesMax);
    this.#socket.on('data', (chunk: Buffer) => this.#take(chunk));
    this.#socket.on('error', (error) => this.close(error.message));
    this.#socket.on('close', () => this.close('the connection was closed'));
    this.#socket.on('end', () => this.close('the peer closed the connection'));
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Bytes that wait for the peer. */
  get waitingBytes(): number {
    return this.#out.bytes + this.#socket.writableLength;
  }

  /** False: not sent, because the link is closed or too much waits already. */
  send(groupId: string, message: PeerMessage): boolean {
    if (this.#closed || this.waitingBytes > this.#limits.bufferBytesMax) return false;
    this.#out.beginFrame();
    this.#out.u8(messageCode);
    this.#out.text(groupId);
    writeMessage(this.#out, message);
    this.#out.endFrame();
    this.#scheduleFlush();
    return true;
  }

  /** Bytes that came right behind the handshake. */
  feed(bytes: Buffer): void {
    if (bytes.length > 0) this.#take(bytes);
  }

  /** Called each ping interval: says that this node lives, and notices when the peer does not. */
  beat(elapsedMs: number): void {
    if (this.#closed) return;
    this.#silentMs = this.#heard ? 0 : this.#silentMs + elapsedMs;
    this.#heard = false;
    if (this.#silentMs >= this.#limits.silenceMaxMs) {
      this.close(`nothing was heard for ${this.#limits.silenceMaxMs} ms`);
      return;
    }
    if (!this.#sent) {
      this.#out.beginFrame();
      this.#out.u8(pingCode);
      this.#out.endFrame();
      this.#scheduleFlush();
    }
    this.#sent = false;
  }

  close(why: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.destroy();
    this.#handlers.onClose(why);
  }

  /** Lets what was sent leave, then closes. */
  end(): void {
    if (this.#closed) return;
    this.#flush();
    this.#closed = true;
    this.#socket.end();
    this.#socket.resume();
    this.#handlers.onClose('this node is stopping');
  }

  #scheduleFlush(): void {
    this.#sent = true;
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    // At the end of this turn, whatever group or callback sends more until then.
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    this.#flushScheduled = false;
    if (this.#closed) return;
    const parts = this.#out.take();
    this.#socket.cork();
    for (const part of parts) this.#socket.write(part);
    this.#socket.uncork();
  }

  #take(chunk: Buffer): void {
    if (this.#closed) return;
    this.#heard = true;
    this.#handlers.onHeard();
    try {
      this.#splitter.push(chunk, this.#onFrame);
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      this.close(`the peer does not speak the protocol: ${error.message}`);
    }
  }

  #read(body: Buffer): void {
    if (this.#closed) return;
    const frame = readFrame(body);
    if (frame !== undefined) this.#handlers.onMessage(frame.groupId, frame.message);
  }
}

/** `undefined` for a ping. What a handler throws must not be taken for a fault of the peer's. */
function readFrame(
  body: Buffer,
): { readonly groupId: string; readonly message: PeerMessage } | undefined {
  const input = new ByteReader(body);
  try {
    const code = input.u8();
    if (code === pingCode) {
      input.end();
      return undefined;
    }
    if (code !== messageCode) throw new RangeError(`a frame of an unknown kind ${code}`);
    const groupId = input.text();
    const message = readMessage(input);
    input.end();
    return { groupId, message };
  } catch (error) {
    throw new ProtocolViolation(error instanceof Error ? error.message : String(error));
  }
}
