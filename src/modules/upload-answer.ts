/**
 * What is told of an upload: JSON for programs, a page for people, as `Accept` prefers.
 *
 *   answerUpload(x, base, files, fields)      201 with Location, or 200 when nothing is there that was not there before
 *
 *   { "files": [{ "name": "a.txt", "url": "/files/a.txt", "size": 5, "replaced": false }], "fields": [{ "name": "comment", "value": "…" }] }
 */

import { escapePath } from '../http/escapes.ts'
import { prefers } from '../http/negotiation.ts'
import type { Exchange } from '../server/exchange.ts'
import { escapeHtml, INERT_PAGE, pageStart, squeeze } from './page-frame.ts'
import { locationText } from './redirect-location.ts'
import type { Uploaded } from './upload-files.ts'

/** A field of a form that is no file. */
export interface UploadField {
  readonly name: string
  readonly value: string
}

/** @param base the path from which the files are had, with a slash at its end */
export function answerUpload(
  x: Exchange,
  base: string,
  files: readonly Uploaded[],
  fields: readonly UploadField[],
): void {
  const [first] = files
  x.setField('Location', locationText(x, urlOf(base, first!)))
  x.setField('Vary', 'Accept')
  const status = files.some(({ isNew }) => isNew) ? 201 : 200
  if (prefers(x.fields.get('accept'), ['application/json', 'text/html']) === 'text/html') {
    x.setField('Content-Type', 'text/html; charset=utf-8')
    x.setField('Content-Security-Policy', INERT_PAGE)
    x.answer(status, pageOf(base, files))
  } else {
    x.setField('Content-Type', 'application/json')
    x.answer(status, `${JSON.stringify(tableOf(base, files, fields))}\n`)
  }
}

function urlOf(base: string, { name }: Uploaded): string {
  return escapePath(base + name)
}

function tableOf(base: string, files: readonly Uploaded[], fields: readonly UploadField[]): object {
  return {
    files: files.map(file => ({
      name: file.name,
      url: urlOf(base, file),
      size: file.sizeBytes,
      replaced: !file.isNew,
    })),
    fields,
  }
}

const STYLE = squeeze(`
  h1{margin:0 0 1.5rem;font-weight:400;font-size:clamp(1.3rem,4vw,1.8rem)}
  li{overflow-wrap:anywhere;padding:.2rem 0}
  small{color:var(--mist)}
`)

function pageOf(base: string, files: readonly Uploaded[]): string {
  const title = files.length === 1 ? 'The file is here' : `${files.length} files are here`
  const items = files.map(file => {
    const { name, sizeBytes, isNew } = file
    const note = `${sizeBytes} ${sizeBytes === 1 ? 'byte' : 'bytes'}${isNew ? '' : ', in place of an older one'}`
    return `<li><a href="${escapeHtml(urlOf(base, file))}">${escapeHtml(name)}</a> <small>${note}</small>\n`
  })
  const back = `<p><a href="${escapeHtml(escapePath(base))}">Back</a>\n`
  return `${pageStart(title, STYLE)}<h1>${title}</h1>\n<ul>\n${items.join('')}</ul>\n${back}`
}
