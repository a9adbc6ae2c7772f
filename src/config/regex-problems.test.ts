import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Problems } from './diagnostic.ts'
import { checkedPattern } from './regex-problems.ts'
import { placeAt } from './source.ts'

function summaryOf(source: string): string | undefined {
  const problems = new Problems()
  const place = placeAt({ name: 'f', text: source }, 0, source.length)
  const pattern = checkedPattern(source, false, place, problems)
  assert.equal(pattern === null, problems.hasErrors)
  return problems.list[0]?.summary
}

describe('a regular expression of a directive', () => {
  it('that is one has no problems', () => {
    assert.equal(summaryOf('^/a(.*)$'), undefined)
  })

  it('that is none is reported as nginx does, with what is left of it', () => {
    assert.equal(summaryOf('('), 'pcre2_compile() failed: missing closing parenthesis in "("')
    assert.equal(
      summaryOf('[z-a]'),
      'pcre2_compile() failed: range out of order in character class in "[z-a]" at "a]"',
    )
    assert.equal(
      summaryOf('*a'),
      'pcre2_compile() failed: quantifier does not follow a repeatable item in "*a" at "*a"',
    )
  })

  it('that may stall the loop is warned of, with what to look at', () => {
    const problems = new Problems()
    const place = placeAt({ name: 'f', text: '^(a+)+$' }, 0, 7)
    assert.notEqual(checkedPattern('^(a+)+$', false, place, problems), null)
    const [warning] = problems.list
    assert.equal(warning?.severity, 'warning')
    assert.equal(warning?.summary, 'the regular expression "^(a+)+$" may take very long')
    assert.match(warning?.expected ?? '', /^"\(a\+\)\+" can match the same text in many ways/)
  })
})
