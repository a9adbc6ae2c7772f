/**
 * `userid`: a cookie by which a visitor is known again (ngx_http_userid_module). Sixteen bytes in base64, as nginx writes and reads them, so
 * that each of the two knows the visitors of the other.
 *
 *   Set-Cookie: uid=nKQkIeOBdbTKW1iB3rLp3A==; expires=Thu, 31 Dec 2037 23:55:55 GMT; path=/; httponly
 *
 * nginx makes them of its address, the time, the number of its process and a counter: whoever has one can guess others. Here they are
 * random, all of them, or but for the first four when `userid_service` gives these. It is a name, not a session: nothing is kept about it here.
 */

import { randomBytes } from 'node:crypto'
import { formatDate } from '../http/date.ts'
import type { Exchange } from '../server/exchange.ts'
import { defineFeature } from '../server/feature.ts'
import { cookie } from '../server/field-variables.ts'
import type { Module } from '../server/module.ts'
import type { Getter } from '../server/variables.ts'
import { MAX, MAX_DATE, type UseridSettings, useridTable } from './userid-table.ts'

/** What is known of the visitor of an exchange. */
interface Visitor {
  /** Of the cookie that was looked for. */
  readonly name: string
  readonly text: string
  /** Its sixteen bytes; null when none came. */
  readonly got: Buffer | null
  /** Those that go out; null as long as none do. */
  set: Buffer | null
  /** The cookie is for another identifier than the one that came. */
  isNew: boolean
}

const visitors = new WeakMap<Exchange, Visitor>()
const resets = new WeakMap<Exchange, string>()
const cookies = new Map<string, Getter>()

/** Of the cookie 22 signs say the identifier; behind them stand a mark and "=". */
const ID_LENGTH = 22

function visitorOf(x: Exchange, { userid_name: name }: UseridSettings): Visitor {
  const known = visitors.get(x)
  if (known !== undefined && known.name === name) return known
  const text = cookieValue(x, name)
  const visitor = {
    name,
    text: text ?? '',
    got: text === null ? null : idIn(x, name, text),
    set: null,
    isNew: false,
  }
  visitors.set(x, visitor)
  return visitor
}

function cookieValue(x: Exchange, name: string): string | null {
  const get = cookies.get(name) ?? cookie(name)
  cookies.set(name, get)
  return get(x)
}

function idIn(x: Exchange, name: string, text: string): Buffer | null {
  const signs = text.slice(0, ID_LENGTH)
  if (signs.length < ID_LENGTH) {
    x.log.error(`client sent too short userid cookie "${name}=${text}"`)
    return null
  }
  if (!/^[A-Za-z0-9+/]*=*$/.test(signs)) {
    x.log.error(`client sent invalid userid cookie "${name}=${text}"`)
    return null
  }
  const id = Buffer.from(signs, 'base64')
  return isId(id) ? id : null
}

/** nginx counts in the last four, from one on. */
function isId(bytes: Buffer): boolean {
  return bytes.length === 16 && bytes.readUInt32LE(12) !== 0
}

/** Decides whether a cookie is set, and which; once for an exchange. */
function settle(x: Exchange, settings: UseridSettings): Visitor {
  const visitor = visitorOf(x, settings)
  if (visitor.set !== null) return visitor
  const { got } = visitor
  if (got !== null && !isReset(x, visitor)) {
    if (!hasMark(visitor.text, settings.userid_mark)) visitor.set = got
    return visitor
  }
  visitor.set = newId(settings)
  visitor.isNew = true
  return visitor
}

function isReset(x: Exchange, { name, got }: Visitor): boolean {
  const value = resets.get(x) ?? ''
  if (value === '' || value === '0') return false
  if (value === 'log') x.log.notice(`userid cookie "${name}=${wordsOf(got!)}" was reset`)
  return true
}

function hasMark(text: string, mark: string): boolean {
  return mark === '' || (text[ID_LENGTH] === mark && text[ID_LENGTH + 1] === '=')
}

function newId({ userid: version, userid_service: service }: UseridSettings): Buffer {
  let id = randomBytes(16)
  while (!isId(id)) id = randomBytes(16)
  if (service !== null) {
    if (version === 'v1') id.writeUInt32LE(service)
    else id.writeUInt32BE(service)
  }
  return id
}

/** As nginx shows them: four numbers, in the order in which its machine reads bytes. */
function wordsOf(id: Buffer): string {
  let words = ''
  for (let at = 0; at < 16; at += 4) words += id.readUInt32LE(at).toString(16).toUpperCase().padStart(8, '0')
  return words
}

class UserId implements Module {
  readonly name = 'userid'
  private readonly settings: UseridSettings
  /** What stands behind the identifier, but for the date. */
  private readonly attributes: string

  constructor(settings: UseridSettings) {
    const { userid_domain: domain, userid_path: path, userid_flags: flags } = settings
    this.settings = settings
    this.attributes = [domain === '' ? '' : `domain=${domain}`, `path=${path}`, ...flags]
      .filter(one => one !== '')
      .map(one => `; ${one}`)
      .join('')
  }

  fields(x: Exchange): void {
    const { settings } = this
    const visitor = settle(x, settings)
    if (visitor.set === null) return
    x.addField(
      'Set-Cookie',
      `${settings.userid_name}=${this.signsOf(visitor)}${this.expiry()}${this.attributes}`,
    )
    if (settings.userid_p3p !== '') x.addField('P3P', settings.userid_p3p)
  }

  private signsOf({ set, isNew, text }: Visitor): string {
    const { userid_mark: mark } = this.settings
    const signs = isNew ? set!.toString('base64') : `${text.slice(0, ID_LENGTH)}==`
    return mark === '' ? signs : `${signs.slice(0, ID_LENGTH)}${mark}=`
  }

  private expiry(): string {
    const { userid_expires: expires } = this.settings
    if (expires === 0) return ''
    return `; expires=${formatDate(expires === MAX ? MAX_DATE : Date.now() + expires)}`
  }
}

function settingsAt(x: Exchange): UseridSettings | null {
  return x.location.block?.settings(useridTable) ?? null
}

function shown({ name }: Visitor, id: Buffer | null): string | null {
  return id === null ? null : `${name}=${wordsOf(id)}`
}

function isSetting(settings: UseridSettings | null): settings is UseridSettings {
  return settings !== null && settings.userid !== 'off' && settings.userid !== 'log'
}

export const userId = defineFeature({
  name: 'userid',
  nginxModules: ['ngx_http_userid_module'],
  table: useridTable,
  variables: [
    {
      name: 'uid_got',
      doc: 'The name of the cookie and the identifier that the client has sent, as four hexadecimal numbers; no value when it has sent none.',
      get(x) {
        const settings = settingsAt(x)
        if (settings === null || settings.userid === 'off') return null
        const visitor = visitorOf(x, settings)
        return shown(visitor, visitor.got)
      },
    },
    {
      name: 'uid_set',
      doc: 'The same of the identifier that is sent with the answer; no value when none is.',
      get(x) {
        const settings = settingsAt(x)
        if (!isSetting(settings)) return null
        const visitor = settle(x, settings)
        return shown(visitor, visitor.set)
      },
    },
    {
      name: 'uid_reset',
      doc: 'Set to anything but an empty string and 0, it has a visitor who has an identifier given another one; with log, the error log tells the old one.',
      get: x => resets.get(x) ?? '',
      set: (x, value) => void resets.set(x, value),
    },
  ],
  bind: settings => (isSetting(settings) ? new UserId(settings) : null),
})
