/**
 * A program as the configuration names it, ready to be asked for its name: absolute, or looked for where programs are.
 *
 *   const program = new ProgramName(handler, place)      null as the handler: the file that is asked for
 *   program.for(x, script)                               { program, args, isScriptItself }, or the status of an error
 */

import { absolute } from '../config/directive.ts'
import type { Template } from '../config/template.ts'
import { climbs } from '../http/target.ts'
import { isRegularFile, newStatus } from '../io/file.ts'
import { statusPath } from '../io/path-files.ts'
import type { Exchange } from '../server/exchange.ts'
import type { SiteContext } from '../server/feature.ts'
import type { Value } from '../server/variables.ts'
import type { Script } from '../upstream/cgi-script.ts'
import type { CgiProgram } from './cgi-directives.ts'
import { PROGRAM_PATH } from './cgi-request.ts'

export interface Command {
  readonly program: string
  readonly args: readonly string[]
  readonly isScriptItself: boolean
}

export class ProgramName {
  private readonly program: Value | null
  private readonly args: readonly Value[]
  private readonly prefix: string
  private readonly mayClimb: boolean
  /** Of a program without variables. */
  private readonly found: string | null

  /** @param handler null: the file itself */
  constructor(handler: CgiProgram | null, site: SiteContext) {
    this.program = handler === null ? null : site.compile(handler.program)
    this.args = handler === null ? [] : handler.args.map(arg => site.compile(arg))
    this.prefix = site.surroundings.prefix
    this.mayClimb = handler !== null && climbs(handler.program.text)
    const constant = this.program?.constant ?? null
    this.found = constant === null ? null : located(constant, this.prefix)
    if (this.found !== null) warnIfUnusable(this.found, handler!.program, site)
  }

  for(x: Exchange, { file, scriptName }: Script): Command | number {
    if (this.program === null) return { program: file, args: [], isScriptItself: true }
    const { path } = x
    try {
      // For the variables, the path is that of the script: $request_filename is its file.
      x.path = scriptName
      return this.commandFor(x, file, this.program)
    } finally {
      x.path = path
    }
  }

  private commandFor(x: Exchange, file: string, value: Value): Command | number {
    const program = this.found ?? this.computed(x, value)
    if (typeof program === 'number') return program
    const args = this.args.map(arg => arg.of(x))
    if (program === file) return { program, args, isScriptItself: true }
    return { program, args: [...args, file], isScriptItself: false }
  }

  /** A value that comes with the request leads to nothing that the configuration does not name. */
  private computed(x: Exchange, value: Value): string | number {
    const text = value.of(x)
    if (text === '') {
      x.log.error('the name of a CGI program came out empty')
      return 500
    }
    const program = located(text, this.prefix)
    if (this.mayClimb || !climbs(program)) return program
    x.log.error(`the CGI program "${program}" leads out of the directory that is configured`)
    return 403
  }
}

function located(name: string, prefix: string): string {
  if (name.includes('/')) return absolute(prefix, name)
  const places = PROGRAM_PATH.split(':').map(directory => `${directory}/${name}`)
  return places.find(isThere) ?? places.at(-1)!
}

function isThere(path: string): boolean {
  const status = newStatus()
  return statusPath(path, status) === 0 && isRegularFile(status)
}

/** Whoever runs the workers may have other rights: only what nobody may run is told. */
function isExecutable(path: string): boolean {
  const status = newStatus()
  return statusPath(path, status) === 0 && (status.mode & 0o111) !== 0
}

function warnIfUnusable(path: string, { text, place }: Template, { problems }: SiteContext): void {
  if (isThere(path)) {
    if (!isExecutable(path)) {
      problems.warn(
        place,
        `CGI program "${text}" is not executable`,
        `chmod +x "${path}", or name what runs it`,
      )
    }
    return
  }
  const expected = text.includes('/')
    ? `there is no program "${path}" now`
    : `it was looked for in ${PROGRAM_PATH.replaceAll(':', ', ')}; a path that counts from the prefix has a slash, as in "./${text}"`
  problems.warn(place, `CGI program "${text}" is not found`, expected)
}
