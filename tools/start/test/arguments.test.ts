import { readRequest } from '../src/arguments.mjs';

const read = (argv: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  readRequest(argv, env, '/data');

const nodesOf = (request: ReturnType<typeof read>) => {
  if (request.kind !== 'start') throw new Error(`expected a start, got ${request.kind}`);
  return request.nodes;
};

describe('what npm start is asked for', () => {
  it('is all nine nodes on their usual ports if nothing is named', () => {
    expect(nodesOf(read([])).map(({ id, port }) => `${id}:${port}`)).toEqual([
      'lock-1:8000',
      'lock-2:8001',
      'lock-3:8002',
      'queue-1:8100',
      'queue-2:8101',
      'queue-3:8102',
      'cache-1:8200',
      'cache-2:8201',
      'cache-3:8202',
    ]);
  });

  it('is a cluster by its short or its full name, or one node', () => {
    const named = nodesOf(read(['lock', 'cache-cluster', 'queue-2'])).map(({ id }) => id);
    expect(named).toEqual([
      'lock-1',
      'lock-2',
      'lock-3',
      'queue-2',
      'cache-1',
      'cache-2',
      'cache-3',
    ]);
  });

  it('names to each node the other members, never itself', () => {
    expect(nodesOf(read(['queue-2']))[0]?.env).toEqual({
      CLUSTER_NAME: 'queue-cluster',
      NODE_ID: 'queue-2',
      NODE_HOST: '127.0.0.1',
      NODE_PORT: '8101',
      PEER_NODES: 'queue-1@127.0.0.1:8100,queue-3@127.0.0.1:8102',
      DATA_DIR: expect.stringContaining('queue-2'),
    });
  });

  it('moves the three ports of a cluster together', () => {
    const moved = nodesOf(read(['queue'], { QUEUE_PORT: '9500' }));
    expect(moved.map(({ port }) => port)).toEqual([9500, 9501, 9502]);
    expect(moved[0]?.env['PEER_NODES']).toBe('queue-2@127.0.0.1:9501,queue-3@127.0.0.1:9502');
  });

  it.each(['0', '65534', '80 80', '-1', '8000.5'])('refuses %j as a port', (text) => {
    expect(read([], { CACHE_PORT: text })).toEqual({
      kind: 'mistakes',
      lines: [`CACHE_PORT is "${text}": a port from 1 to 65533 is needed.`],
    });
  });

  it('refuses clusters that would share a port', () => {
    expect(read([], { LOCK_PORT: '8098' })).toEqual({
      kind: 'mistakes',
      lines: [expect.stringContaining('LOCK_PORT (8098) and QUEUE_PORT (8100) overlap')],
    });
  });

  it('refuses an option it does not know', () => {
    expect(read(['--clean'])).toEqual({
      kind: 'mistakes',
      lines: [expect.stringContaining("'--clean'")],
    });
  });
});
