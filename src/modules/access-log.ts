/**
 * `access_log`: a line for each request that is over, in as many logs as the configuration names.
 *
 *   x → condition → line (`log-format.ts`) → where it goes: a file, perhaps through a buffer; a file named by the exchange; syslog
 *
 * Everything is put together when the configuration is read: blocks that share a line of the configuration share its log, and files of
 * one name are one (`LogFiles`, which the process opens, reopens and flushes).
 */

import { type SettingsOf, suggestion } from '../config/directive.ts'
import type { Template } from '../config/template.ts'
import { ENOENT, ENOTDIR, errnoForLog } from '../errno.ts'
import { climbs } from '../http/target.ts'
import { isDirectory, newStatus, statusOf } from '../io/file.ts'
import type { LineSink } from '../io/log-file.ts'
import type { LogPathOptions, LogPaths } from '../io/log-paths.ts'
import type { Exchange } from '../server/exchange.ts'
import { type BindPlace, defineFeature, type SiteContext } from '../server/feature.ts'
import type { Module } from '../server/module.ts'
import type { Getter, Value, VariableRow } from '../server/variables.ts'
import { type AccessLogLine, type AccessLogSettings, accessLogTable, COMBINED } from './access-log-table.ts'
import { compileLogFormat, type LogLine, type LogValue } from './log-format.ts'

/** One log of a block. */
interface Log {
  write(x: Exchange): void
}

export const accessLogFeature = defineFeature({
  name: 'access-log',
  nginxModules: ['ngx_http_log_module'],
  table: accessLogTable,
  declare(site) {
    const names = new Set([COMBINED])
    for (const { name, place } of site.http.settings(accessLogTable).log_format) {
      if (names.has(name))
        site.problems.error(place, `duplicate "log_format" name "${name}"`, 'each name has one form')
      names.add(name)
    }
  },
  bind(settings, place) {
    const isUnsaid = settings.access_log === accessLogTable.access_log.initial
    if (isUnsaid && place.site.terminalLog != null) return place.site.terminalLog
    const logs = logsOf(settings, place)
    return logs.length === 0 ? null : new AccessLog(logs)
  },
})

class AccessLog implements Module {
  readonly name = 'access-log'
  private readonly logs: readonly Log[]

  constructor(logs: readonly Log[]) {
    this.logs = logs
  }

  log(x: Exchange): void {
    for (const log of this.logs) log.write(x)
  }
}

function logsOf(settings: SettingsOf<typeof accessLogTable>, { site }: BindPlace): Log[] {
  const lines = settings.access_log.filter(line => line !== 'off')
  if (lines.length < settings.access_log.length) return []
  return lines.flatMap(line => {
    // What holds for paths with variables may differ between the blocks that share such a line.
    const cache = line.target.kind === 'path' ? settings.open_log_file_cache : null
    const known = knownLogs(site, cache)
    if (!known.has(line)) known.set(line, logOf(line, cache, site))
    return known.get(line) ?? []
  })
}

function knownLogs(site: SiteContext, cache: LogPathOptions | null): Map<AccessLogLine, Log | null> {
  return site.shared(`access logs ${JSON.stringify(cache)}`, () => new Map())
}

/** @returns null when it cannot be; the reason is told */
function logOf(settings: AccessLogSettings, cache: LogPathOptions | null, site: SiteContext): Log | null {
  const line = formatOf(settings, site)
  const condition = settings.condition === null ? null : site.compile(settings.condition)
  if (line === null) return null
  const { target } = settings
  if (target.kind === 'path') return new NamedLog(line, condition, target.path, cache, site)
  const sink = sinkOf(settings, site)
  return sink === null ? null : new FixedLog(line, condition, sink)
}

function sinkOf({ target, place }: AccessLogSettings, site: SiteContext): LineSink | null {
  const files = site.logFiles
  if (target.kind === 'syslog') return files.syslog(target.syslog)
  if (target.kind === 'path') return null
  const path = target.path ?? site.accessLogPath
  const sink = files.sink(path, target.buffer)
  if (sink !== null) return sink
  site.problems.error(
    place,
    `access_log "${path}" already defined with conflicting parameters`,
    'a file has one buffer: use the same buffer=, flush= and gzip= wherever it is named',
  )
  return null
}

function formatOf({ format, formatPlace }: AccessLogSettings, site: SiteContext): LogLine | null {
  const formats = site.shared('log formats', () => compileFormats(site))
  const found = formats.get(format)
  if (found !== undefined) return found
  const advice = format.includes('=')
    ? 'the name of a format stands before other parameters, as in "combined"'
    : suggestion(format, [...formats.keys()], `one of ${[...formats.keys()].join(', ')}`)
  site.problems.error(formatPlace, `unknown log format "${format}"`, advice)
  return null
}

/** All of them, also those that nobody uses: their mistakes are to be told. */
function compileFormats(site: SiteContext): Map<string, LogLine> {
  const formats = new Map([[COMBINED, combined(site)]])
  for (const { name, rules, parts } of site.http.settings(accessLogTable).log_format) {
    formats.set(
      name,
      compileLogFormat(
        parts.flatMap(part => logValues(part, site)),
        rules,
      ),
    )
  }
  return formats
}

function logValues(template: Template, site: SiteContext): (string | LogValue)[] {
  return template.parts.map(part => {
    if (typeof part === 'string') return part
    const row = site.variables.find(part.variable)
    if (row !== null) return logValue(row)
    // It may be defined further down; if it is not, that is reported.
    const value = site.compile({ ...template, parts: [part] })
    return { get: x => value.orNull(x), isOctets: false }
  })
}

function logValue({ get, isOctets = false }: VariableRow): LogValue {
  return { get, isOctets }
}

function combined(site: SiteContext): LogLine {
  const value = (name: string): LogValue => logValue(site.variables.find(name)!)
  return compileLogFormat(
    [
      value('remote_addr'),
      ' - ',
      value('remote_user'),
      ' [',
      value('time_local'),
      '] "',
      value('request'),
      '" ',
      value('status'),
      ' ',
      value('body_bytes_sent'),
      ' "',
      value('http_referer'),
      '" "',
      value('http_user_agent'),
      '"',
    ],
    'default',
  )
}

/** As everywhere in nginx: neither empty nor 0. */
function holds(condition: Value | null, x: Exchange): boolean {
  if (condition === null) return true
  const text = condition.of(x)
  return text !== '' && text !== '0'
}

class FixedLog implements Log {
  private readonly line: LogLine
  private readonly condition: Value | null
  private readonly sink: LineSink

  constructor(line: LogLine, condition: Value | null, sink: LineSink) {
    this.line = line
    this.condition = condition
    this.sink = sink
  }

  write(x: Exchange): void {
    if (holds(this.condition, x)) this.sink.write(this.line(x))
  }
}

/** A log whose file is named by the exchange. */
class NamedLog implements Log {
  private readonly line: LogLine
  private readonly condition: Value | null
  private readonly path: Value
  private readonly root: Getter | null
  private readonly paths: LogPaths
  /** The configuration itself says `..`; otherwise only a client can have brought it. */
  private readonly mayClimb: boolean

  constructor(
    line: LogLine,
    condition: Value | null,
    path: Template,
    cache: LogPathOptions | null,
    site: SiteContext,
  ) {
    this.line = line
    this.condition = condition
    this.path = site.compile(path)
    this.mayClimb = climbs(path.text)
    this.root = site.variables.find('document_root')?.get ?? null
    const key = `log paths ${JSON.stringify(cache)}`
    this.paths = site.shared(key, () => site.logFiles.paths(cache))
  }

  write(x: Exchange): void {
    if (!holds(this.condition, x) || !this.hasRoot(x)) return
    const path = this.path.of(x)
    if (!this.mayClimb && climbs(path)) {
      x.log.error(`the access log "${path}" leads out of the directory that is configured`)
      return
    }
    const r = path.includes('\0') ? -ENOENT : this.paths.write(path, this.line(x))
    if (r < 0) x.log.crit(`open() "${path}" failed ${errnoForLog(r)}`)
  }

  /** As nginx: whoever asks for hosts that are not there shall not fill the disk with logs of theirs. */
  private hasRoot(x: Exchange): boolean {
    const root = this.root === null ? null : this.root(x)
    if (root === null) return true
    const status = newStatus()
    const looked = root.includes('\0') ? -ENOENT : statusOf(root, status)
    const r = looked === 0 && !isDirectory(status) ? -ENOTDIR : looked
    if (r < 0) x.log.error(`testing "${root}" existence failed ${errnoForLog(r)}`)
    return r === 0
  }
}
