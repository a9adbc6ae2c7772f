/**
 * nginx's own command line.
 *
 *   isNginx(name, args)                 is it meant: by the name under which we were started, or by options that only nginx has?
 *   readNginxArguments(args)            what it says
 *
 * Letters may stand together (`-tq`), and a value directly behind its letter (`-c/etc/nginx.conf`), as `ngx_get_options` reads them.
 */

import { Mistake, REFUSED } from './mistake.ts'

export type NginxSignal = 'stop' | 'quit' | 'reopen' | 'reload'

export interface NginxArguments {
  /** `-?`, `-h`; `-v`; `-V` */
  help: boolean
  version: boolean
  details: boolean
  /** `-t`; `-T`: the same, and the files are shown */
  test: boolean
  dump: boolean
  quiet: boolean
  prefix: string | null
  configuration: string | null
  globals: string | null
  errorLog: string | null
  signal: NginxSignal | null
}

const SIGNALS: readonly NginxSignal[] = ['stop', 'quit', 'reopen', 'reload']

/** Options that the folder command does not have, but for `-p`, `-v` and `-h`, which mean something else there. */
const NGINX_ONLY = /^-[?qtTV]*([?qtTV]|[cegs].*)$/

/** @param name of the program, without its folder */
export function isNginx(name: string, args: readonly string[]): boolean {
  if (name === 'nginx') return true
  const end = args.indexOf('--')
  return args.slice(0, end < 0 ? args.length : end).some(arg => NGINX_ONLY.test(arg))
}

const NEEDS: Readonly<Record<string, string>> = {
  p: 'directory name',
  c: 'file name',
  e: 'file name',
  g: 'parameter',
  s: 'parameter',
}

/** @throws {Mistake} in nginx's words */
export function readNginxArguments(args: readonly string[]): NginxArguments {
  const read: NginxArguments = {
    help: false,
    version: false,
    details: false,
    test: false,
    dump: false,
    quiet: false,
    prefix: null,
    configuration: null,
    globals: null,
    errorLog: null,
    signal: null,
  }
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!
    if (!arg.startsWith('-')) throw new Mistake(`invalid option: "${arg}"`, REFUSED)
    for (let at = 1; at < arg.length; at++) {
      const letter = arg[at]!
      const need = NEEDS[letter]
      if (need === undefined) {
        setFlag(read, letter)
        continue
      }
      const value = arg.slice(at + 1) || args[++i]
      if (value === undefined || value === '')
        throw new Mistake(`option "-${letter}" requires ${need}`, REFUSED)
      setValue(read, letter, value)
      break
    }
  }
  return read
}

function setFlag(to: NginxArguments, letter: string): void {
  if (letter === '?' || letter === 'h') to.help = true
  else if (letter === 'v') to.version = true
  else if (letter === 'V') to.details = true
  else if (letter === 't') to.test = true
  else if (letter === 'T') to.test = to.dump = true
  else if (letter === 'q') to.quiet = true
  else throw new Mistake(`invalid option: "${letter}"`, REFUSED)
}

function setValue(to: NginxArguments, letter: string, value: string): void {
  if (letter === 'p') to.prefix = value
  else if (letter === 'c') to.configuration = value
  else if (letter === 'g') to.globals = value
  else if (letter === 'e') to.errorLog = value
  else {
    const signal = SIGNALS.find(one => one === value)
    if (signal === undefined) throw new Mistake(`invalid option: "-s ${value}"`, REFUSED)
    to.signal = signal
  }
}
