import { once } from 'node:events';
import { connect } from 'node:net';

import fc from 'fast-check';

import { nodeId, term } from '../core/ids.ts';
import type { PeerMessage } from '../replica/peer-message.ts';
import type { LinksOptions, PeerAddress } from './options.ts';
import { addressOf, type Endpoint, listen, shut, TestNode } from './test/test-node.ts';

const timeoutNow = (at: number): PeerMessage => ({ kind: 'timeout-now', term: term(at) });

let endpoints: Endpoint[] = [];
let nodes: TestNode[] = [];

const endpoint = async (id: string): Promise<Endpoint> => {
  const made = await listen(id);
  endpoints.push(made);
  return made;
};

function start(
  at: Endpoint,
  peers: readonly PeerAddress[],
  options?: Partial<LinksOptions>,
): TestNode {
  const node = new TestNode(at, peers, options);
  nodes.push(node);
  return node;
}

/** `b` dials `a`. */
async function pair(
  options: { readonly a?: Partial<LinksOptions>; readonly b?: Partial<LinksOptions> } = {},
) {
  const [atA, atB] = [await endpoint('a'), await endpoint('b')];
  const peers = [addressOf(atA), addressOf(atB)];
  return { a: start(atA, peers, options.a), b: start(atB, peers, options.b), atA, atB, peers };
}

afterEach(async () => {
  for (const node of nodes) node.links.close();
  await Promise.all(endpoints.map(shut));
  endpoints = [];
  nodes = [];
});

const linked = (node: TestNode) => node.until(() => node.has('linked'));

describe('two nodes of a cluster', () => {
  it('are linked by one connection, over which both send', async () => {
    const { a, b, atA, atB } = await pair();
    await Promise.all([linked(a), linked(b)]);
    expect(atA.sockets.size + atB.sockets.size).toBe(1);
    expect(a.links.send(nodeId('b'), 'g', timeoutNow(1))).toBe(true);
    expect(b.links.send(nodeId('a'), 'h', timeoutNow(2))).toBe(true);
    await Promise.all([
      a.until(() => a.messages.length === 1),
      b.until(() => b.messages.length === 1),
    ]);
    expect(b.messages).toEqual([['a', 'g', timeoutNow(1)]]);
    expect(a.messages).toEqual([['b', 'h', timeoutNow(2)]]);
  });

  it('keep the order of what is sent, whatever its size', async () => {
    const { a, b } = await pair();
    await linked(a);
    for (let id = 0; id < 200; id++) {
      const payloads = [Buffer.alloc(id % 7 === 0 ? 100_000 : 10, id)];
      a.links.send(nodeId('b'), 'g', { kind: 'forward', id, payloads });
    }
    await b.until(() => b.messages.length === 200);
    expect(b.messages.map(([, , message]) => (message as { id: number }).id)).toEqual(
      Array.from({ length: 200 }, (_, id) => id),
    );
  });

  it('send nothing while they are not linked', async () => {
    const at = await endpoint('a');
    const node = start(at, [addressOf(at), { id: nodeId('b'), host: '127.0.0.1', port: at.port }]);
    expect(node.links.send(nodeId('b'), 'g', timeoutNow(1))).toBe(false);
    expect(node.links.send(nodeId('z'), 'g', timeoutNow(1))).toBe(false);
    expect(node.links.status()).toEqual([{ peer: 'b', linked: false, waitingBytes: 0 }]);
  });

  it('refuse to keep more than a bound for a peer that does not read', async () => {
    const { a, b, atA } = await pair({ a: { limits: { bufferBytesMax: 100_000 } } });
    await Promise.all([linked(a), linked(b)]);
    // The connection takes nothing more, as when the peer has stopped reading.
    for (const socket of atA.sockets) socket.cork();
    const payloads = [Buffer.alloc(60_000)];
    const forward: PeerMessage = { kind: 'forward', id: 1, payloads };
    const sent = [1, 2, 3, 4].map(() => a.links.send(nodeId('b'), 'g', forward));
    expect(sent).toEqual([true, true, false, false]);
  });

  it('are linked again after the connection broke, and told of the break once', async () => {
    const { a, b, atA } = await pair();
    await Promise.all([linked(a), linked(b)]);
    for (const socket of atA.sockets) socket.destroy();
    const twice = (node: TestNode) =>
      node.until(() => node.events.filter(({ kind }) => kind === 'linked').length === 2);
    await Promise.all([twice(a), twice(b)]);
    expect(a.resets).toEqual([['b', false]]);
    expect(b.resets).toEqual([['a', false]]);
  });

  it('notice that the other is gone: its port refuses, whoever dialled', async () => {
    for (const victim of ['a', 'b'] as const) {
      const made = await pair();
      await Promise.all([linked(made.a), linked(made.b)]);
      const survivor = victim === 'a' ? made.b : made.a;
      made[victim].links.close();
      await shut(victim === 'a' ? made.atA : made.atB);
      await survivor.until(() => survivor.resets.length === 2);
      expect(survivor.resets).toEqual([
        [victim, false],
        [victim, true],
      ]);
    }
  });

  it('give a silent link up', async () => {
    const silent = { limits: { pingIntervalMs: 1 << 30 } };
    const { a, b } = await pair({
      a: { limits: { pingIntervalMs: 5, silenceMaxMs: 20 } },
      b: silent,
    });
    await linked(b);
    await a.until(() => a.has('lost'));
    expect(a.events.find(({ kind }) => kind === 'lost')).toEqual({
      kind: 'lost',
      peer: 'b',
      why: 'nothing was heard for 20 ms',
    });
  });

  it('keep an idle link by pings, each a sign of life', async () => {
    let heard = 0;
    let enough: () => void = () => undefined;
    const alive = new Promise<void>((resolve) => (enough = resolve));
    const lively = { limits: { pingIntervalMs: 5, silenceMaxMs: 1_000 } };
    const { a } = await pair({
      a: { ...lively, onHeard: () => (++heard === 10 ? enough() : undefined) },
      b: lively,
    });
    await alive;
    expect(a.has('lost')).toBe(false);
  });
});

describe('a link is refused', () => {
  const reasonsOf = (node: TestNode) =>
    node.events.flatMap((event) => (event.kind === 'refused' ? [[event.byUs, event.why]] : []));

  it.each([
    ['another cluster', { clusterName: 'queues' }, 'other-cluster'],
    ['other settings', { settings: () => 'another lease' }, 'other-settings'],
  ] as const)('to a node of %s, by name and once', async (_what, b, why) => {
    const made = await pair({ b });
    await Promise.all([
      made.a.until(() => made.a.has('refused')),
      made.b.until(() => made.b.has('refused')),
    ]);
    expect(reasonsOf(made.a)).toEqual([[true, why]]);
    expect(reasonsOf(made.b)).toEqual([[false, why]]);
  });

  it('to a node with another secret, by both', async () => {
    const { a, b } = await pair({ b: { secret: 'guess' } });
    await Promise.all([a.until(() => a.has('refused')), b.until(() => b.has('refused'))]);
    expect(reasonsOf(a)[0]).toEqual([true, 'wrong-secret']);
    expect(reasonsOf(b)[0]).toEqual([true, 'wrong-secret']);
  });

  it('to a node that nobody named', async () => {
    const [atA, atC] = [await endpoint('a'), await endpoint('c')];
    const a = start(atA, [addressOf(atA)]);
    const c = start(atC, [addressOf(atA), addressOf(atC)]);
    await c.until(() => c.has('refused'));
    expect(reasonsOf(c)).toEqual([[false, 'unknown-node']]);
    expect(reasonsOf(a)).toEqual([[true, 'unknown-node']]);
  });

  it('when an address leads to another node', async () => {
    const [atA, atB] = [await endpoint('a'), await endpoint('b')];
    start(atA, [addressOf(atA), addressOf(atB)]);
    const b = start(atB, [{ ...addressOf(atA), id: nodeId('Z') }, addressOf(atB)]);
    await b.until(() => b.has('refused'));
    expect(reasonsOf(b)).toEqual([[false, 'wrong-address']]);
  });

  it('to a former life of a node that lives on', async () => {
    const made = await pair({ b: { incarnation: 7 } });
    await Promise.all([linked(made.a), linked(made.b)]);
    const old = start(await endpoint('b'), made.peers, { incarnation: 6 });
    await old.until(() => old.has('refused'));
    expect(reasonsOf(old)).toEqual([[false, 'former-life']]);
  });

  it('when the port belongs to some other service', async () => {
    const other = await endpoint('a');
    const atB = await endpoint('b');
    const b = start(atB, [addressOf(other), addressOf(atB)]);
    await b.until(() => b.has('refused') || b.has('unreachable'));
    expect(b.has('linked')).toBe(false);
  });

  it('to whoever talks garbage, and the node lives on', async () => {
    const { a, b, atA } = await pair();
    await Promise.all([linked(a), linked(b)]);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), async (garbage) => {
        const socket = connect(atA.port, '127.0.0.1');
        socket.on('error', () => undefined);
        socket.resume();
        socket.write(
          'GET /cluster/link HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\nupgrade: quorate-link\r\n\r\n',
        );
        socket.end(garbage);
        await once(socket, 'close');
      }),
      { numRuns: 30 },
    );
    a.links.send(nodeId('b'), 'g', timeoutNow(1));
    await b.until(() => b.messages.length === 1);
  });
});

it('a peer that proved itself and then sends garbage loses its link, and gets a new one', async () => {
  const { a, b, atA } = await pair();
  await Promise.all([linked(a), linked(b)]);
  const lost = () => b.events.filter(({ kind }) => kind === 'lost').length;
  for (const garbage of [Buffer.from('ffffffff', 'hex'), Buffer.from('0000000109', 'hex')]) {
    const before = lost();
    for (const socket of atA.sockets) socket.write(garbage);
    await b.until(() => lost() > before);
    const again = b.events.length;
    await b.until(() => b.events.slice(again).some(({ kind }) => kind === 'linked'));
  }
  expect(b.events.flatMap((event) => (event.kind === 'lost' ? [event.why] : []))).toEqual([
    expect.stringContaining('a frame of 4294967295 bytes is above the limit'),
    expect.stringContaining('a frame of an unknown kind 9'),
  ]);
});
