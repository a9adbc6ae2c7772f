/**
 * The configurations that nginx and veille are both measured with: nginx.conf beside the servers, and what each workload puts into it.
 *
 *   CONFIGURATIONS                         by name; `plain` where a workload names none
 *   configurationText(template, name, …)   a whole file
 *
 * Both get the same lines, but for what only one of them can do. Only nginx is told where to keep temporary files, so that it needs no rights of root; veille keeps none.
 */

import type { CompanionName } from './companions.ts'

/** What changes from one to the next. */
export interface Configuration {
  /** In the only server, or the first. */
  readonly lines: readonly string[]
  /** The servers behind it. */
  readonly others?: readonly string[]
  /** More lines for one of them, where the two have different ways to the same end. */
  readonly own?: Readonly<Record<'nginx' | 'veille', readonly string[]>>
  /** The process behind the servers: of each of them one, or one for all. */
  readonly companion?: { readonly name: CompanionName; readonly of: 'nginx' | 'all' }
}

/** What the run decides. */
export interface Setting {
  /** `nginx` or `veille`. */
  readonly server: string
  readonly port: number
  readonly root: string
  readonly scratch: string
  /** That it must be able to hold. */
  readonly connections: number
}

export type ConfigurationName = keyof typeof CONFIGURATIONS

/** Locations in each of the servers of `few` and `many`. */
export const LOCATIONS_EACH = 10
export const FEW_SERVERS = 10
export const MANY_SERVERS = 1000

/** Of a program that answers: as many as there are requests under way at once in the workloads that need it. */
export const PROCESSES = 16

const ANSWER = 'return 200 "Hello, World!";'
const HELLO = `location = /hello { ${ANSWER} }`

/** What a program is told (RFC 3875 §4.1), as nginx's own file `fastcgi_params` has it. */
const PARAMS: readonly string[] = [
  ...['QUERY_STRING $query_string', 'REQUEST_METHOD $request_method', 'CONTENT_TYPE $content_type'],
  ...['CONTENT_LENGTH $content_length', 'SCRIPT_NAME $fastcgi_script_name', 'REQUEST_URI $request_uri'],
  ...['DOCUMENT_URI $document_uri', 'DOCUMENT_ROOT $document_root', 'SERVER_PROTOCOL $server_protocol'],
  ...['GATEWAY_INTERFACE CGI/1.1', 'REMOTE_ADDR $remote_addr', 'REMOTE_PORT $remote_port'],
  ...['SERVER_ADDR $server_addr', 'SERVER_PORT $server_port', 'SERVER_NAME $server_name'],
].map(param => `fastcgi_param ${param};`)

function fastcgi(socket: string, script: string): string {
  const target = [
    `fastcgi_pass unix:{{scratch}}/${socket};`,
    `fastcgi_param SCRIPT_FILENAME {{scratch}}/${script};`,
  ]
  return `location = /hello { ${[...target, ...PARAMS].join(' ')} }`
}

/** As sites have them; none matches what is asked for. */
const OTHER_PATTERNS: readonly string[] = [
  '~* \\.(?:gif|jpe?g|png|webp|avif|svg|ico)$',
  '~* \\.(?:css|js|mjs|map)$',
  '~* \\.(?:woff2?|ttf|otf|eot)$',
  '~* \\.(?:mp4|webm|ogv|mp3|ogg)$',
  '~ \\.php$',
  '~ /\\.(?!well-known/)',
  '~ ^/(?:admin|wp-admin|phpmyadmin)(?:/|$)',
  '~ ^/api/v[0-9]+/users/([0-9]+)$',
  '~ ^/api/v[0-9]+/',
  '~ ^/(?<language>de|en|fr)/',
  '~ ^/blog/(?<year>[0-9]{4})/(?<month>[0-9]{2})/',
  '~ ^/tags?/([^/]+)/?$',
  '~ ^/download/(.*)\\.(zip|tar\\.gz)$',
  '~* ^/images/thumb/([0-9]+)x([0-9]+)/(.+)$',
  '~ ^/user/([A-Za-z0-9_-]+)/settings$',
  '~ ^/feeds?/(?:rss|atom)\\.xml$',
  '~ ^/sitemap[0-9]*\\.xml(?:\\.gz)?$',
  '~ ~$',
  '~ \\.(?:bak|orig|save|sw[op]|tmp)$',
]

export const CONFIGURATIONS = {
  plain: { lines: [HELLO] },
  uncached: { lines: [HELLO, 'open_file_cache off;'] },
  tried: { lines: [HELLO, 'try_files $uri $uri/ =404;'] },
  regexes: {
    lines: [
      ...OTHER_PATTERNS.map(pattern => `location ${quoted(pattern)} { return 403; }`),
      `location ~ ^/hello$ { ${ANSWER} }`,
    ],
  },
  fields: {
    lines: [
      HELLO,
      'add_header X-Request "$request_method $uri";',
      'add_header X-Client $remote_addr;',
      'add_header X-Host $host;',
      'add_header Cache-Control "public, max-age=60";',
    ],
  },
  expires: { lines: [HELLO, 'expires 1h;'] },
  logged: { lines: [HELLO, 'access_log {{scratch}}/access-{{port}}.log combined;'] },
  buffered: { lines: [HELLO, 'access_log {{scratch}}/access-{{port}}.log combined buffer=64k flush=5s;'] },
  program: {
    lines: [],
    own: {
      nginx: [fastcgi('fcgiwrap.socket', 'hello')],
      veille: [
        `location = /hello { cgi_pass {{scratch}}/hello; cgi_script_must_exist off; cgi_processes ${PROCESSES}; }`,
      ],
    },
    companion: { name: 'fcgiwrap', of: 'nginx' },
  },
  php: { lines: [fastcgi('php.socket', 'hello.php')], companion: { name: 'php-fpm', of: 'all' } },
  uploads: {
    lines: [HELLO, 'location /uploads/ { root {{scratch}}; dav_methods PUT; client_max_body_size 0; }'],
  },
  few: { lines: [HELLO], others: serversOf(FEW_SERVERS) },
  many: { lines: [HELLO], others: serversOf(MANY_SERVERS) },
} satisfies Record<string, Configuration>

/** The host of the server with this number, and the path that its location with this number answers. */
export function hostOf(server: number): string {
  return `site-${String(server).padStart(3, '0')}.example.org`
}

export function pathOf(location: number): string {
  return `/hello/${location}/`
}

function serversOf(count: number): string[] {
  return Array.from({ length: count }, (_, server) => {
    const locations = Array.from(
      { length: LOCATIONS_EACH },
      (_, location) => `location ${pathOf(location)} { ${ANSWER} }`,
    )
    const head = `listen 127.0.0.1:{{port}}; server_name ${hostOf(server)};`
    return `server { ${head}\n    ${locations.join('\n    ')}\n  }`
  })
}

/** A brace would begin a block. */
function quoted(pattern: string): string {
  const [operator, ...words] = pattern.split(' ')
  return `${operator} "${words.join(' ')}"`
}

/** @param template the text of nginx.conf, with words between double braces */
export function configurationText(template: string, name: ConfigurationName, setting: Setting): string {
  const { lines, others = [], own }: Configuration = CONFIGURATIONS[name]
  const all = [...lines, ...(own?.[setting.server === 'nginx' ? 'nginx' : 'veille'] ?? [])]
  const parts = { lines: all.join('\n    '), others: others.join('\n  '), temporary: temporaryOf(setting) }
  const values = {
    ...setting,
    // nginx begins to close idle connections when a sixteenth of worker_connections is left.
    connections: Math.ceil(setting.connections * 1.1),
    descriptors: Math.ceil(setting.connections * 1.1) + 100,
  }
  return filled(filled(template, parts), values)
}

function temporaryOf({ server }: Setting): string {
  if (server !== 'nginx') return ''
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return paths.map(name => `${name}_temp_path {{scratch}}/nginx-${name};`).join('\n  ')
}

function filled(text: string, values: Record<string, string | number>): string {
  return text.replaceAll(/\{\{(\w+)\}\}/g, (whole, name) => String(values[name] ?? whole))
}
