/**
 * The example site in a real browser: every page and whatever it links to, without an error on its console; what is asked again
 * after a reload, and while a film is sought through; the listing and the page for what is not there.
 *
 * What happened on the wire is read from the server's own access log.
 */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { type RunningServer, serve } from '../../src/index.ts'
import { POLLERS } from '../descriptors.ts'
import { missing } from './programs.ts'

const SITE = fileURLToPath(new URL('../../../examples/site', import.meta.url))

const SWITCHES =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking ' +
  '--disable-component-update --disable-sync'

/** Only what would hang for ever meets it. */
const GUARD_MS = 120_000

const FILM = /\/film\/night\.(mp4|webm)$/

interface Logged {
  readonly method: string
  readonly target: string
  readonly status: number
}

const skip = missing('chromium')
let browser: Browser

before(async () => {
  if (skip !== false) return
  const executablePath = execFileSync('/bin/sh', ['-c', 'command -v chromium']).toString().trim()
  browser = await chromium.launch({ executablePath, args: SWITCHES.split(' ') })
})
after(() => browser?.close())

for (const poller of POLLERS) {
  test(`a visit, served by ${poller}`, { skip, timeout: GUARD_MS }, async t => {
    const log = new Log()
    const server = await serve({
      root: SITE,
      poller,
      listen: '127.0.0.1:0',
      accessLog: { form: 'json', colour: false, write: lines => log.add(lines) },
    })
    const visit = new Visit(await browser.newPage(), server, log)
    const visitor = new Visit(await browser.newPage(), server, log)
    try {
      await t.test('every page, and all that it links to', () => visit.everything())
      await t.test('after a reload nothing is sent twice', () => visit.again())
      await t.test('seeking in the film asks for ranges', () => visitor.film())
      await t.test('the listing leads down, up, and to odd names', () => visit.listing())
      await t.test('what is not there', () => visit.nowhere())
    } finally {
      await visit.page.close()
      await visitor.page.close()
      await server.close(1000)
    }
  })
}

class Log {
  readonly lines: Logged[] = []
  private readonly waiting = new Set<() => void>()

  add(lines: string): void {
    for (const line of lines.trimEnd().split('\n')) this.lines.push(JSON.parse(line) as Logged)
    for (const look of this.waiting) look()
  }

  until(condition: () => boolean): Promise<void> {
    return new Promise(resolve => {
      const look = (): void => {
        if (!condition()) return
        this.waiting.delete(look)
        resolve()
      }
      this.waiting.add(look)
      look()
    })
  }
}

class Visit {
  readonly page: Page
  private readonly server: RunningServer
  private readonly log: Log
  /** What the browser complains about. */
  private complaints: string[] = []

  constructor(page: Page, server: RunningServer, log: Log) {
    this.page = page
    this.server = server
    this.log = log
    page.on('console', message => {
      if (message.type() === 'error' || message.type() === 'warning') this.complaints.push(message.text())
    })
    page.on('pageerror', error => this.complaints.push(error.message))
    page.on('requestfailed', request => {
      // A browser itself gives up a range when it wants another one, and what is still to come when the page is left.
      const why = request.failure()?.errorText ?? ''
      if (why !== 'net::ERR_ABORTED') this.complaints.push(`${request.url()}: ${why}`)
    })
  }

  private async go(path: string): Promise<number> {
    const response = await this.page.goto(new URL(path, this.server.url).href, { waitUntil: 'load' })
    return response?.status() ?? 0
  }

  /** Links of the page that stay on this site, without their fragments. */
  private async links(): Promise<string[]> {
    const all: string[] = await this.page.$$eval('a[href]', anchors =>
      anchors.map(a => (a as unknown as { href: string }).href),
    )
    return all.map(href => href.replace(/#.*/, '')).filter(href => href.startsWith(this.server.url))
  }

  /** Since the last time, as `200 /path`. */
  private async logged(): Promise<string[]> {
    // The log is handed over once per turn.
    await new Promise(resolve => setImmediate(resolve))
    return this.log.lines.splice(0).map(({ status, target }) => `${status} ${target}`)
  }

  async everything(): Promise<void> {
    const seen = new Set<string>([this.server.url])
    for (const url of seen) {
      const answer = await this.page.request.get(url)
      if (url.endsWith('/no/such/house')) assert.equal(answer.status(), 404)
      else assert.equal(answer.status(), 200, url)
      if (answer.status() !== 200 || !answer.headers()['content-type']?.startsWith('text/html')) continue
      assert.equal(await this.go(url), 200)
      for (const link of await this.links()) seen.add(link)
    }
    assert.ok(seen.size > 20, [...seen].join('\n'))
    assert.deepEqual(this.complaints, [])
    const wrong = (await this.logged()).filter(line => !/^(200|206|304|301) /.test(line))
    assert.deepEqual([...new Set(wrong)], ['404 /no/such/house'])
  }

  async again(): Promise<void> {
    await this.go('pictures/')
    await this.logged()
    await this.page.reload({ waitUntil: 'load' })
    const lines = await this.logged()
    assert.ok(lines.length > 5, lines.join('\n'))
    // The icon is asked for at leisure, behind everything else. Where two pages in a row ask for it at the same time, Chromium sends the second
    // request without what it knows, and so gets it again.
    const others = lines.filter(line => line !== '200 /images/lantern.svg')
    assert.deepEqual(
      others.filter(line => !line.startsWith('304 ')),
      [],
    )
  }

  /** By somebody who has not been here before, over a slow line: what the browser has already would not be asked for. */
  async film(): Promise<void> {
    await this.logged()
    const line = await this.page.context().newCDPSession(this.page)
    await line.send('Network.enable')
    await line.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: 0,
      downloadThroughput: 200_000,
      uploadThroughput: 200_000,
    })
    await this.go('film/')
    await this.page.waitForFunction('document.querySelector("video").readyState >= 1')
    await this.page.evaluate(`new Promise(resolve => {
      const video = document.querySelector('video')
      video.addEventListener('seeked', resolve, { once: true })
      video.currentTime = 24
    })`)
    assert.equal(await this.page.evaluate('document.querySelector("video").currentTime'), 24)
    assert.equal(await this.page.evaluate('document.querySelector("video").error'), null)
    const parts = (): number =>
      this.log.lines.filter(({ status, target }) => status === 206 && FILM.test(target)).length
    await this.log.until(() => parts() >= 2)
  }

  async listing(): Promise<void> {
    assert.equal(await this.go('downloads/'), 200)
    await this.page.click('text=letters from the watch')
    await this.page.waitForURL('**/downloads/letters%20from%20the%20watch/')
    assert.match((await this.page.textContent('main')) ?? '', /letter 1\.txt.*letter 2\.txt.*letter 10\.txt/s)
    const up = await this.links()
    assert.ok(up.includes(new URL('downloads/', this.server.url).href), up.join('\n'))
    await this.page.goBack()
    await this.page.click('text=why not?.txt')
    await this.page.waitForURL('**/why%20not%3F.txt')
    assert.deepEqual(this.complaints, [])
  }

  async nowhere(): Promise<void> {
    assert.equal(await this.go('no/such/house'), 404)
    assert.ok(((await this.page.textContent('body')) ?? '').length > 20)
    // The browser says so itself, of a document that is not there.
    assert.deepEqual(
      this.complaints.splice(0).filter(words => !words.includes('status of 404')),
      [],
    )
  }
}
