/**
 * Patterns put together at random, in the same way each time, and what PCRE2 makes of them: the same matches, the same groups,
 * the same mistakes.
 */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { missingPcre2, type Pcre2Pattern, pcre2 } from '../../test/pcre2.ts'
import { matchPattern, type Pattern, translateRegex } from './regex.ts'

const ATOMS = [
  ...'abcAB/1-_ ',
  ...[
    '.',
    '\\.',
    '\\d',
    '\\w',
    '\\s',
    '\\W',
    '\\D',
    '\\h',
    '\\H',
    '\\v',
    '\\S',
    '\\N',
    '\\n',
    '\\x61',
    '\\101',
  ],
  ...[
    '[ab]',
    '[^a]',
    '[a-c]',
    '[^/]',
    '[]a]',
    '[^]a]',
    '[\\w.-]',
    '[[:alpha:]]',
    '[[:^digit:]\\d]',
    '\\Qa.b\\E',
  ],
]
const ANCHORS = ['^', '$', '\\b', '\\B', '\\A', '\\z', '\\Z']
const OPTIONS = ['(?i)', '(?-i)', '(?s)', '(?m)', '(?x)', '(?U)', '(?n)', '(?#x)', '(?^)', '(?im-s)']
const QUANTIFIERS = ['*', '+', '?', '{2}', '{1,2}', '{0,1}', '{2,}']
const GROUPS = ['(', '(', '(', '(?:', '(?>', '(?i:', '(?s:', '(?m:', '(?-i:', '(?=', '(?!', '(?|']
const LOOKBEHINDS = ['(?<=a)', '(?<!ab)', '(?<=\\w)', '(?<![^b])', '(?<=a|b)', '(?<!(?i:A))']
const SUBJECT = [...'abcABab/.1 \n\r-_']

class Author {
  #seed: number
  #groupCount = 0

  constructor(seed: number) {
    this.#seed = seed
  }

  /** A linear congruential generator: the same numbers on every machine. */
  below(limit: number): number {
    this.#seed = (Math.imul(this.#seed, 1664525) + 1013904223) >>> 0
    return Math.floor((this.#seed / 2 ** 32) * limit)
  }

  oneOf(list: readonly string[]): string {
    return list[this.below(list.length)]!
  }

  pattern(): string {
    this.#groupCount = 0
    return this.#choice(3) || 'a'
  }

  subject(): string {
    return Array.from({ length: this.below(9) }, () => this.oneOf(SUBJECT)).join('')
  }

  #choice(depth: number): string {
    return Array.from({ length: Math.max(1, this.below(5) - 1) }, () => this.#sequence(depth)).join('|')
  }

  #sequence(depth: number): string {
    return Array.from({ length: this.below(4) }, () => this.#piece(depth)).join('')
  }

  #piece(depth: number): string {
    const chance = this.below(40)
    if (chance < 3) return this.oneOf(ANCHORS)
    if (chance < 5) return this.oneOf(OPTIONS)
    if (chance < 6) return this.oneOf(LOOKBEHINDS)
    if (chance < 9 && this.#groupCount > 0) return `\\${1 + this.below(this.#groupCount)}`
    const atom = depth > 0 && chance < 22 ? this.#group(depth) : this.oneOf(ATOMS)
    return atom + (this.below(3) > 0 ? '' : this.oneOf(QUANTIFIERS) + this.oneOf(['', '', '', '?', '+']))
  }

  #group(depth: number): string {
    const start = this.oneOf(GROUPS)
    if (start === '(') this.#groupCount++
    return `${start}${this.#choice(depth - 1)})`
  }
}

const CANNOT = /cannot be translated/

function groupsText(pattern: Pattern, found: readonly (string | undefined)[] | null): string {
  if (found === null) return 'no match'
  // Where a caution says that groups differ, the match itself is the same all the same.
  const count = pattern.caution === '' ? pattern.captureCount : 0
  return JSON.stringify(Array.from({ length: count + 1 }, (_, n) => found[n] ?? ''))
}

it('thousands of patterns mean what they mean to PCRE2', { skip: missingPcre2 }, () => {
  const author = new Author(20)
  let compared = 0
  for (let i = 0; i < 4000; i++) {
    const [source, isCaseless] = [author.pattern(), author.below(4) === 0]
    const [ours, theirs] = [translateRegex(source, isCaseless), pcre2(source, isCaseless)]
    if ('mistake' in ours) {
      if ('message' in theirs) assert.deepEqual(ours, { mistake: theirs.message, at: theirs.at }, source)
      else assert.match(ours.mistake, CANNOT, source)
      continue
    }
    if ('message' in theirs) assert.fail(`${source}: ${theirs.message}`)
    for (let j = 0; j < 10; j++) {
      const subject = author.subject()
      const found: ReturnType<Pcre2Pattern['match']> = theirs.match(subject)
      if (typeof found === 'number') continue
      compared++
      assert.equal(
        groupsText(ours, matchPattern(ours, subject)),
        groupsText(ours, found),
        `${source}${isCaseless ? ' without case' : ''} in ${JSON.stringify(subject)}: ${ours.regex}`,
      )
    }
  }
  assert.ok(compared > 25_000)
})
