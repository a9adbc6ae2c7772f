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
