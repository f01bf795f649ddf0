import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';

import { nodeId, term } from '../core/ids.ts';
import type { LinksOptions } from './options.ts';
import { TestAuthority } from './test/certificates.ts';
import { addressOf, type Endpoint, listen, shut, TestNode } from './test/test-node.ts';

type Certificate = ReturnType<TestAuthority['issue']>;

const authority = new TestAuthority('ours');
const stranger = new TestAuthority('theirs');
const certificateOf = (name: string) => authority.issue(name, '127.0.0.1');
const redial = { redialMinMs: 2, redialMaxMs: 4 };

let endpoints: Endpoint[] = [];
let nodes: TestNode[] = [];

/** As a service listens: clients need no certificate, and whoever links is asked for one. */
async function secureEndpoint(id: string, certificate: Certificate): Promise<Endpoint> {
  const asks = { ca: authority.pem, requestCert: true, rejectUnauthorized: false };
  const made = await listen(id, createSecureServer({ ...certificate, ...asks }));
  endpoints.push(made);
  return made;
}

async function plainEndpoint(id: string): Promise<Endpoint> {
  const made = await listen(id, createServer());
  endpoints.push(made);
  return made;
}

/** `b` dials `a`, whose certificate and trust are as they should be. */
async function pair(
  atA: Endpoint,
  tls: { readonly a: LinksOptions['tls']; readonly b: LinksOptions['tls'] },
) {
  const atB = await plainEndpoint('b');
  const peers = [addressOf(atA), addressOf(atB)];
  const options = (of: LinksOptions['tls']) => ({
    limits: redial,
    ...(of === undefined ? {} : { tls: of }),
  });
  const a = new TestNode(atA, peers, options(tls.a));
  const b = new TestNode(atB, peers, options(tls.b));
  nodes.push(a, b);
  return { a, b };
}

const trusting = (certificate: Certificate, ca = authority.pem) => ({ ...certificate, ca });

afterEach(async () => {
  for (const node of nodes) node.links.close();
  await Promise.all(endpoints.map(shut));
  endpoints = [];
  nodes = [];
});

/** What was said of a link that was tried several times. */
async function saidBy(node: TestNode, dialler: Endpoint): Promise<readonly unknown[]> {
  let dials = 0;
  await new Promise<void>((resolve) => {
    const count = () => (++dials === 5 ? resolve() : undefined);
    dialler.server.on('connection', count);
  });
  await node.until(() => node.events.length > 0);
  return node.events;
}

describe('a link over TLS', () => {
  it('stands when both certificates are signed by the authority that both trust', async () => {
    const atA = await secureEndpoint('a', certificateOf('a'));
    const own = { a: trusting(certificateOf('a')), b: trusting(certificateOf('b')) };
    const { a, b } = await pair(atA, own);
    await Promise.all([a.until(() => a.has('linked')), b.until(() => b.has('linked'))]);
    b.links.send(nodeId('a'), 'g', { kind: 'timeout-now', term: term(7) });
    await a.until(() => a.messages.length === 1);
    expect(a.messages).toEqual([['b', 'g', { kind: 'timeout-now', term: 7 }]]);
    for (const socket of atA.sockets) expect(socket).toMatchObject({ destroyed: false });
  });

  it.each([
    [
      'an authority that we do not trust',
      () => stranger.issue('a', '127.0.0.1'),
      { why: 'untrusted-certificate', detail: expect.stringContaining('unable to verify') },
    ],
    [
      'our authority, for another address',
      () => authority.issue('a', '127.0.0.2'),
      { why: 'untrusted-certificate', detail: expect.stringContaining('127.0.0.1 is not in') },
    ],
  ])('is not made to a node with a certificate of %s, and said once', async (_of, issue, said) => {
    const atA = await secureEndpoint('a', issue());
    const own = { a: trusting(certificateOf('a')), b: trusting(certificateOf('b')) };
    const { b } = await pair(atA, own);
    expect(await saidBy(b, atA)).toEqual([{ kind: 'refused', who: 'a', byUs: true, ...said }]);
  });

  it.each([
    ['of another authority', { ...stranger.issue('b', '127.0.0.1') }],
    ['that it does not show', {}],
  ])('is not taken from a node with a certificate %s, and said once by both', async (_of, own) => {
    const atA = await secureEndpoint('a', certificateOf('a'));
    const { a, b } = await pair(atA, {
      a: trusting(certificateOf('a')),
      b: { ...own, ca: authority.pem },
    });
    const why = 'untrusted-certificate';
    expect(await saidBy(b, atA)).toMatchObject([{ kind: 'refused', who: 'a', byUs: false, why }]);
    expect(a.events).toMatchObject([{ kind: 'refused', who: 'b', byUs: true, why }]);
  });

  it('is not made to a port that speaks no TLS', async () => {
    const atA = await plainEndpoint('a');
    const { b } = await pair(atA, { a: undefined, b: trusting(certificateOf('b')) });
    expect(await saidBy(b, atA)).toMatchObject([
      { kind: 'refused', who: 'a', byUs: true, why: 'no-tls' },
    ]);
  });

  it('is not made without TLS to a port that speaks nothing else', async () => {
    const atA = await secureEndpoint('a', certificateOf('a'));
    const { b } = await pair(atA, { a: trusting(certificateOf('a')), b: undefined });
    expect(await saidBy(b, atA)).toMatchObject([
      { who: 'a', why: 'no-answer', detail: expect.stringContaining('speaks TLS only') },
    ]);
  });

  it('that is refused is dialled again with growing pauses, not at once', async () => {
    const atA = await secureEndpoint('a', stranger.issue('a', '127.0.0.1'));
    const dialledMs: number[] = [];
    const enough = new Promise<void>((resolve) => {
      atA.server.on('connection', () => {
        if (dialledMs.push(performance.now()) === 5) resolve();
      });
    });
    const own = { a: trusting(certificateOf('a')), b: trusting(certificateOf('b')) };
    const { b } = await pair(atA, own);
    await enough;
    // Pauses of at least half of 2 and then 4 ms: a machine may only make them longer.
    expect(dialledMs[4]! - dialledMs[0]!).toBeGreaterThan(1 + 2 + 2 + 2 - 0.5);
    expect(b.has('linked')).toBe(false);
  });
});
