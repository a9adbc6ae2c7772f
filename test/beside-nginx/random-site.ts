/**
 * Server blocks and requests at random, the same ones for the same seed, to be asked of both servers.
 *
 *   randomServer(random)            the inside of a server block, which may have mistakes in it
 *   randomRequests(random, host)    lines in the notation of requests.ts, with nothing expected of them
 *   RANDOM_MAPS                     what stands beside the servers, in http
 *   RANDOM_FILES                    what lies below `html`
 *
 * What is told in docs/differences.md is kept out where no row of `intended.ts` can know it: an alias behind a rewrite, $status where
 * it is not settled yet, `merge_slashes` of one server among several.
 */

import type { Random } from '../pieces.ts'

export const RANDOM_FILES: Readonly<Record<string, string>> = {
  'index.html': 'root index\n',
  'a/index.html': 'a index\n',
  'a/b.txt': 'a b txt\n',
  'a/c.txt': 'a c txt\n',
  'a/b/c': 'a b c\n',
  'a/a/index.html': 'a a index\n',
  'b/x.txt': 'b x\n',
  'b.html': 'b html\n',
  'c.txt': 'c txt\n',
  'x.html': 'x html\n',
  'x.txt': 'x txt\n',
  'old/a': 'old a\n',
  'err.html': 'err\n',
  'sp ace.txt': 'space\n',
}

export const RANDOM_MAPS = `
  map $uri $m { default d; /a A; ~^/a/(.*)$ m$1; ~*TXT$ $v; "~(?<w>[a-z]+)\\.html$" "html-$w"; /b "$arg_q"; }
  map $arg_q $n { default ""; 1 one; a $m; ~^a/ "slash$uri"; }
  map "$request_method:$n" $o { GET:one yes; ~^HEAD head; ~*:ONE post$1; }
  map $host $h { hostnames; default other; .example dom; s1.example first; s2.* second; ~^s(\\d)\\. d$1; }
  geo $g { default nowhere; 127.0.0.0/8 loop; 127.0.0.1 me; }
  split_clients "$uri$args" $s { 30% a; 30.5% b; * c; }
`

const PATHS =
  '/ /a /a/ /b /b/ /a/b /a/b/ /c.txt /a/b.txt /x /a/x /index.html /A/B.TXT /a/index.html /b.html /a/b/c /sp%20ace.txt /old/a /old/b/c.txt /%61/b.txt //a//b /a/../b.html /a/./b.txt'.split(
    ' ',
  )
const QUERIES = ['', '', '', '?q=1', '?q=a', '?q=a/b&r=1', '?', '?q=']
const FIELDS = [
  'X: 1',
  'If-Modified-Since: Fri, 02 Jan 2026 03:04:05 GMT',
  'If-None-Match: <tag>',
  'Range: bytes=1-2',
  'Cookie: k=v',
  'content "ab"',
]
const PREFIXES = ['/', '/a', '/a/', '/b', '/a/b', '/old/', '/b/', '/x', '/c.txt']
const REGEXES =
  '^/a ^/a/(.*)$ ^/(.+)\\.txt$ \\.html$ ^/old/(.*) ^ ^/(a|b)(/.*)?$ /b/ ^/$ (?<w>[a-z]+)$ ^/x$ b\\.txt [A-Z] ^/(?<w>a)/(.*)'.split(
    ' ',
  )
const VARIABLES =
  '$uri $args $request_uri $arg_q $is_args$args $host $1 $v $request_method $server_name $query_string $scheme $document_uri $w $http_x $cookie_k $content_type $m $n $o $h $g $s $arg_r $cookie_x $http_host $content_length $remote_addr $server_addr $server_protocol'.split(
    ' ',
  )
const TARGETS =
  '/a /b /c.txt /new$uri /a/$1 /$1 /n?x=1 /n?q=$uri $uri.html /a$uri /x? /a/b.txt $uri/ /b.html /a/index.html /n#f /$arg_q'.split(
    ' ',
  )
const TRIED = '$uri $uri/ $uri.html $uri.txt /c.txt /a$uri /$arg_q /a/ /b/$1'.split(' ')
const LAST_TRIED = '=404 =403 =410 /b.html @n /index.html?$args /x/$1 /a/'.split(' ')
const SETTINGS = [
  'internal;',
  'autoindex on; autoindex_format json;',
  'index b.txt index.html;',
  'index nope /b.html;',
  'default_type x/y;',
  'types { a/b txt; }',
  'etag off;',
  'max_ranges 0;',
  'absolute_redirect off;',
  'port_in_redirect off;',
  'server_name_in_redirect on;',
  'recursive_error_pages on;',
  'deny all;',
  'allow all;',
  'deny 127.0.0.1;',
  'limit_except GET { deny all; }',
  'limit_except POST { allow 127.0.0.1; deny all; }',
  'if_modified_since before;',
  'chunked_transfer_encoding off;',
  'empty_gif;',
  'disable_symlinks on;',
  'client_max_body_size 1;',
  'root html/a;',
  'root html/$arg_q;',
]

export function randomServer(random: Random): string {
  return new Writer(random).server()
}

export function randomRequests(random: Random, host: string, count: number): string {
  const one = (): string => {
    const method = pick(random, ['GET', 'GET', 'GET', 'HEAD', 'POST'])
    const target = pick(random, PATHS) + pick(random, QUERIES)
    const field = random(2) === 0 ? ` | ${pick(random, FIELDS)}` : ''
    return `${method} ${target}${field} => 200`
  }
  return [`host ${host}`, ...Array.from({ length: count }, one)].join('\n')
}

function pick<T>(random: Random, from: readonly T[]): T {
  return from[random(from.length)]!
}

class Writer {
  private readonly random: Random
  /** An alias behind a rewrite is an error to nginx: a server has the one or the other. */
  private readonly rewrites: boolean

  constructor(random: Random) {
    this.random = random
    this.rewrites = random(3) > 0
  }

  server(): string {
    return [
      ...this.some(1, () => this.errorPage()),
      ...this.some(2, () =>
        this.oneOf([this.rewrite, this.set, this.field, this.expires, this.ifInServer, this.serverSetting]),
      ),
      ...this.some(5, () => this.location('/', 0)),
      ...this.some(1, () => `location @n { ${this.inside().join(' ')} }`),
      ...this.some(1, () => 'location /err { return 200 "err $uri $args $status"; }'),
    ].join('\n')
  }

  private pick<T>(from: readonly T[]): T {
    return pick(this.random, from)
  }

  private oneOf(writers: readonly (() => string)[]): string {
    return this.pick(writers).call(this)
  }

  /** None, or up to so many. */
  private some(most: number, write: () => string): string[] {
    return Array.from({ length: this.random(most + 1) }, write)
  }

  private location(around: string, depth: number): string {
    const prefix = this.pick(PREFIXES.filter(one => one.startsWith(around)))
    const [head, inner] = this.pick([
      [prefix, prefix],
      [prefix, prefix],
      [prefix, prefix],
      [`^~ ${prefix}`, prefix],
      [`= ${prefix}`, null],
      [`${this.pick(['~', '~*'])} "${this.pick(REGEXES)}"`, '/'],
    ] as const)
    const inside = this.inside()
    if (depth < 2 && inner !== null && this.random(4) === 0) inside.push(this.location(inner, depth + 1))
    if (!this.rewrites && this.random(4) === 0) inside.push(this.alias(head.startsWith('~')))
    return `location ${head} { ${inside.join(' ')} }`
  }

  private inside(): string[] {
    const { answer, rewrite, set, field, ifInLocation, expires, tryFiles, errorPage, setting } = this
    const writers = [answer, rewrite, set, field, field, ifInLocation, expires, tryFiles, errorPage, setting]
    return this.some(4, () => this.oneOf(writers))
  }

  private text(): string {
    const words = this.some(3, () => this.pick([...VARIABLES, 'A', '-', '/a', '']))
    return `"${words.join(' ')}"`
  }

  private answer(): string {
    const target = this.pick(TARGETS)
    const status = this.pick([200, 204, 301, 302, 303, 307, 308, 403, 404, 405, 410, 503])
    return this.pick([
      `return ${status};`,
      `return 200 ${this.text()};`,
      `return ${this.pick([201, 403, 404, 410])} ${this.text()};`,
      `return ${this.pick([301, 302, 303, 307, 308])} ${this.pick([target, `http://h.example${target}`, '"rel"'])};`,
      `return http://h.example${target};`,
    ])
  }

  private rewrite(): string {
    if (!this.rewrites) return this.set()
    const target = this.pick([...TARGETS, 'http://h.example/a$uri'])
    return `rewrite "${this.pick(REGEXES)}" ${target}${this.pick(['', ' last', ' break', ' redirect', ' permanent'])};`
  }

  private set(): string {
    return `set $${this.pick(['v', 'w'])} ${this.pick(['1', '"$v$1"', '$uri', '"$w-$arg_q"', '""'])};`
  }

  private field(): string {
    return `add_header X-${this.pick(['A', 'B'])} ${this.text()}${this.pick(['', '', ' always'])};`
  }

  private condition(): string {
    return this.pick([
      this.pick(VARIABLES.filter(name => !name.includes('$args'))),
      `$request_method = ${this.pick(['GET', 'POST', 'HEAD'])}`,
      `$arg_q ${this.pick(['=', '!='])} ${this.pick(['1', '"a"', '$arg_r', '""'])}`,
      `$uri ${this.pick(['~', '~*', '!~', '!~*'])} "${this.pick(REGEXES)}"`,
      `${this.pick(['-f', '-d', '-e', '!-f', '!-d', '!-e', '-x'])} $request_filename`,
      `${this.pick(['-f', '!-e'])} $document_root${this.pick(['/flag', '/c.txt', '$uri'])}`,
      '$args ~ "q=(\\w)"',
    ])
  }

  private ifInServer(): string {
    const { answer, rewrite, set } = this
    return `if (${this.condition()}) { ${this.some(2, () => this.oneOf([answer, rewrite, set])).join(' ')} }`
  }

  private ifInLocation(): string {
    const { answer, rewrite, set, field, expires, errorPage } = this
    const inside = this.some(3, () => this.oneOf([answer, rewrite, set, field, expires, errorPage]))
    return `if (${this.condition()}) { ${inside.join(' ')} ${this.pick(['', 'break;'])} }`
  }

  private expires(): string {
    return `expires ${this.pick(['1h', '-1', 'max', 'epoch', 'off', '0'])};`
  }

  private tryFiles(): string {
    return `try_files ${[...this.some(3, () => this.pick(TRIED)), this.pick(TRIED), this.pick(LAST_TRIED)].join(' ')};`
  }

  private errorPage(): string {
    const statuses = this.pick(['404', '403 404', '404 405', '500', '403', '410 503'])
    const target = this.pick([
      '/c.txt',
      '/err.html',
      '@n',
      '/none.html',
      'http://h.example/e',
      '/err?c=1',
      '/a/',
      '/b',
    ])
    return `error_page ${statuses} ${this.pick(['', '', '=200 ', '= ', '=404 '])}${target};`
  }

  private alias(isRegex: boolean): string {
    return `alias ${this.pick(isRegex ? ['html/$1', 'html/a/$1'] : ['html/', 'html/a/', 'html/b/', 'html/a'])};`
  }

  private setting(): string {
    return this.pick(SETTINGS)
  }

  private serverSetting(): string {
    return this.pick([
      'index index.html b.txt;',
      'absolute_redirect off;',
      'port_in_redirect off;',
      'recursive_error_pages on;',
      'types { text/html html; q/r txt; }',
      'default_type text/plain;',
    ])
  }
}
