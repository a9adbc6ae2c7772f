/**
 * Lines that wait in memory, so that a busy log costs a system call for some hundred of them, and can be compressed.
 *
 *   const buffer = new LogBuffer(file, { sizeBytes: 65536, flushMs: 5000, gzipLevel: 1 })
 *   buffer.write(line)
 *   buffer.flush()        before the file is reopened, and before the process ends
 *
 * They leave when the next line does not fit, or `flushMs` after the first of them came. Compressed, each buffer becomes one gzip
 * member; a file of members is a gzip file (RFC 1952 §2.2), so `zcat` reads it, also while it grows.
 */

import { gzipSync } from 'node:zlib'
import type { LineSink, LogFile } from './log-file.ts'

export interface BufferOptions {
  readonly sizeBytes: number
  /** null: however long it takes to fill. */
  readonly flushMs: number | null
  /** 1 to 9; null: not compressed. */
  readonly gzipLevel: number | null
}

export class LogBuffer implements LineSink {
  readonly options: BufferOptions
  private readonly file: LogFile
  private octets = ''
  private lines = 0
  private timer: NodeJS.Timeout | null = null

  constructor(file: LogFile, options: BufferOptions) {
    this.file = file
    this.options = options
  }

  write(line: string): void {
    const { sizeBytes, flushMs } = this.options
    if (this.octets.length + line.length + 1 > sizeBytes) this.flush()
    this.octets += `${line}\n`
    this.lines++
    // A line that is longer than the buffer goes at once.
    if (this.octets.length > sizeBytes) this.flush()
    else if (flushMs !== null) this.timer ??= setTimeout(() => this.flush(), flushMs).unref()
  }

  flush(): void {
    if (this.timer !== null) clearTimeout(this.timer)
    this.timer = null
    if (this.octets === '') return
    const { octets, lines } = this
    this.octets = ''
    this.lines = 0
    this.file.add(this.packed(octets), lines)
  }

  private packed(octets: string): string {
    const { gzipLevel } = this.options
    if (gzipLevel === null) return octets
    return gzipSync(Buffer.from(octets, 'latin1'), { level: gzipLevel }).toString('latin1')
  }
}

export function isSameBuffer(a: BufferOptions, b: BufferOptions): boolean {
  return a.sizeBytes === b.sizeBytes && a.flushMs === b.flushMs && a.gzipLevel === b.gzipLevel
}
