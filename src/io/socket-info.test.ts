import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Descriptors } from '../../test/descriptors.ts'
import { AF_INET, AF_UNIX } from '../sys/constants.ts'
import { unixAddress } from './address.ts'
import { isListening, localAddress, tcpInfo } from './socket-info.ts'

describe('what the kernel tells of a socket', () => {
  it('is the address that it is bound to', () => {
    using fds = new Descriptors()
    const [, far] = fds.tcpPair()
    const address = localAddress(far)
    assert.ok(address.family === AF_INET && address.host === '127.0.0.1' && address.port > 0)
    assert.equal(localAddress(fds.pair()[0]).family, AF_UNIX)
  })

  it('is an empty address for what is no socket', () => {
    using fds = new Descriptors()
    assert.deepEqual(localAddress(fds.pipe()[0]), unixAddress(''))
  })

  it('is how a TCP connection does', () => {
    using fds = new Descriptors()
    const info = tcpInfo(fds.tcpPair()[1])
    assert.ok(info !== null)
    // Over loopback: a handshake takes less than a second, and the first window is ten segments (RFC 6928).
    assert.ok(info.rttMicroseconds > 0 && info.rttMicroseconds < 1_000_000, `${info.rttMicroseconds} µs`)
    assert.ok(info.rttvarMicroseconds > 0 && info.rttvarMicroseconds < 1_000_000)
    assert.ok(info.sndCwnd >= 1 && info.sndCwnd < 1000, `${info.sndCwnd} segments`)
    assert.ok(info.rcvSpaceBytes >= 1000 && info.rcvSpaceBytes < 10_000_000, `${info.rcvSpaceBytes} bytes`)
  })

  it('is nothing of the kind for other sockets', () => {
    using fds = new Descriptors()
    assert.equal(tcpInfo(fds.pair()[0]), null)
    assert.equal(tcpInfo(fds.pipe()[0]), null)
  })

  it('says that a connection does not listen', () => {
    using fds = new Descriptors()
    assert.equal(isListening(fds.tcpPair()[0]), false)
    assert.equal(isListening(fds.pipe()[0]), false)
  })
})
