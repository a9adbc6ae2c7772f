/**
 * `veille evaluate`: examines any web server from outside, and prints a sheet.
 *
 *   await evaluate(['http://localhost:8080', '--config', 'site.conf'], surroundings)    the exit code
 *
 * 0 when everything that was examined has passed, 1 when a point has failed or nobody is there, 2 when the question was not understood,
 * 130 when it was interrupted.
 */

import { readFileSync } from 'node:fs'
import { didYouMean } from '../config/nearest.ts'
import { readSubject } from '../evaluate/configuration.ts'
import { type Place, Unreachable } from '../evaluate/conversation.ts'
import { Examination, type Row } from '../evaluate/examination.ts'
import { PATIENCE, type Patience } from '../evaluate/examiner.ts'
import { NotExamined, type Section } from '../evaluate/point.ts'
import { SECTIONS } from '../evaluate/points/index.ts'
import { authorityOf } from '../evaluate/request.ts'
import { passes, rowText, type Style, sectionTitle, sheetJson, summaryText } from '../evaluate/sheet.ts'
import { emptySubject, type Subject } from '../evaluate/subject.ts'
import { type Language, languageOf } from '../evaluate/words.ts'
import { Mistake, REFUSED, sentenceOf, USAGE } from './mistake.ts'
import { isColourWanted, visible } from './terminal.ts'

export interface Surroundings {
  readonly write: (text: string) => void
  readonly complain: (text: string) => void
  readonly env: NodeJS.ProcessEnv
  readonly isTerminal: boolean
  /** Tests are in a hurry. */
  readonly patience?: Patience
}

interface Wish {
  url: string | null
  config: string | null
  pid: number | null
  language: Language
  only: readonly Section[]
  hasSiege: boolean
  isJson: boolean
  isBrief: boolean
  seconds: number
}

export const USAGE_TEXT =
  'usage: veille evaluate [--config file] [--pid number] [--lang fr|en] [--only section,...] [--siege] [--seconds number] [--brief] [--json] http://host[:port]'

const INTERRUPTED = 130

/** The words of the command line that take a value, and what becomes of it. */
const OPTIONS: Readonly<Record<string, (wish: Wish, value: string) => void>> = {
  '--config': (wish, value) => (wish.config = value),
  '--pid': (wish, value) => (wish.pid = readNumber('--pid', 'the number of a process', value, 2 ** 22)),
  '--lang': (wish, value) => (wish.language = readLanguage(value)),
  '--only': (wish, value) => (wish.only = value.split(',').map(readSection)),
  '--seconds': (wish, value) =>
    (wish.seconds = readNumber('--seconds', 'seconds from 1 to 3600', value, 3600)),
}

const FLAGS: Readonly<Record<string, (wish: Wish) => void>> = {
  '--siege': wish => (wish.hasSiege = true),
  '--json': wish => (wish.isJson = true),
  '--brief': wish => (wish.isBrief = true),
}

const NAMES: readonly string[] = [...Object.keys(OPTIONS), ...Object.keys(FLAGS), '--help']

/** In this process: what is examined is told as it is found. */
export function evaluateHere(args: readonly string[]): Promise<number> {
  const { stdout, stderr, env } = process
  return evaluate(args, {
    write: text => void stdout.write(text),
    complain: text => void stderr.write(text),
    env,
    isTerminal: stdout.isTTY === true,
  })
}

/** @throws {Mistake} */
export async function evaluate(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { write, complain, env } = surroundings
  const wish = readWish(args, languageOf(env))
  if (wish === null) {
    write(helpText())
    return 0
  }
  const place = readPlace(wish.url)
  const subject = readConfiguration(wish.config, complain)
  if (subject === null) return USAGE
  const { pid, hasSiege } = wish
  const patience = surroundings.patience ?? PATIENCE
  const examination = new Examination(
    { place, subject, patience, hasSiege, pid },
    wish.only,
    wish.seconds * 1000,
  )
  try {
    await examination.begin()
  } catch (error) {
    if (!(error instanceof Unreachable) && !(error instanceof NotExamined)) throw error
    complain(`veille: ${visible(error.words[wish.language])}\n`)
    return REFUSED
  }
  return run(examination, wish, place, surroundings)
}

async function run(
  examination: Examination,
  wish: Wish,
  { authority }: Place,
  surroundings: Surroundings,
): Promise<number> {
  let isInterrupted = false
  const interrupt = (): void => {
    isInterrupted = true
    examination.stop()
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt)
  const startedAt = new Date()
  const rows: Row[] = []
  const style = styleOf(wish, surroundings)
  try {
    for await (const row of examination.rows()) {
      if (!wish.isJson) surroundings.write(newText(rows, row, wish, style))
      rows.push(row)
    }
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupt)
  }
  const { left, connections } = examination.shared
  const facts = {
    url: `http://${authority}/`,
    startedAt,
    tookMs: Date.now() - startedAt.getTime(),
    connections,
    left,
  }
  surroundings.write(wish.isJson ? sheetJson(rows, facts, wish.language) : summaryText(rows, left, style))
  if (isInterrupted) return INTERRUPTED
  return passes(rows) ? 0 : REFUSED
}

function styleOf({ language, isBrief }: Wish, { isTerminal, env }: Surroundings): Style {
  return { language, isBrief, hasColour: isColourWanted(isTerminal, env), visible }
}

/** The row, below the title of its section where that is new. */
function newText(before: readonly Row[], row: Row, wish: Wish, style: Style): string {
  const isNew = before.at(-1)?.section !== row.section
  return (
    (isNew ? sectionTitle(row.section, wish.only.indexOf(row.section) + 1, style) : '') + rowText(row, style)
  )
}

/** @returns null when help is wanted */
function readWish(args: readonly string[], language: Language): Wish | null {
  const wish: Wish = {
    url: null,
    config: null,
    pid: null,
    language,
    only: SECTIONS,
    hasSiege: false,
    isJson: false,
    isBrief: false,
    seconds: 600,
  }
  const rest = [...args]
  while (rest.length > 0) {
    const word = rest.shift()!
    if (word === '--help' || word === '-h') return null
    if (word.startsWith('-')) takeOption(wish, word, rest)
    else if (wish.url === null) wish.url = word
    else
      throw new Mistake(
        `one server can be examined, found two: "${wish.url}" and "${word}"; ${USAGE_TEXT}`,
        USAGE,
      )
  }
  return wish
}

function takeOption(wish: Wish, word: string, rest: string[]): void {
  const at = word.indexOf('=')
  const name = at < 0 ? word : word.slice(0, at)
  if (Object.hasOwn(FLAGS, name)) {
    if (at >= 0) throw new Mistake(`${name} takes no value`, USAGE)
    FLAGS[name]!(wish)
    return
  }
  if (!Object.hasOwn(OPTIONS, name))
    throw new Mistake(`evaluate has no option ${name}${didYouMean(name, NAMES)}; ${USAGE_TEXT}`, USAGE)
  const value = at < 0 ? rest.shift() : word.slice(at + 1)
  if (value === undefined || value === '') throw new Mistake(`${name} takes a value; ${USAGE_TEXT}`, USAGE)
  OPTIONS[name]!(wish, value)
}

function readNumber(name: string, what: string, text: string, most: number): number {
  const number = /^[1-9]\d{0,9}$/.test(text) ? Number(text) : Number.NaN
  if (number <= most) return number
  throw new Mistake(`${name} takes ${what}, found "${text}"`, USAGE)
}

function readLanguage(text: string): Language {
  if (text === 'fr' || text === 'en') return text
  throw new Mistake(`--lang takes fr or en, found "${text}"`, USAGE)
}

function readSection(name: string): Section {
  const section = SECTIONS.find(one => one.name === name)
  if (section !== undefined) return section
  const names = SECTIONS.map(one => one.name)
  throw new Mistake(
    `--only takes sections, found "${name}"${didYouMean(name, names) || `; there is ${names.join(', ')}`}`,
    USAGE,
  )
}

function readPlace(url: string | null): Place {
  if (url === null) throw new Mistake(USAGE_TEXT, USAGE)
  const match = /^http:\/\/(\[[0-9A-Fa-f:.]+\]|[^/?#:@\s]+)(?::(\d{1,5}))?\/?$/.exec(url)
  if (match === null) {
    const why = /^https:/i.test(url) ? '; https is not examined' : ''
    throw new Mistake(`"${url}" names no server: expected http://host:port, without a path${why}`, USAGE)
  }
  const host = match[1]!.replace(/^\[|\]$/g, '')
  const port = match[2] === undefined ? 80 : Number(match[2])
  if (port === 0 || port > 65535) throw new Mistake(`expected a port from 1 to 65535, found ${port}`, USAGE)
  return { host, port, authority: authorityOf(host, port) }
}

/** @returns null when it is wrong, and said so */
function readConfiguration(path: string | null, complain: (text: string) => void): Subject | null {
  if (path === null) return emptySubject()
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new Mistake(`the configuration cannot be read: ${sentenceOf(error)}`, USAGE)
  }
  const { subject, mistakes } = readSubject(text, path, didYouMean)
  for (const mistake of mistakes) complain(`${visible(mistake)}\n`)
  return mistakes.length === 0 ? subject : null
}

function helpText(): string {
  const names = SECTIONS.map(({ name }) => name)
  return `${USAGE_TEXT.replace(/^u/, 'U')}

Examines a web server as the examiner of a student's server does, and prints a
sheet: what was asked, what was expected, what came. docs/evaluate.md says more.

  --config file      where things are there; what is not told is not examined
  --pid number       the server's process here: memory, descriptors, idling
  --lang fr|en       the language of the sheet; by default that of the locale
  --only section,... of ${names.slice(0, 6).join(', ')},
                     ${names.slice(6, 12).join(', ')},
                     ${names.slice(12).join(', ')}
  --siege            many clients, as the line "siege" of the configuration says
  --seconds number   how long it may take at most; 600 without it
  --brief            of what passed, only its name
  --json             one JSON document

Exit: 0 all passed, 1 a point failed or nobody answers, 2 not understood.
`
}
