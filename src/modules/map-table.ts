/**
 * What a `map` looks up: texts, host names, and then regular expressions in their order (`ngx_http_map_find`).
 *
 *   table.add('/old', value)               'ok', or 'duplicate'; upper and lower case are the same
 *   table.addHost('*.example.org', value)  and 'invalid'; see server/host-names.ts
 *   table.addMatcher(matcher, value)
 *   table.find(x, text)                    a value, or undefined; a regular expression fills $1 to $9 of `x`
 */

import type { Exchange } from '../server/exchange.ts'
import { HostNames } from '../server/host-names.ts'
import type { Matcher } from '../server/matcher.ts'

/** `T` must not include undefined or null. */
export class MapTable<T> {
  readonly #texts = new Map<string, T>()
  readonly #matchers: (readonly [Matcher, T])[] = []
  #hosts: HostNames<T> | null = null

  add(key: string, value: T): 'ok' | 'duplicate' {
    const lower = key.toLowerCase()
    if (this.#texts.has(lower)) return 'duplicate'
    this.#texts.set(lower, value)
    return 'ok'
  }

  addHost(name: string, value: T): 'ok' | 'duplicate' | 'invalid' {
    this.#hosts ??= new HostNames()
    return this.#texts.has(name.toLowerCase()) ? 'duplicate' : this.#hosts.add(name, value)
  }

  addMatcher(matcher: Matcher, value: T): void {
    this.#matchers.push([matcher, value])
  }

  find(x: Exchange, text: string): T | undefined {
    const lower = text.toLowerCase()
    return this.#texts.get(lower) ?? this.#hosts?.find(lower) ?? this.#findMatch(x, text)
  }

  /** Regular expressions are not asked about the empty text. */
  #findMatch(x: Exchange, text: string): T | undefined {
    if (text === '') return undefined
    for (const [matcher, value] of this.#matchers) if (matcher.match(x, text)) return value
    return undefined
  }
}
