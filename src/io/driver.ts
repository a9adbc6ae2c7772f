/**
 * What stands above a connection: whoever understands its input (`server/http-connection.ts`, or what a test puts there).
 *
 *   Driver       is given input, and told of everything else that happens
 *   Failure      why a connection is over
 */

/** Why a connection is over; `null` stands for an orderly end. */
export type Failure =
  | { readonly errno: number }
  | { readonly error: unknown }
  | { readonly words: string }
  | null

/** The layer above. */
export interface Driver {
  /**
   * `bytes[start..end)` is the input not understood yet, the earlier rest included. It may be the loop's scratch buffer: what must
   * outlive the call is copied.
   * @returns how far it is understood, from `start` to `end`; what lies behind is kept and comes again with more
   */
  onInput(bytes: Buffer, start: number, end: number): number
  /** The peer has closed its side. */
  onInputEnd(): void
  /** What was queued has left; a producer that was told to wait may go on. */
  onDrained(): void
  /** `setReadDeadline`'s moment has come. */
  onReadDeadline(): void
  /** The connection is gone; called once, whatever happened. */
  onClosed(failure: Failure): void
}

/** Before a driver is set nothing can happen; these would be our own mistake. */
export const NO_DRIVER: Driver = {
  onInput: (_bytes, _start, end) => end,
  onInputEnd() {},
  onDrained() {},
  onReadDeadline() {},
  onClosed() {},
}
