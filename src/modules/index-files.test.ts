import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import type { StubExchange } from '../../test/exchange-stub.ts'
import { type SiteStub, siteOf } from '../../test/site-stub.ts'

const dir = mkdtempSync(join(tmpdir(), 'veille-index-'))
for (const name of ['with', 'bare', 'sub']) mkdirSync(join(dir, name))
for (const name of ['index.html', 'with/index.html', 'with/second', 'sub/index.html']) {
  writeFileSync(join(dir, name), name)
}
symlinkSync('loop', join(dir, 'bare/loop'))
after(() => rmSync(dir, { recursive: true }))

function site(server: string): SiteStub {
  return siteOf(`root ${dir}; ${server}`)
}

function asked(request: string, server: string): StubExchange {
  return site(server).ask(request)
}

describe('index', () => {
  it('is index.html where nothing is said, for GET, HEAD and POST', () => {
    assert.equal(asked('GET /with/', '').answerText, 'with/index.html')
    assert.equal(asked('HEAD /with/', '').record.lengthBytes, 'with/index.html'.length)
    assert.equal(asked('POST /with/', '').status, 405)
  })

  it('is the first name that is there, whose path goes through the locations anew', () => {
    const server = 'index none second; location = /with/second { return 200 "location of $uri $args"; }'
    assert.equal(asked('GET /with/?a=b', server).answerText, 'location of /with/second a=b')
  })

  it('may be several lines, and those of an inner block replace them', () => {
    assert.equal(asked('GET /with/', 'index none; index second;').answerText, 'with/second')
    assert.equal(
      asked('GET /with/', 'index second; location / { index index.html; }').answerText,
      'with/index.html',
    )
  })

  it('may be a path of its own, taken without a look', () => {
    const server = 'index none /seen; location = /seen { return 200 "$uri $args"; }'
    assert.equal(asked('GET /bare/?a', server).answerText, '/seen a')
  })

  it('may be made of variables, also into such a path', () => {
    const server = 'index $arg_i; location = /seen { return 200 $uri; }'
    assert.equal(asked('GET /with/?i=second', server).answerText, 'with/second')
    assert.equal(asked('GET /with/?i=/seen', server).answerText, '/seen')
    assert.equal(asked('GET /sub/?i=../with/second', server).status, 403)
  })

  it('stands behind an alias', () => {
    assert.equal(asked('GET /i/', `location /i/ { alias ${dir}/with/; }`).answerText, 'with/index.html')
    const regex = `location ~ ^/i/(.*)$ { alias ${dir}/$1; }`
    assert.equal(asked('GET /i/with/', regex).answerText, 'with/index.html')
  })

  it('leaves a directory without one to be forbidden, and the log told', () => {
    const made = site('')
    assert.equal(made.ask('GET /bare/').status, 403)
    assert.deepEqual(made.lines, [`error: directory index of "${dir}/bare/" is forbidden`])
  })

  it('is not looked for in a directory that is not there', () => {
    const made = site('index first second /last;')
    assert.equal(made.ask('GET /none/').status, 404)
    assert.deepEqual(made.lines, [`error: "${dir}/none/first" is not found (2: No such file or directory)`])
    assert.equal(made.ask('GET /index.html/').status, 404)
    assert.match(made.lines.at(-1)!, /^error: ".*" is not found \(20: Not a directory\)$/)
  })

  it('that is a link in a circle is forbidden', () => {
    assert.equal(asked('GET /bare/', 'index loop;').status, 403)
  })

  it('that turns in a circle ends', () => {
    assert.equal(asked('GET /bare/', 'index /bare/;').status, 500)
  })
})
