/**
 * The logs of a configuration as an administrator meets them: lines of requests and mistakes, rotation, the end of a process; and
 * beside them those of nginx, where it is installed.
 */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { commonLogTime, errorLogTime, isoTime } from '../../src/io/log-time.ts'
import { parseSyslog, SyslogSender } from '../../src/io/syslog.ts'
import { compileLogFormat, type Escape } from '../../src/modules/log-format.ts'
import { ErrorRecord } from '../../src/server/error-record.ts'
import type { Exchange } from '../../src/server/exchange.ts'
import { killLeftOver, MAIN, type Running, startProcess } from '../command-process.ts'
import { SAME_RIGHTS } from '../process-family.ts'
import { connect, type RawClient } from '../raw-client.ts'
import { missing } from './programs.ts'

/** Only what would hang for ever meets it. */
const GUARD_MS = 30_000
const LOOK_MS = 5

/** Of what another process does. */
async function until(condition: () => boolean, words: string): Promise<void> {
  const end = performance.now() + GUARD_MS
  while (!condition()) {
    assert.ok(performance.now() < end, `in vain: ${words}`)
    await new Promise(done => setTimeout(done, LOOK_MS))
  }
}

/** A server in a folder of its own, which listens on a socket there. */
class Site {
  readonly folder = `${mkdtempSync(join(tmpdir(), 'veille-logs-'))}/`
  readonly socket = `${this.folder}socket`

  async start(program: string, args: readonly string[], text: string): Promise<Running> {
    mkdirSync(`${this.folder}logs`)
    mkdirSync(`${this.folder}html`)
    writeFileSync(`${this.folder}site.conf`, text)
    const common = ['-p', this.folder, '-c', 'site.conf', '-e', 'stderr']
    const server = startProcess(program, [...args, ...common])
    await until(() => existsSync(`${this.folder}pid`) && existsSync(this.socket), 'the server listens')
    return server
  }

  text(name: string): string {
    return readFileSync(`${this.folder}logs/${name}`, 'latin1')
  }

  connect(): Promise<RawClient> {
    return connect({ path: this.socket })
  }

  /** @param fields with their CR LF, as octets */
  async request(target: string, fields = ''): Promise<void> {
    const client = await this.connect()
    client.send(`GET ${target} HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n${fields}\r\n`)
    await client.atEnd()
    client.destroy()
  }

  async until(name: string, pattern: RegExp): Promise<string> {
    const path = `${this.folder}logs/${name}`
    await until(() => existsSync(path) && pattern.test(this.text(name)), `${pattern} in ${name}`)
    return this.text(name)
  }

  remove(): void {
    rmSync(this.folder, { recursive: true })
  }
}

const HEAD = `${SAME_RIGHTS} daemon off; pid pid; error_log logs/error.log;`

function startVeille(site: Site, text: string): Promise<Running> {
  return site.start(process.execPath, [MAIN], text)
}

describe('the logs of a configuration', () => {
  after(killLeftOver)

  it('have a line for each request, and each step of those that are watched', async () => {
    const site = new Site()
    const veille = await startVeille(
      site,
      `${HEAD} master_process off; events { debug_connection unix:; }
       http { server { listen unix:${site.socket}; server_name example.com; access_log logs/a.log; } }`,
    )
    await site.request('/missing')
    const errors = await site.until('error.log', /fails with 404/)
    assert.match(
      errors,
      /^[\d/]{10} [\d:]{8} \[debug\] \d+#\d+: \*\d+ .*, client: unix:, server: example\.com, request: "GET \/missing HTTP\/1\.1", host: "example\.com"$/m,
    )
    await site.until('a.log', /\n/)
    veille.kill('SIGTERM')
    await veille.exit()
    site.remove()
  })

  it('go on under their names after SIGUSR1, without losing a line, and are whole at the end', async () => {
    const site = new Site()
    const veille = await startVeille(
      site,
      `${HEAD} worker_processes 2; events { }
       http { log_format n line; access_log logs/a.log n; access_log logs/b.log n buffer=64k; access_log logs/c.gz n gzip;
       server { listen unix:${site.socket}; } }`,
    )
    const names = ['a.log', 'b.log', 'c.gz']
    for (let i = 0; i < 20; i++) await site.request('/')
    for (const name of names) renameSync(`${site.folder}logs/${name}`, `${site.folder}logs/${name}.1`)
    veille.kill('SIGUSR1')
    await until(() => names.every(name => existsSync(`${site.folder}logs/${name}`)), 'new files')
    for (let i = 0; i < 20; i++) await site.request('/')
    veille.kill('SIGQUIT')
    await veille.exit()
    for (const name of names) {
      const [old, now] = [`${name}.1`, name].map(one => zcat(`${site.folder}logs/${one}`).split('\n'))
      assert.equal(old!.length + now!.length, 42, name)
      assert.ok(
        [...old!, ...now!].every(line => line === 'line' || line === ''),
        name,
      )
    }
    site.remove()
  })

  it('in memory are shown when a process ends badly', () => {
    const program = `
      const { dumpMemoryAtBadEnd } = await import(${JSON.stringify(new URL('../../src/process/memory-dump.js', import.meta.url))})
      dumpMemoryAtBadEnd(() => ({ memory: () => 'caf\\xc3\\xa9\\n' }))
      process.exit(Number(process.argv[1]))`
    const ending = (code: string): string =>
      spawnSync(process.execPath, ['--input-type=module', '-e', program, code], { encoding: 'utf8' }).stderr
    assert.equal(ending('0'), '')
    assert.equal(ending('1'), 'café\n')
  })
})

/** Of a file that may be compressed. */
function zcat(path: string): string {
  return spawnSync('zcat', ['-f', path], { encoding: 'latin1' }).stdout
}

/** Every octet that nginx lets into a field, but for blanks at the ends. */
const NASTY = `a\t ${String.fromCharCode(...Array.from({ length: 223 }, (_, i) => i + 33))}b`

/** We let no DEL into a field (RFC 9110 §5.5). */
const ACCEPTED = NASTY.replace('\x7f', '')

describe('beside nginx', { skip: missing('nginx') }, () => {
  const site = new Site()
  const syslog = createSocket('udp4')
  let nginx: Running
  const datagrams: string[] = []

  function configuration({ socket }: Site): string {
    const format = (rules: Escape): string =>
      `log_format ${rules} escape=${rules} '[$http_x][$http_none][$http_empty]"é';`
    return `${HEAD} master_process off; events { }
      http {
        log_format times '$msec|$time_local|$time_iso8601';
        log_format facts '$remote_addr|$remote_user|$request|$status|$args|$request_uri|$uri|$host|$request_length';
        ${format('default')} ${format('json')} ${format('none')}
        server { listen unix:${socket}; server_name example.com;
          access_log logs/combined.log; access_log logs/times.log times; access_log logs/facts.log facts;
          access_log logs/default.log default; access_log logs/json.log json; access_log logs/none.log none;
          access_log syslog:server=127.0.0.1:${syslog.address().port},tag=web,severity=warn default;
        } }`
  }

  function ask(one: Site, nasty: string, target: string): Promise<void> {
    const fields = `X: ${nasty}\r\nEmpty:\r\nReferer: "r"\r\nUser-Agent: \\u\xe9\r\n`
    return one.request(target, fields)
  }

  before(async () => {
    syslog.on('message', bytes => datagrams.push(bytes.toString('latin1')))
    syslog.bind(0, '127.0.0.1')
    await once(syslog, 'listening')
    nginx = await site.start('nginx', [], configuration(site))
    await ask(site, NASTY, '/missing?a="b')
    await site.until('times.log', /\n/)
  })

  after(async () => {
    nginx.kill('SIGTERM')
    await nginx.exit()
    syslog.close()
    killLeftOver()
    site.remove()
  })

  const value = (get: () => string | null): { get: () => string | null; isOctets: true } => ({
    get,
    isOctets: true,
  })
  const NOBODY = {} as Exchange

  function nastyLine(rules: Escape): string {
    const parts = ['[', value(() => NASTY), '][', value(() => null), '][', value(() => ''), ']"é']
    return compileLogFormat(parts, rules)(NOBODY)
  }

  for (const rules of ['default', 'json', 'none'] as const) {
    it(`a line has the same octets, escape=${rules}`, () => {
      assert.equal(`${nastyLine(rules)}\n`, site.text(`${rules}.log`))
    })
  }

  it('a line has the same time', () => {
    const [, msec, local, iso] = /^([\d.]+)\|(.*)\|(.*)\n$/.exec(site.text('times.log'))!
    assert.equal(commonLogTime(Number(msec) * 1000), local)
    assert.equal(isoTime(Number(msec) * 1000), iso)
  })

  it('the combined form is the same', () => {
    const [line, time] = /\[(.*?)\]/.exec(site.text('combined.log'))!
    assert.ok(line !== undefined)
    assert.equal(
      site.text('combined.log'),
      `unix: - - [${time}] "GET /missing?a=\\x22b HTTP/1.1" 404 153 "\\x22r\\x22" "\\x5Cu\\xE9"\n`,
    )
  })

  it('a datagram to syslog is the same', async () => {
    await until(() => datagrams.length === 1, 'a datagram of nginx')
    const target = parseSyslog(`server=127.0.0.1:${syslog.address().port},tag=web,severity=warn`)
    assert.ok(typeof target !== 'string')
    const sender = new SyslogSender(target, { onTrouble: assert.fail, onRecovery: assert.fail })
    sender.write(nastyLine('default'))
    await until(() => datagrams.length === 2, 'a datagram of ours')
    sender.close()
    const [theirs, ours] = datagrams.map(one => one.replace(/>[A-Z][a-z]{2} [ \d]\d [\d:]{8} /, '>TIME '))
    assert.equal(ours, theirs)
    assert.match(ours!, new RegExp(`^<188>TIME ${hostname().toLowerCase()} web: \\[a`))
  })

  it('a line of the error log is the same, but that ours escapes what a client has sent', async () => {
    const text = await site.until('error.log', /open\(\)/)
    const line = text.split('\n').find(one => one.includes('open()'))!
    const [, time, pid, connection] = /^(.{19}) \[error\] (\d+)#\2: \*(\d+) /.exec(line)!
    const at = new Date(time!.replaceAll('/', '-')).getTime()
    assert.equal(errorLogTime(at), time)
    const words = `open() "${site.folder}html/missing" failed (2: No such file or directory)`
    const context = {
      connection: Number(connection),
      client: 'unix:',
      server: 'example.com',
      request: 'GET /missing?a="b HTTP/1.1',
      host: 'example.com',
      referrer: '"r"',
    }
    const ours = new ErrorRecord(3, words, context, at).text.replace(/\d+#\d+/, `${pid}#${pid}`)
    assert.equal(ours.replaceAll('\\x22', '"'), line)
  })

  it('the same requests give the same lines', async () => {
    const other = new Site()
    const veille = await startVeille(other, configuration(other))
    await ask(other, ACCEPTED, '/a%20b?c=d')
    await ask(site, ACCEPTED, '/a%20b?c=d')
    const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1)!
    for (const name of ['default.log', 'json.log', 'none.log', 'facts.log', 'combined.log']) {
      await other.until(name, /\n/)
      const [ours, theirs] = [other, site].map(one => lastLine(one.text(name)))
      const sizeAndTime = /\[[^\]]*\]|404 \d+/g
      if (name === 'combined.log')
        assert.equal(ours!.replace(sizeAndTime, ''), theirs!.replace(sizeAndTime, ''))
      else assert.equal(ours, theirs)
    }
    veille.kill('SIGTERM')
    await veille.exit()
    other.remove()
  })
})
