import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Descriptors } from '../../test/descriptors.ts'
import { recordingLog } from '../../test/recording-log.ts'
import { inetAddress } from '../io/address.ts'
import { openListener } from '../io/listener.ts'
import { socketsFromBefore } from './upgrade.ts'

it('sockets of the binary before are found by their numbers, and the variable is gone', () => {
  using fds = new Descriptors()
  const [a, b] = [0, 0].map(port => fds.own(openListener(inetAddress('127.0.0.1', port)) as number))
  for (const text of [`${a};${b};`, `${a}:${b}`]) {
    const env: NodeJS.ProcessEnv = { NGINX: text, PATH: '/bin' }
    const log = recordingLog()
    assert.deepEqual(socketsFromBefore(env, log), [a, b])
    assert.deepEqual(env, { PATH: '/bin' })
    assert.deepEqual(log.lines, [`notice: using inherited sockets from "${text}"`])
  }
})

it('what is no number or no listening socket is told of', () => {
  using fds = new Descriptors()
  const [pipe] = fds.pipe()
  const socket = fds.own(openListener(inetAddress('127.0.0.1', 0)) as number)
  const log = recordingLog('warn')
  assert.deepEqual(socketsFromBefore({ NGINX: `${pipe};${socket};x3;${socket};` }, log), [socket])
  assert.deepEqual(log.lines, [
    `emerg: inherited descriptor ${pipe} is not a listening socket, ignored`,
    'emerg: invalid socket number "x3" in NGINX environment variable, ignoring the rest of the variable',
  ])
})

it('without the variable there was no binary before', () => {
  assert.equal(socketsFromBefore({}, recordingLog()), null)
  assert.deepEqual(socketsFromBefore({ NGINX: '' }, recordingLog()), [])
})
