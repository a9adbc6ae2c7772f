/**
 * How the command speaks: four voices with the same things to say.
 *
 *   voiceOf(settings, surroundings)      the one that fits
 *
 *   terminal   a box, a line per request that a person reads, and how many are still open at the end
 *   plain      one line that scripts rely on, then nginx's `combined`
 *   json       an object per line
 *   quiet      errors only
 *
 * Requests, start and stop go to stdout, warnings and errors to stderr.
 */

import { homedir, networkInterfaces } from 'node:os'
import type { AccessLogOptions, Address, Log } from '../index.ts'
import { createLog, isWithin, type Level } from '../log.ts'
import { type BannerStyle, banner } from './banner.ts'
import type { Settings } from './options.ts'
import { type OutputStream, outputTo } from './output.ts'
import { canDraw, isColourWanted, visible } from './terminal.ts'
import { type Interfaces, reachableUrls, urlsOf } from './urls.ts'

export interface StartFacts {
  version: string
  folder: string
  base: string
  addresses: readonly Address[]
  /** The default port, when it was in use. */
  busyPort: number | null
}

export interface Voice {
  readonly accessLog: AccessLogOptions | null
  readonly log: Log
  started(facts: StartFacts): void
  /** @param openCount connections that are not closed yet @param graceMs how long they may take */
  stopping(openCount: number, graceMs: number): void
  stopped(signal: string): void
}

/** A stream and whether a person reads it. */
export interface Speaker extends OutputStream {
  readonly columns?: number
}

/** What `process` is to the command; tests bring their own. */
export interface Surroundings {
  readonly stdout: Speaker
  readonly stderr: Speaker
  readonly env: NodeJS.ProcessEnv
}

export function voiceOf({ quiet, json }: Settings, { stdout, stderr, env }: Surroundings): Voice {
  const write = { toStderr: outputTo(stderr).write }
  const line = json ? jsonLogLine : textLogLine(isColourWanted(stderr.isTTY === true, env))
  const log = createLog(quiet ? 'error' : 'warn', (level, words) => write.toStderr(line(level, words)))
  if (quiet) return quietVoice(log)
  const out = outputTo(stdout, count => log.warn(`${count} lines were lost: nobody reads them fast enough`))
  if (json) return jsonVoice(out.write, log)
  if (stdout.isTTY !== true) return plainVoice(out.write, log)
  const colour = isColourWanted(true, env)
  // A terminal that does not know its width says 0.
  return terminalVoice(out.write, log, { colour, frame: canDraw(env), columns: stdout.columns || 80 })
}

type Write = (lines: string) => void

function quietVoice(log: Log): Voice {
  return { accessLog: null, log, started() {}, stopping() {}, stopped() {} }
}

function terminalVoice(write: Write, log: Log, style: BannerStyle): Voice {
  return {
    accessLog: { form: 'pretty', colour: style.colour, write },
    log,
    started: facts => write(bannerOf(facts, networkInterfaces(), style)),
    stopping(openCount, graceMs) {
      if (openCount === 0) return
      const open = openCount === 1 ? '1 connection is' : `${openCount} connections are`
      write(
        `\nStopping: ${open} still open, for at most ${graceMs / 1000} s. Ctrl-C again ends them at once.\n`,
      )
    },
    stopped: () => write('\nveille has stopped.\n'),
  }
}

function bannerOf(facts: StartFacts, interfaces: Interfaces, style: BannerStyle): string {
  const { version, folder, addresses, base, busyPort } = facts
  const notes = busyPort === null ? [] : [movedNote(facts, busyPort)]
  return banner(
    {
      version,
      folder: visible(shortened(folder, homedir())),
      ...reachableUrls(addresses, interfaces, base),
      notes,
    },
    style,
  )
}

function shortened(folder: string, home: string): string {
  return folder === home || folder.startsWith(`${home}/`) ? `~${folder.slice(home.length)}` : folder
}

function movedNote({ addresses }: StartFacts, busyPort: number): string {
  const [first] = addresses
  return `Port ${busyPort} is in use, so this is ${first !== undefined && 'port' in first ? first.port : 'another'}.`
}

function plainVoice(write: Write, log: Log): Voice {
  return {
    accessLog: { form: 'plain', colour: false, write },
    log,
    started(facts) {
      const { folder, addresses, base, busyPort } = facts
      if (busyPort !== null) log.warn(movedNote(facts, busyPort))
      write(`veille: serving ${visible(folder)} at ${urlsOf(addresses, base).join(', ')}\n`)
    },
    stopping() {},
    stopped() {},
  }
}

function jsonVoice(write: Write, log: Log): Voice {
  const say = (event: string, facts: object): void => write(jsonLine({ event, ...facts }))
  return {
    accessLog: { form: 'json', colour: false, write },
    log,
    started(facts) {
      const { version, folder, addresses, base, busyPort } = facts
      if (busyPort !== null) log.warn(movedNote(facts, busyPort))
      say('start', { version, pid: process.pid, folder, urls: urlsOf(addresses, base) })
    },
    stopping() {},
    stopped: signal => say('stop', { signal }),
  }
}

function jsonLine(facts: object): string {
  return `${JSON.stringify({ time: new Date().toISOString(), ...facts })}\n`
}

function jsonLogLine(level: Level, words: string): string {
  return jsonLine({ level, message: words })
}

function textLogLine(colour: boolean): (level: Level, words: string) => string {
  const paint = (code: number, text: string): string => (colour ? `\x1b[${code}m${text}\x1b[0m` : text)
  return (level, words) => {
    const label = isWithin(level, 'error') ? paint(31, 'error: ') : paint(33, 'warning: ')
    return `veille: ${label}${words}\n`
  }
}
