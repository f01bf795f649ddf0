import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface NatsMessage {
  readonly subject: string;
  readonly reply: string | undefined;
  readonly payload: Buffer;
}

const lineEnd = Buffer.from('\r\n');

/**
 * One connection to a NATS server, in its text protocol: publish, and wait for as many messages in the
 * own inbox as an operation is answered with.
 */
export class NatsClient {
  readonly #socket: Socket;
  readonly #inbox = `_INBOX.${process.pid}.${Math.random().toString(36).slice(2)}`;
  #rest: Buffer = Buffer.alloc(0);
  #arrived: NatsMessage[] = [];
  #wanted = 0;
  #onArrived: ((messages: readonly NatsMessage[]) => void) | undefined;
  #onError: ((error: Error) => void) | undefined;
  #requests = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (bytes: Buffer) => this.#push(bytes));
    socket.on('error', (error) => this.#onError?.(error));
    const options = { verbose: false, pedantic: false, headers: true, no_responders: true };
    socket.write(`CONNECT ${JSON.stringify(options)}\r\nSUB ${this.#inbox}.* 1\r\n`);
  }

  static async open(port: number): Promise<NatsClient> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    await once(socket, 'connect');
    return new NatsClient(socket);
  }

  /** Publishes all, and waits for `answers` messages in the inbox. */
  request(
    publishes: readonly { readonly subject: string; readonly payload: string }[],
    answers = publishes.length,
  ): Promise<readonly NatsMessage[]> {
    this.#requests += 1;
    const reply = `${this.#inbox}.${this.#requests}`;
    let text = '';
    for (const { subject, payload } of publishes) {
      text += `PUB ${subject} ${reply} ${Buffer.byteLength(payload)}\r\n${payload}\r\n`;
    }
    this.#arrived = [];
    this.#wanted = answers;
    return new Promise((resolve, reject) => {
      this.#onArrived = resolve;
      this.#onError = reject;
      this.#socket.write(text);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #push(bytes: Buffer): void {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    for (let used = this.#take(); used > 0; used = this.#take()) {
      this.#rest = this.#rest.subarray(used);
    }
  }

  #take(): number {
    const end = this.#rest.indexOf(lineEnd);
    if (end < 0) return 0;
    const start = end + lineEnd.length;
    const words = this.#rest.toString('latin1', 0, end).split(' ');
    const [verb, subject = ''] = words;
    if (verb === 'PING') this.#socket.write('PONG\r\n');
    if (verb === '-ERR') this.#onError?.(new Error(words.join(' ')));
    if (verb !== 'MSG' && verb !== 'HMSG') return start;
    // MSG <subject> <sid> [reply] <size>; HMSG has the size of its headers before that of all.
    const size = Number(words.at(-1));
    if (this.#rest.length < start + size + lineEnd.length) return 0;
    const numbers = verb === 'MSG' ? 1 : 2;
    const headers = verb === 'MSG' ? 0 : Number(words.at(-2));
    const reply = words.length > 3 + numbers ? words[3] : undefined;
    const payload = Buffer.from(this.#rest.subarray(start + headers, start + size));
    this.#hear({ subject, reply, payload }, headers > 0);
    return start + size + lineEnd.length;
  }

  /** What has headers and nothing else is a status (no responders, a pull that timed out). */
  #hear(message: NatsMessage, hasHeaders: boolean): void {
    if (hasHeaders && message.payload.length === 0) {
      this.#onError?.(new Error(`a status instead of a message on ${message.subject}`));
      return;
    }
    this.#arrived.push(message);
    if (this.#arrived.length === this.#wanted) this.#onArrived?.(this.#arrived);
  }
}
