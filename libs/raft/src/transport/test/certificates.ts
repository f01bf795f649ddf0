import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/**
 * An authority and what it signs, made on the spot: Node reads certificates and writes none, and files
 * that are checked in run out. X.509 v3 in DER by hand, as much of it as TLS looks at (RFC 5280 §4.1).
 */
export class TestAuthority {
  readonly pem: string;
  readonly #name: Buffer;
  readonly #key: KeyObject;

  constructor(name: string) {
    const { privateKey, publicKey } = newKeys();
    this.#name = nameOf(name);
    this.#key = privateKey;
    const certifiesOthers = extension('2.5.29.19', sequence(tagged(0x01, Buffer.from([0xff]))));
    this.pem = this.#certify(this.#name, publicKey, [certifiesOthers]);
  }

  /** For a node that is reached under an address, `127.0.0.1` say. */
  issue(name: string, ipv4: string): { readonly cert: string; readonly key: string } {
    const { privateKey, publicKey } = newKeys();
    const address = tagged(0x87, Buffer.from(ipv4.split('.').map(Number)));
    const names = extension('2.5.29.17', sequence(address));
    return {
      cert: this.#certify(nameOf(name), publicKey, [names]),
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    };
  }

  #certify(subject: Buffer, key: KeyObject, extensions: readonly Buffer[]): string {
    const dayMs = 86_400_000;
    const body = sequence(
      tagged(0xa0, integer(Buffer.from([2]))),
      integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
      ecdsaWithSha256,
      this.#name,
      sequence(timeOf(Date.now() - dayMs), timeOf(Date.now() + dayMs)),
      subject,
      key.export({ type: 'spki', format: 'der' }),
      tagged(0xa3, sequence(...extensions)),
    );
    const signature = bitString(sign('sha256', body, this.#key));
    const der = sequence(body, ecdsaWithSha256, signature).toString('base64');
    const lines = der.match(/.{1,64}/g)!.join('\n');
    return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
  }
}

const newKeys = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });

function tagged(tag: number, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const { length } = body;
  const head = length < 0x80 ? [tag, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), body]);
}

const sequence = (...content: readonly Buffer[]): Buffer => tagged(0x30, ...content);
const integer = (bytes: Buffer): Buffer => tagged(0x02, bytes);
const bitString = (bytes: Buffer): Buffer => tagged(0x03, Buffer.from([0]), bytes);

/** Every number of ours after the first two is below 2²¹. */
function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = rest.flatMap((n) => [
    ...(n >= 1 << 14 ? [0x80 | (n >> 14)] : []),
    ...(n >= 1 << 7 ? [0x80 | ((n >> 7) & 0x7f)] : []),
    n & 0x7f,
  ]);
  return tagged(0x06, Buffer.from([first * 40 + second, ...bytes]));
}

const ecdsaWithSha256 = sequence(objectId('1.2.840.10045.4.3.2'));

const nameOf = (name: string): Buffer =>
  sequence(tagged(0x31, sequence(objectId('2.5.4.3'), tagged(0x0c, Buffer.from(name)))));

const extension = (id: string, value: Buffer): Buffer =>
  sequence(objectId(id), tagged(0x04, value));

/** UTCTime: YYMMDDhhmmssZ. */
const timeOf = (atMs: number): Buffer => {
  const digits = new Date(atMs).toISOString().replace(/[-:T]/g, '').slice(2, 14);
  return tagged(0x17, Buffer.from(`${digits}Z`));
};
