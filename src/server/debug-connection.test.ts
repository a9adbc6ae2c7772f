import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inetAddress, unixAddress } from '../io/address.ts'
import type { Network } from '../io/network.ts'
import { levelFor, parseDebugConnection } from './debug-connection.ts'

describe('debug_connection', () => {
  it('takes connections of its networks for watched', () => {
    const networks = ['192.0.2.0/24', '::1', 'unix:'].map(text => parseDebugConnection(text) as Network)
    assert.equal(levelFor(networks, inetAddress('192.0.2.7', 1)), 'debug')
    assert.equal(levelFor(networks, inetAddress('::1', 1)), 'debug')
    assert.equal(levelFor(networks, unixAddress('')), 'debug')
    assert.equal(levelFor(networks, inetAddress('192.0.3.7', 1)), undefined)
    assert.equal(levelFor([], inetAddress('192.0.2.7', 1)), undefined)
  })

  it('does not look names up', () => {
    assert.equal(
      parseDebugConnection('example.com'),
      '"example.com" is not an address, a network such as 192.0.2.0/24, or unix:',
    )
  })
})
