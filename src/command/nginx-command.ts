/**
 * The command as nginx has it: test, dump, signal, run.
 *
 *   await runNginx(args)               as `nginx …`
 *   await runInForeground('site.conf') a configuration in this terminal, as `veille site.conf`
 *
 * Messages and exit codes are nginx's: scripts and service managers read them.
 */

import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { renderDiagnostic } from '../config/diagnostic.ts'
import { COMMAND_LINE } from '../config/source.ts'
import { errnoForLog } from '../errno.ts'
import { type Address, formatAddress } from '../io/address.ts'
import { createLog, type Log } from '../log.ts'
import { accessLog } from '../modules/folder-log.ts'
import { run } from '../process/run.ts'
import { sendSignal } from '../process/send-signal.ts'
import { type ApplicationOptions, ConfigurationApplication } from '../site/application.ts'
import { DiskFiles } from '../site/files.ts'
import { INSTALLED, type Layout, layoutBelow } from '../site/layout.ts'
import { processSettingsOf } from '../site/main-directives.ts'
import { type Invocation, type Reading, readConfiguration } from '../site/reading.ts'
import { inlineMore } from './engine.ts'
import { type NginxArguments, readNginxArguments } from './nginx-arguments.ts'
import { detailsText, usageText, versionLine } from './nginx-version.ts'
import { outputTo } from './output.ts'
import { isColourWanted } from './terminal.ts'
import { packageVersion } from './version.ts'

const WORKER_PROGRAM = fileURLToPath(new URL('./worker.js', import.meta.url))

/** What is told before there is a log: on stderr, each line with the level. */
export function terminalLog(least: 'notice' | 'warn' = 'warn'): Log {
  return createLog(least, (level, words) => process.stderr.write(`nginx: [${level}] ${words}\n`))
}

/** @returns the exit code; null: the process goes on */
export async function runNginx(args: readonly string[]): Promise<number | null> {
  const given = readNginxArguments(args)
  // With -t the configuration is tested as well.
  if (tellsVersion(given) && !given.test) return 0
  const invocation = invocationOf(given)
  tellFileHere(given, invocation)
  if (given.test) return test(invocation, given)
  if (given.signal !== null) return signal(invocation, given.signal)
  inlineMore()
  await run(applicationOf(invocation, 'nginx'))
  return null
}

/** Mistakes, requests and all else in this terminal; one process, which ends with Ctrl-C. */
export async function runInForeground(file: string): Promise<void> {
  const path = resolve(file)
  const prefix = path.slice(0, path.lastIndexOf('/') + 1)
  const layout: Layout = {
    prefix,
    configurationPath: path,
    errorLogPath: 'stderr',
    accessLogPath: '/dev/stdout',
    pidPath: null,
    temporaryPrefix: prefix,
  }
  const output = outputTo(process.stdout)
  const isTerminal = process.stdout.isTTY === true
  const colour = isColourWanted(isTerminal, process.env)
  const terminalLog = accessLog({ form: 'pretty', colour, write: lines => output.write(lines) })
  const invocation = { layout, configurationPath: path, globals: null, isForeground: true }
  inlineMore()
  await run(
    applicationOf(invocation, 'veille', {
      terminalLog: isTerminal ? terminalLog : null,
      onServing(addresses) {
        const urls = addresses.map(address => urlOf(address))
        output.write(`veille: serving ${file} at ${urls.join(', ') || 'no address'}\n`)
      },
    }),
  )
}

function urlOf(address: Address): string {
  return 'port' in address ? `http://${formatAddress(address)}/` : formatAddress(address)
}

function applicationOf(
  invocation: Invocation,
  name: string,
  more: Partial<ApplicationOptions> = {},
): ConfigurationApplication {
  return new ConfigurationApplication(invocation, {
    name,
    version: packageVersion(),
    workerProgram: WORKER_PROGRAM,
    startLog: terminalLog(),
    writeProblem: text => process.stderr.write(text),
    ...more,
  })
}

function tellsVersion({ help, details, version }: NginxArguments): boolean {
  if (help || details || version)
    process.stderr.write(help ? usageText() : details ? detailsText() : versionLine())
  return help || details || version
}

function invocationOf(given: NginxArguments): Invocation {
  const below = given.prefix === null ? INSTALLED : layoutBelow(resolve(given.prefix))
  const path = given.configuration ?? below.configurationPath
  const configurationPath = path.startsWith('/') ? path : below.prefix + path
  const errorLogPath = errorLogOf(given, below)
  return {
    layout: { ...below, errorLogPath },
    configurationPath,
    globals: given.globals,
    isForeground: false,
  }
}

/** Whoever comes from other programs expects the file that stands in the current directory. */
function tellFileHere({ configuration }: NginxArguments, { configurationPath, layout }: Invocation): void {
  if (configuration === null || existsSync(configurationPath)) return
  const here = resolve(configuration)
  if (!existsSync(here)) return
  process.stderr.write(
    `  -c ${configuration} counts from the prefix, "${layout.prefix}", as in nginx; for "${here}": -p . -c ${configuration}\n`,
  )
}

function errorLogOf({ errorLog }: NginxArguments, layout: Layout): string {
  if (errorLog === null) return layout.errorLogPath
  return errorLog === 'stderr' || errorLog.startsWith('/') ? errorLog : layout.prefix + errorLog
}

function test(invocation: Invocation, { quiet, dump }: NginxArguments): number {
  const reading = readConfiguration(invocation, new DiskFiles())
  for (const problem of reading.problems.list) process.stderr.write(renderDiagnostic(problem))
  const path = invocation.configurationPath
  let isGood = !reading.problems.hasErrors
  if (isGood) {
    if (!quiet) process.stderr.write(`nginx: the configuration file ${path} syntax is ok\n`)
    isGood = makesFolders(reading, invocation) && opensLogs(reading)
  }
  if (!isGood) process.stderr.write(`nginx: configuration file ${path} test failed\n`)
  else if (!quiet) process.stderr.write(`nginx: configuration file ${path} test is successful\n`)
  if (isGood && dump) dumpSources(reading)
  return isGood ? 0 : 1
}

/** As nginx: the test makes the folders for temporary files. */
function makesFolders({ main, site }: Reading, invocation: Invocation): boolean {
  const { user } = processSettingsOf(main, invocation, [])
  const failure = site.temporaryFolders.make(process.geteuid?.() === 0 ? (user?.uid ?? null) : null)
  if (failure !== null)
    process.stderr.write(`nginx: [emerg] ${failure.words} ${errnoForLog(failure.errno)}\n`)
  return failure === null
}

/** A log that cannot be written is found out now, as by nginx. */
function opensLogs({ logFiles }: Reading): boolean {
  const refused = logFiles.open()
  for (const { path, errno } of refused) {
    process.stderr.write(`nginx: [emerg] open() "${path}" failed ${errnoForLog(errno)}\n`)
  }
  logFiles.close()
  return refused.length === 0
}

function dumpSources({ sources }: Reading): void {
  for (const { name, text } of sources) {
    if (name !== COMMAND_LINE) process.stdout.write(`# configuration file ${name}:\n${text}\n`)
  }
}

function signal(invocation: Invocation, command: NonNullable<NginxArguments['signal']>): number {
  const reading = readConfiguration(invocation, new DiskFiles())
  for (const problem of reading.problems.list) process.stderr.write(renderDiagnostic(problem))
  if (reading.problems.hasErrors) return 1
  const { pidPath } = processSettingsOf(reading.main, invocation, [])
  return sendSignal(command, pidPath!, terminalLog())
}
