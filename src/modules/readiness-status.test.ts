import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { answered, type StubExchange } from '../../test/exchange-stub.ts'
import { placed } from '../../test/feature-stub.ts'
import { READINESS_NAMES } from '../loop/readiness-account.ts'
import { Counters } from '../server/counters.ts'
import { readinessPageOf, readinessStatus } from './readiness-status.ts'

function ask(text: string, isStrict: boolean, request = 'GET /'): StubExchange {
  const { location, site } = placed([readinessStatus], { location: text })
  const all = [new Counters(), new Counters()]
  for (const { readiness } of all) readiness.set(readiness.map((_, i) => i + 1))
  site.shared('counters', (): Counters[] => []).push(...all)
  readinessPageOf(site).isStrict = isStrict
  return answered(request, { location })
}

describe('readiness_status', () => {
  it('tells the numbers of all processes, a line for each', () => {
    const x = ask('readiness_status text;', true)
    assert.deepEqual([x.status, x.answerField('content-type')], [200, 'text/plain'])
    const lines = x.answerText.trimEnd().split('\n')
    assert.equal(lines[0], 'strict_readiness on')
    assert.deepEqual(
      lines.slice(1).map(line => line.split(' ')[0]),
      [...READINESS_NAMES],
    )
    assert.ok(lines.includes('reads_without_readiness 14'))
    assert.ok(lines.includes('most_operations_per_client_and_iteration 10'))
  })

  it('tells them as an object', () => {
    const x = ask('readiness_status json;', false)
    assert.equal(x.answerField('content-type'), 'application/json')
    const { strict_readiness, writes } = JSON.parse(x.answerText)
    assert.deepEqual([strict_readiness, writes], [false, 10])
  })

  it('can only be retrieved', () => {
    assert.equal(ask('readiness_status text;', true, 'HEAD /').answerText, '')
    assert.equal(ask('readiness_status text;', true, 'POST /').status, 405)
  })

  it('asks for somebody to count, unless it is off', () => {
    const isAsked = (text: string): boolean =>
      readinessPageOf(placed([readinessStatus], { location: text }).site).isAsked
    assert.deepEqual(
      [isAsked('readiness_status text;'), isAsked('readiness_status off;'), isAsked('')],
      [true, false, false],
    )
  })
})
