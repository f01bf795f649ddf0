import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * How two nodes come to trust a connection. Both name themselves, their cluster and the protocol in
 * the headers of an HTTP Upgrade, with a fresh random nonce each; each then proves that it knows the
 * cluster's secret by an HMAC over everything both have said. The acceptor proves first, in its answer
 * (nobody learns anything by dialling but a value that is good for this nonce alone), the dialler
 * with the first bytes on the upgraded connection.
 */
export const linkPath = '/cluster/link';
export const linkProtocol = 'quorate-link';

/** Raised whenever nodes before and after could misunderstand each other's frames. */
export const protocolVersion = 2;

export const proofBytes = 32;

/** What one side says about itself. */
export interface Introduction {
  readonly protocol: number;
  readonly cluster: string;
  readonly node: string;
  readonly incarnation: number;
  /** What all nodes must have set alike; see `LinksOptions`. */
  readonly settings: string;
  readonly nonce: string;
}

export interface Transcript {
  readonly dialler: Introduction;
  readonly acceptor: Introduction;
}

export type Side = keyof Transcript;

/** Why a link is refused; the words go to the log of both sides. */
export type LinkRefusal =
  | 'not-a-link'
  | 'other-protocol'
  | 'other-cluster'
  | 'other-settings'
  | 'unknown-node'
  | 'wrong-address'
  | 'former-life'
  | 'wrong-secret'
  | 'untrusted-certificate'
  | 'no-tls'
  | 'no-answer'
  | 'stopping';

export const newNonce = (): string => randomBytes(32).toString('base64url');

export function prove(secret: string, side: Side, transcript: Transcript): Buffer {
  // As JSON, so that no two transcripts are the same bytes cut differently.
  const { dialler, acceptor } = transcript;
  const said = [side, fieldsOf(dialler), fieldsOf(acceptor)];
  return createHmac('sha256', secret).update(JSON.stringify(said)).digest();
}

export function isProof(claimed: Uint8Array, expected: Uint8Array): boolean {
  return claimed.length === expected.length && timingSafeEqual(claimed, expected);
}

const fieldsOf = ({
  protocol,
  cluster,
  node,
  incarnation,
  settings,
  nonce,
}: Introduction): readonly unknown[] => [protocol, cluster, node, incarnation, settings, nonce];

const headerNames = {
  protocol: 'quorate-protocol',
  cluster: 'quorate-cluster',
  node: 'quorate-node',
  incarnation: 'quorate-incarnation',
  settings: 'quorate-settings',
  nonce: 'quorate-nonce',
} as const;

/** The dialler names whom it means, so that a wrong address in a configuration is found at once. */
export const addresseeHeader = 'quorate-to';
export const proofHeader = 'quorate-proof';
export const refusalHeader = 'quorate-refusal';

export function toHeaders(introduction: Introduction): Record<string, string> {
  return {
    [headerNames.protocol]: String(introduction.protocol),
    [headerNames.cluster]: encodeURIComponent(introduction.cluster),
    [headerNames.node]: encodeURIComponent(introduction.node),
    [headerNames.incarnation]: String(introduction.incarnation),
    [headerNames.settings]: encodeURIComponent(introduction.settings),
    [headerNames.nonce]: introduction.nonce,
  };
}

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** `undefined` when anything is missing or malformed. */
export function fromHeaders(headers: Headers): Introduction | undefined {
  const protocol = Number(headers[headerNames.protocol]);
  const incarnation = Number(headers[headerNames.incarnation]);
  const cluster = textHeader(headers, headerNames.cluster);
  const node = textHeader(headers, headerNames.node);
  const settings = textHeader(headers, headerNames.settings);
  const nonce = headers[headerNames.nonce];
  if (!Number.isSafeInteger(protocol) || !Number.isSafeInteger(incarnation)) return undefined;
  if (cluster === undefined || node === undefined || settings === undefined) return undefined;
  if (typeof nonce !== 'string' || nonce.length < 32) return undefined;
  return { protocol, cluster, node, incarnation, settings, nonce };
}

export function textHeader(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  if (typeof value !== 'string') return undefined;
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}
