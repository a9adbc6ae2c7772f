/**
 * The examiner at whole servers: veille with something of everything, the example for examinations, and nginx where it is installed.
 *
 * What nginx fails stands here by name, and in docs/evaluate.md.
 */

import assert from 'node:assert/strict'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { evaluate } from '../src/command/evaluate.ts'
import type { Patience } from '../src/evaluate/examiner.ts'
import { killLeftOver, MAIN, type Running, startProcess } from './command-process.ts'
import { missing } from './e2e/programs.ts'
import { freePorts } from './free-ports.ts'
import { forEachPoller } from './pollers.ts'
import { connect } from './raw-client.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** Nothing here is about how fast a machine is that does other things, too. */
const PATIENCE: Patience = { answerMs: 20_000, quietMs: 50, aliveMs: 20_000, byteMs: 0, graceMs: 20_000 }
const GUARD_MS = 30_000

interface Sheet {
  readonly code: number
  readonly failed: readonly string[]
  readonly unexamined: readonly string[]
  /** Of what has failed, for whoever reads the test. */
  readonly told: string
}

interface Point {
  readonly id: string
  readonly verdict: string
}

/** A copy with free ports, PORT0 and PORT1 or those of the example, and waits that are short enough for a test. */
class Copy {
  readonly folder: string
  private readonly ports: readonly number[]

  private constructor(folder: string, ports: readonly number[]) {
    this.folder = folder
    this.ports = ports
  }

  static async of(
    origin: string,
    names: readonly string[],
    shorter: readonly (readonly [RegExp, string])[] = [],
  ): Promise<Copy> {
    const folder = mkdtempSync(join(tmpdir(), 'veille-examined-'))
    cpSync(join(ROOT, origin), folder, { recursive: true })
    mkdirSync(join(folder, 'tmp'), { recursive: true })
    const ports = await freePorts(names.length)
    for (const name of readdirSync(folder).filter(one => /\.(conf|evaluate)$/.test(one))) {
      const text = readFileSync(join(folder, name), 'utf8')
      const withPorts = names.reduce((all, port, i) => all.replaceAll(port, String(ports[i])), text)
      const changed = shorter.reduce((all, [from, to]) => all.replace(from, to), withPorts)
      writeFileSync(join(folder, name), changed)
    }
    return new Copy(folder, ports)
  }

  async start(program: string, args: readonly string[]): Promise<Running> {
    const server = startProcess(program, [
      ...args,
      '-p',
      this.folder,
      '-g',
      'daemon off; master_process off;',
    ])
    const end = performance.now() + GUARD_MS
    for (;;) {
      const client = await connect({ port: this.ports[0]! }).catch(() => null)
      client?.destroy()
      if (client !== null) return server
      if (server.child.exitCode !== null || performance.now() > end)
        assert.fail(`it does not start: ${server.stderr.text}`)
      await new Promise(done => setTimeout(done, 10))
    }
  }

  async examine(configuration: string, server: Running): Promise<Sheet> {
    const url = `http://127.0.0.1:${this.ports[0]}`
    let [text, complaints] = ['', '']
    const code = await evaluate(
      ['--json', '--config', join(this.folder, configuration), '--pid', String(server.pid), url],
      {
        write: more => {
          text += more
        },
        complain: more => {
          complaints += more
        },
        env: {},
        isTerminal: false,
        patience: PATIENCE,
      },
    )
    assert.equal(complaints, '')
    const points = JSON.parse(text).points as Point[]
    const failed = points.filter(({ verdict }) => verdict === 'failed')
    const ids = (verdict: string): string[] =>
      points.filter(one => one.verdict === verdict).map(({ id }) => id)
    return {
      code,
      failed: ids('failed'),
      unexamined: ids('unexamined'),
      told: JSON.stringify(failed, null, 2),
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true })
  }
}

async function examined(
  copy: Copy,
  configuration: string,
  program: string,
  ...args: readonly string[]
): Promise<Sheet> {
  try {
    const server = await copy.start(program, args)
    const sheet = await copy.examine(configuration, server)
    server.kill('SIGQUIT')
    assert.equal((await server.exit()).code, 0, server.stderr.text)
    return sheet
  } finally {
    copy.remove()
  }
}

function withLargeFile(copy: Copy): Copy {
  writeFileSync(join(copy.folder, 'site/large.bin'), Buffer.alloc(6_000_000, 'large'))
  return copy
}

describe('the examiner', { concurrency: 3 }, () => {
  after(killLeftOver)

  forEachPoller(poller => {
    it('passes veille in every point', async () => {
      const copy = withLargeFile(
        await Copy.of('test/examined', ['PORT0', 'PORT1'], [[/events \{/, `events { use ${poller};`]]),
      )
      const sheet = await examined(copy, 'veille.evaluate', process.execPath, MAIN, '-c', 'veille.conf')
      assert.deepEqual(sheet.failed, [], sheet.told)
      assert.deepEqual(sheet.unexamined, [])
      assert.equal(sheet.code, 0)
    })
  })

  it('passes the example for examinations, under its strict rules', {
    skip: missing('python3'),
  }, async () => {
    const shorter = [
      [/_timeout( +)1[05]s/g, '_timeout$12s'],
      [/_timeout 1[05]$/gm, '_timeout 2'],
      [/cgi_timeout( +)5s/, 'cgi_timeout$12s'],
      [/forever.sh 5/, 'forever.sh 2'],
    ] as const
    const copy = await Copy.of('examples/webserv', ['8080', '8081', '8082'], shorter)
    const sheet = await examined(copy, 'evaluate.conf', process.execPath, MAIN, '-c', 'webserv.conf')
    assert.deepEqual(sheet.failed, [], sheet.told)
    // It has no sessions, no large file, and nobody uploads into the second list.
    const left = [
      'listing-names-2',
      'session-first',
      'session-second',
      'session-others',
      'session-strange',
      'slow-reader',
      'vanishes-answer',
    ]
    assert.deepEqual(sheet.unexamined, left)
    assert.equal(sheet.code, 0)
  })

  it('finds in nginx a 405 without Allow, and a field line without a colon', {
    skip: missing('nginx'),
  }, async () => {
    const copy = withLargeFile(await Copy.of('test/examined', ['PORT0', 'PORT1']))
    const sheet = await examined(copy, 'nginx.evaluate', 'nginx', '-c', 'nginx.conf')
    assert.deepEqual(sheet.failed, ['method-not-allowed-1', 'method-not-allowed-2', 'no-colon'], sheet.told)
    assert.deepEqual(
      sheet.unexamined.filter(id => !/^(cgi|session)/.test(id)),
      ['error-page'],
    )
    assert.equal(sheet.code, 1)
  })
})
