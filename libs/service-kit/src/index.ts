export { invariant, InvariantError, isBrokenInvariant } from './invariant.ts';

export { field, kindOf, type Field, type FieldOptions, type Kind } from './config/field.ts';
export {
  bytes,
  durationMs,
  flag,
  host,
  integer,
  name,
  oneOf,
  port,
  text,
  type Bounds,
} from './config/kinds.ts';
export {
  formatHostPort,
  peers,
  readHostPort,
  type HostPort,
  type Peer,
} from './config/addresses.ts';
export { apiTokens, type ApiToken } from './config/api-tokens.ts';
export { readRedisUrl, redisUrl, type RedisTarget } from './config/redis-target.ts';
export {
  exitOnConfigMistakes,
  extendConfig,
  readConfig,
  type Config,
  type ConfigResult,
  type ConfigSchema,
  type Env,
  type Mistake,
  type Rule,
} from './config/read.ts';
export {
  commonSchema,
  type CommonConfig,
  type CommonDerived,
  type CommonSchema,
} from './config/common.ts';
export type { Identity } from './config/identity.ts';
export {
  formatEnvExample,
  formatVariableTable,
  listVariables,
  type VariableReference,
} from './config/reference.ts';
export { readTls, type TlsMaterial } from './config/tls.ts';

export {
  createLogger,
  silentLogger,
  type LogFormat,
  type Logger,
  type LoggerOptions,
  type LogLevel,
} from './logging/logger.ts';
export { createRegistry, type RegistryOptions } from './metrics/registry.ts';

export { commonCodes, type CodeEntry, type CodeTable, type CommonCode } from './errors/codes.ts';
export {
  commonProblems,
  defineProblems,
  isProblem,
  problem,
  problemBody,
  type MakeProblem,
  type Problem,
  type ProblemTable,
} from './errors/problem.ts';

export type { Answer, Context, Outcome } from './routes/answer.ts';
export {
  defineRoute,
  type Input,
  type Method,
  type Route,
  type RouteSpec,
} from './routes/route.ts';
export { takesPost } from './routes/takes-post.ts';
export { jsonDepthMax, jsonValue, type JsonValue } from './routes/json-value.ts';
export {
  roleNumber,
  type ClusterReport,
  type HealthReport,
  type MemberReport,
  type NodeView,
  type ReadyReport,
  type RoleName,
  type ShardHealth,
} from './node/view.ts';

export { limitDefaults, type Limits } from './http/limits.ts';
export { createService, type Service, type ServiceOptions } from './http/service.ts';
export { openApiDocument, type OpenApiDocument } from './openapi/document.ts';
export type { StopHook } from './lifecycle/graceful-stop.ts';
export {
  ListenError,
  serve,
  type OnUpgrade,
  type RunningServer,
  type ServeOptions,
} from './lifecycle/serve.ts';
export {
  crash,
  exitCodeCrash,
  runService,
  type Runnable,
  type RunOptions,
} from './lifecycle/run-service.ts';
export { Parking, type Place, type Woken } from './cluster/parking.ts';
export { noLeader, replyOrProblem } from './cluster/outcomes.ts';
export { requestRef, type RequestOf } from './cluster/request-ref.ts';
export { StartError } from './lifecycle/start-error.ts';
export { markDataFolder } from './cluster/data-marker.ts';
export {
  startClusterNode,
  type AppParts,
  type ClusterApp,
  type ShardParts,
} from './cluster/start-node.ts';
