/**
 * A set of host names with wildcards, as `server_name` and `map … { hostnames; }` have them (nginx's ngx_hash.c).
 *
 *   names.add('example.org', value)       'ok', or 'duplicate': the first stays, or 'invalid': a wildcard out of place
 *   names.find('www.example.org')         the value of the name that fits best, or undefined
 *
 * What fits best, whatever the order of adding: the exact name; then the longest of `*.example.org` and
 * `.example.org`, which is `example.org` too; then the longest of `www.example.*`. A star stands for one label or
 * several. Regular expressions, the dot of the root and ports are the caller's matter.
 */

/** The names below one label, read from the end of a name or from its start. */
interface Node<T> {
  readonly below: Map<string, Node<T>>
  /** For names with at least one label more; undefined where no wildcard ends. */
  value: T | undefined
  /** Is it also for the name that ends here: `.example.org`? */
  isForItself: boolean
}

/** `T` must not include undefined or null. */
export class HostNames<T> {
  readonly #exact = new Map<string, T>()
  /** `*.example.org` as org → example. */
  readonly #leading: Node<T> = emptyNode()
  /** `www.example.*` as www → example. */
  readonly #trailing: Node<T> = emptyNode()

  /** @param name in either case; a star may be the whole first label or the whole last one, and there is only one */
  add(name: string, value: T): 'ok' | 'duplicate' | 'invalid' {
    const lower = name.toLowerCase()
    if (lower.includes('..') || lower.includes('\0') || lower.indexOf('*') !== lower.lastIndexOf('*')) {
      return 'invalid'
    }
    if (lower.length > 1 && lower.startsWith('.')) return this.#addDotted(lower.slice(1), value)
    if (lower.length > 2 && lower.startsWith('*.')) {
      return addTo(this.#leading, lower.slice(2).split('.').reverse(), value, false)
    }
    if (lower.length > 2 && lower.endsWith('.*')) {
      return addTo(this.#trailing, lower.slice(0, -2).split('.'), value, false)
    }
    return lower.includes('*') ? 'invalid' : this.#addExact(lower, value)
  }

  #addDotted(rest: string, value: T): 'ok' | 'duplicate' {
    return this.#exact.has(rest) ? 'duplicate' : addTo(this.#leading, rest.split('.').reverse(), value, true)
  }

  #addExact(name: string, value: T): 'ok' | 'duplicate' {
    if (this.#exact.has(name) || nodeAt(this.#leading, name.split('.').reverse())?.isForItself) {
      return 'duplicate'
    }
    this.#exact.set(name, value)
    return 'ok'
  }

  /** @param host in lower case. The cost is that of the labels that are known, not of all that the client sent. */
  find(host: string): T | undefined {
    return this.#exact.get(host) ?? findLeading(this.#leading, host) ?? findTrailing(this.#trailing, host)
  }
}

function emptyNode<T>(): Node<T> {
  return { below: new Map(), value: undefined, isForItself: false }
}

function nodeAt<T>(from: Node<T>, labels: readonly string[]): Node<T> | undefined {
  let node: Node<T> | undefined = from
  for (const label of labels) node = node?.below.get(label)
  return node
}

function addTo<T>(
  from: Node<T>,
  labels: readonly string[],
  value: T,
  isForItself: boolean,
): 'ok' | 'duplicate' {
  let node = from
  for (const label of labels) {
    const next = node.below.get(label) ?? emptyNode<T>()
    node.below.set(label, next)
    node = next
  }
  if (node.value !== undefined) return 'duplicate'
  node.value = value
  node.isForItself = isForItself
  return 'ok'
}

function findLeading<T>(from: Node<T>, host: string): T | undefined {
  let best: T | undefined
  let node = from
  for (let end = host.length; end >= 0; ) {
    const dot = end === 0 ? -1 : host.lastIndexOf('.', end - 1)
    const next = node.below.get(host.slice(dot + 1, end))
    if (next === undefined) return best
    if (dot >= 0 || next.isForItself) best = next.value ?? best
    node = next
    end = dot
  }
  return best
}

function findTrailing<T>(from: Node<T>, host: string): T | undefined {
  let best: T | undefined
  let node = from
  for (let start = 0; ; ) {
    const dot = host.indexOf('.', start)
    const next = dot < 0 ? undefined : node.below.get(host.slice(start, dot))
    if (next === undefined) return best
    best = next.value ?? best
    node = next
    start = dot + 1
  }
}
