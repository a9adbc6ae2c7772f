/**
 * Which file a path names: the five ways in which a root or an alias is put before it (ngx_http_map_uri_to_path).
 *
 *   new PlainRoot('/srv')                    before the whole path
 *   new PlainAlias('/srv/img/', '/i/')       in place of the prefix that the location has matched
 *   new OneFile('/srv/x')                    the whole name, in a location of a regular expression
 *   new ComputedRoot, new ComputedAlias      the same of values with variables
 *
 * Other than in nginx, a value that comes with the request never climbs: `/img../secret` of `location /img { alias /srv/img/; }`
 * and the like have no file.
 */

import { absolute } from '../config/directive.ts'
import { climbs } from '../http/target.ts'
import type { Exchange } from '../server/exchange.ts'
import type { Value } from '../server/variables.ts'

export interface Root {
  /** It stands before the path, in place of `prefix`, or is the whole name. */
  readonly kind: 'root' | 'alias' | 'whole'
  /** The beginning of the path that an alias replaces; '' for the other kinds. */
  readonly prefix: string
  directoryOf(x: Exchange): string | typeof CLIMBS
  /** A number is the status of an exchange without a file; it is logged. */
  fileOf(x: Exchange): string | number
}

/** A value of the request would lead out of the place that the configuration names. */
export const CLIMBS = 403

export class PlainRoot implements Root {
  readonly kind = 'root'
  readonly prefix = ''
  private readonly directory: string
  /** What was asked for last. A name that was looked up before is found without its characters. */
  private lastPath = ''
  private lastFile: string

  constructor(directory: string) {
    this.directory = directory
    this.lastFile = directory
  }

  directoryOf(): string {
    return this.directory
  }

  fileOf(x: Exchange): string {
    if (x.path !== this.lastPath) {
      this.lastPath = x.path
      this.lastFile = this.directory + x.path
    }
    return this.lastFile
  }
}

export class PlainAlias implements Root {
  readonly kind = 'alias'
  readonly prefix: string
  private readonly target: string

  constructor(target: string, prefix: string) {
    this.target = target
    this.prefix = prefix
  }

  directoryOf(): string {
    return this.target
  }

  fileOf(x: Exchange): string | number {
    return joined(x, this.target, this.prefix)
  }
}

/** An alias without variables in a location of a regular expression. */
export class OneFile implements Root {
  readonly kind = 'whole'
  readonly prefix = ''
  private readonly target: string

  constructor(target: string) {
    this.target = target
  }

  directoryOf(): string {
    return this.target
  }

  fileOf(x: Exchange): string {
    return this.target + addition(x)
  }
}

export class ComputedRoot implements Root {
  readonly kind = 'root'
  readonly prefix = ''
  private readonly directory: Computed

  constructor(value: Value, text: string, prefix: string) {
    this.directory = new Computed(value, text, prefix)
  }

  directoryOf(x: Exchange): string | typeof CLIMBS {
    return this.directory.of(x)
  }

  fileOf(x: Exchange): string | number {
    const directory = this.directory.of(x)
    return directory === CLIMBS ? CLIMBS : directory + x.path
  }
}

export class ComputedAlias implements Root {
  readonly kind: 'alias' | 'whole'
  readonly prefix: string
  private readonly target: Computed

  /** @param prefix null in a location of a regular expression */
  constructor(value: Value, text: string, prefix: string | null, serverPrefix: string) {
    this.kind = prefix === null ? 'whole' : 'alias'
    this.prefix = prefix ?? ''
    this.target = new Computed(value, text, serverPrefix)
  }

  directoryOf(x: Exchange): string | typeof CLIMBS {
    return this.target.of(x)
  }

  fileOf(x: Exchange): string | number {
    const target = this.target.of(x)
    if (target === CLIMBS) return CLIMBS
    return this.kind === 'whole' ? target + addition(x) : joined(x, target, this.prefix)
  }
}

/** A value of the configuration with variables in it, as a path. */
export class Computed {
  private readonly value: Value
  private readonly mayClimb: boolean
  private readonly prefix: string

  constructor(value: Value, text: string, prefix: string) {
    this.value = value
    this.mayClimb = climbs(text)
    this.prefix = prefix
  }

  of(x: Exchange): string | typeof CLIMBS {
    const path = absolute(this.prefix, this.value.of(x))
    if (this.mayClimb || !climbs(path)) return path
    x.log.error(`"${path}" leads out of the directory that is configured`)
    return CLIMBS
  }
}

function joined(x: Exchange, target: string, prefix: string): string | number {
  const { path } = x
  if (!path.startsWith(prefix)) {
    x.log.alert(`"alias" cannot be used in location "${prefix}" where URI was rewritten`)
    return 500
  }
  const rest = path.slice(prefix.length)
  if (!rest.startsWith('..') || !target.endsWith('/') || !climbs(rest)) return target + rest
  x.log.error(`"${target}${rest}" leads out of the directory that is configured`)
  return CLIMBS
}

/**
 * What `try_files` has found behind an alias that is the whole name of a file. It holds for the path that was put into the exchange
 * with it, so it ends when that is rewritten.
 */
const additions = new WeakMap<Exchange, string>()

export function addToAlias(x: Exchange, path: string): void {
  x.path = path
  additions.set(x, path)
}

function addition(x: Exchange): string {
  const path = additions.get(x)
  return path !== undefined && path === x.path ? path : ''
}
