/**
 * Logs whose names are known only with the line, such as one for each host.
 *
 *   const paths = new LogPaths({ most: 100, inactiveMs: 10_000, leastUses: 1, validMs: 60_000 }, trouble)
 *   paths.write('/var/log/example.com.log', line)      0, or `-errno` when it cannot be opened
 *
 * Without options a file is opened and closed for each line (`open_log_file_cache off`). With them the files used last stay open:
 * at most `most`, those with `leastUses` lines that came within `inactiveMs` of each other, and no longer than `validMs` without a
 * look at whether the name still leads to the same file.
 */

import { type Attached, LogFile, type Trouble } from './log-file.ts'

export interface LogPathOptions {
  readonly most: number
  readonly inactiveMs: number
  readonly leastUses: number
  readonly validMs: number
}

interface Entry {
  /** null as long as it is not used enough to stay open. */
  file: LogFile | null
  uses: number
  usedAt: number
  checkedAt: number
}

export class LogPaths implements Attached {
  private readonly options: LogPathOptions | null
  private readonly trouble: Trouble
  private readonly clock: () => number
  /** The one used last stands last. */
  private readonly entries = new Map<string, Entry>()

  /** @param options null to keep none open @param clock milliseconds that never go back */
  constructor(
    options: LogPathOptions | null,
    trouble: Trouble,
    clock: () => number = () => performance.now(),
  ) {
    this.options = options
    this.trouble = trouble
    this.clock = clock
  }

  /** How many files are open. */
  get size(): number {
    return [...this.entries.values()].filter(entry => entry.file !== null).length
  }

  /** @param path absolute @returns 0, or `-errno`, and the line is lost */
  write(path: string, line: string): number {
    const { options } = this
    if (options === null) return this.writeAlone(path, line)
    const now = this.clock()
    this.forgetIdle(now, options)
    const entry = this.use(path, now, options)
    if (entry.file !== null && now - entry.checkedAt > options.validMs) this.check(entry, now)
    if (entry.file === null && entry.uses < options.leastUses) return this.writeAlone(path, line)
    const r = entry.file === null ? this.open(path, entry, now) : 0
    if (r === 0) entry.file!.write(line)
    return r
  }

  private writeAlone(path: string, line: string): number {
    const file = new LogFile(path, this.trouble)
    const r = file.open()
    if (r < 0) return r
    file.write(line)
    file.close()
    return 0
  }

  private use(path: string, now: number, options: LogPathOptions): Entry {
    const entry = this.entries.get(path) ?? { file: null, uses: 0, usedAt: now, checkedAt: now }
    entry.uses = now - entry.usedAt > options.inactiveMs ? 1 : entry.uses + 1
    entry.usedAt = now
    this.entries.delete(path)
    this.entries.set(path, entry)
    if (this.entries.size > options.most) this.forgetOldest()
    return entry
  }

  private open(path: string, entry: Entry, now: number): number {
    const file = new LogFile(path, this.trouble)
    const r = file.open()
    if (r < 0) return r
    entry.file = file
    entry.checkedAt = now
    return 0
  }

  private check(entry: Entry, now: number): void {
    entry.checkedAt = now
    if (entry.file!.isCurrent) return
    entry.file!.close()
    entry.file = null
  }

  /** Two at a time: more would make one line pay for all. */
  private forgetIdle(now: number, options: LogPathOptions): void {
    for (let i = 0; i < 2; i++) {
      const [oldest] = this.entries.values()
      if (oldest === undefined || now - oldest.usedAt <= options.inactiveMs) return
      this.forgetOldest()
    }
  }

  private forgetOldest(): void {
    const [oldest] = this.entries
    if (oldest === undefined) return
    const [path, { file }] = oldest
    file?.close()
    this.entries.delete(path)
  }

  // Attached

  flush(): void {
    for (const { file } of this.entries.values()) file?.flush()
  }

  /** The next lines open what has the names then. */
  reopen(): void {
    this.close()
  }

  close(): void {
    while (this.entries.size > 0) this.forgetOldest()
  }
}
