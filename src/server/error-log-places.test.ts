import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { LogFiles } from '../io/log-files.ts'
import { openErrorLog, parseErrorLog } from './error-log-places.ts'

function means(line: string, place: object): void {
  assert.deepEqual(parseErrorLog(line.split(' ')), place)
}

function refuses(line: string, mistake: string, at: number): void {
  const found = parseErrorLog(line.split(' '))
  assert.ok('mistake' in found, line)
  assert.deepEqual([found.mistake, found.at], [mistake, at])
}

describe('the arguments of error_log', () => {
  it('name a place, a level and a form', () => {
    const file = { kind: 'file', path: 'logs/error.log' }
    means('logs/error.log', { target: file, level: 'error', format: 'text' })
    means('logs/error.log notice', { target: file, level: 'notice', format: 'text' })
    means('logs/error.log format=json warn', { target: file, level: 'warn', format: 'json' })
    means('stderr debug', { target: { kind: 'stderr' }, level: 'debug', format: 'text' })
    means('memory:32k debug', {
      target: { kind: 'memory', sizeBytes: 32768 },
      level: 'debug',
      format: 'text',
    })
    const syslog = {
      server: { path: '/dev/log' },
      facility: 23,
      severity: 6,
      tag: 'web',
      hasHostname: true,
    }
    means('syslog:server=unix:/dev/log,tag=web crit', {
      target: { kind: 'syslog', syslog },
      level: 'crit',
      format: 'text',
    })
  })

  it('take the parts of debugging for all of it', () => {
    means('e debug_http debug_event', { target: { kind: 'file', path: 'e' }, level: 'debug', format: 'text' })
  })

  it('are refused in the words of nginx', () => {
    refuses('e warning', 'invalid log level "warning"', 1)
    refuses('e warn error', 'duplicate log level "error"', 2)
    refuses('e warn debug_http', 'duplicate log level "debug_http"', 2)
    refuses('e format=xml', 'invalid log format "xml"', 1)
    refuses('e format=json format=json', 'duplicate log format "json"', 2)
    refuses('memory:', 'invalid buffer size ""', 0)
    refuses('memory:10', 'invalid buffer size "10"', 0)
    refuses('memory:1x', 'invalid buffer size "1x"', 0)
    refuses('syslog:tag=a', 'no syslog server specified', 0)
  })
})

describe('an error log of several places', () => {
  it('writes at once, and what came before its files were open', () => {
    const folder = mkdtempSync(join(tmpdir(), 'veille-errors-'))
    const path = join(folder, 'error.log')
    const files = new LogFiles()
    const { log, memories } = openErrorLog(
      [
        { target: { kind: 'file', path }, level: 'error', format: 'text' },
        { target: { kind: 'file', path: `${path}.json` }, level: 'debug', format: 'json' },
        { target: { kind: 'memory', sizeBytes: 1024 }, level: 'info', format: 'text' },
      ],
      files,
    )
    log.error('early')
    assert.deepEqual(files.open(), [])
    log.error('one')
    log.debug('two')
    assert.match(readFileSync(path, 'utf8'), /: early\n.*: one\n$/)
    assert.match(readFileSync(`${path}.json`, 'utf8'), /"one"\}\n.*"message":"two"\}\n$/)
    assert.match(memories[0]!.contents, /early\n.*one\n$/)
    files.close()
    rmSync(folder, { recursive: true })
  })

  it('may be stderr', () => {
    const program = `
      const { LogFiles } = await import(${JSON.stringify(new URL('../io/log-files.js', import.meta.url))})
      const { openErrorLog } = await import(${JSON.stringify(new URL('./error-log-places.js', import.meta.url))})
      const place = { target: { kind: 'stderr' }, level: 'warn', format: 'text' }
      openErrorLog([place], new LogFiles()).log.crit('words')
      process.exit()`
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
    assert.match(child.stderr, /\[crit\] \d+#\d+: words\n$/)
  })
})
