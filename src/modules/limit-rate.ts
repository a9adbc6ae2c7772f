/**
 * How fast an answer may be sent: `limit_rate`, `limit_rate_after`. The variable `$limit_rate` goes before.
 */

import { custom, readSize } from '../config/directive.ts'
import type { Template } from '../config/template.ts'
import { parseSize } from '../config/units.ts'
import type { Exchange } from '../server/exchange.ts'
import { defineFeature } from '../server/feature.ts'
import type { Value } from '../server/variables.ts'

const WHERE = ['http', 'server', 'location', 'if in location']

/** A size, or variables that come to one. */
function sizeRow(syntax: string, doc: string) {
  return custom<Template | null>({
    in: WHERE,
    initial: null,
    default: '0',
    syntax,
    takes: [1, 1],
    doc,
    read(call) {
      const value = call.template(0)
      const isConstant = value.parts.every(part => typeof part === 'string')
      return isConstant && readSize(call, 0) === undefined ? undefined : value
    },
  })
}

export const limitRate = defineFeature({
  name: 'limit-rate',
  nginxModules: [],
  table: {
    limit_rate: sizeRow(
      'rate',
      'Bytes per second of one answer; 0: as fast as the client takes them. A connection that carries several answers at a time is as fast as all of them.',
    ),
    limit_rate_after: sizeRow('size', 'So many bytes of an answer are sent before limit_rate slows it down.'),
  },
  bind({ limit_rate: rate, limit_rate_after: after }, { site }) {
    if (rate === null && after === null) return null
    const rateValue = rate === null ? null : site.compile(rate)
    const afterValue = after === null ? null : site.compile(after)
    return {
      name: 'limit-rate',
      fields(x: Exchange): void {
        x.rateBytes ??= sizeOf(rateValue, x)
        x.rateAfterBytes = sizeOf(afterValue, x)
      },
    }
  },
})

/** What a variable comes to may be no size: then nothing is limited. */
function sizeOf(value: Value | null, x: Exchange): number {
  return value === null ? 0 : (parseSize(value.of(x)) ?? 0)
}
