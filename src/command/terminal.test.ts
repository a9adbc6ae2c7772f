import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { canDraw, columnsOf, isColourWanted, visible } from './terminal.ts'

function colour(wanted: boolean, isTerminal: boolean, env: NodeJS.ProcessEnv): void {
  it(`${wanted ? 'wanted' : 'not wanted'}: ${isTerminal ? 'terminal' : 'file'} ${JSON.stringify(env)}`, () =>
    assert.equal(isColourWanted(isTerminal, env), wanted))
}

describe('colour', () => {
  colour(true, true, {})
  colour(true, true, { TERM: 'xterm' })
  colour(false, false, {})
  colour(false, true, { TERM: 'dumb' })
  colour(false, true, { NO_COLOR: '1' })
  colour(false, true, { NO_COLOR: '0' })
  colour(true, true, { NO_COLOR: '' })
  colour(true, false, { FORCE_COLOR: '1' })
  colour(true, true, { FORCE_COLOR: '1', TERM: 'dumb' })
  colour(true, true, { FORCE_COLOR: '1', NO_COLOR: '1' })
  colour(false, true, { FORCE_COLOR: '0' })
  colour(false, true, { FORCE_COLOR: '', NO_COLOR: '1' })
})

it('a dumb terminal gets no box', () => {
  assert.equal(canDraw({ TERM: 'dumb' }), false)
  assert.equal(canDraw({ TERM: 'xterm' }), true)
  assert.equal(canDraw({}), true)
})

function takes(columns: number, text: string): void {
  it(`${text} takes ${columns} columns`, () => assert.equal(columnsOf(text), columns))
}

describe('the width of text', () => {
  takes(0, '')
  takes(4, 'site')
  takes(3, 'été')
  takes(3, 'e\u0301te\u0301')
  takes(6, '見張り')
  takes(2, '🏮')
  takes(2, '사')
})

describe('text that is shown', () => {
  it('keeps letters of every language', () => assert.equal(visible('/srv/été/見張り'), '/srv/été/見張り'))
  it('cannot steer the terminal', () => assert.equal(visible('a\x1b[2J\nb'), 'a\\u001b[2J\\u000ab'))
  it('cannot turn its direction', () => assert.equal(visible('a\u202eb'), 'a\\u202eb'))
})
