import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { inetAddress } from '../src/io/address.ts'
import { ANSWER_GROUPS, type Answer } from './answer-cases.ts'
import type { StubExchange } from './exchange-stub.ts'
import { type SiteStub, siteOf } from './site-stub.ts'

const directory = mkdtempSync(join(tmpdir(), 'veille-answers-'))
mkdirSync(join(directory, 'empty'))
writeFileSync(join(directory, 'file'), 'a file')

const facts = { peer: inetAddress('127.0.0.1', 50_000), local: inetAddress('127.0.0.1', 8080) }

function ask(site: SiteStub, request: string): StubExchange {
  const [line = '', ...fields] = request.split('\r\n')
  if (fields.length === 0 && !line.includes(' HTTP/')) return site.ask(request, facts)
  return site.ask(`${[line, ...fields].join('\r\n')}\r\n\r\n`, facts)
}

function check(x: StubExchange, [, status, expected = {}]: Answer): void {
  assert.equal(x.record.isDropped ? 0 : x.status, status, x.answerText)
  const { body, type, location } = typeof expected === 'string' ? ({ body: expected } as const) : expected
  if (body !== undefined) assert.equal(x.answerText, body)
  if (type !== undefined) assert.equal(x.answerField('content-type'), type)
  if (location !== undefined) assert.equal(x.answerField('location'), location)
}

for (const { title, http = '', server, answers } of ANSWER_GROUPS) {
  describe(title, () => {
    const site = siteOf({ http, server: server.replaceAll('DIR', directory) })
    for (const answer of answers) {
      it(answer[0].replaceAll('\r\n', ' '), () => check(ask(site, answer[0]), answer))
    }
  })
}

after(() => rmSync(directory, { recursive: true }))
