/**
 * What begins with `(*`: settings at the start of a pattern, groups with a name in words, and verbs that steer the search.
 */
import type { Cursor } from './regex-cursor.ts'

/**
 * Settings. Null: what it asks for is so, or concerns only how PCRE works inside. Otherwise why it cannot be had.
 */
const AT_START: ReadonlyMap<string, string | null> = new Map([
  ['UTF', null],
  ['UTF8', null],
  ['LF', null],
  ['BSR_UNICODE', null],
  ['NO_AUTO_POSSESS', null],
  ['NO_DOTSTAR_ANCHOR', null],
  ['NO_JIT', null],
  ['NO_START_OPT', null],
  [
    'UCP',
    '(*UCP) cannot be translated: write \\p{L} and \\p{N} where \\w is to mean letters of all alphabets',
  ],
  ['NOTEMPTY', '(*NOTEMPTY) cannot be translated'],
  ['NOTEMPTY_ATSTART', '(*NOTEMPTY_ATSTART) cannot be translated'],
  ['BSR_ANYCRLF', '(*BSR_ANYCRLF) cannot be translated: write (?:\\r\\n|\\r|\\n) for \\R'],
  ['LIMIT_DEPTH', 'there is no limit of steps here, so (*LIMIT_DEPTH) cannot be had'],
  ['LIMIT_HEAP', 'there is no limit of memory here, so (*LIMIT_HEAP) cannot be had'],
  ['LIMIT_MATCH', 'there is no limit of steps here, so (*LIMIT_MATCH) cannot be had'],
  ['LIMIT_RECURSION', 'there is no limit of steps here, so (*LIMIT_RECURSION) cannot be had'],
  ...['CR', 'CRLF', 'ANYCRLF', 'ANY', 'NUL'].map(
    name => [name, `(*${name}) cannot be translated: lines end with \\n here`] as const,
  ),
])

export function readStartVerbs(cursor: Cursor): void {
  for (;;) {
    const name = /^\(\*([A-Z_0-9]+)(?:=\d+)?\)/.exec(cursor.text.slice(cursor.at))
    const refusal = name === null ? undefined : AT_START.get(name[1]!)
    if (name === null || refusal === undefined) return
    if (refusal !== null) cursor.fail(refusal)
    if (name[1]!.startsWith('UTF')) cursor.isUtf = true
    cursor.at += name[0].length
  }
}

/** Names in words for what else is written `(?=`, `(?>`, … */
const GROUPS: ReadonlyMap<string, string> = new Map([
  ['pla', '='],
  ['positive_lookahead', '='],
  ['nla', '!'],
  ['negative_lookahead', '!'],
  ['plb', '<='],
  ['positive_lookbehind', '<='],
  ['nlb', '<!'],
  ['negative_lookbehind', '<!'],
  ['atomic', '>'],
])

const NO_VERBS = [
  'ACCEPT',
  'COMMIT',
  'MARK',
  'PRUNE',
  'SKIP',
  'THEN',
  '',
  'napla',
  'naplb',
  'non_atomic_positive_lookahead',
  'non_atomic_positive_lookbehind',
  'sr',
  'script_run',
  'asr',
  'atomic_script_run',
]

/**
 * Behind `(`, at `*`.
 * @returns what the group would begin with behind `(?`; null for (*FAIL), which has ended
 */
export function readVerb(cursor: Cursor): string | null {
  const from = cursor.at - 1
  const name = cursor.match(/\*(\w*)/y)![1]!
  if (/^F(AIL)?$/.test(name) && cursor.take(')')) return null
  const group = GROUPS.get(name)
  if (group !== undefined && cursor.take(':')) return group
  if (NO_VERBS.includes(name)) cursor.fail(`(*${name}…) cannot be translated`, from)
  return cursor.fail('(*VERB) not recognized or malformed')
}
