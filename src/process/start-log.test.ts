import assert from 'node:assert/strict'
import { it } from 'node:test'
import { recordingLog } from '../../test/recording-log.ts'
import { toldOnce } from './start-log.ts'

const NONE = { stderrPath: null, reopen() {}, close() {}, memory: () => '' }

it('what goes wrong at the start is told in the log and on the terminal', () => {
  const [log, terminal] = [recordingLog('notice'), recordingLog('warn')]
  const both = toldOnce({ log, isOnStderr: false, ...NONE }, terminal)
  both.emerg('no port')
  both.notice('begins')
  both.withContext({ client: '::1' }).warn('hm')
  assert.deepEqual(log.lines, ['emerg: no port', 'notice: begins', 'warn: hm'])
  assert.deepEqual(terminal.lines, ['emerg: no port', 'warn: hm'])
  assert.ok(both.isOn('notice'))
  assert.ok(!both.isOn('info'))
})

it('a log that is the terminal tells it once', () => {
  const [log, terminal] = [recordingLog(), recordingLog()]
  toldOnce({ log, isOnStderr: true, ...NONE }, terminal).emerg('no port')
  assert.deepEqual(log.lines, ['emerg: no port'])
  assert.deepEqual(terminal.lines, [])
})
