/**
 * The sheet: rows as text for a person, or as one JSON document for a program.
 *
 *   rowText(row, style)         one point: a line, and what was asked, expected and come
 *   sectionTitle(section, style)
 *   summaryText(rows, style)    how many passed, failed and were not examined, by section
 *   sheetJson(rows, facts)      the whole
 *   passes(rows)                nothing that was examined has failed
 */

import type { Row, Verdict } from './examination.ts'
import type { Section } from './point.ts'
import type { Language, Words } from './words.ts'
import { say } from './words.ts'

export interface Style {
  readonly language: Language
  /** Of what passed, only the line. */
  readonly isBrief: boolean
  readonly hasColour: boolean
  /** Text that cannot steer a terminal. */
  readonly visible: (text: string) => string
}

const MARKS: Readonly<Record<Verdict, readonly [mark: string, colour: number]>> = {
  passed: ['ok', 32],
  failed: ['FAILED', 31],
  unexamined: ['--', 90],
}
const MARK_COLUMNS = 8
const LABEL_COLUMNS = 12

const LABELS = {
  asked: say('asked', 'demandé'),
  expected: say('expected', 'attendu'),
  came: say('came', 'venu'),
  rule: say('rule', 'règle'),
  why: say('because', 'parce que'),
  after: say('then', 'puis'),
}
const FAILED = say('FAILED', 'RATÉ')

export function sectionTitle({ title }: Section, number: number, style: Style): string {
  return `\n${painted(`${number}. ${title[style.language]}`, 1, style)}\n\n`
}

export function rowText(row: Row, style: Style): string {
  const { verdict, point, why } = row
  const [word, colour] = MARKS[verdict]
  const mark = verdict === 'failed' ? FAILED[style.language] : word
  const head = `${painted(mark.padEnd(MARK_COLUMNS), colour, style)}${style.visible(point.title[style.language])}\n`
  if (verdict === 'unexamined') return head + detail(LABELS.why, why, style)
  if (verdict === 'passed' && style.isBrief) return head
  const lines = [
    ...shortened(row.asked).map(one => detail(LABELS.asked, one, style)),
    ...shortened(distinct(row.expected, style)).map(one => detail(LABELS.expected, one, style)),
    ...shortened(row.came).map(one => detail(LABELS.came, one, style)),
    ...(why.en === '' ? [] : [detail(LABELS.after, why, style)]),
    detail(LABELS.rule, point.rule, style),
  ]
  return `${head}${lines.join('')}`
}

/** Of many steps the first and the last ones tell what there is to know. */
function shortened(list: readonly Words[]): Words[] {
  if (list.length <= 4) return [...list]
  const left = list.length - 3
  return [...list.slice(0, 2), say(`… ${left} more`, `… encore ${left}`), list.at(-1)!]
}

function distinct(list: readonly Words[], { language }: Style): Words[] {
  return list.filter((one, i) => list.findIndex(other => other[language] === one[language]) === i)
}

const MOST_DETAIL = 1000

function detail(label: Words, words: Words, { language, visible }: Style): string {
  const text = words[language]
  const shown = text.length > MOST_DETAIL ? `${text.slice(0, MOST_DETAIL)}…` : text
  return `${' '.repeat(MARK_COLUMNS)}${label[language].padEnd(LABEL_COLUMNS)}${visible(shown)}\n`
}

function painted(text: string, colour: number, { hasColour }: Style): string {
  return hasColour ? `\x1b[${colour}m${text}\x1b[0m` : text
}

export interface Counts {
  readonly passed: number
  readonly failed: number
  readonly unexamined: number
}

export function countsOf(rows: readonly Row[]): Counts {
  const count = (verdict: Verdict): number => rows.filter(row => row.verdict === verdict).length
  return { passed: count('passed'), failed: count('failed'), unexamined: count('unexamined') }
}

export function passes(rows: readonly Row[]): boolean {
  const { passed, failed } = countsOf(rows)
  return failed === 0 && passed > 0
}

export function summaryText(rows: readonly Row[], left: readonly string[], style: Style): string {
  const { language } = style
  const sections = [...new Set(rows.map(row => row.section))]
  const width = Math.max(...sections.map(({ title }) => title[language].length), 10)
  const line = (name: string, counts: Counts): string => {
    const numbers = [counts.passed, counts.failed, counts.unexamined].map(one => String(one).padStart(8))
    return `  ${name.padEnd(width)}${numbers.join('')}\n`
  }
  const heads = say('passed  failed    left', 'réussi   raté  laissé')[language]
  const table = sections.map(section =>
    line(section.title[language], countsOf(rows.filter(row => row.section === section))),
  )
  const failed = rows
    .filter(row => row.verdict === 'failed')
    .map(({ point }) => `  ${point.id}: ${style.visible(point.title[language])}\n`)
  const failedHead = say('Failed:', 'Ratés :')[language]
  return [
    `\n${painted(say('Summary', 'Bilan')[language], 1, style)}\n\n`,
    `  ${' '.repeat(width)}  ${heads}\n`,
    ...table,
    line('', countsOf(rows)),
    ...(failed.length === 0 ? [] : [`\n${failedHead}\n`, ...failed]),
    ...leftText(left, style),
  ].join('')
}

function leftText(left: readonly string[], { language, visible }: Style): string[] {
  if (left.length === 0) return []
  const head = say(
    'Left on the server, since nothing says how to remove it:',
    'Laissé sur le serveur, car rien ne dit comment l’enlever :',
  )
  return [`\n${head[language]}\n`, ...left.map(name => `  ${visible(name)}\n`)]
}

export interface Facts {
  readonly url: string
  readonly startedAt: Date
  readonly tookMs: number
  readonly connections: number
  readonly left: readonly string[]
}

export function sheetJson(rows: readonly Row[], facts: Facts, language: Language): string {
  const points = rows.map(({ section, point, verdict, asked, expected, came, why, tookMs }) => ({
    section: section.name,
    id: point.id,
    title: point.title[language],
    rule: point.rule[language],
    verdict,
    asked: asked.map(one => one[language]),
    expected: expected.map(one => one[language]),
    came: came.map(one => one[language]),
    ...(why.en === '' ? {} : { why: why[language] }),
    tookMs: Math.round(tookMs),
  }))
  const { startedAt, tookMs, ...rest } = facts
  const whole = {
    ...rest,
    startedAt: startedAt.toISOString(),
    tookMs: Math.round(tookMs),
    language,
    counts: countsOf(rows),
    points,
  }
  return `${JSON.stringify(whole, null, 2)}\n`
}
