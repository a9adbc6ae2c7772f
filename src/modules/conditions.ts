/**
 * The condition of an `if`: read as `ngx_http_rewrite_if_condition` reads it, then asked of exchanges.
 *
 *   readCondition(call)              ( $variable )                       not empty, and not "0"
 *                                    ( $variable = text ), !=            the text may hold variables
 *                                    ( $variable ~ regex ), ~* !~ !~*    what the groups hold is $1 to $9 afterwards
 *                                    ( -f path ), -d -e -x, and !-f …    a file, a directory, either, executable
 *   compileCondition(condition, site)
 *
 * The parentheses belong to the first and the last word or stand alone; each other part is a word of its own.
 */

import type { Call } from '../config/directive.ts'
import type { Word } from '../config/lexer.ts'
import { didYouMean, nearest } from '../config/nearest.ts'
import type { Pattern } from '../config/regex.ts'
import { checkedPattern } from '../config/regex-problems.ts'
import { lineName } from '../config/source.ts'
import type { Template } from '../config/template.ts'
import { ENAMETOOLONG, ENOENT, ENOTDIR, errnoForLog } from '../errno.ts'
import { type FileStatus, isDirectory, isRegularFile, newStatus, statusOf } from '../io/file.ts'
import type { Exchange } from '../server/exchange.ts'
import type { SiteContext } from '../server/feature.ts'
import { Matcher } from '../server/matcher.ts'
import type { Value } from '../server/variables.ts'
import { compileText, type Text } from './captured-text.ts'

export type FileTest = 'f' | 'd' | 'e' | 'x'

/** As it was read; `text` is the whole of it, and `where` its line, for those who follow what happens. */
export type Condition = { readonly text: string; readonly where: string } & (
  | { readonly kind: 'variable'; readonly variable: Template }
  | {
      readonly kind: 'equal'
      readonly variable: Template
      readonly value: Template
      readonly isNegated: boolean
    }
  | {
      readonly kind: 'match'
      readonly variable: Template
      readonly pattern: Pattern
      readonly isNegated: boolean
    }
  | { readonly kind: 'file'; readonly test: FileTest; readonly path: Template; readonly isNegated: boolean }
)

export type Predicate = (x: Exchange) => boolean

const FORMS = 'expected ($variable), ($variable = text), ($variable ~ regex) or (-f path)'
const OPERATORS = ['=', '!=', '~', '~*', '!~', '!~*']

/** @returns undefined for what is no condition; that is reported */
export function readCondition(call: Call): Condition | undefined {
  const words = withoutParentheses(call)
  if (words === undefined) return undefined
  const [first, second, third] = words
  if (first === undefined) return call.fail(0, 'invalid condition ")"', FORMS)
  const text = words.map(word => word.text).join(' ')
  const where = lineName(call.directive.place)
  if (first.text.length > 1 && first.text.startsWith('$')) {
    if (words.length !== 1 && words.length !== 3) return invalid(call, first, adviceFor(words))
    const variable = variableOf(call, first)
    if (variable === undefined) return undefined
    return second === undefined
      ? { text, where, kind: 'variable', variable }
      : readComparison(call, text, variable, second, third!)
  }
  if (/^!?-.$/.test(first.text)) return readFileTest(call, text, words)
  return invalid(call, first, adviceForFirst(first))
}

/** The words between the parentheses. */
function withoutParentheses(call: Call): Word[] | undefined {
  const words = [...call.args]
  const first = words[0]!
  if (!first.text.startsWith('(')) return invalid(call, first, 'a condition stands in parentheses')
  words[0] = { ...first, text: first.text.slice(1) }
  if (words[0].text === '') words.shift()
  const last = words.at(-1)
  if (last === undefined || !last.text.endsWith(')')) {
    return invalid(call, last ?? first, 'a closing parenthesis is missing at the end of the condition')
  }
  words[words.length - 1] = { ...last, text: last.text.slice(0, -1) }
  // The parenthesis of an empty condition is of no use to the opening one.
  if (words.at(-1)!.text === '') words.pop()
  return words
}

function invalid(call: Call, word: Word, expected: string): undefined {
  return call.fail(word.place, `invalid condition "${word.text}"`, expected)
}

function adviceFor(words: readonly Word[]): string {
  const joint = words.find(({ text }) => ['&&', '||', 'and', 'or'].includes(text))
  if (joint !== undefined) {
    return `there is no "${joint.text}": a map of "$a:$b" to 1 asks for two things at once, in ($both)`
  }
  const missing =
    words.length === 2 ? 'the operator or what is compared with is missing' : 'it has too many words'
  return `${missing}: ${FORMS}; a text with spaces stands in quotes`
}

function adviceForFirst({ text }: Word): string {
  const bare = text.replace(/^["'!]*/, '')
  if (text === '!') return 'the sign belongs to what it negates: !-f, !=, !~'
  if (text.startsWith('!$')) return `${bare} is negated by comparing it: (${bare} = "") or (${bare} = 0)`
  if (/^["']\$/.test(text)) return `the variable stands without quotes: ${bare.replace(/["']$/, '')}`
  return FORMS
}

/** nginx takes everything behind the "$" for the name. */
function variableOf(call: Call, word: Word): Template | undefined {
  const name = word.text.slice(1)
  if (/^\d$/.test(name)) {
    return call.fail(
      word.place,
      `unknown "${name}" variable`,
      'a group of a match is stored with "set" before it is tested',
    )
  }
  if (/^\{\w+\}$/.test(name)) {
    return call.fail(word.place, `unknown "${name}" variable`, `no braces here: $${name.slice(1, -1)}`)
  }
  if (/[=~!<>]/.test(name)) {
    return call.fail(word.place, `unknown "${name}" variable`, 'spaces stand around the operator')
  }
  return { text: word.text, parts: [{ variable: name }], place: word.place }
}

function readComparison(
  call: Call,
  text: string,
  variable: Template,
  operator: Word,
  operand: Word,
): Condition | undefined {
  const sign = operator.text
  const where = lineName(call.directive.place)
  if (!OPERATORS.includes(sign)) {
    const near = sign === '==' ? '=' : nearest(sign, OPERATORS)
    const advice = `expected one of ${OPERATORS.join(', ')}${near === null ? '' : didYouMean(sign, [near])}`
    return call.fail(operator.place, `unexpected "${sign}" in condition`, advice)
  }
  const isNegated = sign.startsWith('!')
  if (sign.endsWith('=')) {
    return { text, where, kind: 'equal', variable, value: call.templateOf(operand), isNegated }
  }
  const pattern = checkedPattern(operand.text, sign.endsWith('*'), operand.place, call.problems)
  return pattern === null ? undefined : { text, where, kind: 'match', variable, pattern, isNegated }
}

function readFileTest(call: Call, text: string, words: readonly Word[]): Condition | undefined {
  const [operator, path] = words as [Word, Word | undefined]
  if (path === undefined || words.length > 2)
    return invalid(call, operator, 'one path follows it, such as (-f $request_filename)')
  const test = ['f', 'd', 'e', 'x'].find(one => operator.text.endsWith(`-${one}`)) as FileTest | undefined
  if (test === undefined)
    return invalid(call, operator, 'expected -f, -d, -e or -x, perhaps with ! before it')
  const where = lineName(call.directive.place)
  return {
    text,
    where,
    kind: 'file',
    test,
    path: call.templateOf(path),
    isNegated: operator.text.startsWith('!'),
  }
}

/** What is tested: the value of the variable, or the path. */
export function subjectOf(condition: Condition, site: SiteContext): Text {
  if (condition.kind === 'file') return compileText(condition.path, site)
  const value = site.compile(condition.variable)
  return x => value.of(x)
}

export function compileCondition(condition: Condition, site: SiteContext): Predicate {
  if (condition.kind === 'file')
    return fileTest(condition.test, compileText(condition.path, site), condition.isNegated)
  const variable = site.compile(condition.variable)
  if (condition.kind === 'variable') return isTrue(variable)
  if (condition.kind === 'equal')
    return isEqual(variable, compileText(condition.value, site), condition.isNegated)
  return matches(variable, new Matcher(condition.pattern, site.variables), condition.isNegated)
}

function isTrue(variable: Value): Predicate {
  return x => {
    const text = variable.of(x)
    return text !== '' && text !== '0'
  }
}

function isEqual(variable: Value, value: Text, isNegated: boolean): Predicate {
  return x => (variable.of(x) === value(x)) !== isNegated
}

/** What does not match leaves no groups behind, not even those of an earlier match (`ngx_http_script_regex_start_code`). */
function matches(variable: Value, matcher: Matcher, isNegated: boolean): Predicate {
  return x => {
    const isMatch = matcher.match(x, variable.of(x))
    if (!isMatch) x.captures = null
    return isMatch !== isNegated
  }
}

/** The owner's right to execute it, or to go through it. */
const S_IXUSR = 0o100

const IS: Readonly<Record<FileTest, (status: FileStatus) => boolean>> = {
  f: isRegularFile,
  d: isDirectory,
  e: status => isRegularFile(status) || isDirectory(status),
  x: status => (status.mode & S_IXUSR) !== 0,
}

const status = newStatus()

/** The path is one of the process, not of the site; links are followed. */
function fileTest(test: FileTest, path: Text, isNegated: boolean): Predicate {
  const is = IS[test]
  return x => {
    const name = path(x)
    const result = statusOf(name, status)
    if (result === 0) return is(status) !== isNegated
    if (!isMissing(result)) x.log.crit(`stat() "${name}" failed ${errnoForLog(result)}`)
    return isNegated
  }
}

function isMissing(result: number): boolean {
  return result === -ENOENT || result === -ENOTDIR || result === -ENAMETOOLONG
}
