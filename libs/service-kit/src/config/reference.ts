import type { Fields } from './field.ts';

/** What a reader of `.env.example` or of the reference needs to know of one variable. */
export interface VariableReference {
  readonly variable: string;
  readonly description: string;
  readonly takes: string;
  readonly default: string | undefined;
  readonly defaultNote: string | undefined;
  readonly secret: boolean;
}

export function listVariables(schema: { readonly fields: Fields }): readonly VariableReference[] {
  return Object.values(schema.fields).map((field) => ({
    variable: field.variable,
    description: field.description,
    takes: field.takes,
    default: field.defaultText === '' ? undefined : field.defaultText,
    defaultNote: field.defaultNote,
    secret: field.secret,
  }));
}

/** The text of an `.env.example`: every variable commented out, standing at its default. */
export function formatEnvExample(schema: { readonly fields: Fields }): string {
  return listVariables(schema)
    .map((entry) => {
      const note = entry.defaultNote === undefined ? '' : ` Default: ${entry.defaultNote}.`;
      return `# ${entry.description}. Takes ${entry.takes}.${note}\n# ${entry.variable}=${entry.default ?? ''}\n`;
    })
    .join('\n');
}

/** The same as a Markdown table, for the configuration reference. */
export function formatVariableTable(schema: { readonly fields: Fields }): string {
  const rows = listVariables(schema).map((entry) => {
    const fallback =
      entry.default === undefined ? (entry.defaultNote ?? '') : `\`${entry.default}\``;
    return `| \`${entry.variable}\` | ${fallback} | ${entry.description}. Takes ${entry.takes}. |`;
  });
  return ['| variable | default | what it does |', '| --- | --- | --- |', ...rows, ''].join('\n');
}
