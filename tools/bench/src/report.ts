import { cpus, loadavg, totalmem, release } from 'node:os';

/** One line of the table: medians over the rounds. */
export interface Row {
  readonly server: string;
  readonly what: string;
  readonly connections: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of one core, used by the process that answers; several threads can be more than 1. */
  readonly cpu: number | undefined;
  readonly failed: number;
}

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle]!;
  return (sorted[middle - 1]! + sorted[middle]!) / 2;
};

/** Right-aligned columns under their names. */
export function tableOf(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map((name, i) =>
    Math.max(name.length, ...rows.map((row) => (row[i] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(' | ')} |`;
  const rule = `| ${widths.map((width, i) => (i < 2 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(columns), rule, ...rows.map(line)].join('\n');
}

/** Against the row of the same number of connections that is called the base. */
export function describeRows(rows: readonly Row[], base: (row: Row) => boolean): string {
  const columns = [
    'server',
    'what',
    'connections',
    'per second',
    'p50 ms',
    'p99 ms',
    'cpu',
    'ratio',
  ];
  const cells = rows.map((row) => {
    const other = rows.find((one) => base(one) && one.connections === row.connections);
    return [
      row.server,
      row.what + (row.failed > 0 ? ` (${row.failed} FAILED)` : ''),
      String(row.connections),
      Math.round(row.perSecond).toLocaleString('en'),
      row.p50Ms.toFixed(2),
      row.p99Ms.toFixed(2),
      row.cpu === undefined ? '' : row.cpu.toFixed(2),
      other === undefined ? '' : (row.perSecond / other.perSecond).toFixed(2),
    ];
  });
  return tableOf(columns, cells);
}

export const machine = (): string =>
  `${cpus().length} × ${cpus()[0]?.model.trim() ?? '?'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ` +
  `${process.platform} ${release()}, Node ${process.versions.node}, load ${loadavg()[0]!.toFixed(1)}`;

/** Puts a table between the two marks of its name on a page, in place of the one that was there. */
export function withSection(page: string, name: string, section: string): string {
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the page has no place for ${name}`);
  return `${page.slice(0, from + begin.length)}\n\n${section}\n\n${page.slice(to)}`;
}
