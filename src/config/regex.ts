/**
 * A regular expression of the configuration, as the engine runs it.
 */

export interface Pattern {
  /** As it was written. */
  readonly source: string
  readonly regex: RegExp
  /** Its named groups. */
  readonly names: readonly string[]
  readonly captureCount: number
}

/** @returns the pattern, or what is wrong with it and where */
export function translateRegex(
  source: string,
  isCaseless: boolean,
): Pattern | { readonly mistake: string; readonly at: number } {
  try {
    const regex = new RegExp(source, isCaseless ? 'is' : 's')
    const names = [...source.matchAll(/\(\?<([A-Za-z_]\w*)>/g)].map(([, name]) => name!)
    return { source, regex, names, captureCount: new RegExp(`${source}|`).exec('')!.length - 1 }
  } catch (error) {
    return { mistake: (error as Error).message, at: 0 }
  }
}
