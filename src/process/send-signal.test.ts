import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { recordingLog } from '../../test/recording-log.ts'
import { COMMANDS, type Command, sendSignal } from './send-signal.ts'

const folder = mkdtempSync(join(tmpdir(), 'veille-signal-'))
after(() => rmSync(folder, { recursive: true }))
const path = join(folder, 'nginx.pid')

function refusal(command: Command, content: string | null): string | undefined {
  rmSync(path, { force: true })
  if (content !== null) writeFileSync(path, content)
  const log = recordingLog()
  assert.equal(sendSignal(command, path, log), 1)
  const [first, ...rest] = log.lines
  assert.equal(first, 'notice: signal process started')
  assert.equal(rest.length, 1)
  return rest[0]
}

describe('a signal for the master', () => {
  it('is refused with the words of nginx when there is no number', () => {
    assert.equal(refusal('stop', null), `error: open() "${path}" failed (2: No such file or directory)`)
    assert.equal(refusal('stop', ''), `error: invalid PID number "" in "${path}"`)
    assert.equal(refusal('quit', 'abc\n'), `error: invalid PID number "abc" in "${path}"`)
    assert.equal(refusal('quit', '99 x\r\n'), `error: invalid PID number "99 x" in "${path}"`)
  })

  it('goes to no group of processes and to no number that none can have', () => {
    for (const digits of ['0', '00', '-1', '4294967297', '99999999999999999999'])
      assert.equal(refusal('stop', `${digits}\n`), `error: invalid PID number "${digits}" in "${path}"`)
  })

  it('is refused when there is no such process', () => {
    // Above every limit of Linux (proc(5), /proc/sys/kernel/pid_max).
    assert.equal(refusal('reload', '4194305\n'), 'alert: kill(4194305, 1) failed (3: No such process)')
  })

  it('is refused when the file is none', () => {
    const log = recordingLog()
    assert.equal(sendSignal('stop', folder, log), 1)
    assert.equal(log.lines[1], `error: read() "${folder}" failed (21: Is a directory)`)
  })

  for (const [command, signal] of Object.entries(COMMANDS)) {
    it(`${command} is ${signal}`, async () => {
      const child = spawn(process.execPath, [
        '-e',
        `process.on('${signal}', () => process.exit(7)); setInterval(() => {}, 1000); console.log('ready')`,
      ])
      try {
        await once(child.stdout, 'data')
        writeFileSync(path, `${child.pid}\n`)
        assert.equal(sendSignal(command as Command, path, recordingLog()), 0)
        assert.deepEqual(await once(child, 'exit'), [7, null])
      } finally {
        child.kill('SIGKILL')
      }
    })
  }
})
