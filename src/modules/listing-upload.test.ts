import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { Script } from 'node:vm'
import { assertNested } from '../../test/page-assertions.ts'
import { problemsIn } from '../../test/site-stub.ts'
import { listingPage } from './listing-page.ts'
import { UPLOAD_POLICY, type UploadWays } from './listing-upload.ts'

function page(uploads: UploadWays | null): string {
  return listingPage({ path: '/a/', base: '/', entries: [], uploads })
}

describe('a listing with uploads', () => {
  it('has a form that works without the script', () => {
    const html = page({ method: 'POST', mayDelete: false })
    assert.match(html, /<form method="post" enctype="multipart\/form-data" action=".\/" data-upload="POST">/)
    assert.match(
      html,
      /<label for="files">.*\n<input id="files" type="file" name="file" multiple required><button>/,
    )
    assert.match(html, /<p role="status"><\/p>/)
    assertNested(html.replace(/<script.*<\/script>/s, ''))
  })

  it('hides it from those without scripts where they could not use it', () => {
    assert.match(page({ method: 'PUT', mayDelete: true }), /<form [^>]*data-upload="PUT" data-delete hidden>/)
    assert.match(page({ method: null, mayDelete: true }), /<form hidden data-delete>/)
  })

  it('allows that one script, and no other', () => {
    const [, script] = /<script type="module">(.*)<\/script>/s.exec(
      page({ method: 'POST', mayDelete: true }),
    )!
    assert.ok(
      UPLOAD_POLICY.includes(`script-src 'sha256-${createHash('sha256').update(script!).digest('base64')}'`),
    )
    assert.match(UPLOAD_POLICY, /default-src 'none'/)
    // It is JavaScript; what it does is seen in a browser (test/e2e/listing-upload.test.ts).
    assert.ok(new Script(`async () => {${script}}`) instanceof Script)
  })

  it('makes no HTML of what it is told', () => {
    assert.doesNotMatch(
      page({ method: 'POST', mayDelete: true }),
      /innerHTML|insertAdjacentHTML|document\.write|eval\(/,
    )
  })

  it('has nothing of it otherwise', () => {
    assert.doesNotMatch(page(null), /<form|<script|button/)
  })
})

describe('autoindex_upload', () => {
  const problems = (words: string): string =>
    problemsIn(`autoindex on; location / { autoindex_upload on; ${words} }`)
      .map(({ summary }) => summary)
      .join()

  it('warns where the location takes nothing', () => {
    assert.equal(problems(''), 'nothing can be uploaded here')
    assert.equal(problems('dav_methods MKCOL;'), 'nothing can be uploaded here')
    assert.equal(problems('dav_methods PUT; allow_methods GET;'), 'nothing can be uploaded here')
    assert.equal(problems('dav_methods PUT;'), '')
    assert.equal(problems('dav_methods DELETE;'), '')
    assert.equal(problems('upload_store on;'), '')
    assert.equal(problems('upload_store on; allow_methods GET HEAD;'), 'nothing can be uploaded here')
    assert.equal(problems('upload_store on; upload_delete on; allow_methods GET DELETE;'), '')
  })
})
