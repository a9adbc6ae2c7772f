/**
 * Budgets of design.md as data, and the judgement on them.
 *
 *   times(1.1, 'nginx')        at most that many times what nginx took in the same run
 *   atMost(200)                at most that many of the metric's units
 *   judge(budget, result, …)   met, or by how much it was missed
 *   budgetWords(budget, unit)  '≤ 1.1 × nginx'
 *   ratioOf(result, a, b)      the median of the ratios of each round, since one round is one weather
 */
import { median } from './measure.ts'

export type Budget =
  | { readonly times: number; readonly of: string; readonly like?: string }
  | { readonly atMost: number }

/** What was measured of one metric: by server, one number per round, `null` where the server failed. */
export interface MetricResult {
  name: string
  title: string
  unit: string
  samples: Record<string, (number | null)[]>
  must: Budget | null
  aim: Budget | null
}

export interface Verdict {
  text: string
  /** `null` when it cannot be judged, because a server was not measured. */
  met: boolean | null
  /** Per cent above the budget; 0 when met. */
  missedByPercent: number
}

/** `like`: the server of design.md whose ratio to nginx there became the number. */
export function times(factor: number, of: string, like?: string): Budget {
  return { times: factor, of, like }
}

export function atMost(value: number): Budget {
  return { atMost: value }
}

export function medianOf(result: MetricResult, server: string): number | null {
  const values = (result.samples[server] ?? []).filter(value => value !== null)
  return values.length === 0 ? null : median(values)
}

export function ratioOf(result: MetricResult, server: string, base: string): number | null {
  const bases = result.samples[base] ?? []
  const ratios = (result.samples[server] ?? []).flatMap((value, round) => {
    const other = bases[round]
    return value === null || other === null || other === undefined || other <= 0 ? [] : [value / other]
  })
  return ratios.length === 0 ? null : median(ratios)
}

export function judge(budget: Budget, result: MetricResult, server: string): Verdict {
  const text = budgetWords(budget, result.unit)
  const [found, limit] =
    'atMost' in budget
      ? [medianOf(result, server), budget.atMost]
      : [ratioOf(result, server, budget.of), budget.times]
  if (found === null) return { text, met: null, missedByPercent: 0 }
  if (found <= limit) return { text, met: true, missedByPercent: 0 }
  // Of a metric that is itself a percentage, the difference says more than a percentage of a percentage.
  const missedByPercent = result.unit === '%' ? found - limit : (found / limit - 1) * 100
  return { text, met: false, missedByPercent }
}

export function budgetWords(budget: Budget, unit: string): string {
  if ('atMost' in budget) return `≤ ${budget.atMost} ${unit}`
  return `≤ ${budget.times === 1 ? '' : `${budget.times} × `}${budget.of}`
}
