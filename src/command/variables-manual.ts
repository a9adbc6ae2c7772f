/**
 * The tables of variables as text: `docs/variables.md`. A test keeps the file fresh, `scripts/variables-manual.ts` writes it.
 */

import { FEATURES } from '../modules/features.ts'
import { CORE_GROUPS } from '../server/core-variables.ts'
import type { VariableFamily, VariableRow } from '../server/variables.ts'

export function variablesManual(): string {
  const core = CORE_GROUPS.map(({ title, rows, onceRows, families }) =>
    section(title, [...rows, ...onceRows], families),
  )
  const features = FEATURES.flatMap(({ nginxModules, variables = [], families = [] }) =>
    variables.length + families.length > 0 ? [section(nginxModules.join(', '), variables, families)] : [],
  )
  return `<!-- Written by scripts/variables-manual.ts from the tables of variables: change those. -->

# Variables

Where the manual of a directive says so, its value may hold variables: \`$uri\`, or \`\${uri}\` where a letter, digit or underscore follows.
The case of their names does not matter. A variable without a value is empty, and \`-\` in an access log.

\`$1\` to \`$9\` are the groups of the regular expression that matched last; its named groups are variables by their names. \`set\`, \`map\`,
\`geo\` and \`split_clients\` define further ones. What costs something is computed only where it is used.

${[...core, ...features].join('\n')}`
}

function section(title: string, rows: readonly VariableRow[], families: readonly VariableFamily[]): string {
  const entries = [
    ...rows.map(({ name, doc, set }): [string, string] => [
      `$${name}`,
      set === undefined ? doc : `${doc} It can be set.`,
    ]),
    ...families.map(({ prefix, doc }): [string, string] => [`$${prefix}…`, doc]),
  ]
  entries.sort(([a], [b]) => (a < b ? -1 : 1))
  const lines = entries.map(([name, doc]) => `| \`${name}\` | ${doc.replaceAll('|', '\\|')} |`)
  return `## ${title}\n\n| variable | means |\n|---|---|\n${lines.join('\n')}\n`
}
