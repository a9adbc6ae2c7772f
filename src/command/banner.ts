/**
 * What a person sees first: what is served, where, and how to stop it.
 *
 *   ╭─ veille 0.1.0 ───────────────────────╮
 *   │                                      │
 *   │  Serving   ~/site                    │
 *   │  Local     http://localhost:8080/    │
 *   │  Network   http://192.168.1.7:8080/  │
 *   │                                      │
 *   │  Stop it with Ctrl-C.                │
 *   │                                      │
 *   ╰──────────────────────────────────────╯
 *
 * Pure: facts in, text out. Where the box does not fit, the same lines stand without a frame.
 */

import { columnsOf } from './terminal.ts'

export interface BannerFacts {
  version: string
  folder: string
  /** URLs that this machine itself can use, and those for others. */
  local: readonly string[]
  network: readonly string[]
  /** Whole sentences, such as that another port was taken. */
  notes: readonly string[]
}

export interface BannerStyle {
  colour: boolean
  frame: boolean
  /** Of the terminal. */
  columns: number
}

type Paint = (code: number, text: string) => string

export function banner(facts: BannerFacts, style: BannerStyle): string {
  const paint: Paint = (code, text) => (style.colour ? `\x1b[${code}m${text}\x1b[0m` : text)
  const lines = linesOf(facts)
  const title = ` veille ${facts.version} `
  const inner = Math.max(columnsOf(title) + 2, ...lines.map(line => columnsOf(plainText(line)))) + 4
  if (!style.frame || inner + 2 > style.columns) return unframed(title.trim(), lines, paint)
  return framed(title, lines, inner, paint)
}

/** A label and what stands behind it; a sentence has no label. */
interface Line {
  label: string | null
  text: string
  code: number
}

const LABEL_COLUMNS = 10
const PLAIN = 0
const LINK = 36
const DIM = 2

function linesOf({ folder, local, network, notes }: BannerFacts): Line[] {
  const links = (label: string, urls: readonly string[]): Line[] =>
    urls.map((text, i) => ({ label: i === 0 ? label : '', text, code: LINK }))
  return [
    { label: 'Serving', text: folder, code: PLAIN },
    ...links('Local', local),
    ...links('Network', network),
    { label: null, text: '', code: PLAIN },
    ...notes.map(text => ({ label: null, text, code: PLAIN })),
    { label: null, text: 'Stop it with Ctrl-C.', code: DIM },
  ]
}

function plainText({ label, text }: Line): string {
  return label === null ? text : label.padEnd(LABEL_COLUMNS) + text
}

function painted({ label, text, code }: Line, paint: Paint): string {
  const shown = code === PLAIN || text === '' ? text : paint(code, text)
  return label === null ? shown : paint(DIM, label.padEnd(LABEL_COLUMNS)) + shown
}

function unframed(title: string, lines: readonly Line[], paint: Paint): string {
  const rows = lines.map(line => painted(line, paint).trimEnd())
  return `\n${[paint(1, title), '', ...rows, ''].join('\n')}\n`
}

/** @param inner columns between the two upright lines */
function framed(title: string, lines: readonly Line[], inner: number, paint: Paint): string {
  const edge = paint(DIM, '│')
  const empty = `${edge}${' '.repeat(inner)}${edge}`
  const top = paint(DIM, '╭─') + paint(1, title) + paint(DIM, `${'─'.repeat(inner - 1 - columnsOf(title))}╮`)
  const bottom = paint(DIM, `╰${'─'.repeat(inner)}╯`)
  const rows = lines.map(line => {
    const padding = ' '.repeat(inner - 2 - columnsOf(plainText(line)))
    return `${edge}  ${painted(line, paint)}${padding}${edge}`
  })
  return `\n${[top, empty, ...rows, empty, bottom].join('\n')}\n\n`
}
