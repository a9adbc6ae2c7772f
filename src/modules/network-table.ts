/**
 * Values of networks: the smallest network that an address is in decides.
 *
 *   table.set(network, value)         the value that this very network had, or undefined
 *   table.delete(network)             was it there?
 *   table.lookup()                    frozen, for looking up
 *   lookup.find(addressKey(address))
 *
 * IPv4 and IPv6 are worlds of their own. Networks lie in one another or apart, so all of them together cut the line of addresses
 * into stretches with one value each; an address is found among these by halving.
 */

import type { Address } from '../io/address.ts'
import { addressBytes, type Network } from '../io/network.ts'

/** 4 or 16 octets, one in each character, so that keys sort as addresses do; '' for a Unix socket. */
export function addressKey(address: Address): string {
  return keyOf(addressBytes(address))
}

/** An IPv4 address that was written as one of IPv6 (RFC 4291 §2.5.5.2) is one of IPv4. */
function keyOf(bytes: Uint8Array): string {
  const key = String.fromCharCode(...bytes)
  return key.startsWith(MAPPED) && key.length === 16 ? key.slice(12) : key
}

const MAPPED = `${'\0'.repeat(10)}\xff\xff`

interface Entry<T> {
  readonly first: string
  readonly last: string
  readonly prefixBits: number
  readonly value: T
}

/** `T` must not include undefined. */
export class NetworkTable<T> {
  readonly #entries = new Map<string, Entry<T>>()

  set(network: Network, value: T): T | undefined {
    const { prefixBits } = network
    const first = firstOf(network)
    const name = nameOf(first, prefixBits)
    const before = this.#entries.get(name)
    this.#entries.set(name, { first, last: lastOf(network), prefixBits, value })
    return before?.value
  }

  delete(network: Network): boolean {
    return this.#entries.delete(nameOf(firstOf(network), network.prefixBits))
  }

  lookup(): NetworkLookup<T> {
    const entries = [...this.#entries.values()]
    const inOrder = (length: number): Entry<T>[] =>
      entries
        .filter(({ first }) => first.length === length)
        .sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : a.prefixBits - b.prefixBits))
    return new NetworkLookup(stretchesOf(inOrder(4)), stretchesOf(inOrder(16)))
  }
}

function nameOf(first: string, prefixBits: number): string {
  return first + String.fromCharCode(prefixBits)
}

function firstOf({ bytes, prefixBits }: Network): string {
  let key = ''
  for (let i = 0; i < bytes.length; i++) key += String.fromCharCode(bytes[i]! & ~lowBits(prefixBits, i))
  return key
}

function lastOf({ bytes, prefixBits }: Network): string {
  let key = ''
  for (let i = 0; i < bytes.length; i++) key += String.fromCharCode(bytes[i]! | lowBits(prefixBits, i))
  return key
}

/** Those of an octet that are behind the prefix. */
function lowBits(prefixBits: number, octet: number): number {
  return 0xff >> Math.min(8, Math.max(0, prefixBits - 8 * octet))
}

/** From `starts[i]` up to `starts[i + 1]` holds `values[i]`. */
interface Stretches<T> {
  readonly starts: readonly string[]
  readonly values: readonly (T | undefined)[]
}

/** @param entries by their first address, and the wider of two that begin together first */
function stretchesOf<T>(entries: readonly Entry<T>[]): Stretches<T> {
  const starts: string[] = []
  const values: (T | undefined)[] = []
  const begin = (start: string, value: T | undefined): void => {
    if (starts.at(-1) === start) values[values.length - 1] = value
    else values[starts.push(start) - 1] = value
  }
  /** Those around the place that has been reached, the narrowest last. */
  const around: Entry<T>[] = []
  const end = (): void => {
    const next = successor(around.pop()!.last)
    if (next !== null) begin(next, around.at(-1)?.value)
  }
  for (const entry of entries) {
    while (around.length > 0 && around.at(-1)!.last < entry.first) end()
    begin(entry.first, entry.value)
    around.push(entry)
  }
  while (around.length > 0) end()
  return { starts, values }
}

/** The next address; null behind the last one. */
function successor(key: string): string | null {
  const head = key.replace(/\xff+$/, '')
  if (head === '') return null
  const raised = head.slice(0, -1) + String.fromCharCode(head.charCodeAt(head.length - 1) + 1)
  return raised.padEnd(key.length, '\0')
}

export class NetworkLookup<T> {
  readonly #byLength: ReadonlyMap<number, Stretches<T>>

  constructor(four: Stretches<T>, sixteen: Stretches<T>) {
    this.#byLength = new Map([
      [4, four],
      [16, sixteen],
    ])
  }

  find(key: string): T | undefined {
    const stretches = this.#byLength.get(key.length)
    if (stretches === undefined) return undefined
    const { starts, values } = stretches
    let [low, high] = [0, starts.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (starts[middle]! <= key) low = middle + 1
      else high = middle
    }
    return values[low - 1]
  }
}
