/**
 * Uploads that come back intact: by PUT, by POST, by a browser's form; replaced, cut, several at once, and removed
 * (RFC 9110 §9.3.3 to §9.3.5, RFC 7578).
 */

import { isResponse } from '../conversation.ts'
import { type Examiner, pause, Unmet } from '../examiner.ts'
import { status } from '../expectation.ts'
import { CUSTOM, forEach, NotExamined, type Point, point, type Section, untold } from '../point.ts'
import { asks, bytesOf, content, lineOf } from '../request.ts'
import { toldResponse } from '../response.ts'
import type { Subject, Upload } from '../subject.ts'
import { joined, plain, say, type Words } from '../words.ts'
import {
  comesBack,
  FORM_FIELDS,
  fileFor,
  formOf,
  mayDelete,
  placeOf,
  requestFor,
  STORED,
  send,
  sha256,
  targetOf,
  tidyUp,
  type UploadedFile,
} from './uploaded-file.ts'

const RULE = 'RFC 9110 §9.3.4'
const SIZES: readonly (readonly [size: number, words: Words])[] = [
  [0, say('nothing', 'rien')],
  [1, say('one byte', 'un octet')],
  [65_535, plain('64 KiB - 1')],
  [65_536, plain('64 KiB')],
  [65_537, plain('64 KiB + 1')],
  [4_000_000, say('4 MB', '4 Mo')],
]
const BACK = say('what was uploaded comes back the same', 'ce qui est téléversé revient identique')
const CHUNKED = say('the same in chunks', 'de même en morceaux')
const AGAIN = say(
  'the same name again: replaced and not appended, or refused',
  'le même nom encore : remplacé et non ajouté, ou refusé',
)
const CUT = say('a client that leaves half-way leaves nothing', 'un client qui part au milieu ne laisse rien')
const AT_ONCE = say(
  'ten at once of one name leave one whole file',
  'dix à la fois du même nom laissent un fichier entier',
)
const TWO = say('two files and a text in one form', 'deux fichiers et un texte dans un formulaire')
const UNENDED = say(
  'a form without its last boundary is refused',
  'un formulaire sans sa dernière frontière est refusé',
)
const NAMES = say('names that lead elsewhere do no harm', 'des noms qui mènent ailleurs ne font pas de mal')
const REMOVED = say('DELETE removes it, once', 'DELETE l’enlève, une fois')

export const uploads: Section = {
  name: 'uploads',
  title: say('Uploads', 'Téléversements'),
  points: subject => [
    ...forEach(subject.uploads, uploadPoints, [
      untold('upload', BACK, RULE, 'upload'),
      untold('upload-again', AGAIN, RULE, 'upload'),
      untold('upload-cut', CUT, CUSTOM, 'upload'),
    ]),
    ...deletePoints(subject),
  ],
}

type Name = (name: string) => string

function uploadPoints(upload: Upload, id: Name, title: (words: Words) => Words): Point[] {
  const how = plain(upload.how)
  const of = (words: Words): Words => title(joined([how, words], ': '))
  const sized = SIZES.map(([size, words]) =>
    point(id(`upload-${size}`), of(joined([BACK, words], ', ')), RULE, e =>
      wholeWay(e, upload, content(size, size)),
    ),
  )
  const inChunks = point(id('upload-chunked'), of(CHUNKED), 'RFC 9112 §7.1', e =>
    wholeWay(e, upload, content(100_000, 7), 8000),
  )
  const cut = point(id('upload-cut'), of(CUT), CUSTOM, e => leavesHalfWay(e, upload))
  if (upload.how === 'form') return [...sized, inChunks, cut, ...formPoints(upload, id, of)]
  if (upload.how === 'POST' && !upload.target.includes('NAME')) return [...sized, inChunks]
  return [
    ...sized,
    inChunks,
    point(id('upload-again'), of(AGAIN), RULE, e => sendsAgain(e, upload)),
    cut,
    point(id('upload-at-once'), of(AT_ONCE), CUSTOM, e => sendsAtOnce(e, upload)),
  ]
}

async function wholeWay(e: Examiner, upload: Upload, bytes: Buffer, chunkBytes = 0): Promise<void> {
  const file = fileFor(upload)
  const place = await send(e, file, bytes, chunkBytes > 0 ? { chunkBytes } : {})
  try {
    if (place !== null) await comesBack(e, place, bytes)
  } finally {
    await tidyUp(e, place ?? targetOf(file))
  }
}

function needPlace(place: string | null): asserts place is string {
  if (place === null)
    throw new NotExamined(
      say(
        'the configuration says “nowhere”: it cannot be read back',
        'la configuration dit « nowhere » : on ne peut le relire',
      ),
    )
}

/** Longer first: what is left of it would show behind the shorter one. A server that keeps the first and says so is right, too. */
async function sendsAgain(e: Examiner, upload: Upload): Promise<void> {
  needPlace(upload.at)
  const file = fileFor(upload)
  const [first, second] = [content(5000, 3), content(3000, 4)]
  const place = await send(e, file, first)
  let again = place
  try {
    needPlace(place)
    const answer = await e.ask(requestFor(file, second), status(200, 201, 204, 303, 409, 403, 412))
    if (answer.status >= 400) await comesBack(e, place, first)
    else {
      // Who never overwrites gives it another name, and says which.
      again = placeOf(e, file, answer)!
      await comesBack(e, again, second)
    }
  } finally {
    await tidyUpAll(e, [place, again], file)
  }
}

const ANNOUNCED_BYTES = 1_000_000
const SENT_BYTES = 200_000

async function leavesHalfWay(e: Examiner, upload: Upload): Promise<void> {
  needPlace(upload.at)
  const file = fileFor(upload)
  const request = requestFor(file, content(ANNOUNCED_BYTES, 5))
  const line = lineOf(request, e.place)
  const talk = await e.open()
  e.told(
    say(`${line} (stopped after ${SENT_BYTES} bytes)`, `${line} (arrêté après ${SENT_BYTES} octets)`),
    say('no file', 'pas de fichier'),
  )
  talk.send(bytesOf(request, e.place).subarray(0, SENT_BYTES))
  await talk.sent(e.patience.answerMs)
  await pause(e.patience.quietMs)
  e.leave(talk)
  e.finds(true, say('disconnected', 'déconnecté'))
  await pause(e.patience.quietMs)
  const place = `${upload.at.replace(/\/?$/, '/')}${file.name}`
  await e.ask(
    asks('GET', upload.at.includes('NAME') ? upload.at.replace('NAME', file.name) : place),
    status(404),
  )
}

const WRITERS = 10

async function sendsAtOnce(e: Examiner, upload: Upload): Promise<void> {
  needPlace(upload.at)
  const file = fileFor(upload)
  const versions = Array.from({ length: WRITERS }, (_, i) => content(30_000 + 7000 * i, 20 + i))
  const places = await Promise.all(versions.map(bytes => send(e, file, bytes).catch(() => null)))
  const place = places.find(one => one !== null) ?? null
  try {
    // None was taken: what came is in the record.
    if (place === null) throw new Unmet()
    e.told(plain(lineOf(asks('GET', place), e.place)), say('one of the ten, whole', 'un des dix, entier'))
    const talk = await e.open()
    talk.send(bytesOf(asks('GET', place), e.place))
    const answer = await talk.response('GET', e.patience.answerMs)
    const isOne =
      isResponse(answer) && answer.status === 200 && versions.some(bytes => bytes.equals(answer.content))
    const came = isResponse(answer)
      ? joined([toldResponse(answer), plain(`sha256 ${sha256(answer.content).slice(0, 16)}…`)])
      : answer.words
    e.finds(isOne, came)
  } finally {
    await tidyUpAll(e, places, file)
  }
}

/** @param places what the server has said, for each request; null where it has not: then the name that was asked for */
async function tidyUpAll(e: Examiner, places: readonly (string | null)[], file: UploadedFile): Promise<void> {
  const said = new Set(places.filter(place => place !== null))
  for (const place of said.size > 0 ? said : [targetOf(file)]) await tidyUp(e, place)
}

function formPoints(upload: Upload, id: Name, of: (words: Words) => Words): Point[] {
  return [
    point(id('upload-two'), of(TWO), 'RFC 7578 §4.3', e => sendsTwo(e, upload)),
    point(id('upload-unended'), of(UNENDED), 'RFC 2046 §5.1.1', e => sendsUnended(e, upload)),
    point(id('upload-names'), of(NAMES), 'RFC 7578 §4.2', e => sendsStrangeNames(e, upload)),
  ]
}

async function sendsTwo(e: Examiner, upload: Upload): Promise<void> {
  needPlace(upload.at)
  const files = [fileFor(upload), fileFor(upload, 'txt')]
  const bytes = [content(3000, 8), Buffer.from('two\r\n')]
  const form = formOf([
    { name: 'file', fileName: files[0]!.name, bytes: bytes[0]! },
    { name: 'comment', fileName: null, bytes: Buffer.from('a text') },
    { name: 'file', fileName: files[1]!.name, bytes: bytes[1]! },
  ])
  await e.ask(asks('POST', targetOf(files[0]!), { fields: FORM_FIELDS, content: form }), STORED)
  for (const [i, { name }] of files.entries()) {
    const place = `${upload.at.replace(/\/?$/, '/')}${name}`
    await comesBack(e, place, bytes[i]!).finally(() => tidyUp(e, place))
  }
}

async function sendsUnended(e: Examiner, upload: Upload): Promise<void> {
  const file = fileFor(upload)
  const form = formOf([{ name: 'file', fileName: file.name, bytes: content(3000, 9) }], false)
  await e.ask(asks('POST', targetOf(file), { fields: FORM_FIELDS, content: form }), status(400, 422))
  if (upload.at !== null)
    await e.ask(asks('GET', `${upload.at.replace(/\/?$/, '/')}${file.name}`), status(404))
}

/** Kept under a safe name, or refused: both are fine. What is not: an error of the server, or another file than that. */
async function sendsStrangeNames(e: Examiner, upload: Upload): Promise<void> {
  for (const name of [
    '../../veille-evaluate.txt',
    'veille-evaluate/../../../etc/x',
    '',
    '.',
    '..',
    'x'.repeat(300),
    'a\0b',
  ]) {
    const form = formOf([{ name: 'file', fileName: name, bytes: Buffer.from('strange') }])
    const answer = await e.ask(
      asks('POST', targetOf(fileFor(upload)), { fields: FORM_FIELDS, content: form }),
      status(201, 200, 204, 303, 400, 403, 409, 413, 414, 422),
    )
    if (answer.status === 201) await tidyUp(e, placeOf(e, fileFor(upload), answer) ?? upload.target)
  }
}

function deletePoints(subject: Subject): Point[] {
  const upload = subject.uploads.find(one => one.how === 'PUT')
  if (subject.deletes.length === 0) return [untold('delete', REMOVED, 'RFC 9110 §9.3.5', 'delete')]
  if (upload === undefined) return [untold('delete', REMOVED, 'RFC 9110 §9.3.5', 'upload PUT')]
  return [point('delete', REMOVED, 'RFC 9110 §9.3.5', e => removes(e, upload))]
}

async function removes(e: Examiner, upload: Upload): Promise<void> {
  if (!mayDelete(e, targetOf(fileFor(upload))))
    throw new NotExamined(
      say('no “upload PUT” has the target of “delete”', 'aucun « upload PUT » n’a la cible de « delete »'),
    )
  const file = fileFor(upload)
  const place = await send(e, file, content(1000, 11))
  await e.ask(asks('DELETE', targetOf(file)), status(200, 202, 204))
  if (place !== null) await e.ask(asks('GET', place), status(404))
  await e.ask(asks('DELETE', targetOf(file)), status(404, 410))
}
