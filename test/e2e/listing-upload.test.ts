/**
 * A listing with uploads, in the hands of somebody with a browser: files are chosen and dropped, come whole, are watched on their way,
 * called off, refused and deleted; and the same by the plain form, without scripts.
 */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { type OneServer, oneServer } from '../two-servers.ts'
import { missing } from './programs.ts'

const SWITCHES = '--no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-sync'

const prefix = mkdtempSync(join(tmpdir(), 'veille-listing-'))
const files = join(prefix, 'html/files')

const HTTP = `http {
  client_max_body_size 20m;
  root html;
  autoindex on;
  autoindex_upload on;
  server {
    listen 127.0.0.1:PORT;
    location /files/ { upload_store on; upload_delete on; client_max_body_size 1m; }
    location /dav/ { alias html/files/; dav_methods PUT DELETE; }
    location /slow/ { alias html/files/; dav_methods PUT; }
    location /bin/ { alias html/files/; dav_methods DELETE; }
    location /seen/ { alias html/files/; upload_store on; allow_methods GET HEAD; }
  }
}`

/** The last of them is one byte longer than the buffers that it goes through. */
const SMALL = file('small one.txt', Buffer.from('hello'))
const LARGE = file(`a<b>"c'&é.bin`, randomBytes(64 * 1024 + 1))

interface Chosen {
  readonly name: string
  readonly mimeType: string
  readonly buffer: Buffer
}

function file(name: string, buffer: Buffer): Chosen {
  return { name, mimeType: 'application/octet-stream', buffer }
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

const skip = missing('chromium')

describe('a listing with uploads', { skip }, () => {
  let browser: Browser
  let server: OneServer
  let context: BrowserContext
  let page: Page
  let complaints: string[]

  before(async () => {
    const executablePath = execFileSync('/bin/sh', ['-c', 'command -v chromium']).toString().trim()
    browser = await chromium.launch({ executablePath, args: SWITCHES.split(' ') })
    server = await oneServer('veille', prefix, HTTP)
  })
  after(async () => {
    await browser?.close()
    await server?.close()
    rmSync(prefix, { recursive: true })
  })
  beforeEach(() => {
    rmSync(files, { recursive: true, force: true })
    mkdirSync(files, { recursive: true })
  })
  afterEach(() => context?.close())

  async function open(path: string, hasScripts = true): Promise<void> {
    context = await browser.newContext({ javaScriptEnabled: hasScripts })
    page = await context.newPage()
    complaints = []
    page.on('console', message => {
      if (message.type() === 'error') complaints.push(message.text())
    })
    page.on('pageerror', error => complaints.push(error.message))
    page.on('dialog', dialog => void dialog.accept())
    await page.goto(`http://127.0.0.1:${server.port}${path}`)
  }

  /** What stands beside each of the chosen files, once it is this. */
  const said = (words: string) => page.locator('li > span > span', { hasText: words }).first().waitFor()

  const listed = (name: string) => page.locator('tbody bdi').getByText(name, { exact: true }).waitFor()

  const rows = (): Promise<string[]> => page.locator('tbody bdi').allTextContents()

  async function comesBack({ name, buffer }: Chosen): Promise<void> {
    assert.equal(sha256(readFileSync(join(files, name))), sha256(buffer))
    const got = await page.request.get(`http://127.0.0.1:${server.port}/files/${encodeURIComponent(name)}`)
    assert.equal(sha256(await got.body()), sha256(buffer))
  }

  for (const path of ['/files/', '/dav/']) {
    it(`${path}: files that are chosen are sent, seen on their way, listed, and deleted`, async () => {
      await open(path)
      await page.setInputFiles('#files', [SMALL, LARGE])
      await page.locator('li', { hasText: LARGE.name }).getByText('100 %, done').waitFor()
      assert.deepEqual(
        await page.locator('progress').evaluateAll(all => all.map(one => Reflect.get(one, 'value'))),
        [100, 100],
      )
      await listed(LARGE.name)
      assert.deepEqual((await rows()).sort(), [LARGE.name, SMALL.name].sort())
      assert.match((await page.textContent('[role=status]'))!, /100 %, done$/)
      await comesBack(SMALL)
      await comesBack(LARGE)

      await page.getByRole('button', { name: `Delete ${LARGE.name}`, exact: true }).click()
      await page.getByText(`${LARGE.name} is deleted`).waitFor()
      assert.deepEqual(readdirSync(files), [SMALL.name])
      await page
        .getByRole('button', { name: `Delete ${LARGE.name}`, exact: true })
        .waitFor({ state: 'detached' })
      assert.deepEqual(await rows(), [SMALL.name])
      assert.deepEqual(complaints, [])
    })
  }

  it('works with the keyboard alone', async () => {
    writeFileSync(join(files, 'a.txt'), 'a')
    await open('/files/')
    const reached: string[] = []
    for (let i = 0; i < 5; i++) {
      await page.keyboard.press('Tab')
      reached.push(
        await page
          .locator(':focus')
          .evaluate(
            one => Reflect.get(one, 'id') || Reflect.get(one, 'ariaLabel') || Reflect.get(one, 'textContent'),
          ),
      )
    }
    assert.deepEqual(reached, ['Index', 'files', 'Parent folder', 'a.txt', 'Delete a.txt'])
    await page.keyboard.press('Enter')
    await page.getByText('a.txt is deleted').waitFor()
    assert.equal(await page.locator(':focus').getAttribute('id'), 'files')
  })

  it('takes files that are dropped', async () => {
    await open('/files/')
    const data = await page.evaluateHandle(() => {
      const { DataTransfer, File } = globalThis as unknown as Record<
        string,
        new (
          ...args: unknown[]
        ) => { items: { add(one: unknown): void } }
      >
      const transfer = new DataTransfer!()
      transfer.items.add(new File!(['dropped'], 'dropped.txt'))
      return transfer
    })
    await page.dispatchEvent('table', 'dragenter', { dataTransfer: data })
    assert.equal(await page.getAttribute('form', 'class'), 'over')
    await page.dispatchEvent('table', 'drop', { dataTransfer: data })
    await said('100 %, done')
    assert.equal(readFileSync(join(files, 'dropped.txt'), 'utf8'), 'dropped')
    await listed('dropped.txt')
  })

  it('says what a file is called in place of a name that is taken, and why one is not taken', async () => {
    writeFileSync(join(files, 'a.txt'), 'first')
    await open('/files/')
    await page.setInputFiles('#files', [
      file('a.txt', Buffer.from('second')),
      file('big', Buffer.alloc(2_000_000)),
    ])
    await said('done, as a-1.txt')
    await page.getByText('not uploaded: it is larger than the server takes').first().waitFor()
    await open('/dav/')
    await page.setInputFiles('#files', [file('a.txt', Buffer.from('third'))])
    await page.getByText('not uploaded: there is such a name already').first().waitFor()
    assert.equal(readFileSync(join(files, 'a.txt'), 'utf8'), 'first')
    assert.deepEqual(readdirSync(files).sort(), ['a-1.txt', 'a.txt'])
  })

  it('calls off what is on its way, and what waits', async () => {
    await open('/slow/')
    const line = await context.newCDPSession(page)
    await line.send('Network.enable')
    await line.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: 100_000,
    })
    await page.setInputFiles('#files', [
      file('large', Buffer.alloc(10_000_000)),
      file('waits', Buffer.from('w')),
      file('last', Buffer.from('l')),
    ])
    await page.getByRole('button', { name: 'Cancel waits' }).click()
    await page.getByRole('button', { name: 'Cancel large' }).click()
    await said('cancelled')
    await said('100 %, done')
    assert.equal(readFileSync(join(files, 'last'), 'utf8'), 'l')
    assert.deepEqual(await page.locator('li b').allTextContents(), ['large', 'last'])
    assert.ok(!existsSync(join(files, 'large')) && !existsSync(join(files, 'waits')))
  })

  it('shows what the location takes, and no more', async () => {
    writeFileSync(join(files, 'a.txt'), 'a')
    const seen = async (path: string): Promise<[form: boolean, buttons: number]> => {
      await open(path)
      return [await page.locator('#files').isVisible(), await page.locator('tbody button').count()]
    }
    assert.deepEqual(await seen('/files/'), [true, 1])
    assert.deepEqual(await seen('/slow/'), [true, 0])
    assert.deepEqual(await seen('/bin/'), [false, 1])
    assert.deepEqual(await seen('/seen/'), [false, 0])
  })

  it('is a plain form without scripts', async () => {
    await open('/files/', false)
    assert.equal(await page.locator('tbody button').count(), 0)
    await page.setInputFiles('#files', [SMALL, LARGE])
    const [answer] = await Promise.all([page.waitForNavigation(), page.click('text=Upload')])
    assert.equal(answer!.status(), 201)
    await comesBack(SMALL)
    await comesBack(LARGE)
    await page.click('text=Back')
    await page.waitForURL('**/files/')
    assert.deepEqual((await rows()).sort(), [LARGE.name, SMALL.name].sort())
    await open('/dav/', false)
    assert.equal(await page.locator('#files').isVisible(), false)
  })
})
