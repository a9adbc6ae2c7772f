/**
 * Serving a folder until a signal comes. Loading this file binds the functions of libc: `main.ts` does it last.
 *
 *   await run(settings, folder)      returns when the server listens; the process lives on with it
 */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { inheritedListeners } from '../io/listener.ts'
import { openBrowser } from './browser.ts'
import { inlineMore } from './engine.ts'
import { openServer } from './listen.ts'
import type { Settings } from './options.ts'
import { stopOnSignals } from './stop.ts'
import { packageVersion } from './version.ts'
import { type Voice, voiceOf } from './voice.ts'

/** @throws {Mistake} when it cannot listen */
export async function run(settings: Settings, folder: string): Promise<void> {
  inlineMore()
  const voice = voiceOf(settings, process)
  const { log, accessLog } = voice
  const options = { ...settings.serve, root: folder, log, accessLog }
  const { server, busyPort } = await openServer(settings, options, inheritedListeners())
  stopOnSignals(server, settings.graceMs, voice)
  const { addresses } = server
  voice.started({
    version: packageVersion(),
    folder,
    base: settings.serve.base ?? '/',
    addresses,
    busyPort,
  })
  warnOfMissingPage(settings, folder, voice)
  if (settings.open) await openBrowser(server.url, process.env, log)
}

/** Not refused: a build may write it in a moment, and it is served from then on. */
function warnOfMissingPage({ serve: { spa } }: Settings, folder: string, { log }: Voice): void {
  if (typeof spa !== 'string' || existsSync(join(folder, spa))) return
  log.warn(`--spa: there is no ${spa} in the folder yet; until there is, navigations get 404`)
}
