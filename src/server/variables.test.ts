import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { exchangeOf } from '../../test/exchange-stub.ts'
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
