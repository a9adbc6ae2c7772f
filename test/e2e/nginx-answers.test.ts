/**
 * The tables of answers and of refusals, held against nginx: what they say is what it says.
 */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { ANSWER_GROUPS, type Answer } from '../answer-cases.ts'
import { hasNginx, type Nginx, nginxSentence, type RawAnswer, startNginx } from '../nginx-answers.ts'
import { REFUSALS, REFUSALS_IN_HTTP } from '../refusal-cases.ts'

const skip = hasNginx() ? false : 'nginx is not installed (apt-get install nginx-light)'

function check(told: RawAnswer, [, status, given = {}]: Answer, port: number): void {
  const expected = typeof given === 'string' ? { body: given } : given
  const { body, type, location } = { ...expected, ...expected.nginx } as typeof expected
  assert.equal(told.status, expected.nginx?.status ?? status)
  if (body !== undefined) assert.equal(told.body, body)
  if (type !== undefined) assert.equal(told.fields.get('content-type') ?? null, type)
  if (location !== undefined) {
    assert.equal(told.fields.get('location')?.replace(`:${port}/`, ':8080/') ?? null, location)
  }
}

describe('the table of answers, asked of nginx', { skip }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'veille-answers-'))
  let nginx: Nginx
  before(async () => {
    writeFileSync(join(directory, 'file'), 'a file')
    nginx = await startNginx(
      ANSWER_GROUPS.map(
        ({ server }) => `server_name localhost second.test;\n${server.replaceAll('DIR', directory)}`,
      ),
      ANSWER_GROUPS.map(({ http = '' }) => http).join('\n'),
    )
  })
  after(async () => {
    await nginx.stop()
    rmSync(directory, { recursive: true })
  })

  for (const [i, { title, answers }] of ANSWER_GROUPS.entries()) {
    it(title, async () => {
      for (const answer of answers) {
        const told = await nginx.ask(i, answer[0])
        try {
          check(told, answer, nginx.ports[i]!)
        } catch (error) {
          throw new Error(`${answer[0]}: ${(error as Error).message}`)
        }
      }
    })
  }
})

describe('the table of refusals, held against nginx -t', { skip }, () => {
  it('has its sentences', () => {
    const told = REFUSALS.map(([text]) => [text, nginxSentence(text)])
    assert.deepEqual(told, REFUSALS)
    const toldInHttp = REFUSALS_IN_HTTP.map(([text]) => [text, nginxSentence('', text)])
    assert.deepEqual(toldInHttp, REFUSALS_IN_HTTP)
  })
})
