import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createLog, isWithin, LEVELS, type Level, SILENT } from './log.ts'

function spoken(least: Level): string[] {
  const lines: string[] = []
  const log = createLog(least, (level, words) => lines.push(`${level}: ${words}`))
  for (const level of LEVELS) log[level]('words')
  return lines
}

describe('a log', () => {
  it("has nginx's levels, and drops those behind its own", () => {
    assert.deepEqual(spoken('emerg'), ['emerg: words'])
    assert.deepEqual(spoken('error'), ['emerg: words', 'alert: words', 'crit: words', 'error: words'])
    assert.equal(spoken('debug').length, 8)
  })

  it('tells beforehand which levels it writes', () => {
    const log = createLog('notice', () => {})
    assert.deepEqual(
      LEVELS.filter(level => log.isOn(level)),
      ['emerg', 'alert', 'crit', 'error', 'warn', 'notice'],
    )
    assert.deepEqual(
      LEVELS.filter(level => SILENT.isOn(level)),
      [],
    )
    assert.equal(isWithin('crit', 'crit'), true)
    assert.equal(isWithin('warn', 'crit'), false)
  })

  it('never reads a context that it does not write', () => {
    const context = {
      get request(): string {
        throw new Error('read')
      },
    }
    const lines: string[] = []
    const log = createLog('error', (_level, words) => lines.push(words)).withContext(context)
    log.error('a')
    SILENT.withContext(context).emerg('b')
    assert.deepEqual(lines, ['a'])
  })
})
