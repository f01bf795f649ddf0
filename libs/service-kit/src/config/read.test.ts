import { commonSchema } from './common.ts';
import { field } from './field.ts';
import { bytes, durationMs, flag, integer, oneOf } from './kinds.ts';
import { extendConfig, readConfig, type Env } from './read.ts';
import { formatEnvExample, formatVariableTable, listVariables } from './reference.ts';

const common = commonSchema({ clusterName: 'lock-cluster', port: 8000 });

const read = (env: Env) => readConfig(env, common);

function configOf(env: Env) {
  const result = read(env);
  if (!result.ok) throw new Error(result.mistakes.join('\n'));
  return result.config;
}

function mistakesOf(env: Env): readonly string[] {
  const result = read(env);
  return result.ok ? [] : result.mistakes;
}

describe('an environment that is empty', () => {
  it('starts a single durable node on the default port', () => {
    expect(configOf({})).toMatchObject({
      nodeId: 'node-8000',
      nodeHost: '127.0.0.1',
      nodePort: 8000,
      peers: [],
      members: [{ id: 'node-8000', host: '127.0.0.1', port: 8000 }],
      storage: 'file',
      dataDir: '.quorate/data/lock-cluster/node-8000',
      raftElectionTimeoutMinMs: 500,
      raftElectionTimeoutMaxMs: 1000,
      raftHeartbeatIntervalMs: 100,
      redis: { kind: 'single', node: { host: '127.0.0.1', port: 6379 }, tls: false },
      apiTokens: [],
    });
  });

  it('is the same as one whose variables are empty', () => {
    expect(configOf({ NODE_ID: '', NODE_PORT: '  ', PEER_NODES: '' })).toEqual(configOf({}));
  });
});

describe('a node among its peers', () => {
  const list = 'n1@localhost:8000,n2@localhost:8001,n3@localhost:8002';

  it('finds its id in a list that holds its own address', () => {
    const config = configOf({ NODE_PORT: '8001', PEER_NODES: list });
    expect(config.nodeId).toBe('n2');
    expect(config.peers.map(({ id }) => id)).toEqual(['n1', 'n3']);
    expect(config.members.map(({ id }) => id)).toEqual(['n1', 'n2', 'n3']);
  });

  it('finds itself by the name of its container', () => {
    const env = { NODE_HOST: '0.0.0.0', HOSTNAME: 'b', PEER_NODES: 'n1@a:8000,n2@b:8000' };
    expect(configOf(env).self).toEqual({ id: 'n2', host: 'b', port: 8000 });
  });

  it('may be left out of its own list', () => {
    const env = { NODE_ID: 'n1', PEER_NODES: 'n3@localhost:8002,n2@localhost:8001' };
    const config = configOf(env);
    expect(config.self).toEqual({ id: 'n1', host: '127.0.0.1', port: 8000 });
    expect(config.members.map(({ id }) => id)).toEqual(['n1', 'n2', 'n3']);
  });

  it('is reached under the address of the list, which may be that of a proxy', () => {
    const env = { NODE_ID: 'n1', NODE_PORT: '8000', PEER_NODES: 'n1@proxy:9000,n2@proxy:9001' };
    expect(configOf(env).self).toEqual({ id: 'n1', host: 'proxy', port: 9000 });
  });

  it('may not take the address of another', () => {
    const env = { NODE_ID: 'n9', NODE_PORT: '8001', PEER_NODES: list };
    expect(mistakesOf(env)).toEqual([
      'NODE_ID = "n9": takes the id PEER_NODES gives to localhost:8001, which is "n2"',
    ]);
  });
});

describe('a wrong value', () => {
  it('is one line that names the variable, what it held and what it takes', () => {
    expect(mistakesOf({ NODE_PORT: 'abc' })).toEqual([
      'NODE_PORT = "abc": takes a port number from 1 to 65535',
    ]);
    expect(mistakesOf({ STORAGE: 'tape' })).toEqual([
      'STORAGE = "tape": takes one of file, memory, redis',
    ]);
    expect(mistakesOf({ PEER_NODES: 'n2@localhost,n3@localhost' })).toEqual([
      'PEER_NODES = "n2@localhost,n3@localhost": takes a comma list of id@host:port, each id and ' +
        'each address once, such as n2@10.0.0.2:8000,n3@10.0.0.3:8000',
    ]);
  });

  it('does not hide the next', () => {
    const env = { NODE_PORT: '70000', LOG_LEVEL: 'loud', RAFT_HEARTBEAT_INTERVAL: '600' };
    expect(mistakesOf(env)).toEqual([
      'NODE_PORT = "70000": takes a port number from 1 to 65535',
      'LOG_LEVEL = "loud": takes one of error, warn, info, debug',
      'RAFT_HEARTBEAT_INTERVAL = "600": takes less than RAFT_ELECTION_TIMEOUT_MIN, which is 500 ms',
    ]);
  });

  it('stays one line when it holds several', () => {
    const [line, ...others] = mistakesOf({ NODE_PORT: '80\n00' });
    expect(line).not.toContain('\n');
    expect(others).toEqual([]);
  });

  it('is not repeated when it is a secret', () => {
    const lines = mistakesOf({ API_TOKENS: 'ci:short', CLUSTER_SECRET: 'tiny' });
    expect(lines).toHaveLength(2);
    expect(lines.join()).not.toMatch(/short|tiny/);
  });

  it.each([
    [
      { RAFT_ELECTION_TIMEOUT_MIN: '900', RAFT_ELECTION_TIMEOUT_MAX: '900' },
      'ELECTION_TIMEOUT_MAX',
    ],
    [{ TLS_CERT_FILE: 'a.pem' }, 'TLS_KEY_FILE is not set: takes the private key'],
    [{ TLS_CA_FILE: 'ca.pem' }, 'TLS_CA_FILE'],
    [{ PEER_NODES: 'a@h:1,a@h:2' }, 'each id'],
    [{ PEER_NODES: 'a@h:1,b@h:1' }, 'each address'],
    [{ REDIS_URL: 'http://localhost' }, 'REDIS_URL'],
    [{ NODE_ID: 'no spaces' }, 'NODE_ID'],
    [{ API_TOKENS: 'a:0123456789abcdef,a:fedcba9876543210' }, 'API_TOKENS'],
  ])('is found in %j', (env: Env, part) => {
    expect(mistakesOf(env)).toEqual([expect.stringContaining(part)]);
  });
});

describe('Redis', () => {
  it.each([
    ['redis://cache:6380/2', { kind: 'single', node: { host: 'cache', port: 6380 }, database: 2 }],
    ['rediss://u:p%40ss@cache', { tls: true, username: 'u', password: 'p@ss' }],
    [
      'redis+sentinel://a,b:26380/main/1',
      {
        kind: 'sentinel',
        master: 'main',
        database: 1,
        sentinels: [
          { host: 'a', port: 26379 },
          { host: 'b', port: 26380 },
        ],
      },
    ],
    [
      'redis+cluster://a:1,b:2',
      {
        kind: 'cluster',
        nodes: [
          { host: 'a', port: 1 },
          { host: 'b', port: 2 },
        ],
      },
    ],
  ])('is found at %s', (url, target) => {
    expect(configOf({ REDIS_URL: url }).redis).toMatchObject(target);
  });

  it('is found by host and port where there is no URL', () => {
    const { redis } = configOf({ REDIS_HOST: 'r', REDIS_PORT: '7000' });
    expect(redis).toMatchObject({ kind: 'single', node: { host: 'r', port: 7000 } });
  });
});

describe("an app's own variables", () => {
  const own = extendConfig(common, {
    fields: {
      shards: field('SHARDS', integer({ min: 1, max: 64 }), { description: 'Groups', default: 3 }),
      window: field('WINDOW', durationMs(), { description: 'Window', default: '2m' }),
      room: field('ROOM', bytes(), { description: 'Room', default: '1MiB' }),
      strict: field('STRICT', flag(), { description: 'Strict', default: false }),
      policy: field('POLICY', oneOf(['lru', 'clock']), { description: 'Policy' }),
    },
    rules: [
      {
        reads: ['shards', 'raftHeartbeatIntervalMs'],
        check: ({ shards }) =>
          shards === 13 ? { variable: 'SHARDS', takes: 'a luckier number' } : undefined,
      },
    ],
  });

  it('stand beside the common ones, with units and their own types', () => {
    const result = readConfig({ WINDOW: '1500ms', STRICT: 'yes', POLICY: 'LRU' }, own);
    expect(result).toMatchObject({
      ok: true,
      config: {
        shards: 3,
        window: 1500,
        room: 1_048_576,
        strict: true,
        policy: 'lru',
        nodePort: 8000,
      },
    });
  });

  it('keep rules with the common ones', () => {
    const result = readConfig({ SHARDS: '13' }, own);
    expect(result).toEqual({ ok: false, mistakes: ['SHARDS = "13": takes a luckier number'] });
  });

  it('are listed with description, default and what they take', () => {
    const listed = listVariables(own);
    expect(listed.find(({ variable }) => variable === 'SHARDS')).toEqual({
      variable: 'SHARDS',
      description: 'Groups',
      takes: 'a whole number from 1 to 64',
      default: '3',
      defaultNote: undefined,
      secret: false,
    });
    for (const { variable } of listed) {
      expect(formatEnvExample(own)).toContain(`# ${variable}=`);
      expect(formatVariableTable(own)).toContain(`| \`${variable}\` |`);
    }
  });

  it('have defaults that they would take themselves', () => {
    const env = Object.fromEntries(listVariables(own).map((v) => [v.variable, v.default]));
    expect(readConfig(env, own)).toMatchObject({ ok: true });
  });
});
