/**
 * What a connection may cost, and how it ends. A driver may set others for each answer, as nginx's locations have their own.
 */

export interface ConnectionLimits {
  /** Silence of a peer that does not take our bytes. */
  sendTimeoutMs: number
  /** The peer of such a silence sees RST, and the kernel forgets what was not delivered; else the kernel goes on trying. */
  resetsTimedOut: boolean
  /**
   * Before closing, input that may still come is received and thrown away: when the peer has not promised to be silent (`on`), in
   * any case (`always`), or never (`off`).
   */
  lingering: 'on' | 'always' | 'off'
  /** Lingering close: silence, and all of it. */
  lingeringTimeoutMs: number
  lingeringTimeMs: number
  /** Files go from the kernel to the kernel (sendfile(2)); else they are read into memory and sent from there. */
  sendfile: boolean
  /** At most so much leaves at once, before others have their turn; 0: as much as the send queue's share. */
  sendfileMaxChunkBytes: number
}

/** nginx's defaults, but for two: files are sent by sendfile, and a peer that takes no bytes sees RST. */
export const DEFAULT_CONNECTION_LIMITS: ConnectionLimits = {
  sendTimeoutMs: 60_000,
  resetsTimedOut: true,
  lingering: 'on',
  lingeringTimeoutMs: 5_000,
  lingeringTimeMs: 30_000,
  sendfile: true,
  sendfileMaxChunkBytes: 2 * 1024 * 1024,
}
