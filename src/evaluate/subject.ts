/**
 * Where things are on the server that is examined: what the configuration file tells. What it does not tell is not examined.
 *
 *   emptySubject()      nothing but that `/` is a page
 *   TextAt, Upload, …   one line of the file each
 */

export interface TextAt {
  readonly target: string
  /** That stands in the answer; null: any. */
  readonly text: string | null
}

export interface ErrorPage extends TextAt {
  readonly status: number
  readonly method: string
}

export interface MethodAt {
  readonly method: string
  readonly target: string
}

export interface Limit {
  readonly target: string
  readonly bytes: number
  readonly method: string
}

export interface Upload {
  /** How: PUT, raw content of POST, or a form (multipart/form-data). */
  readonly how: 'PUT' | 'POST' | 'form'
  /** The name of the file goes where NAME stands, and behind the last slash where it does not. */
  readonly target: string
  /** Where it comes back from; null: nowhere. */
  readonly at: string | null
}

export interface Redirect {
  readonly target: string
  readonly status: number
  readonly location: string
}

export interface Listing {
  readonly target: string
  /** That stand in it. */
  readonly names: readonly string[]
}

export interface StatusAt {
  readonly target: string
  readonly status: number
}

export interface Typed {
  readonly target: string
  readonly type: string
}

export interface Echo {
  readonly target: string
  /** It gives its content back in capital letters. */
  readonly isUpper: boolean
}

export interface Endless {
  readonly target: string
  readonly seconds: number
}

export interface NamedHost extends TextAt {
  readonly name: string
}

export interface NumberedPort extends TextAt {
  readonly port: number
}

export interface Siege {
  readonly clients: number
  readonly requests: number
}

export interface Subject {
  page: TextAt
  readonly missing: TextAt[]
  readonly errorPages: ErrorPage[]
  readonly notAllowed: MethodAt[]
  readonly posts: string[]
  readonly hosts: NamedHost[]
  readonly ports: NumberedPort[]
  readonly limits: Limit[]
  readonly uploads: Upload[]
  readonly deletes: string[]
  readonly redirects: Redirect[]
  readonly directories: string[]
  readonly listings: Listing[]
  readonly statuses: StatusAt[]
  readonly types: Typed[]
  readonly large: string[]
  readonly cgis: string[]
  readonly echoes: Echo[]
  readonly brokenCgis: string[]
  readonly endlessCgis: Endless[]
  readonly sessions: string[]
  headTimeout: number | null
  contentTimeout: number | null
  idleTimeout: number | null
  siege: Siege | null
}

export function emptySubject(): Subject {
  return {
    page: { target: '/', text: null },
    missing: [],
    errorPages: [],
    notAllowed: [],
    posts: [],
    hosts: [],
    ports: [],
    limits: [],
    uploads: [],
    deletes: [],
    redirects: [],
    directories: [],
    listings: [],
    statuses: [],
    types: [],
    large: [],
    cgis: [],
    echoes: [],
    brokenCgis: [],
    endlessCgis: [],
    sessions: [],
    headTimeout: null,
    contentTimeout: null,
    idleTimeout: null,
    siege: null,
  }
}

/** The server takes this method there, as far as we are told. */
export function isAllowed({ notAllowed }: Subject, method: string, target: string): boolean {
  return !notAllowed.some(one => one.method === method && one.target === target)
}
