/**
 * What a run has to say: a table for the terminal, and the whole as JSON.
 *
 *   tableOf(report)   medians, ratios, and the budget of design.md beside each row
 *   jsonOf(report)    every sample too, so that others can judge differently
 *   figure(value)     three significant figures
 */
import { budgetWords, judge, type MetricResult, medianOf, ratioOf, type Verdict } from './budget.ts'
import type { Machine } from './measure.ts'

/** A server that was measured, in the order of the columns. */
export interface Column {
  name: string
  title: string
  version: string
}

export interface Failure {
  workload: string
  server: string
  reason: string
}

export interface Report {
  when: string
  machine: Machine
  columns: Column[]
  skipped: string[]
  settings: Record<string, number | string>
  results: MetricResult[]
  failures: Failure[]
}

/** What this is about: the library with a module, and the command with nginx's configuration. */
const SUBJECT = 'veille'
const SUBJECTS = [SUBJECT, 'configured']
/** Whom they are compared with. */
const BASES = ['nginx', 'floor'] as const

export function figure(value: number | null): string {
  if (value === null || Number.isNaN(value)) return '–'
  const size = Math.abs(value)
  return value.toFixed(size < 9.995 ? 2 : size < 99.95 ? 1 : 0)
}

export function wordsOf(verdict: Verdict): string {
  if (verdict.met === null) return 'not judged'
  return verdict.met ? 'met' : `missed by ${Math.ceil(verdict.missedByPercent)} %`
}

export function tableOf(report: Report): string {
  const { columns } = report
  const subjects = columns.filter(({ name }) => SUBJECTS.includes(name))
  const heads = [
    ...['workload', 'unit'],
    ...columns.map(column => column.title),
    ...subjects.map(({ title }) => `${title}/${BASES[0]}`),
    `${SUBJECT}/${BASES[1]}`,
    ...['must reach', ...subjects.map(({ title }) => title), 'aims at'],
  ]
  const rows = report.results.flatMap(result => [
    rowOf(result, columns, subjects),
    ...variantsOf(result).map(variant => variantRow(result, variant, columns, subjects)),
  ])
  return layOut([heads, ...rows])
}

/** `veille:poll` beside `veille`: another poller, a line of its own. */
function variantsOf(result: MetricResult): string[] {
  return Object.keys(result.samples).filter(server => server.startsWith(`${SUBJECT}:`))
}

function rowOf(result: MetricResult, columns: readonly Column[], subjects: readonly Column[]): string[] {
  const { title, unit, must, aim } = result
  return [
    ...[title, unit],
    ...columns.map(({ name }) => figure(medianOf(result, name))),
    ...subjects.map(({ name }) => ratioText(result, name, BASES[0])),
    ratioText(result, SUBJECT, BASES[1]),
    must === null ? '' : budgetWords(must, unit),
    ...subjects.map(({ name }) => (must === null ? '' : wordsOf(judge(must, result, name)))),
    aim === null ? '' : budgetWords(aim, unit),
  ]
}

/** A line of its own, with its value in the column of the server that it is a variant of. */
function variantRow(
  result: MetricResult,
  variant: string,
  columns: readonly Column[],
  subjects: readonly Column[],
): string[] {
  return [
    ...[`  the same with ${variant.slice(SUBJECT.length + 1)}`, result.unit],
    ...columns.map(({ name }) => (name === SUBJECT ? figure(medianOf(result, variant)) : '')),
    ...subjects.map(({ name }) => (name === SUBJECT ? ratioText(result, variant, BASES[0]) : '')),
    ratioText(result, variant, BASES[1]),
    ...['', ...subjects.map(() => ''), ''],
  ]
}

function ratioText(result: MetricResult, server: string, base: string): string {
  return result.unit === '%' ? '–' : figure(ratioOf(result, server, base))
}

function layOut(rows: readonly string[][]): string {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map(row => row[i]!.length)))
  const numbersEnd = rows[0]!.indexOf('must reach')
  const lines = rows.map(row =>
    row
      .map((cell, i) => (i >= 2 && i < numbersEnd ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd(),
  )
  return [lines[0]!, '─'.repeat(Math.max(...lines.map(line => line.length))), ...lines.slice(1)].join('\n')
}

export function jsonOf(report: Report): string {
  const results = report.results.map(result => ({
    ...result,
    medians: Object.fromEntries(
      Object.keys(result.samples).map(server => [server, medianOf(result, server)]),
    ),
    ratios: bySubject(subject =>
      Object.fromEntries(BASES.map(base => [base, ratioOf(result, subject, base)])),
    ),
    verdicts: bySubject(subject => ({
      must: result.must === null ? null : judge(result.must, result, subject),
      aim: result.aim === null ? null : judge(result.aim, result, subject),
    })),
  }))
  return `${JSON.stringify({ ...report, results }, null, 2)}\n`
}

function bySubject<T>(of: (subject: string) => T): Record<string, T> {
  return Object.fromEntries(SUBJECTS.map(subject => [subject, of(subject)]))
}
