/**
 * Signs that fit together: each directive has its ";", each "{" its "}". What does not fit is reported and set right as it was
 * most likely meant, so that the rest of a file is checked as if nothing were wrong.
 *
 *   setRight(statements, problems)   the statements, balanced
 *
 * Where a brace is missing or one too many, counting tells only at the end of the file. Indentation says more: of the ways to set
 * the file right, the one is taken after which the fewest lines stand where their indentation denies it.
 */

import { type Problems, type Related, shortened } from './diagnostic.ts'
import { END, type Statement } from './lexer.ts'
import { COMMAND_LINE, indentOf, type Place, placeAt } from './source.ts'

/**
 * @param statements as the lexer gives them, the last one ended by END
 * @returns the same with each "{" closed; words stand before ";" and "{" only, but a block that has no name has none
 */
export function setRight(statements: readonly Statement[], problems: Problems): Statement[] {
  const whole = rejoined(statements, problems)
  return closed(withoutSurplus(terminated(whole, problems), problems), problems)
}

/** `4}`, `2,}`, `1,3})$`: what follows the "{" of a quantifier. */
const QUANTIFIER = /^\d+(?:,\d*)?\}/

/** A regular expression with braces and without quotes: its "{" has opened a block. It was meant to be one word. */
function rejoined(statements: readonly Statement[], problems: Problems): Statement[] {
  const right: Statement[] = []
  /** The two statements that the one that is being joined began as. */
  let parts: readonly [Statement, Statement] | null = null
  for (const statement of statements) {
    const before = right.at(-1)
    const joined = before === undefined ? null : joinQuantifier(before, statement)
    if (joined === null) {
      if (parts !== null) refuseQuantifier(...parts, before!.terminator, problems)
      parts = null
      right.push(statement)
    } else {
      parts ??= [before!, statement]
      right[right.length - 1] = joined
    }
  }
  return right
}

function joinQuantifier(before: Statement, { words, terminator, end }: Statement): Statement | null {
  const last = before.words.at(-1)
  const [first, ...others] = words
  if (before.terminator !== '{' || last === undefined || first === undefined) return null
  if (last.isQuoted || !QUANTIFIER.test(first.text)) return null
  const { source, offset, length } = last.place
  if (before.end.offset !== offset + length || first.place.offset !== before.end.offset + 1) return null
  const text = `${last.text}{${first.text}`
  const word = { text, isQuoted: false, place: placeAt(source, offset, length + 1 + first.place.length) }
  return { words: [...before.words.slice(0, -1), word, ...others], terminator, end }
}

/** In nginx's words for what it takes it for: a line of `map`, a directive without a block, or one with. */
function refuseQuantifier(
  before: Statement,
  { words }: Statement,
  terminator: Statement['terminator'],
  problems: Problems,
): void {
  const expected = 'a "{" opens a block, also in a regular expression: put the expression in quotes'
  const [first] = words
  if (before.words.length === 1) problems.error(before.end, 'unexpected "{"', expected)
  else if (terminator === '{') problems.error(first!.place, `unknown directive "${first!.text}"`, expected)
  else {
    const name = before.words[0]!.text
    problems.error(before.end, `directive "${name}" is not terminated by ";"`, expected)
  }
}

/** Each directive ends with ";" or "{". */
function terminated(statements: readonly Statement[], problems: Problems): Statement[] {
  const right: Statement[] = []
  for (const statement of statements) {
    const { words, terminator, end } = statement
    const isUnfinished = terminator === '}' || terminator === END
    if (isUnfinished && words.length > 0) {
      refuseUnfinished(statement, problems)
      right.push({ words, terminator: ';', end: behind(words.at(-1)!.place) })
    }
    if (terminator === ';' && words.length === 0) {
      problems.error(end, 'unexpected ";"', 'no directive stands before it')
    } else if (terminator === '{' && words.length === 0) {
      right.push(nameBlock(right, end, problems))
    } else {
      right.push(isUnfinished ? { words: [], terminator, end } : statement)
    }
  }
  return right
}

function refuseUnfinished({ words, terminator, end }: Statement, problems: Problems): void {
  const last = words.at(-1)!
  const isFar = last.place.line !== end.line
  const related = isFar ? [{ words: 'the last word before it', place: last.place }] : []
  const missing = `a ";" is missing behind "${shortened(last.text)}"`
  if (terminator === '}') problems.error(end, 'unexpected "}"', missing, related)
  else if (end.source.name === COMMAND_LINE)
    problems.error(end, 'unexpected end of parameter, expecting ";"', missing)
  else problems.error(end, 'unexpected end of file, expecting ";" or "}"', missing, related)
}

/** `server; {` is taken for `server {`: what stands before the block was meant to name it. */
function nameBlock(before: Statement[], end: Place, problems: Problems): Statement {
  const last = before.at(-1)
  if (last === undefined || last.terminator !== ';') {
    problems.error(end, 'unexpected "{"', 'a block has a name before its "{"')
    return { words: [], terminator: '{', end }
  }
  const name = shortened(last.words[0]!.text)
  problems.error(end, 'unexpected "{"', `the ";" behind "${name}" ends the directive before its block`, [
    { words: 'this ";"', place: last.end },
  ])
  before.pop()
  return { words: last.words, terminator: '{', end }
}

/** Repairs that are looked for by indentation; a text with more mistakes than this is no configuration. */
const MAX_REPAIRS = 20

/** Each "}" has its "{". */
function withoutSurplus(statements: Statement[], problems: Problems): Statement[] {
  let right = statements
  for (let repairs = 0; ; repairs++) {
    const at = surplusIn(right)
    if (at < 0) return right
    if (repairs === MAX_REPAIRS) {
      const { end } = right[at]!
      problems.error(
        end,
        'unexpected "}"',
        'too many braces do not fit, and the rest of the file is not read',
      )
      return right.slice(0, at).concat(right.at(-1)!)
    }
    const earlier = doubtful(right, at, 'remove')
    refuseSurplus(right, at, earlier, problems)
    right = applied(right, 'remove', earlier < 0 ? at : earlier)
  }
}

/** @returns the index of the first "}" where no block is open, or -1 */
function surplusIn(statements: readonly Statement[]): number {
  let depth = 0
  return statements.findIndex(({ terminator }) => {
    if (terminator === '{') depth++
    else if (terminator === '}') depth--
    return depth < 0
  })
}

function refuseSurplus(
  statements: readonly Statement[],
  at: number,
  earlier: number,
  problems: Problems,
): void {
  const isEarlier = earlier >= 0
  problems.error(
    statements[at]!.end,
    'unexpected "}"',
    isEarlier ? 'no block is open here, because an earlier "}" is one too many' : 'no block is open here',
    isEarlier ? [{ words: 'by its indentation, this is the one', place: statements[earlier]!.end }] : [],
  )
}

/** Each "{" has its "}". */
function closed(statements: Statement[], problems: Problems): Statement[] {
  const missing = openBefore(statements, statements.length).length
  if (missing === 0) return statements
  const related: Related[] = []
  let right = statements
  for (let i = 0; i < Math.min(missing, MAX_REPAIRS); i++) {
    const last = right.length - 1
    const earlier = doubtful(right, last, 'insert')
    const at = earlier < 0 ? last : earlier
    const opener = right[openBefore(right, at).at(-1)!]!
    related.push({ words: 'the block opened here is not closed', place: startOf(opener) })
    if (at < last) related.push({ words: 'its "}" is missing before this', place: startOf(right[at]!) })
    right = applied(right, 'insert', at)
  }
  const { end } = right.at(-1)!
  const expected = missing === 1 ? 'a "}" is missing' : `${missing} "}" are missing`
  // Blocks are refused there anyway.
  if (end.source.name !== COMMAND_LINE) {
    problems.error(end, 'unexpected end of file, expecting "}"', expected, related.slice(0, MAX_RELATED))
  }
  const rest = Array.from(
    { length: Math.max(missing - MAX_REPAIRS, 0) },
    () => ({ words: [], terminator: '}', end }) as const,
  )
  return [...right.slice(0, -1), ...rest, right.at(-1)!]
}

const MAX_RELATED = 6

/** The blocks that are open before an index, outermost first, as indices. */
function openBefore(statements: readonly Statement[], index: number): number[] {
  const open: number[] = []
  for (let i = 0; i < index; i++) {
    const { terminator } = statements[i]!
    if (terminator === '{') open.push(i)
    else if (terminator === '}') open.pop()
  }
  return open
}

type Repair = 'remove' | 'insert'

/** Takes the "}" at an index away, or puts one before it. */
function applied(statements: readonly Statement[], repair: Repair, at: number): Statement[] {
  if (repair === 'remove') return statements.toSpliced(at, 1)
  const { source, offset } = startOf(statements[at]!)
  return statements.toSpliced(at, 0, { words: [], terminator: '}', end: placeAt(source, offset, 0) })
}

/** @returns where, by indentation, the repair belongs rather than at the index where counting finds it; or -1 */
function doubtful(statements: readonly Statement[], at: number, repair: Repair): number {
  // A "}" that is put before the outermost block that stays open would leave another one without its "{".
  const first = repair === 'insert' ? openBefore(statements, at)[0]! + 1 : 0
  const isRepairable = ({ index, isTooDeep }: Misplaced): boolean =>
    repair === 'insert' ? !isTooDeep : isTooDeep && statements[index]!.terminator === '}'
  const earlier = misplaced(statements).find(
    doubt => doubt.index >= first && doubt.index < at && isRepairable(doubt),
  )
  if (earlier === undefined) return -1
  const remaining = (index: number): number => misplaced(applied(statements, repair, index)).length
  return remaining(earlier.index) < remaining(at) ? earlier.index : -1
}

interface Misplaced {
  readonly index: number
  /** It is a "}" indented more than the block that it closes; otherwise it is indented less than its depth asks for. */
  readonly isTooDeep: boolean
}

/** What begins a line and stands at another depth than its indentation says. */
function misplaced(statements: readonly Statement[]): Misplaced[] {
  const found: Misplaced[] = []
  /** The open blocks: how far they are indented, and whether what stands in them is indented more. */
  const open: { readonly indent: number; isIndented: boolean }[] = []
  for (const [index, statement] of statements.entries()) {
    const { indent, isFirst } = indentOf(startOf(statement))
    const block = statement.terminator === '}' ? open.pop() : open.at(-1)
    if (block !== undefined && isFirst) {
      if (statement.terminator === '}') {
        const isInserted = statement.end.length === 0
        if (!isInserted && indent !== block.indent) found.push({ index, isTooDeep: indent > block.indent })
      } else if (indent > block.indent) {
        block.isIndented = true
      } else if (block.isIndented) {
        found.push({ index, isTooDeep: false })
      }
    }
    if (statement.terminator === '{') open.push({ indent, isIndented: false })
  }
  return found
}

function startOf({ words, end }: Statement): Place {
  return words[0]?.place ?? end
}

function behind({ source, offset, length }: Place): Place {
  return placeAt(source, offset + length, 0)
}
