/**
 * All logs of one configuration: what names a file twice writes into one descriptor.
 *
 *   const files = new LogFiles()
 *   const sink = files.sink('/var/log/access.log', null)      or with a buffer; null when it has another one already
 *   files.log = errorLog                                      where it is told that a log cannot be written
 *   files.file(path), files.stderr, files.syslog(target)      for lines that must not wait in a buffer
 *   files.open()                                              when the configuration is known to be right
 *   files.reopen(owner)                                       SIGUSR1
 *   files.flush()                                             before the process ends
 *   files.close()
 *
 * What else holds lines or descriptors of logs (`Attached`) takes part in all of them.
 */

import { errnoForLog } from '../errno.ts'
import { type Log, SILENT } from '../log.ts'
import { type BufferOptions, isSameBuffer, LogBuffer } from './log-buffer.ts'
import { type Attached, type LineSink, LogFile, type Trouble } from './log-file.ts'
import { type LogPathOptions, LogPaths } from './log-paths.ts'
import { SyslogSender, type SyslogTarget } from './syslog.ts'

/** A log that could not be opened. */
export interface Refused {
  readonly path: string
  /** `-errno` */
  readonly errno: number
}

/** One path. All its lines go through the buffer, if one of its names in the configuration has one; nginx does the same. */
class Entry implements LineSink {
  readonly file: LogFile
  buffer: LogBuffer | null = null

  constructor(file: LogFile) {
    this.file = file
  }

  write(line: string): void {
    if (this.buffer === null) this.file.write(line)
    else this.buffer.write(line)
  }
}

export class LogFiles implements Trouble {
  log: Log = SILENT
  private readonly entries = new Map<string, Entry>()
  private readonly attached: Attached[] = []
  private stderrFile: LogFile | null = null

  /**
   * @param path absolute @param options of its buffer; null for none of its own
   * @returns null when the same path was asked for with another buffer
   */
  sink(path: string, options: BufferOptions | null): LineSink | null {
    const entry = this.entry(path)
    if (options === null) return entry
    entry.buffer ??= new LogBuffer(entry.file, options)
    return isSameBuffer(entry.buffer.options, options) ? entry : null
  }

  /** Beside the buffer that there may be: for a log of errors, whose lines must not wait. */
  file(path: string): LogFile {
    return this.entry(path).file
  }

  get stderr(): LogFile {
    this.stderrFile ??= new LogFile('stderr', this).borrow(2)
    return this.stderrFile
  }

  /** For files that are named by their lines; `open` has nothing to do with them. */
  paths(options: LogPathOptions | null): LogPaths {
    const paths = new LogPaths(options, this)
    this.attach(paths)
    return paths
  }

  syslog(target: SyslogTarget): SyslogSender {
    const sender = new SyslogSender(target, this)
    this.attach(sender)
    return sender
  }

  private entry(path: string): Entry {
    const known = this.entries.get(path)
    if (known !== undefined) return known
    const entry = new Entry(new LogFile(path, this))
    this.entries.set(path, entry)
    return entry
  }

  attach(one: Attached): void {
    this.attached.push(one)
  }

  /** @returns those that cannot be opened */
  open(): Refused[] {
    return [...this.entries]
      .map(([path, { file }]) => ({ path, errno: file.open() }))
      .filter(({ errno }) => errno < 0)
  }

  /** A file that cannot be opened anew stays open as it is. @param owner see `LogFile.reopen` */
  reopen(owner: number | null = null): void {
    this.flush()
    for (const [path, { file }] of this.entries) {
      const r = file.reopen(owner)
      if (r < 0) this.log.alert(`open() "${path}" failed ${errnoForLog(r)}, the old file is still written`)
    }
    for (const one of this.attached) one.reopen()
  }

  flush(): void {
    for (const { buffer, file } of this.entries.values()) {
      buffer?.flush()
      file.flush()
    }
    this.stderrFile?.flush()
    for (const one of this.attached) one.flush()
  }

  close(): void {
    this.flush()
    // The log of errors may be the first of them.
    for (const { file } of this.entries.values()) file.tellLoss()
    for (const one of this.attached) one.close()
    for (const { file } of this.entries.values()) file.close()
  }

  // Trouble

  onTrouble(words: string): void {
    this.log.alert(words)
  }

  onRecovery(words: string): void {
    this.log.warn(words)
  }
}
