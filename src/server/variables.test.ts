import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { exchangeOf } from '../../test/exchange-stub.ts'
import { placeAt } from '../config/source.ts'
import type { Template } from '../config/template.ts'
import { Variables } from './variables.ts'

describe('a variable of the configuration', () => {
  it('that is set and computed as well gives what was set, and what is computed as long as nothing was', () => {
    const variables = new Variables()
    const row = variables.slot('both')
    variables.add({ name: 'both', doc: '', get: x => `computed for ${x.path}` })
    const x = exchangeOf('GET /a')
    assert.equal(variables.find('BOTH')?.get(x), 'computed for /a')
    row.set(x, 'set')
    assert.equal(variables.find('both')?.get(x), 'set')
    variables.slot('both').set(x, 'set again')
    assert.equal(variables.find('both')?.get(x), 'set again')
  })

  it('gives what its definer says as long as nothing is stored', () => {
    const row = new Variables().slot('x', '', () => 'nobody')
    const x = exchangeOf('GET /')
    assert.equal(row.get(x), 'nobody')
    row.set(x, '')
    assert.equal(row.get(x), '')
  })

  it('may have no name that is fixed, but one that can be set, or that of a family', () => {
    const variables = new Variables()
    variables.add({ name: 'uri', doc: '', get: () => '' })
    variables.add({ name: 'args', doc: '', get: () => '', set: () => {} })
    variables.addFamily({ prefix: 'arg_', doc: '', member: () => () => null })
    assert.ok(variables.find('arg_known') !== null)
    variables.slot('mine')
    assert.deepEqual(
      ['uri', 'URI', 'args', 'arg_known', 'arg_x', 'mine', 'other'].filter(name => variables.isFixed(name)),
      ['uri', 'URI'],
    )
  })
})

describe('a variable that is computed', () => {
  const count = (isKept: boolean): string => {
    const variables = new Variables()
    let calls = 0
    variables.define({ name: 'Count', doc: '', get: () => String(++calls) }, isKept)
    const x = exchangeOf('GET /')
    return ['count', 'COUNT'].map(name => variables.find(name)?.get(x)).join()
  }

  it('is computed once for an exchange, or each time', () => {
    assert.equal(count(true), '1,1')
    assert.equal(count(false), '1,2')
  })

  it('gives what was set, whoever was first, and belongs to the last who defines it', () => {
    for (const isFirst of [true, false]) {
      const variables = new Variables()
      if (isFirst) variables.slot('x')
      variables.define({ name: 'x', doc: '', get: () => 'one' }, true)
      variables.define({ name: 'x', doc: '', get: () => 'two' }, true)
      const x = exchangeOf('GET /')
      assert.equal(variables.find('x')?.get(x), 'two')
      variables.slot('x').set(x, 'set')
      assert.equal(variables.find('x')?.get(x), 'set')
      assert.ok(!variables.isFixed('x'))
    }
  })
})

describe('a template', () => {
  const templateOf = (...parts: Template['parts']): Template => ({
    text: '',
    parts,
    place: placeAt({ name: 'f', text: '' }, 0, 0),
  })

  it('gives octets as they came, and text as UTF-8', () => {
    const variables = new Variables()
    variables.add({ name: 'raw', doc: '', isOctets: true, get: x => x.query })
    variables.add({ name: 'text', doc: '', get: () => 'é€' })
    const octets = (...parts: Template['parts']): string =>
      variables.compile(templateOf(...parts), () => {}).octets(exchangeOf('GET /?\xE9\xC3\xA9'))
    assert.equal(octets({ variable: 'raw' }), '\xE9\xC3\xA9')
    assert.equal(octets({ variable: 'text' }), '\xC3\xA9\xE2\x82\xAC')
    assert.equal(
      octets('é', { variable: 'raw' }, { variable: 'text' }),
      '\xC3\xA9\xE9\xC3\xA9\xC3\xA9\xE2\x82\xAC',
    )
    assert.equal(octets('é'), '\xC3\xA9')
    const later = variables.compile(templateOf({ variable: 'later' }), () => {})
    variables.add({ name: 'later', doc: '', isOctets: true, get: () => '\xE9' })
    assert.equal(later.octets(exchangeOf('GET /')), '\xE9')
    assert.equal(
      variables.compile(templateOf({ variable: 'none' }), () => {}).octets(exchangeOf('GET /')),
      '',
    )
  })

  it('finds what is defined after it, and tells what is not there yet', () => {
    const variables = new Variables()
    const unknown: string[] = []
    const value = variables.compile(templateOf('<', { variable: 'later' }, '>'), name => unknown.push(name))
    const alone = variables.compile(templateOf({ variable: 'Never' }), name => unknown.push(name))
    assert.deepEqual(unknown, ['later', 'Never'])
    variables.slot('later').set(exchangeOf('GET /'), 'not this one')
    const x = exchangeOf('GET /')
    variables.slot('later').set(x, 'here')
    assert.equal(value.of(x), '<here>')
    assert.equal(alone.orNull(x), null)
    assert.equal(alone.of(x), '')
  })
})
