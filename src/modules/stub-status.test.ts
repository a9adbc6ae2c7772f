import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { answered, type StubExchange } from '../../test/exchange-stub.ts'
import { placed } from '../../test/feature-stub.ts'
import { coreVariables } from '../server/core-variables.ts'
import { ACTIVE, Counters, READING, WRITING } from '../server/counters.ts'
import type { ConnectionFacts } from '../server/responder.ts'
import { stubStatus } from './stub-status.ts'

const countersOf = (...cells: number[]): Counters => new Counters(Float64Array.from(cells))

function ask(all: Counters[], request = 'GET /', facts: Partial<ConnectionFacts> = {}): StubExchange {
  const { location, site } = placed([stubStatus], { location: 'stub_status;' })
  site.shared('counters', (): Counters[] => []).push(...all)
  return answered(request, { location, facts: { countsAs: ACTIVE, ...facts } })
}

describe('stub_status', () => {
  it('adds up what all processes have counted', () => {
    const x = ask([countersOf(10, 9, 30, 5, 1, 1), countersOf(2, 2, 3, 2, 0, 1)])
    assert.equal(x.status, 200)
    assert.equal(x.answerField('content-type'), 'text/plain')
    assert.equal(
      x.answerText,
      'Active connections: 7 \nserver accepts handled requests\n 12 11 33 \nReading: 1 Writing: 3 Waiting: 3 \n',
    )
  })

  it('counts whoever asks as one that is answered', () => {
    const last = (facts: Partial<ConnectionFacts>, ...cells: number[]): string =>
      ask([countersOf(1, 1, 1, ...cells)], 'GET /', facts).answerText.split('\n')[3]!
    assert.equal(last({ countsAs: ACTIVE }, 1, 0, 0), 'Reading: 0 Writing: 1 Waiting: 0 ')
    assert.equal(last({ countsAs: READING }, 1, 1, 0), 'Reading: 0 Writing: 1 Waiting: 0 ')
    assert.equal(last({ countsAs: WRITING }, 1, 0, 1), 'Reading: 0 Writing: 1 Waiting: 0 ')
  })

  it('can only be retrieved', () => {
    assert.equal(ask([], 'HEAD /').answerText, '')
    assert.equal(ask([], 'POST /').status, 405)
  })

  it('accepts the argument that it once had, and is not handed down', () => {
    assert.equal(placed([stubStatus], { location: 'stub_status on;' }).modules.length, 1)
    assert.equal(placed([stubStatus], { server: 'stub_status;' }).modules.length, 0)
  })

  it('has variables', () => {
    const variables = coreVariables()
    const { site } = placed([stubStatus], {}, { variables })
    site.shared('counters', (): Counters[] => []).push(countersOf(10, 9, 30, 5, 1, 1))
    const x = answered('GET /', { facts: { countsAs: ACTIVE } })
    const values = ['active', 'reading', 'writing', 'waiting'].map(name =>
      variables.find(`connections_${name}`)!.get(x),
    )
    assert.deepEqual(values, ['5', '1', '2', '2'])
  })
})
