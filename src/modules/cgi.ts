/**
 * CGI: files that are programs, and programs that answer for files (RFC 3875).
 *
 *   cgi .py /usr/bin/python3;        by extension: in the directory of the file, with its name as the last argument
 *   cgi .cgi;                        the file itself is executed
 *   location /app/ { cgi_pass /usr/lib/app/handler; }
 *
 * Here it is decided whether a path names a program and which: what is there, what is missing, what is a directory. `cgi-run.ts` runs it.
 * The rows are in `cgi-directives.ts`.
 */

import type { Block } from '../config/block.ts'
import { ENOTDIR, errnoForLog } from '../errno.ts'
import type { Exchange } from '../server/exchange.ts'
import { type BindPlace, defineFeature } from '../server/feature.ts'
import { DECLINED, HANDLED, type Module, type Outcome } from '../server/module.ts'
import { findScript, type Script } from '../upstream/cgi-script.ts'
import { ProcessSlots } from '../upstream/process-slots.ts'
import { type CgiHandler, type CgiProgram, type CgiSettings, cgiTable } from './cgi-directives.ts'
import { type Command, ProgramName } from './cgi-program.ts'
import type { Invocation } from './cgi-request.ts'
import { type CgiPlace, CgiRun } from './cgi-run.ts'
import { contentStoreAt } from './client-body.ts'
import type { Root } from './document-root.ts'
import { type FilesView, filesAt } from './open-file-cache.ts'
import { DIRECTORY, OTHER, REGULAR } from './open-files.ts'
import { CGI_RELAY, HIDDEN_FIELDS } from './relayed-answer.ts'
import { rootAt } from './root.ts'
import { isMissing, statusFor } from './static-files.ts'

export const cgi = defineFeature({
  name: 'cgi',
  nginxModules: [],
  table: cgiTable,
  bind(settings, place) {
    const pass = passAt(place)
    const handlers = settings.cgi.filter(({ extension }) => extension !== null)
    if (handlers.length < settings.cgi.length && settings.cgi.length > 1) reportOff(place)
    reportTwice(place, handlers)
    if (pass === null && handlers.length === 0) return null
    return new Cgi(settings, place, pass, handlers)
  },
})

/** As in nginx, an `if` or `limit_except` has what the location around it is passed to. */
function passAt({ block, kind }: BindPlace): CgiProgram | null {
  const own = block.settings(cgiTable).cgi_pass
  const isPart = kind === 'if' || kind === 'limit_except'
  return own ?? (isPart && block.parent !== null ? block.parent.settings(cgiTable).cgi_pass : null)
}

function reportOff({ block, site }: BindPlace): void {
  const line = block.line('cgi')
  if (line === null) return
  site.problems.error(
    line.place,
    '"cgi off" stands beside other lines of "cgi"',
    'off means that no file of the block is run: either it or extensions',
  )
}

/** The first line of an extension would answer, and the others never. */
function reportTwice({ block, site }: BindPlace, handlers: readonly CgiHandler[]): void {
  const line = block.line('cgi')
  const twice = handlers.find(({ extension }, i) => handlers.findIndex(h => h.extension === extension) < i)
  if (line === null || twice === undefined) return
  site.problems.error(
    line.place,
    `duplicate extension "${twice.extension}" in "cgi" directives`,
    'one line for each extension of a block',
  )
}

interface Handler {
  /** null: whatever the name ends in. */
  readonly extension: string | null
  readonly program: ProgramName
}

class Cgi implements Module {
  readonly name = 'cgi'
  readonly takesAnyMethod = true
  readonly addsSlash: boolean
  private readonly root: Root
  private readonly files: FilesView
  private readonly handlers: readonly Handler[]
  private readonly place: CgiPlace
  private readonly isWholePathInfo: boolean
  private readonly mustExist: boolean

  constructor(
    settings: CgiSettings,
    place: BindPlace,
    pass: CgiProgram | null,
    handlers: readonly CgiHandler[],
  ) {
    this.addsSlash = pass !== null
    this.root = rootAt(place)
    this.files = filesAt(place)
    const named = handlers.map(({ extension, program }) => ({
      extension,
      program: new ProgramName(program, place.site),
    }))
    this.handlers = pass === null ? named : [{ extension: null, program: new ProgramName(pass, place.site) }]
    this.place = placeOf(settings, place)
    this.isWholePathInfo = settings.cgi_path_info === 'full'
    this.mustExist = settings.cgi_script_must_exist
  }

  content(x: Exchange): Outcome {
    for (const handler of this.handlers) {
      const outcome = this.offer(x, handler)
      if (outcome === HANDLED) return HANDLED
    }
    return DECLINED
  }

  private offer(x: Exchange, handler: Handler): Outcome {
    const { extension } = handler
    // Behind an alias, the file may have another name than the path says.
    if (extension !== null && this.root.kind === 'root' && !x.path.includes(extension)) return DECLINED
    const whole = this.root.fileOf(x)
    if (typeof whole === 'number') return fail(x, whole)
    const script = this.scriptIn(x, whole, extension)
    if (script === null) return DECLINED
    const command = handler.program.for(x, script)
    if (typeof command === 'number') return fail(x, command)
    const mayRun = script.kind === REGULAR || (this.isAnswered(script) && !command.isScriptItself)
    // PHP would look for the nearest file on the way, and run that: an image that somebody has uploaded, say.
    const isBelowFile = extension !== null && script.kind === -ENOTDIR
    if (!mayRun || isBelowFile) return refuse(x, script)
    return this.run(x, script, command)
  }

  /** There is no such file, and that is for the program to judge. */
  private isAnswered({ kind }: Script): boolean {
    return !this.mustExist && (kind === DIRECTORY || isMissing(kind))
  }

  private scriptIn(x: Exchange, whole: string, extension: string | null): Script | null {
    const files = this.files.of(x)
    const names = (piece: string): boolean => extension === null || piece.endsWith(extension)
    const script = findScript(x.path, whole, names, file => files.kindOf(file, x.startedAt))
    if (script?.kind === REGULAR) return script
    const isOther = extension === null ? !this.mustExist : script === null && whole.endsWith(extension)
    if (!isOther) return script
    // The program answers for whatever is below, or its name comes from an alias only: the path as a whole is its.
    const kind = files.kindOf(whole, x.startedAt)
    return extension !== null && kind === DIRECTORY
      ? script
      : { scriptName: x.path, pathInfo: '', file: whole, kind }
  }

  private run(x: Exchange, script: Script, command: Command): Outcome {
    if (x.isRehearsal) {
      x.rehearse(`runs the CGI program "${[command.program, ...command.args].join(' ')}"`)
      return HANDLED
    }
    if (x.isTraced) x.tell(`cgi: runs "${[command.program, ...command.args].join(' ')}"`)
    const directory = this.directoryFor(x, script.file)
    const invocation = this.invocationOf(x, script)
    new CgiRun(x, this.place, { ...command, directory, invocation }).begin()
    return HANDLED
  }

  /** Its own; of a file that is not there, the nearest that is. */
  private directoryFor(x: Exchange, file: string): string {
    const root = this.root.directoryOf(x)
    const files = this.files.of(x)
    for (const path of [folderOf(file), root]) {
      if (typeof path === 'string' && files.kindOf(path, x.startedAt) === DIRECTORY) return path
    }
    return '/'
  }

  private invocationOf(x: Exchange, { scriptName, pathInfo: rest, file }: Script): Invocation {
    const root = this.root.directoryOf(x)
    const documentRoot = typeof root === 'string' ? root : ''
    const pathInfo = this.isWholePathInfo ? x.path : rest
    const folder = documentRoot.endsWith('/') ? documentRoot.slice(0, -1) : documentRoot
    const hasTranslation = pathInfo !== '' && this.root.kind !== 'whole'
    return {
      scriptName,
      pathInfo,
      pathTranslated: hasTranslation ? folder + pathInfo : null,
      scriptFile: file,
      documentRoot,
    }
  }
}

function folderOf(file: string): string {
  return file.slice(0, Math.max(1, file.lastIndexOf('/')))
}

function placeOf(settings: CgiSettings, place: BindPlace): CgiPlace {
  const { site } = place
  return {
    times: { silenceMs: settings.cgi_timeout, graceMs: settings.cgi_kill_grace },
    relay: {
      ...CGI_RELAY,
      hidden: new Set([...HIDDEN_FIELDS, ...settings.cgi_hide_header]),
      interceptsErrors: settings.cgi_intercept_errors,
    },
    params: settings.cgi_param.map(param => ({ ...param, value: site.compile(param.value) })),
    slots: slotsAt(place, settings.cgi_processes),
    queueMs: settings.cgi_queue_timeout,
    store: settings.cgi_request_buffering ? contentStoreAt(place) : null,
    ignoresAbort: settings.cgi_ignore_client_abort,
  }
}

/** The same object for all places for which one line holds, or none. */
function slotsAt({ block, site }: BindPlace, most: number): ProcessSlots {
  const known = site.shared('cgi slots', () => new Map<Block | null, ProcessSlots>())
  let owner: Block | null = block
  while (owner !== null && !owner.has(cgiTable, 'cgi_processes')) owner = owner.parent
  const slots = known.get(owner) ?? new ProcessSlots(most)
  known.set(owner, slots)
  return slots
}

/** @param script what cannot be run: a missing file, or something that is none */
function refuse(x: Exchange, { file, kind }: Script): Outcome {
  if (isMissing(kind)) {
    x.log.error(`CGI program "${file}" is not found ${errnoForLog(kind)}`)
    return fail(x, 404)
  }
  if (kind === DIRECTORY) {
    x.log.error(`CGI program "${file}" is a directory`)
    return fail(x, 403)
  }
  if (kind === OTHER) {
    x.log.crit(`"${file}" is not a regular file`)
    return fail(x, 404)
  }
  x.log.error(`CGI program "${file}" cannot be looked at ${errnoForLog(kind)}`)
  return fail(x, statusFor(kind))
}

function fail(x: Exchange, status: number): Outcome {
  x.fail(status)
  return HANDLED
}
