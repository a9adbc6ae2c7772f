/**
 * Reading a configuration from its first word to a site, with everything that is wrong in it.
 *
 *   const reading = readConfiguration(invocation, files)
 *   reading.problems, reading.sources, reading.main, reading.site
 *
 * Nothing is opened here, but the files of the configuration: logs are only named (`reading.logFiles.open()`).
 */

import { type Block, evaluate } from '../config/block.ts'
import { Problems } from '../config/diagnostic.ts'
import { type Files, parseConfiguration } from '../config/parser.ts'
import { COMMAND_LINE, type Source } from '../config/source.ts'
import type { Template } from '../config/template.ts'
import { LogFiles } from '../io/log-files.ts'
import { addressesOfName } from '../io/lookup.ts'
import type { Log } from '../log.ts'
import { adviceForForeign, ELSEWHERE } from '../modules/elsewhere.ts'
import { FEATURES } from '../modules/features.ts'
import { serverLineOf } from '../modules/server-tokens.ts'
import { coreVariables } from '../server/core-variables.ts'
import type { MemorySink } from '../server/error-log.ts'
import { type ErrorPlace, openErrorLog } from '../server/error-log-places.ts'
import { requestFieldsTable } from '../server/field-variables.ts'
import type { Module } from '../server/module.ts'
import { blocksTable } from './blocks.ts'
import { warnOfFewDescriptors } from './few-descriptors.ts'
import type { Layout } from './layout.ts'
import { headTable, limitsTable } from './limits.ts'
import { checkMain, mainTable } from './main-directives.ts'
import { buildSite, type Site } from './site.ts'

/** What the command line says. */
export interface Invocation {
  readonly layout: Layout
  readonly configurationPath: string
  /** `-g` */
  readonly globals: string | null
  /** One process that stays in the terminal, whatever `daemon` and `master_process` say. */
  readonly isForeground: boolean
}

export interface Reading {
  readonly main: Block
  readonly site: Site
  readonly problems: Problems
  /** In the order in which they were first opened. */
  readonly sources: readonly Source[]
  readonly logFiles: LogFiles
  readonly log: Log
  readonly errorPlaces: readonly ErrorPlace[]
  /** The places of all error logs that are in memory. */
  readonly memories: readonly MemorySink[]
}

/** All tables, the core's first. */
export const TABLES = [
  mainTable,
  blocksTable,
  headTable,
  requestFieldsTable,
  limitsTable,
  ...FEATURES.map(({ table }) => table),
]

/** @param terminalLog what requests are logged by where the configuration does not say; null: a file */
export function readConfiguration(
  invocation: Invocation,
  files: Files,
  terminalLog: Module | null = null,
): Reading {
  const { layout, configurationPath, globals } = invocation
  const problems = new Problems()
  const surroundings = {
    prefix: layout.prefix,
    folder: configurationPath.slice(0, configurationPath.lastIndexOf('/') + 1),
    temporaryPrefix: layout.temporaryPrefix,
  }
  const extra = globals === null ? undefined : { name: COMMAND_LINE, text: globals }
  const { tree, sources } = parseConfiguration(configurationPath, files, problems, extra)
  const templates: Template[] = []
  const language = { tables: TABLES, elsewhere: ELSEWHERE, foreign: adviceForForeign }
  const main = evaluate(tree, language, surroundings, problems, templates)
  // A file of which nothing could be read has no sections to miss.
  const isRead = tree.length > 0 || !problems.hasErrors
  if (isRead && sources.some(source => source.name !== COMMAND_LINE)) checkMain(main, problems)
  warnOfFewDescriptors(main, problems)
  const logFiles = new LogFiles()
  const logs = new ErrorLogs(logFiles, layout.errorLogPath)
  const log = logs.of(main)
  logFiles.log = log
  const site = buildSite(main, {
    features: FEATURES,
    variables: coreVariables(),
    problems,
    templates,
    surroundings,
    log,
    logFiles,
    accessLogPath: layout.accessLogPath,
    terminalLog,
    resolve: addressesOfName,
    logOf: block => logs.of(block),
    serverLineOf,
  })
  return {
    main,
    site,
    problems,
    sources,
    logFiles,
    log,
    errorPlaces: logs.placesOf(main),
    memories: logs.memories,
  }
}

/** One log for all blocks that say the same. */
class ErrorLogs {
  readonly memories: MemorySink[] = []
  private readonly files: LogFiles
  private readonly standard: readonly ErrorPlace[]
  private readonly logs = new Map<readonly ErrorPlace[], Log>()

  constructor(files: LogFiles, path: string) {
    this.files = files
    const target = path === 'stderr' ? { kind: 'stderr' as const } : { kind: 'file' as const, path }
    this.standard = [{ target, level: 'error', format: 'text' }]
  }

  placesOf(block: Block): readonly ErrorPlace[] {
    const { error_log: places } = block.settings(mainTable)
    return places.length > 0 ? places : this.standard
  }

  of(block: Block): Log {
    const places = this.placesOf(block)
    const known = this.logs.get(places)
    if (known !== undefined) return known
    const { log, memories } = openErrorLog(places, this.files)
    this.memories.push(...memories)
    this.logs.set(places, log)
    return log
  }
}
