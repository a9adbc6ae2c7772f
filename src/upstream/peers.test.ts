import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inetAddress } from '../io/address.ts'
import { KEEP_NONE } from './idle-connections.ts'
import { type Peer, type PeerSpec, Peers } from './peers.ts'

function spec(name: string, changes: Partial<PeerSpec> = {}): PeerSpec {
  return {
    name,
    address: inetAddress('127.0.0.1', 1),
    weight: 1,
    maxFails: 1,
    failTimeoutMs: 10_000,
    maxConnections: 0,
    isBackup: false,
    isDown: false,
    ...changes,
  }
}

function peersOf(...specs: PeerSpec[]): Peers {
  return new Peers('test', specs, KEEP_NONE)
}

/** The names of the next ones, each of which succeeds. */
function turns(peers: Peers, count: number, now = 0): string {
  return Array.from({ length: count }, () => {
    const peer = peers.choose(new Set(), now)
    if (peer !== null) peers.succeeded(peer)
    return peer?.spec.name ?? '-'
  }).join(' ')
}

function chosen(peers: Peers, now = 0, tried: ReadonlySet<Peer> = new Set()): Peer {
  const peer = peers.choose(tried, now)
  assert.ok(peer !== null)
  return peer
}

describe('the turn of peers', () => {
  it('goes round', () => {
    assert.equal(turns(peersOf(spec('a'), spec('b'), spec('c')), 7), 'a b c a b c a')
  })

  it('comes as often as they weigh, and evenly', () => {
    assert.equal(turns(peersOf(spec('a', { weight: 5 }), spec('b'), spec('c')), 7), 'a a b a c a a')
  })

  it('never comes to those that are down', () => {
    const peers = peersOf(spec('a', { isDown: true }), spec('b'))
    assert.equal(turns(peers, 3), 'b b b')
    assert.equal(peers.count, 1)
    assert.equal(turns(peersOf(spec('a', { isDown: true })), 1), '-')
  })

  it('comes once for a request', () => {
    const peers = peersOf(spec('a'), spec('b'))
    const tried = new Set<Peer>()
    for (const name of ['a', 'b']) {
      const peer = chosen(peers, 0, tried)
      assert.equal(peer.spec.name, name)
      tried.add(peer)
    }
    assert.equal(peers.choose(tried, 0), null)
  })

  it('comes to a backup when nobody else is left', () => {
    const peers = peersOf(spec('a'), spec('b', { isBackup: true }))
    assert.equal(turns(peers, 3), 'a a a')
    assert.equal(peers.count, 2)
    peers.failed(chosen(peers), 0)
    assert.equal(turns(peers, 2, 10_000), 'b b')
    assert.equal(turns(peers, 2, 10_001), 'a a')
  })

  it('passes over those with as many connections as they may have', () => {
    const peers = peersOf(spec('a', { maxConnections: 2 }), spec('b'))
    const first = chosen(peers)
    first.connections = 2
    assert.equal(turns(peers, 2), 'b b')
    first.connections = 1
    assert.match(turns(peers, 2), /a/)
  })
})

describe('a peer that fails', () => {
  it('rests when it has failed often enough, and is tried again after that', () => {
    const peers = peersOf(spec('a', { maxFails: 2 }), spec('b'))
    const first = chosen(peers, 0)
    assert.equal(peers.failed(first, 0), false)
    assert.match(turns(peers, 3, 1), /a/)
    assert.equal(peers.failed(first, 1000), true)
    assert.equal(turns(peers, 3, 11_000), 'b b b')
    assert.match(turns(peers, 2, 11_001), /a/)
    assert.equal(first.fails, 0)
  })

  it('goes on to rest when the first try after its rest fails', () => {
    const peers = peersOf(spec('a'), spec('b'))
    const first = chosen(peers, 0)
    peers.failed(first, 0)
    assert.match(turns(peers, 1, 5000), /b/)
    let again = chosen(peers, 10_001)
    if (again !== first) again = chosen(peers, 10_001, new Set([again]))
    assert.equal(again, first)
    assert.equal(peers.failed(first, 10_002), true)
    assert.equal(turns(peers, 2, 20_002), 'b b')
  })

  it('weighs less for a while', () => {
    const peers = peersOf(spec('a', { weight: 4, maxFails: 4 }), spec('b', { weight: 4 }))
    const first = chosen(peers)
    peers.failed(first, 0)
    assert.equal(first.effectiveWeight, 3)
    turns(peers, 2)
    assert.equal(first.effectiveWeight, 4)
  })

  it('never rests where it is told not to, or is alone', () => {
    const alone = peersOf(spec('a'))
    const tireless = peersOf(spec('a', { maxFails: 0 }), spec('b', { isDown: true }))
    for (const peers of [alone, tireless]) {
      for (let i = 0; i < 3; i++) assert.equal(peers.failed(chosen(peers), 0), false)
      assert.equal(turns(peers, 2), 'a a')
    }
  })
})
