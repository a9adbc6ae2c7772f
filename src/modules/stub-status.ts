/**
 * `stub_status`: connections and requests of all processes, as the few numbers that monitoring reads (ngx_http_stub_status_module).
 *
 *   Active connections: 3
 *   server accepts handled requests
 *    12 12 40
 *   Reading: 0 Writing: 1 Waiting: 2
 */

import { custom } from '../config/directive.ts'
import { fieldLine } from '../http/response-head.ts'
import {
  ACCEPTED,
  ACTIVE,
  type Cell,
  type Counters,
  HANDLED as HANDLED_CONNECTIONS,
  READING,
  REQUESTS,
  sumOf,
  WRITING,
} from '../server/counters.ts'
import type { Exchange } from '../server/exchange.ts'
import { defineFeature } from '../server/feature.ts'
import { HANDLED, type Module, type Outcome } from '../server/module.ts'
import { refuseMethod } from '../server/phases.ts'
import type { VariableRow } from '../server/variables.ts'

export const stubStatus = defineFeature({
  name: 'stub-status',
  nginxModules: ['ngx_http_stub_status_module'],
  isHandler: true,
  table: {
    stub_status: custom<boolean>({
      in: ['server', 'location'],
      initial: false,
      default: null,
      isInherited: false,
      doc: 'Answers with numbers about the connections and requests of all processes. An argument is accepted, and says nothing: old files have one.',
      syntax: '',
      takes: [0, 1],
      read: () => true,
    }),
  },
  // For the manual; those of a site take their place.
  variables: variablesOf([]),
  declare(site) {
    for (const row of variablesOf(site.shared('counters', (): Counters[] => []))) site.variables.add(row)
  },
  bind({ stub_status: isOn }, { site }) {
    return isOn ? new StubStatus(site.shared('counters', (): Counters[] => [])) : null
  },
})

function variablesOf(counters: readonly Counters[]): VariableRow[] {
  const row = (name: string, doc: string, of: (now: Connections) => number): VariableRow => ({
    name: `connections_${name}`,
    doc,
    get: x => String(of(connectionsNow(counters, x))),
  })
  return [
    row('active', 'How many connections are open, waiting ones included.', now => now.active),
    row('reading', 'On how many connections the head of a request is coming in.', now => now.reading),
    row('writing', 'On how many connections a request is being answered.', now => now.writing),
    row('waiting', 'How many connections wait for their next request.', now => now.waiting),
  ]
}

interface Connections {
  readonly active: number
  readonly reading: number
  readonly writing: number
  readonly waiting: number
}

/** Whoever asks is being answered: that is counted only where it takes more than a moment. */
function connectionsNow(counters: readonly Counters[], x: Exchange): Connections {
  const sum = sumOf(counters)
  const { countsAs } = x.responder.facts
  const count = (cell: Cell, more: number): number => Math.max(0, sum[cell]! + more)
  const active = Math.max(1, sum[ACTIVE]!)
  const reading = count(READING, countsAs === READING ? -1 : 0)
  const writing = count(WRITING, countsAs === WRITING ? 0 : 1)
  return { active, reading, writing, waiting: Math.max(0, active - reading - writing) }
}

const LINES = fieldLine('Content-Type', 'text/plain')

class StubStatus implements Module {
  readonly name = 'stub-status'
  private readonly counters: readonly Counters[]

  constructor(counters: readonly Counters[]) {
    this.counters = counters
  }

  content(x: Exchange): Outcome {
    if (x.isRetrieval) {
      x.setPreparedLines(LINES)
      if (x.isTraced) x.origin = 'the numbers of stub_status'
      x.answer(200, this.text(x))
    } else refuseMethod(x, 'GET, HEAD')
    return HANDLED
  }

  /** To the letter, blanks at the ends included: programs take it apart. */
  private text(x: Exchange): string {
    const sum = sumOf(this.counters)
    const { active, reading, writing, waiting } = connectionsNow(this.counters, x)
    return (
      `Active connections: ${active} \nserver accepts handled requests\n` +
      ` ${sum[ACCEPTED]} ${sum[HANDLED_CONNECTIONS]} ${sum[REQUESTS]} \n` +
      `Reading: ${reading} Writing: ${writing} Waiting: ${waiting} \n`
    )
  }
}
