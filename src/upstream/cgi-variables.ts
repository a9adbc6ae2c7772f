/**
 * A request as variables of the environment: what programs are told by CGI, and by its relatives (RFC 3875 §4.1).
 *
 *   metaVariables(request)                    REQUEST_METHOD, SCRIPT_NAME, …
 *   fieldVariables(fields, seesUnderscores)   HTTP_ACCEPT, …: the fields of the request's head
 *
 * A value is text in which each character is one octet (`http/octets.ts`).
 *
 * A dash of a field's name becomes an underscore, so `X_Real_IP` and `X-Real-IP` would be one variable, and a client could say the one where a
 * server in front says the other. Names with underscores are therefore left out unless the configuration wants them, and then go
 * behind those with dashes; names with any other sign are left out in any case. Left out are also fields of which a program would draw wrong
 * conclusions:
 *
 *   Proxy                                HTTP_PROXY is where many programs look for their own proxy ("httpoxy", CVE-2016-5385 and others)
 *   Content-Length, Content-Type         are told as CONTENT_LENGTH and CONTENT_TYPE, the first only where it is true
 *   Transfer-Encoding                    the content has been taken out of its coding
 */

/** The lines of a field section, as `FieldSection` has them. */
export interface FieldLines {
  entries(): Iterable<[name: string, value: string]>
}

export type CgiVariable = readonly [name: string, value: string]

export interface CgiRequest {
  readonly method: string
  /** Path and query as the client has sent them. */
  readonly target: string
  /** Without its question mark; '' for none. */
  readonly query: string
  /** `HTTP/1.1` */
  readonly protocol: string
  /** The path so far as it names the program, and what follows it; decoded. */
  readonly scriptName: string
  readonly pathInfo: string
  /** The file that `pathInfo` would be, were it a path of its own; null when there is none. */
  readonly pathTranslated: string | null
  readonly scriptFile: string
  readonly documentRoot: string
  /** null: there is no content, or its length is not known. */
  readonly contentLength: number | null
  readonly contentType: string | null
  readonly isSecure: boolean
  readonly serverSoftware: string
  readonly serverName: string
  readonly serverAddress: string
  readonly serverPort: string
  readonly remoteAddress: string
  readonly remotePort: string
}

/** In the order of RFC 3875, then what it does not have and everybody gives. REMOTE_USER is unset: nobody has checked a password. */
export function metaVariables(request: CgiRequest): CgiVariable[] {
  const { contentLength, contentType, pathTranslated } = request
  const list: CgiVariable[] = []
  if (contentLength !== null) list.push(['CONTENT_LENGTH', String(contentLength)])
  if (contentType !== null) list.push(['CONTENT_TYPE', contentType])
  list.push(['GATEWAY_INTERFACE', 'CGI/1.1'])
  // The two belong together: RFC 3875 §4.1.6.
  if (request.pathInfo !== '') list.push(['PATH_INFO', request.pathInfo])
  if (pathTranslated !== null) list.push(['PATH_TRANSLATED', pathTranslated])
  list.push(
    ['QUERY_STRING', request.query],
    ['REMOTE_ADDR', request.remoteAddress],
    ['REMOTE_HOST', request.remoteAddress],
    ['REQUEST_METHOD', request.method],
    ['SCRIPT_NAME', request.scriptName],
    ['SERVER_NAME', request.serverName],
    ['SERVER_PORT', request.serverPort],
    ['SERVER_PROTOCOL', request.protocol],
    ['SERVER_SOFTWARE', request.serverSoftware],
    ['DOCUMENT_ROOT', request.documentRoot],
    ['DOCUMENT_URI', request.scriptName + request.pathInfo],
    // php-cgi does not run without it: it proves that a server has started it.
    ['REDIRECT_STATUS', '200'],
    ['REMOTE_PORT', request.remotePort],
    ['REQUEST_SCHEME', request.isSecure ? 'https' : 'http'],
    ['REQUEST_URI', request.target],
    ['SCRIPT_FILENAME', request.scriptFile],
    ['SERVER_ADDR', request.serverAddress],
  )
  if (request.isSecure) list.push(['HTTPS', 'on'])
  return list
}

const LEFT_OUT: ReadonlySet<string> = new Set([
  'HTTP_PROXY',
  'HTTP_CONTENT_LENGTH',
  'HTTP_CONTENT_TYPE',
  'HTTP_TRANSFER_ENCODING',
])

const DASHED = /^[A-Za-z0-9-]+$/
const UNDERSCORED = /^[A-Za-z0-9_-]+$/

/**
 * Several lines of one name are joined: with a comma (RFC 9110 §5.3), those of `Cookie` as cookies are.
 * @param seesUnderscores names with underscores are taken too, where no field with dashes has the same variable
 * @param leftOut by the names of their variables
 */
export function fieldVariables(
  fields: FieldLines,
  seesUnderscores = false,
  leftOut: ReadonlySet<string> = LEFT_OUT,
): CgiVariable[] {
  const values = new Map<string, string>()
  for (const [name, value] of fields.entries()) if (DASHED.test(name)) add(values, name, value)
  if (seesUnderscores) for (const [name, value] of underscored(fields, values)) add(values, name, value)
  for (const name of leftOut) values.delete(name)
  return [...values]
}

function underscored(fields: FieldLines, dashed: ReadonlyMap<string, string>): [string, string][] {
  return [...fields.entries()].filter(
    ([name]) => !DASHED.test(name) && UNDERSCORED.test(name) && !dashed.has(variableOf(name)),
  )
}

function add(values: Map<string, string>, name: string, value: string): void {
  const variable = variableOf(name)
  const before = values.get(variable)
  const joint = variable === 'HTTP_COOKIE' ? '; ' : ', '
  values.set(variable, before === undefined ? value : before + joint + value)
}

function variableOf(name: string): string {
  return `HTTP_${name.toUpperCase().replaceAll('-', '_')}`
}
