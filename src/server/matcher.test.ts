import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { exchangeOf } from '../../test/exchange-stub.ts'
import { translateRegex } from '../config/regex.ts'
import { Matcher } from './matcher.ts'
import { Variables } from './variables.ts'

function matcherOf(source: string, variables = new Variables(), isCaseless = false): Matcher {
  const pattern = translateRegex(source, isCaseless)
  assert.ok(!('mistake' in pattern))
  return new Matcher(pattern, variables)
}

describe('a regular expression at work', () => {
  it('gives its groups to the exchange', () => {
    const x = exchangeOf('GET /')
    assert.equal(matcherOf('^/(a)(b)?').match(x, '/ac'), true)
    assert.deepEqual([...x.captures!], ['/a', 'a', undefined])
  })

  it('gives its named groups to variables, and nothing to one that took no part', () => {
    const variables = new Variables()
    const matcher = matcherOf('^/(?<year>\\d+)(?<month>-\\d+)?$', variables)
    const x = exchangeOf('GET /')
    const values = () => ['year', 'MONTH', '1'].map(name => variables.find(name)?.get(x))
    assert.deepEqual(values(), [null, null, null])
    matcher.match(x, '/2026-11')
    assert.deepEqual(values(), ['2026', '-11', '2026'])
    matcher.match(x, '/2027')
    assert.deepEqual(values(), ['2027', '', '2027'])
  })

  it('leaves what another one has captured when it does not match', () => {
    const x = exchangeOf('GET /')
    const variables = new Variables()
    matcherOf('(?<name>a)', variables).match(x, 'a')
    assert.equal(matcherOf('(?<name>b)', variables).match(x, 'a'), false)
    assert.deepEqual([x.captures?.[1], variables.find('name')?.get(x)], ['a', 'a'])
  })

  it('shares the variable of a name with other expressions, each exchange having its own values', () => {
    const variables = new Variables()
    const [one, other] = [exchangeOf('GET /'), exchangeOf('GET /')]
    matcherOf('(?<name>a)', variables).match(one, 'a')
    matcherOf('(?<name>b)', variables).match(other, 'b')
    const { get } = variables.find('name')!
    assert.deepEqual([get(one), get(other)], ['a', 'b'])
  })

  it('can be asked without capturing, any number of times', () => {
    const matcher = matcherOf('^/A', new Variables(), true)
    assert.deepEqual([matcher.test('/a'), matcher.test('/a'), matcher.test('a')], [true, true, false])
    assert.equal(matcher.source, '^/A')
  })
})
