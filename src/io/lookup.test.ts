import assert from 'node:assert/strict'
import { it } from 'node:test'
import { addressesOfName } from './lookup.ts'

it('finds the addresses of this machine, and those that are written as addresses', () => {
  assert.ok(addressesOfName('localhost').some(host => host === '127.0.0.1' || host === '::1'))
  assert.deepEqual(addressesOfName('127.0.0.2'), ['127.0.0.2'])
  assert.deepEqual(addressesOfName('::1'), ['::1'])
})

it('finds nothing for a name that nobody has', () => {
  assert.deepEqual(addressesOfName('no such name'), [])
  assert.deepEqual(addressesOfName('with\0nul'), [])
})
