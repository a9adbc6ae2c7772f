import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { didYouMean, distance, nearest } from './nearest.ts'

function lie(a: string, b: string, steps: number): void {
  it(`${a || '(nothing)'} and ${b || '(nothing)'} lie ${steps} apart`, () => {
    assert.equal(distance(a, b), steps)
    assert.equal(distance(b, a), steps)
  })
}

describe('the distance of two words', () => {
  lie('', '', 0)
  lie('port', 'port', 0)
  lie('', 'port', 4)
  lie('port', 'ports', 1)
  lie('port', 'pot', 1)
  lie('port', 'pert', 1)
  lie('port', 'prot', 1)
  lie('port', 'opr', 2)
  lie('kitten', 'sitting', 3)
  lie('epoll', 'poll', 1)
})

describe('the nearest word', () => {
  const words = ['--port', '--host', '--cors']

  it('is one or two slips away', () => {
    assert.equal(nearest('--prot', words), '--port')
    assert.equal(nearest('--cor', words), '--cors')
    assert.equal(nearest('--hsots', words), '--host')
  })

  it('is the nearer of two', () => assert.equal(nearest('--ports', ['--cors', '--port']), '--port'))

  it('is of equally near ones that which begins alike', () => {
    assert.equal(nearest('--pors', ['--cors', '--port', '--pods']), '--port')
    assert.equal(nearest('of', ['on', 'off']), 'off')
    assert.equal(nearest('ab', ['xb', 'yb']), 'xb')
  })

  it('is none when all are far', () => assert.equal(nearest('--verbose', words), null))

  it('is in a short word one slip away', () => {
    assert.equal(nearest('else', ['use']), null)
    assert.equal(nearest('rot', ['root']), 'root')
  })

  it('is none when nothing but the length is alike', () => assert.equal(nearest('ab', ['xy']), null))

  it('is said as a question', () => {
    assert.equal(didYouMean('poll ', ['poll']), '; did you mean "poll"?')
    assert.equal(didYouMean('kqueue', ['poll']), '')
  })
})
