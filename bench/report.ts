/**
 * What a run has to say: a table for the terminal, and the whole as JSON.
 *
 *   tableOf(report)   medians, ratios, and the budget of design.md beside each row
 *   jsonOf(report)    every sample too, so that others can judge differently
 *   figure(value)     three significant figures
 */
import { judge, type MetricResult, medianOf, ratioOf, type Verdict } from './budget.ts'
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

/** The server this is about, and those it is compared with. */
const SUBJECT = 'veille'
const BASES = ['nginx', 'floor']

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
  const columns = report.columns.filter(column => !column.name.includes(':'))
  const heads = [
    ...['workload', 'unit'],
    ...columns.map(column => column.title),
    ...BASES.map(base => `/${base}`),
    ...['must reach', '', 'aims at', ''],
  ]
  const rows = report.results.flatMap(result => [
    rowOf(result, SUBJECT, columns),
    ...variantsOf(result).map(variant => rowOf(result, variant, columns)),
  ])
  return layOut([heads, ...rows])
}

/** `veille:poll` beside `veille`: another poller, a line of its own. */
function variantsOf(result: MetricResult): string[] {
  return Object.keys(result.samples).filter(server => server.startsWith(`${SUBJECT}:`))
}

function rowOf(result: MetricResult, subject: string, columns: readonly Column[]): string[] {
  const isVariant = subject !== SUBJECT
  const title = isVariant ? `  the same with ${subject.slice(SUBJECT.length + 1)}` : result.title
  const values = columns.map(column => {
    if (isVariant && column.name !== SUBJECT) return ''
    return figure(medianOf(result, column.name === SUBJECT ? subject : column.name))
  })
  const ratios = BASES.map(base => (result.unit === '%' ? '–' : figure(ratioOf(result, subject, base))))
  const budgets = [result.must, result.aim].flatMap(budget => {
    if (budget === null || isVariant) return ['', '']
    const verdict = judge(budget, result, subject)
    return [verdict.text, wordsOf(verdict)]
  })
  return [title, result.unit, ...values, ...ratios, ...budgets]
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
    ratios: Object.fromEntries(BASES.map(base => [base, ratioOf(result, SUBJECT, base)])),
    verdicts: {
      must: result.must === null ? null : judge(result.must, result, SUBJECT),
      aim: result.aim === null ? null : judge(result.aim, result, SUBJECT),
    },
  }))
  return `${JSON.stringify({ ...report, results }, null, 2)}\n`
}
