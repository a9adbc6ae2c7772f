/**
 * Uploading to a listing, and deleting from it: what `autoindex_upload` adds to the page.
 *
 *   uploadForm(ways)      the form, in front of the table
 *   UPLOAD_SCRIPT         behind everything: sends the files one after the other, and shows how far each has come
 *   UPLOAD_POLICY         the Content-Security-Policy of such a page: this one script, and nothing else that could run
 *
 * Without scripts, or where another policy keeps this one out, the form is a plain one, as browsers have sent them since 1995. Then there are
 * no buttons to delete with, since no form can send DELETE, and none of PUT.
 *
 * The script is written for the browsers of 2020 and later. Names go into the page as text only (`textContent`), never as HTML.
 */

import { createHash } from 'node:crypto'
import { squeeze } from './page-frame.ts'

export interface UploadWays {
  /** How a file is sent: in a form, or by itself to the name that it gets; null: not at all. */
  readonly method: 'POST' | 'PUT' | null
  readonly mayDelete: boolean
}

export const UPLOAD_STYLE = squeeze(`
  form{margin:0 0 1.6rem;padding:1rem 1.2rem;border:1px dashed var(--mist);border-radius:.5rem}
  form.over{border-color:var(--lamp);border-style:solid}
  label{display:block;margin:0 0 .6rem}
  label span,form p{color:var(--mist);font-size:.9375rem}
  [hidden]{display:none!important}
  input{font:inherit;color:var(--mist);max-width:100%;margin:0 .8rem .4rem 0}
  input.at-once{color:transparent;width:12rem}
  button,::file-selector-button{font:inherit;color:var(--ink);background:none;border:1px solid var(--mist);
    border-radius:.3rem;padding:.25rem .9rem;margin:0 .6rem 0 0;cursor:pointer}
  button:hover,::file-selector-button:hover{border-color:var(--lamp)}
  form ul{list-style:none;margin:.6rem 0 0;padding:0}
  form li{display:grid;grid-template-columns:1fr auto;gap:.1rem .8rem;align-items:center;padding:.5rem 0;
    border-top:1px solid var(--line)}
  li b{font-weight:400;overflow-wrap:anywhere}
  li span{color:var(--mist);font-size:.9375rem;font-variant-numeric:tabular-nums}
  li button{font-size:.875rem;padding:.1rem .7rem;margin:0}
  li.bad>span{grid-column:1/-1}
  li.bad span{color:var(--ink)}
  progress{grid-column:1/-1;width:100%;height:.4rem;border:0;border-radius:.2rem;background:var(--line);
    accent-color:var(--lamp);-webkit-appearance:none;appearance:none}
  progress::-webkit-progress-bar{background:var(--line);border-radius:.2rem}
  progress::-webkit-progress-value{background:var(--lamp);border-radius:.2rem}
  progress::-moz-progress-bar{background:var(--lamp);border-radius:.2rem}
  form p{margin:.6rem 0 0}
  form p:empty{display:none}
  .quiet{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
  tr>.x{width:2.4rem;text-align:right;padding:0}
  .x button{position:relative;width:2rem;height:2rem;padding:0;margin:0;border-color:transparent;vertical-align:middle}
  .x button:before{content:"";position:absolute;inset:.4rem;background:var(--mist);
    -webkit-mask:var(--i) 0/100%;mask:var(--i) 0/100%}
  .x button:hover:before,.x button:focus-visible:before{background:var(--lamp)}
  @media(pointer:coarse){label span{display:none}}
  @media(max-width:30rem){tr>:nth-child(3){display:none}}
`)

/** Also without a way to upload: then it only says what became of deleting. */
export function uploadForm({ method, mayDelete }: UploadWays): string {
  const data = `${method === null ? '' : ` data-upload="${method}"`}${mayDelete ? ' data-delete' : ''}`
  const status = '<p role="status"></p>'
  if (method === null) return `<form hidden${data}>${status}</form>\n`
  // A form cannot send PUT: this one is of use to the script only.
  return `<form method="post" enctype="multipart/form-data" action="./"${data}${method === 'PUT' ? ' hidden' : ''}>
<label for="files">Add files to this folder<span hidden>, or drop them here</span></label>
<input id="files" type="file" name="file" multiple required><button>Upload</button>
<ul hidden></ul>
${status}
</form>
`
}

const CODE = `
const form = document.querySelector('form'), table = document.querySelector('table')
const { upload, delete: deletes } = form.dataset
const status = form.querySelector('[role=status]'), list = form.querySelector('ul'), input = form.querySelector('input')
const waiting = []
let isBusy = false

function make(name, text) {
  const element = document.createElement(name)
  if (text !== undefined) element.textContent = text
  return element
}

// ── What is sent ──

/** What can be seen anyway is said only to readers of the screen. */
function tell(words, canBeSeen) {
  status.className = canBeSeen ? 'quiet' : ''
  status.textContent = words
}

const REASONS = {
  0: 'the connection was lost', 403: 'it may not be written here', 404: 'the folder is gone', 405: 'this is not allowed here',
  409: 'there is such a name already', 412: 'there is such a name already', 413: 'it is larger than the server takes',
  507: 'the disk is full',
}

function reason(code, words) {
  return REASONS[code] || (code + ' ' + words).trim()
}

function add(files) {
  for (const file of files) {
    const row = make('li'), name = make('b', file.name), said = make('span', 'waiting'), bar = make('progress'), stop = make('button', 'Cancel')
    name.dir = 'auto'
    bar.max = 100
    bar.value = 0
    bar.setAttribute('aria-label', file.name)
    stop.type = 'button'
    stop.setAttribute('aria-label', 'Cancel ' + file.name)
    const side = make('span')
    side.append(said, ' ', stop)
    row.append(name, side, bar)
    const one = { file, row, said, bar, stop, request: null }
    stop.onclick = () => {
      if (one.request !== null) one.request.abort()
      else {
        waiting.splice(waiting.indexOf(one), 1)
        row.remove()
        list.hidden = list.childElementCount === 0
        input.focus()
      }
    }
    list.append(row)
    waiting.push(one)
  }
  list.hidden = list.childElementCount === 0
  if (!isBusy) next()
}

function next() {
  const one = waiting.shift()
  isBusy = one !== undefined
  if (one !== undefined) send(one)
}

function send(one) {
  const { file, said, bar } = one, request = new XMLHttpRequest()
  let told = 0
  one.request = request
  tell('Uploading ' + file.name, true)
  said.textContent = '0 %'
  request.upload.onprogress = ({ loaded, total }) => {
    const percent = total === 0 ? 100 : Math.floor((100 * loaded) / total)
    bar.value = percent
    said.textContent = percent + ' %'
    // A reader of the screen is told now and then.
    if (percent >= told + 25 && percent < 100) {
      told = percent
      tell(file.name + ': ' + percent + ' %', true)
    }
  }
  request.onload = () => done(one, request.status, request.statusText, storedName(request.responseText))
  request.onerror = () => done(one, 0, '')
  request.onabort = () => done(one, -1, '')
  if (upload === 'PUT') {
    request.open('PUT', './' + encodeURIComponent(file.name))
    request.setRequestHeader('If-None-Match', '*')
    request.send(file)
  } else {
    const data = new FormData()
    data.append(input.name, file, file.name)
    request.open('POST', './')
    request.setRequestHeader('Accept', 'application/json')
    request.send(data)
  }
}

/** The server may have given it another one. */
function storedName(text) {
  try {
    return JSON.parse(text).files[0].name
  } catch {
    return ''
  }
}

async function done({ file, row, said, bar, stop }, code, words, name) {
  const isGood = code >= 200 && code < 300
  row.classList.toggle('bad', !isGood)
  stop.remove()
  if (isGood) {
    bar.value = 100
    said.textContent = '100 %, done' + (name && name !== file.name ? ', as ' + name : '')
  } else {
    bar.remove()
    said.textContent = code < 0 ? 'cancelled' : 'not uploaded: ' + reason(code, words)
  }
  tell(file.name + ': ' + said.textContent, true)
  if (isGood) await refresh()
  next()
}

if (upload) {
  form.hidden = false
  form.querySelector('label span').hidden = false
  form.querySelector('button').hidden = true
  input.className = 'at-once'
  form.onsubmit = event => event.preventDefault()
  input.onchange = () => {
    add(input.files)
    input.value = ''
  }
  addEventListener('beforeunload', event => {
    if (isBusy) event.preventDefault()
  })
  let depth = 0
  const over = event => event.dataTransfer.types.includes('Files')
  addEventListener('dragenter', event => {
    if (over(event)) form.classList.toggle('over', ++depth > 0)
  })
  addEventListener('dragleave', event => {
    if (over(event)) form.classList.toggle('over', --depth > 0)
  })
  addEventListener('dragover', event => {
    if (over(event)) event.preventDefault()
  })
  addEventListener('drop', event => {
    if (!over(event)) return
    event.preventDefault()
    depth = 0
    form.classList.remove('over')
    add(event.dataTransfer.files)
  })
}

// ── The list ──

async function refresh() {
  try {
    const answer = await fetch('./', { cache: 'no-store', headers: { Accept: 'text/html' } })
    if (!answer.ok) return
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
    const rows = page.querySelector('tbody'), summary = page.querySelector('footer')
    if (rows === null || summary === null) return
    table.tBodies[0].replaceWith(rows)
    document.querySelector('footer').replaceWith(summary)
    addButtons()
  } catch {
    // The list is as it was; the next reload has it.
  }
}

function addButtons() {
  if (deletes === undefined) return
  for (const row of table.tBodies[0].rows) {
    const cell = row.insertCell(), link = row.querySelector('a')
    cell.className = 'x'
    if (link === null || link.matches('.d,.u')) continue
    const button = make('button'), name = link.textContent
    button.type = 'button'
    button.title = 'Delete'
    button.setAttribute('aria-label', 'Delete ' + name)
    button.onclick = () => remove(link.href, name, row)
    cell.append(button)
  }
}

async function remove(url, name, row) {
  if (!confirm('Delete "' + name + '"? It cannot be brought back.')) return
  let words = ''
  try {
    const answer = await fetch(url, { method: 'DELETE' })
    if (!answer.ok && answer.status !== 404) words = reason(answer.status, answer.statusText)
  } catch {
    words = REASONS[0]
  }
  form.hidden = false
  if (words !== '') {
    tell(name + ' is not deleted: ' + words, false)
    return
  }
  const near = row.nextElementSibling || row.previousElementSibling
  const index = near === null ? -1 : near.rowIndex - (near === row.nextElementSibling ? 1 : 0)
  await refresh()
  const button = index < 0 ? null : table.rows[index] && table.rows[index].querySelector('button')
  if (button) button.focus()
  else if (upload) input.focus()
  tell(name + ' is deleted', false)
}

if (deletes !== undefined) {
  const head = make('th')
  head.className = 'x'
  head.setAttribute('aria-label', 'Delete')
  table.tHead.rows[0].append(head)
  addButtons()
}
`

export const UPLOAD_SCRIPT = `<script type="module">${CODE}</script>\n`

const HASH = createHash('sha256').update(CODE).digest('base64')

export const UPLOAD_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'self'; connect-src 'self'; " +
  `script-src 'sha256-${HASH}'; frame-ancestors 'self'`
