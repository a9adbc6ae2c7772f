/**
 * The documents of test/conformance/ as cases to be run: conversations of a client with a server. The notation is
 * explained in test/conformance/README.md; this is its grammar.
 *
 *   readCases(file, text)        the cases of one document, in order; throws, with the line, on what it does not understand
 *   bytesOf(template, names)     the bytes that a block stands for
 *
 *     ## Rule 1. Words            begins a rule
 *     ### Words                   begins a case
 *     ```each                     one value per line; the case is run for every one of them
 *     ```http-request             what the client sends
 *     ```http-response            what it must get
 */

export interface Case {
  readonly file: string
  /** Where its heading stands. */
  readonly line: number
  /** The number of the rule that it belongs to. */
  readonly rule: number
  readonly title: string
  /** What `\{each}` stands for; one empty string when the case is run once. */
  readonly values: readonly string[]
  readonly steps: readonly Step[]
}

export type Step = Request | Expected

export interface Request {
  readonly kind: 'request'
  readonly template: string
  /** The client closes its side behind it. */
  readonly ends: boolean
}

export interface Expected {
  readonly kind: 'response'
  /** '' when no response comes at all. */
  readonly statusLine: string
  /** A value, or null when the field must not be there. */
  readonly fields: readonly (readonly [name: string, value: string | null])[]
  /** null when it does not matter. */
  readonly content: string | null
  /** The answer to HEAD. */
  readonly isHeadOnly: boolean
  readonly after: 'closes' | 'closes without a word' | 'stays open' | null
}

const ABSENT = '(none)'
const CLIENT_ENDS = '[the client closes its side]'
const HEAD_ONLY = '[no content]'
const ENDINGS: Readonly<Record<string, Expected['after']>> = {
  '[closes]': 'closes',
  '[closes without a word]': 'closes without a word',
  '[stays open]': 'stays open',
}

export function readCases(file: string, text: string): Case[] {
  const cases: Case[] = []
  let rule = 0
  let values: string[] = ['']
  const lines = text.split('\n')
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!
    if (line.startsWith('## ')) rule = Number(/^## Rule (\d+)\. /.exec(line)?.[1] ?? Number.NaN)
    if (line.startsWith('### ')) {
      values = ['']
      cases.push({ file, line: i + 1, rule, title: line.slice(4), values, steps: [] })
    }
    const kind = /^```(\S+)$/.exec(line)?.[1]
    if (kind === undefined) continue
    const end = lines.indexOf('```', i + 1)
    const block = lines.slice(i + 1, end)
    const here = cases.at(-1)
    if (end < 0 || here === undefined) throw new Error(`${file}:${i + 1}: a block without end or case`)
    if (kind === 'each') values.splice(0, 1, ...block)
    else if (kind === 'http-request') push(here, readRequest(block))
    else if (kind === 'http-response') push(here, readExpected(block, `${file}:${i + 1}`))
    else throw new Error(`${file}:${i + 1}: a block of the unknown kind ${kind}`)
    i = end
  }
  for (const one of cases) check(one)
  return cases
}

function push(here: Case, step: Step): void {
  ;(here.steps as Step[]).push(step)
}

/** A case that says nothing about the end of the connection would let it be anything. */
function check(one: Case): void {
  const last = one.steps.at(-1)
  const place = `${one.file}:${one.line}`
  if (!(one.rule >= 1)) throw new Error(`${place}: a case outside of any rule`)
  if (last?.kind !== 'response' || last.after === null) {
    throw new Error(`${place}: the case does not say whether the connection stays open`)
  }
}

function readRequest(block: string[]): Request {
  const ends = block.at(-1) === CLIENT_ENDS
  const lines = ends ? block.slice(0, -1) : block
  return { kind: 'request', template: joinLines(lines), ends }
}

function readExpected(block: string[], place: string): Expected {
  const lines = [...block]
  let after: Expected['after'] = null
  let isHeadOnly = false
  for (;;) {
    const direction = lines.at(-1) ?? ''
    if (ENDINGS[direction] !== undefined) after = ENDINGS[direction]
    else if (direction === HEAD_ONLY) isHeadOnly = true
    else break
    lines.pop()
  }
  const headEnd = lines.indexOf('')
  const [statusLine = '', ...fieldLines] = headEnd < 0 ? lines : lines.slice(0, headEnd)
  const fields = fieldLines.map(line => fieldOf(line, place))
  const content = headEnd < 0 ? null : joinLines(lines.slice(headEnd + 1))
  return { kind: 'response', statusLine, fields, content, isHeadOnly, after }
}

function fieldOf(line: string, place: string): [string, string | null] {
  const colon = line.indexOf(': ')
  if (colon < 0) throw new Error(`${place}: not a field: ${line}`)
  const value = line.slice(colon + 2)
  return [line.slice(0, colon).toLowerCase(), value === ABSENT ? null : value]
}

/** Every line ends in CR LF, unless a backslash stands where it ends. */
function joinLines(lines: readonly string[]): string {
  return lines.map(line => (/(?<!\\)(\\\\)*\\$/.test(line) ? line.slice(0, -1) : `${line}\\r\\n`)).join('')
}

const ESCAPES: Readonly<Record<string, string>> = { r: '\r', n: '\n', t: '\t', 0: '\0', '\\': '\\' }
/** Braces may stand within braces once. */
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|\{((?:\\\{[^{}]*\}|[^{}])*)\}|(.))/gu

/**
 * @param names what else may stand in `\{…}`
 * @returns the octets; characters beyond ASCII that are not escaped stand for their UTF-8
 */
export function bytesOf(template: string, names: (name: string) => string): Buffer {
  const octets = Buffer.from(template, 'utf8').toString('latin1')
  return Buffer.from(expand(octets, names), 'latin1')
}

function expand(text: string, names: (name: string) => string): string {
  return text.replace(ESCAPE, (whole, hex?: string, braced?: string, char?: string) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16))
    if (char !== undefined) {
      const meant = ESCAPES[char]
      if (meant === undefined) throw new Error(`no such escape: ${whole}`)
      return meant
    }
    const repeat = /^(\d+) times (.+)$/s.exec(braced!)
    return repeat === null
      ? expand(names(braced!), names)
      : expand(repeat[2]!, names).repeat(Number(repeat[1]))
  })
}
