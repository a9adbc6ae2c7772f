/**
 * Values of ranges of IPv4 addresses, `10.0.0.0-10.0.3.255` (`ngx_http_geo_range`).
 *
 *   parseAddressRange('10.0.0.0-10.0.3.255')     numbers, or null
 *   ranges.add(range, value)                     'ok', the value that it takes the place of, or the range that it overlaps
 *   ranges.delete(range)                         was all of it there?
 *   ranges.find(number)
 *
 * A later range may lie within an earlier one, and takes its part of it; it may not reach beyond. As in nginx this holds for each
 * block of 65,536 addresses by itself, into which ranges are cut: so a range that reaches beyond where two blocks meet is taken.
 */

import { isIPv4 } from 'node:net'

export interface AddressRange {
  readonly first: number
  readonly last: number
}

interface Stretch<T> extends AddressRange {
  readonly value: T
}

export type Added<T> =
  | { readonly kind: 'ok' }
  | { readonly kind: 'replaced'; readonly old: T }
  | { readonly kind: 'overlap'; readonly other: AddressRange }

export function parseAddressRange(text: string): AddressRange | null {
  const [from = '', to = '', ...more] = text.split('-')
  if (more.length > 0 || !isIPv4(from) || !isIPv4(to)) return null
  const range = { first: numberOf(from), last: numberOf(to) }
  return range.first <= range.last ? range : null
}

/** @param host in dotted form */
export function numberOf(host: string): number {
  return host.split('.').reduce((number, part) => number * 256 + Number(part), 0)
}

export function rangeText({ first, last }: AddressRange): string {
  return `${hostText(first)}-${hostText(last)}`
}

function hostText(number: number): string {
  return [24, 16, 8, 0].map(shift => (number >>> shift) & 0xff).join('.')
}

const BLOCK = 0x10000

/** `T` must not include undefined. */
export class AddressRanges<T> {
  /** Those of each block in their order, none overlapping another. */
  readonly #blocks = new Map<number, Stretch<T>[]>()

  add(range: AddressRange, value: T): Added<T> {
    let added: Added<T> = { kind: 'ok' }
    for (const part of partsOf(range)) {
      const stretches = this.#blocks.get(blockOf(part)) ?? []
      const one = insert(stretches, { ...part, value })
      if (one.kind === 'overlap') return one
      this.#blocks.set(blockOf(part), stretches)
      if (added.kind === 'ok') added = one
    }
    return added
  }

  delete(range: AddressRange): boolean {
    let isWhole = true
    for (const part of partsOf(range)) {
      const stretches = this.#blocks.get(blockOf(part)) ?? []
      const at = stretches.findIndex(({ first, last }) => first === part.first && last === part.last)
      if (at < 0) isWhole = false
      else stretches.splice(at, 1)
    }
    return isWhole
  }

  find(address: number): T | undefined {
    const stretches = this.#blocks.get(Math.floor(address / BLOCK))
    return stretches?.find(({ first, last }) => first <= address && address <= last)?.value
  }
}

function blockOf({ first }: AddressRange): number {
  return Math.floor(first / BLOCK)
}

function partsOf({ first, last }: AddressRange): AddressRange[] {
  const parts: AddressRange[] = []
  for (let from = first; from <= last; ) {
    const to = Math.min(last, Math.floor(from / BLOCK) * BLOCK + BLOCK - 1)
    parts.push({ first: from, last: to })
    from = to + 1
  }
  return parts
}

/** Puts a stretch among those of its block, and takes what it needs from the one that it lies in. */
function insert<T>(stretches: Stretch<T>[], one: Stretch<T>): Added<T> {
  const at = stretches.findLastIndex(({ first }) => first <= one.last)
  const other = stretches[at]
  if (other === undefined || other.last < one.first) {
    stretches.splice(at + 1, 0, one)
    return { kind: 'ok' }
  }
  if (one.first < other.first || one.last > other.last) return { kind: 'overlap', other }
  const before = one.first > other.first ? [{ ...other, last: one.first - 1 }] : []
  const behind = one.last < other.last ? [{ ...other, first: one.last + 1 }] : []
  stretches.splice(at, 1, ...before, one, ...behind)
  return before.length + behind.length === 0 ? { kind: 'replaced', old: other.value } : { kind: 'ok' }
}
