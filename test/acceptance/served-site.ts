/**
 * The site of the acceptance case with veille in front of it, in a folder of its own.
 *
 *   await using served = await serveSite({ poller: 'poll', isStrict: true, program: 'sh' })
 *   served.target                       for playCase
 *   served.words()                      what it has said and logged, for the message of a failure
 */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MAIN, type Running, startProcess } from '../command-process.ts'
import { freePort } from '../free-ports.ts'
import type { Target } from './case.ts'
import { makeSite, type Options } from './site.ts'

export class ServedSite {
  readonly target: Target
  private readonly folder: string
  private readonly veille: Running

  constructor(folder: string, veille: Running, target: Target) {
    this.folder = folder
    this.veille = veille
    this.target = target
  }

  words(): string {
    return `${this.veille.stdout.text}${this.veille.stderr.text}${readFileSync(join(this.folder, 'error.log'), 'utf8')}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.veille.kill('SIGTERM')
    await this.veille.exit()
    rmSync(this.folder, { recursive: true })
  }
}

export async function serveSite(options: Omit<Options, 'port'>): Promise<ServedSite> {
  const folder = mkdtempSync(join(tmpdir(), 'veille-acceptance-'))
  const port = await freePort()
  const { configuration, uploads } = makeSite(folder, { ...options, port })
  const veille = startProcess(process.execPath, [MAIN, configuration])
  await veille.url()
  return new ServedSite(folder, veille, { port, uploads, pid: veille.pid })
}
