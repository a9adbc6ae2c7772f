import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { commonLogTime, epochSeconds, errorLogTime, isoTime, syslogTime } from './log-time.ts'

const MOMENT = Date.UTC(2026, 10, 3, 4, 5, 6, 78)

/** The time zone of a process is read once: each zone gets a process of its own. */
function inZone(zone: string): string[] {
  const program = `
    const { commonLogTime, errorLogTime, isoTime, syslogTime } = await import(${JSON.stringify(new URL('./log-time.js', import.meta.url))})
    for (const form of [commonLogTime, isoTime, errorLogTime, syslogTime]) console.log(form(${MOMENT}))`
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    env: { ...process.env, TZ: zone },
    encoding: 'utf8',
  })
  return child.stdout.trimEnd().split('\n')
}

describe('the time of a log line', () => {
  it('is local, and tells by how much', () => {
    assert.deepEqual(inZone('UTC'), [
      '03/Nov/2026:04:05:06 +0000',
      '2026-11-03T04:05:06+00:00',
      '2026/11/03 04:05:06',
      'Nov  3 04:05:06',
    ])
    assert.deepEqual(inZone('America/St_Johns').slice(0, 2), [
      '03/Nov/2026:00:35:06 -0330',
      '2026-11-03T00:35:06-03:30',
    ])
    assert.deepEqual(inZone('Asia/Kolkata').slice(0, 2), [
      '03/Nov/2026:09:35:06 +0530',
      '2026-11-03T09:35:06+05:30',
    ])
  })

  it('is rendered anew in another second only', () => {
    for (const form of [commonLogTime, isoTime, errorLogTime, syslogTime]) {
      assert.equal(form(MOMENT), form(MOMENT + 900))
      assert.notEqual(form(MOMENT), form(MOMENT + 1000))
      assert.equal(form(MOMENT), form(MOMENT - 1))
    }
  })

  it('has three digits of milliseconds', () => {
    assert.equal(epochSeconds(1795438987000), '1795438987.000')
    assert.equal(epochSeconds(1795438987045.7), '1795438987.045')
  })
})
