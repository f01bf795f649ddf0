export interface LogEntry {
  readonly level: string;
  readonly message: string;
  readonly atMs: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

export function formatJsonLine({ level, message, atMs, fields }: LogEntry): string {
  const line: Record<string, unknown> = { time: new Date(atMs).toISOString(), level, message };
  for (const [key, value] of Object.entries(fields)) line[key] = plain(value);
  return JSON.stringify(line);
}

const levelWidth = 5;

/** `12:34:56.789 INFO  message key=value`, with who is speaking in front if the fields say so. */
export function formatPrettyLine({ level, message, atMs, fields }: LogEntry): string {
  const time = new Date(atMs).toISOString().slice(11, 23);
  const { cluster, node_id: nodeId, ...rest } = fields;
  const who = [cluster, nodeId].filter((part) => typeof part === 'string').join('/');
  const pairs = Object.entries(rest).map(([key, value]) => `${key}=${shown(plain(value))}`);
  return [time, level.toUpperCase().padEnd(levelWidth), who, message, ...pairs]
    .filter((part) => part !== '')
    .join(' ');
}

/** Errors have no enumerable members; a log line keeps what they say and where they come from. */
function plain(value: unknown): unknown {
  if (value instanceof Error) {
    return { name: value.name, message: value.message, stack: value.stack };
  }
  return typeof value === 'bigint' ? value.toString() : value;
}

function shown(value: unknown): string {
  if (typeof value === 'string') return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  if (typeof value === 'object' && value !== null && 'stack' in value) {
    return typeof value.stack === 'string' ? value.stack : JSON.stringify(value);
  }
  return value === undefined ? 'undefined' : JSON.stringify(value);
}
