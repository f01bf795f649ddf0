import { apiTokens } from './api-tokens.ts';
import { peers } from './addresses.ts';
import { field, type Values } from './field.ts';
import { bytes, durationMs, flag, host, integer, name, oneOf, port, text } from './kinds.ts';
import { deriveIdentity, identityRules, type Identity } from './identity.ts';
import type { Config, ConfigSchema, Env, Rule } from './read.ts';
import { redisUrl, type RedisTarget } from './redis-target.ts';

export interface CommonDefaults {
  readonly clusterName: string;
  readonly port: number;
}

export const logLevels = ['error', 'warn', 'info', 'debug'] as const;
export const logFormats = ['json', 'pretty'] as const;

const loopback = '127.0.0.1';

/** The variables every service has; an app adds its own with `extendConfig`. */
function commonFields({ clusterName, port: portDefault }: CommonDefaults) {
  return {
    nodeId: field('NODE_ID', name(), {
      description: 'Name of this node, unique in its cluster',
      defaultNote: 'the entry of PEER_NODES with this address, else node-<NODE_PORT>',
    }),
    nodeHost: field('NODE_HOST', host(), {
      description: 'Address to listen on; 0.0.0.0 or :: for every interface',
      default: loopback,
    }),
    nodePort: field('NODE_PORT', port(), {
      description: 'Port for clients and for the other nodes',
      default: portDefault,
    }),
    peerNodes: field('PEER_NODES', peers(), {
      description:
        'The members of the cluster, with or without this node; unset runs a single node',
      default: '',
    }),
    clusterName: field('CLUSTER_NAME', name(), {
      description: 'Nodes of differently named clusters refuse one another',
      default: clusterName,
    }),
    clusterSecret: field('CLUSTER_SECRET', text('at least 16 characters', /^[^]{16,}$/), {
      description: 'Shared by all nodes, which prove it to one another when they connect',
      secret: true,
    }),
    dataDir: field('DATA_DIR', text('a folder'), {
      description: 'Where STORAGE=file keeps the log and snapshots of this node',
      defaultNote: '.quorate/data/<CLUSTER_NAME>/<NODE_ID>',
    }),
    storage: field('STORAGE', oneOf(['file', 'memory', 'redis']), {
      description: 'What keeps the log: file is durable, memory forgets at the end of the process',
      default: 'file',
    }),
    storageMayForget: field('STORAGE_MAY_FORGET', flag(), {
      description:
        'Accepts, for STORAGE=redis, a Redis that may lose what it acknowledged (no appendfsync always)',
      default: false,
    }),
    redisUrl: field('REDIS_URL', redisUrl(), {
      description: 'Redis, if something is kept there; wins over REDIS_HOST and REDIS_PORT',
      secret: true,
    }),
    redisHost: field('REDIS_HOST', host(), {
      description: 'Host of Redis where REDIS_URL is unset',
      default: loopback,
    }),
    redisPort: field('REDIS_PORT', port(), {
      description: 'Port of Redis where REDIS_URL is unset',
      default: 6_379,
    }),
    raftElectionTimeoutMinMs: field('RAFT_ELECTION_TIMEOUT_MIN', durationMs({ min: 10 }), {
      description:
        'A follower waits at least this long for its leader before it stands for election',
      default: 500,
    }),
    raftElectionTimeoutMaxMs: field('RAFT_ELECTION_TIMEOUT_MAX', durationMs({ min: 20 }), {
      description: 'A follower waits at most this long for its leader',
      default: 1_000,
    }),
    raftHeartbeatIntervalMs: field('RAFT_HEARTBEAT_INTERVAL', durationMs({ min: 1 }), {
      description: 'How often a leader is heard from when there is nothing else to send',
      default: 100,
    }),
    logLevel: field('LOG_LEVEL', oneOf(logLevels), {
      description: 'The least important level that is logged; debug has one line per request',
      default: 'info',
    }),
    logFormat: field('LOG_FORMAT', oneOf(logFormats), {
      description: 'json for machines, pretty for people',
      default: 'json',
    }),
    apiTokens: field('API_TOKENS', apiTokens(), {
      description: 'Bearer tokens as name:token,…; unset leaves the API open to whoever reaches it',
      default: '',
      secret: true,
    }),
    tlsCertFile: field('TLS_CERT_FILE', text('a PEM file'), {
      description: 'Certificate (chain) of this node; with TLS_KEY_FILE turns the port to HTTPS',
    }),
    tlsKeyFile: field('TLS_KEY_FILE', text('a PEM file'), {
      description: 'Private key of TLS_CERT_FILE',
    }),
    tlsCaFile: field('TLS_CA_FILE', text('a PEM file'), {
      description:
        'Authority that signs the certificates of the nodes; peers must then present one',
    }),
    bodyLimitBytes: field('BODY_LIMIT_BYTES', bytes({ min: 1_024, max: 268_435_456 }), {
      description: 'A longer request body is refused with 413',
      default: 1_048_576,
    }),
    requestTimeoutMs: field('REQUEST_TIMEOUT_MS', durationMs({ min: 100, max: 600_000 }), {
      description: 'A request that is not answered by then ends as 504',
      default: 10_000,
    }),
    inFlightMax: field('MAX_IN_FLIGHT', integer({ min: 1, max: 1_000_000 }), {
      description: 'Requests at work at once; more are refused with 429',
      default: 4_096,
    }),
    parkedMax: field('MAX_PARKED', integer({ min: 0, max: 1_000_000 }), {
      description: 'Requests that wait (for a lock, a message) at once; more are refused with 429',
      default: 10_000,
    }),
  };
}

type CommonFields = ReturnType<typeof commonFields>;

export interface CommonDerived extends Identity {
  readonly nodeId: string;
  readonly dataDir: string;
  readonly redis: RedisTarget;
}

export type CommonSchema = ConfigSchema<CommonFields, CommonDerived>;
export type CommonConfig = Config<CommonSchema>;

export function commonSchema(defaults: CommonDefaults): CommonSchema {
  return { fields: commonFields(defaults), rules, derive };
}

const rules: readonly Rule<CommonFields>[] = [
  {
    reads: ['raftElectionTimeoutMinMs', 'raftElectionTimeoutMaxMs'],
    check: ({ raftElectionTimeoutMinMs: min, raftElectionTimeoutMaxMs: max }) =>
      min < max
        ? undefined
        : {
            variable: 'RAFT_ELECTION_TIMEOUT_MIN',
            takes: `less than RAFT_ELECTION_TIMEOUT_MAX, which is ${max} ms`,
          },
  },
  {
    reads: ['raftHeartbeatIntervalMs', 'raftElectionTimeoutMinMs'],
    check: ({ raftHeartbeatIntervalMs: heartbeat, raftElectionTimeoutMinMs: min }) =>
      heartbeat < min
        ? undefined
        : {
            variable: 'RAFT_HEARTBEAT_INTERVAL',
            takes: `less than RAFT_ELECTION_TIMEOUT_MIN, which is ${min} ms`,
          },
  },
  {
    reads: ['tlsCertFile', 'tlsKeyFile'],
    check: ({ tlsCertFile, tlsKeyFile }) => {
      if ((tlsCertFile === undefined) === (tlsKeyFile === undefined)) return undefined;
      return tlsKeyFile === undefined
        ? { variable: 'TLS_KEY_FILE', takes: 'the private key of TLS_CERT_FILE, which is set' }
        : { variable: 'TLS_CERT_FILE', takes: 'the certificate of TLS_KEY_FILE, which is set' };
    },
  },
  {
    reads: ['tlsCaFile', 'tlsCertFile'],
    check: ({ tlsCaFile, tlsCertFile }) =>
      tlsCaFile === undefined || tlsCertFile !== undefined
        ? undefined
        : {
            variable: 'TLS_CA_FILE',
            takes: 'a PEM file beside TLS_CERT_FILE and TLS_KEY_FILE, which are not set',
          },
  },
  ...identityRules,
];

function derive(values: Values<CommonFields>, env: Env): CommonDerived {
  const identity = deriveIdentity(values, env);
  const { self } = identity;
  return {
    ...identity,
    nodeId: self.id,
    dataDir: values.dataDir ?? `.quorate/data/${values.clusterName}/${self.id}`,
    redis: values.redisUrl ?? {
      kind: 'single',
      node: { host: values.redisHost, port: values.redisPort },
      tls: false,
      username: undefined,
      password: undefined,
      database: 0,
    },
  };
}
