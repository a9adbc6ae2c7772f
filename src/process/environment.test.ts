import assert from 'node:assert/strict'
import { it } from 'node:test'
import { keepEnvironment, withoutMasters } from './environment.ts'

it('nothing is kept but TZ', () => {
  const env = { PATH: '/bin', TZ: 'Europe/Paris', SECRET: 'x' }
  keepEnvironment([], env)
  assert.deepEqual(env, { TZ: 'Europe/Paris' })
})

it('names are kept, values are set, the last one of a name holds', () => {
  const env = { PATH: '/bin', OLD: 'old', TZ: 'UTC' }
  const rules = [
    { name: 'PATH', value: null },
    { name: 'ABSENT', value: null },
    { name: 'OLD', value: 'new' },
    { name: 'EMPTY', value: '' },
    { name: 'TWICE', value: '1' },
    { name: 'TWICE', value: '2' },
    { name: 'TZ', value: 'Asia/Tokyo' },
  ]
  keepEnvironment(rules, env)
  assert.deepEqual(env, { PATH: '/bin', OLD: 'new', EMPTY: '', TWICE: '2', TZ: 'Asia/Tokyo' })
})

it('what is between a master and its manager stays there', () => {
  const env = { NGINX: '3;', NOTIFY_SOCKET: '/x', WATCHDOG_USEC: '1', NODE_OPTIONS: '--x', PATH: '/bin' }
  assert.deepEqual(withoutMasters(env), { NODE_OPTIONS: '--x', PATH: '/bin' })
})
