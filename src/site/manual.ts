/**
 * The reference of directives, made of the tables that check them: `docs/directives.md`.
 */

import type { AnyRow, Table } from '../config/directive.ts'
import { FEATURES } from '../modules/features.ts'
import { requestFieldsTable } from '../server/field-variables.ts'
import { blocksTable } from './blocks.ts'
import { headTable, limitsTable } from './limits.ts'
import { mainTable } from './main-directives.ts'

interface Chapter {
  readonly title: string
  readonly tables: readonly Table[]
}

function chapters(): Chapter[] {
  return [
    { title: 'Processes, logs and events', tables: [mainTable] },
    { title: 'Sites and locations', tables: [blocksTable] },
    { title: 'Limits and connections', tables: [limitsTable, headTable, requestFieldsTable] },
    ...FEATURES.filter(({ table }) => Object.keys(table).length > 0).map(({ name, nginxModules, table }) => ({
      title: `${name[0]!.toUpperCase()}${name.slice(1).replaceAll('-', ' ')}${nginxModules.length > 0 ? ` (${nginxModules.join(', ')})` : ''}`,
      tables: [table],
    })),
  ]
}

const INTRODUCTION = `# Directives

Generated from the tables that read a configuration (\`npm run generate\`); a test holds it against them. The language is nginx's: see
[the guide to it](configuration.md) for how files are written and inherited, [variables](variables.md), and
[what differs](differences.md). Directives that are not here are refused when a configuration is read; those that nginx has are
named as such.
`

export function directivesManual(): string {
  const parts = chapters()
  const contents = parts.map(({ title }) => `- [${title}](#${anchorOf(title)})`).join('\n')
  return `${INTRODUCTION}\n${contents}\n\n${parts.map(chapterText).join('\n')}`
}

/** As the sites make them that show Markdown. */
function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-')
}

function chapterText({ title, tables }: Chapter): string {
  const rows = tables.flatMap(table => Object.entries(table)).sort(([a], [b]) => (a < b ? -1 : 1))
  return `## ${title}\n\n${rows.map(([name, row]) => rowText(name, row)).join('\n')}`
}

function rowText(name: string, row: AnyRow): string {
  const end = row.block === null ? ';' : ''
  const forms = row.syntax.map(form => `${name}${form === '' ? '' : ` ${form}`}${end}`)
  const standard = row.default === null ? '' : `\nDefault: \`${name} ${row.default};\``
  const effect = row.withoutEffect === undefined ? '' : ` **Without effect:** ${row.withoutEffect}.`
  const code = forms.map(form => `    ${form}`).join('\n')
  return `### ${name}\n\n${code}\n\nIn: ${row.in.join(', ')}.${standard}\n\n${row.doc}${effect}\n`
}
