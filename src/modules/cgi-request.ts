/**
 * An exchange as the environment of a program (`upstream/cgi-variables.ts`), with what `cgi_param` adds to it.
 *
 *   environmentOf(x, script, params, contentBytes)      ['PATH=…', 'REQUEST_METHOD=GET', …]
 *
 * It is all that the program gets: nothing of the server's own environment but what is named here. Each character is one octet.
 */

import type { Address } from '../io/address.ts'
import type { Exchange } from '../server/exchange.ts'
import { requestFieldsTable } from '../server/field-variables.ts'
import { clientText, targetText } from '../server/log-context.ts'
import { packageVersion } from '../server/process-variables.ts'
import type { Value } from '../server/variables.ts'
import { type CgiRequest, fieldVariables, metaVariables } from '../upstream/cgi-variables.ts'
import { toldFields } from './told-fields.ts'

/** Where a program looks for others. */
export const PROGRAM_PATH = '/usr/local/bin:/usr/bin:/bin'

/** What is asked of a program. */
export interface Invocation {
  readonly scriptName: string
  readonly pathInfo: string
  readonly pathTranslated: string | null
  readonly scriptFile: string
  readonly documentRoot: string
}

/** `cgi_param` */
export interface Param {
  readonly name: string
  readonly value: Value
  /** A value that comes out empty changes nothing. */
  readonly ifNotEmpty: boolean
}

/** @param contentBytes null: there is no content, or its length is not known */
export function environmentOf(
  x: Exchange,
  invocation: Invocation,
  params: readonly Param[],
  contentBytes: number | null,
): string[] {
  const variables = new Map<string, string>([['PATH', PROGRAM_PATH]])
  for (const [name, value] of metaVariables(requestOf(x, invocation, contentBytes)))
    variables.set(name, value)
  const isUnderscored = x.server.location.block?.settings(requestFieldsTable).underscores_in_headers === true
  for (const [name, value] of fieldVariables(toldFields(x), isUnderscored)) variables.set(name, value)
  for (const { name, value, ifNotEmpty } of params) {
    const text = value.octets(x)
    if (text !== '' || !ifNotEmpty) variables.set(name, text)
  }
  return Array.from(variables, ([name, value]) => `${name}=${value}`)
}

function requestOf(x: Exchange, invocation: Invocation, contentLength: number | null): CgiRequest {
  const { peer, localAddress } = x.responder.facts
  return {
    method: x.method,
    target: targetText(x),
    query: x.query ?? '',
    protocol: `HTTP/1.${x.head.versionMinor}`,
    scriptName: utf8(invocation.scriptName),
    pathInfo: utf8(invocation.pathInfo),
    pathTranslated: invocation.pathTranslated === null ? null : utf8(invocation.pathTranslated),
    scriptFile: utf8(invocation.scriptFile),
    documentRoot: utf8(invocation.documentRoot),
    contentLength,
    contentType: x.fields.get('content-type'),
    isSecure: x.isSecure,
    serverSoftware: `veille/${packageVersion()}`,
    serverName: utf8(x.host || x.server.name || hostOf(localAddress)),
    serverAddress: hostOf(localAddress),
    serverPort: portOf(localAddress),
    remoteAddress: clientText(peer),
    remotePort: portOf(peer),
  }
}

/** Paths are text of Unicode. */
function utf8(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

function hostOf(address: Address): string {
  return 'path' in address ? 'localhost' : address.host
}

function portOf(address: Address): string {
  return 'path' in address ? '' : String(address.port)
}
