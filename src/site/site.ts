/**
 * From a configuration that was read to a site that can be served.
 *
 *   const site = buildSite(main, options)
 *   site.sockets                     what is to be opened, and who answers there
 *   site.modules                     those that hold something, to be closed when the site ends
 *
 * Everything that can be decided before a request comes is decided here; every mistake is in `options.problems`.
 */

import { hostname } from 'node:os'
import type { Block } from '../config/block.ts'
import type { Template } from '../config/template.ts'
import { type ReadinessPage, readinessPageOf } from '../modules/readiness-status.ts'
import { TemporaryFolders, temporaryFoldersOf } from '../modules/temporary-folders.ts'
import type { Counters } from '../server/counters.ts'
import type { Feature } from '../server/feature.ts'
import type { Module } from '../server/module.ts'
import { VirtualServer } from '../server/routing.ts'
import type { Variables } from '../server/variables.ts'
import { blocksTable, type ServerName } from './blocks.ts'
import { Context, type ContextOptions } from './context.ts'
import { Endpoints, type SiteSocket } from './endpoints.ts'
import { headTable } from './limits.ts'
import { defaultListen, type Listen } from './listen.ts'
import { type BlockLook, LocationBuilder } from './locations.ts'
import { Matchers } from './matchers.ts'
import { warnOfTraps } from './traps.ts'

export interface SiteOptions extends Omit<ContextOptions, 'main' | 'http'>, BlockLook {
  readonly features: readonly Feature[]
  readonly variables: Variables
  /** All that the configuration has: those that no block uses may name unknown variables too. */
  readonly templates?: readonly Template[]
  /** The addresses of a host name; none when there are none. */
  resolve(name: string): readonly string[]
}

export interface Site {
  readonly sockets: readonly SiteSocket[]
  readonly modules: readonly Module[]
  /** Of all processes; filled when it is served. */
  readonly counters: Counters[]
  readonly readiness: ReadinessPage
  /** To be made before rights are given up. */
  readonly temporaryFolders: TemporaryFolders
}

export function buildSite(main: Block, options: SiteOptions): Site {
  const http = main.blocks('http')[0]
  if (http === undefined) return nothingToServe()
  const context = new Context({ ...options, main, http })
  for (const feature of options.features) addVariables(feature, options.variables)
  for (const feature of options.features) feature.declare?.(context)
  const matchers = new Matchers(context)
  const builder = new LocationBuilder(context, options.features, matchers, options)
  const endpoints = new Endpoints(context, matchers, options.resolve)
  for (const block of http.blocks('server')) {
    const names = namesOf(block)
    endpoints.add({ server: serverOf(builder, block, names), block, names }, listensOf(block))
  }
  const sockets = endpoints.sockets()
  // As nginx, not before all else is right: what defines a variable may have been refused.
  if (!options.problems.hasErrors) for (const one of options.templates ?? []) context.compile(one)
  context.reportUnknownVariables()
  if (!options.problems.hasErrors) {
    warnOfTraps(http, matchers, options.problems)
    endpoints.warnOfDefaults()
  }
  return {
    sockets,
    modules: builder.modules,
    counters: context.shared('counters', (): Counters[] => []),
    readiness: readinessPageOf(context),
    temporaryFolders: temporaryFoldersOf(context),
  }
}

function nothingToServe(): Site {
  return {
    sockets: [],
    modules: [],
    counters: [],
    readiness: { isAsked: false, isStrict: false },
    temporaryFolders: new TemporaryFolders(),
  }
}

/** Of all features, before any of them declares its own: nobody may define what another has. */
function addVariables(feature: Feature, variables: Variables): void {
  for (const row of feature.variables ?? []) variables.add(row)
  for (const family of feature.families ?? []) variables.addFamily(family)
}

function serverOf(builder: LocationBuilder, block: Block, names: readonly ServerName[]): VirtualServer {
  const named = new Map()
  const location = builder.bind(block, 'server', null)
  return new VirtualServer({
    name: firstName(names),
    location,
    locations: builder.locations(block, named),
    named,
    mergesSlashes: block.settings(headTable).merge_slashes,
  })
}

/** `$server_name`: of `.example.org` the name without its dot. */
function firstName([first]: readonly ServerName[]): string {
  return first === undefined ? '' : first.text.replace(/^\.(?=.)/, '')
}

/** `$hostname` stands for the name of this machine. */
function namesOf(block: Block): ServerName[] {
  const names = block.settings(blocksTable).server_name.flat()
  const given = names.map(name => (name.text === '$hostname' ? { ...name, text: hostname() } : name))
  if (given.length > 0) return given
  return [{ text: '', place: block.directive!.place }]
}

function listensOf(block: Block): readonly Listen[] {
  const { listen } = block.settings(blocksTable)
  return listen.length > 0 ? listen : [defaultListen(block.directive!.place)]
}
