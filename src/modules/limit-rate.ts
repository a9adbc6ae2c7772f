/**
 * How fast an answer may be sent: `limit_rate`, `limit_rate_after`. The variable `$limit_rate` goes before.
 */

import { template } from '../config/directive.ts'
import { parseSize } from '../config/units.ts'
import type { Exchange } from '../server/exchange.ts'
import { defineFeature } from '../server/feature.ts'
import type { Value } from '../server/variables.ts'

const WHERE = ['http', 'server', 'location', 'if in location']

export const limitRate = defineFeature({
  name: 'limit-rate',
  nginxModules: [],
  table: {
    limit_rate: template({
      in: WHERE,
      initial: null,
      default: '0',
      doc: 'Bytes per second of one answer; 0: as fast as the client takes them. A connection that carries several answers at a time is as fast as all of them.',
      syntax: 'rate',
    }),
    limit_rate_after: template({
      in: WHERE,
      initial: null,
      default: '0',
      doc: 'So many bytes of an answer are sent before limit_rate slows it down.',
      syntax: 'size',
    }),
  },
  bind({ limit_rate: rate, limit_rate_after: after }, { site }) {
    if (rate === null && after === null) return null
    const rateValue = rate === null ? null : site.compile(rate)
    const afterValue = after === null ? null : site.compile(after)
    for (const [value, template] of [
      [rateValue, rate],
      [afterValue, after],
    ] as const) {
      if (value?.constant != null && parseSize(value.constant) === null) {
        site.problems.error(
          template!.place,
          `invalid value "${value.constant}"`,
          'expected a size such as 100k',
        )
      }
    }
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
