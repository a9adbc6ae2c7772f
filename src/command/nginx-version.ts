/**
 * What `-v`, `-V` and `-h` say under nginx's command line.
 *
 *   versionLine()         the first line of each
 *   detailsText()         -V: what programs look for that ask nginx for its features, then what veille found in this Node
 *   usageText()           -h
 */

import { release } from 'node:os'
import { FEATURES } from '../modules/features.ts'
import { SURROGATE_VERSION } from '../server/nginx-version.ts'
import { INSTALLED } from '../site/layout.ts'
import { packageVersion } from './version.ts'

export function versionLine(): string {
  return `nginx version: nginx/${SURROGATE_VERSION} (veille ${packageVersion()})\n`
}

/** nginx's modules of HTTP that are in each of its builds, unless they are left out. */
const BUILT_BY_DEFAULT = [
  'charset',
  'gzip',
  'ssi',
  'userid',
  'access',
  'auth_basic',
  'mirror',
  'autoindex',
  'geo',
  'map',
  'split_clients',
  'referer',
  'rewrite',
  'proxy',
  'fastcgi',
  'uwsgi',
  'scgi',
  'grpc',
  'memcached',
  'limit_conn',
  'limit_req',
  'empty_gif',
  'browser',
  'upstream_hash',
  'upstream_ip_hash',
  'upstream_least_conn',
  'upstream_random',
  'upstream_keepalive',
  'upstream_zone',
]

/** And those that are not, unless they are asked for. */
const BUILT_ON_REQUEST = [
  'ssl',
  'v2',
  'v3',
  'realip',
  'addition',
  'sub',
  'dav',
  'flv',
  'mp4',
  'gunzip',
  'gzip_static',
  'auth_request',
  'random_index',
  'secure_link',
  'slice',
  'stub_status',
]

export function detailsText(): string {
  const { openssl, node, uv, zlib, brotli, zstd, nghttp2 } = process.versions
  const found = [
    `Node ${node}`,
    `libuv ${uv}`,
    `OpenSSL ${openssl}`,
    `zlib ${zlib}`,
    `brotli ${brotli}`,
    ...(zstd === undefined ? [] : [`zstd ${zstd}`]),
    `nghttp2 ${nghttp2}`,
  ]
  return [
    versionLine().trimEnd(),
    `built with OpenSSL ${openssl}`,
    `configure arguments: ${configureArguments().join(' ')}`,
    `found in this process: ${found.join(', ')}`,
    `found in this system: Linux ${release()} on ${process.arch}; select, poll, epoll; io_uring is not used`,
    '',
  ].join('\n')
}

/** True to what is there: a module counts when its directives do. */
function configureArguments(): string[] {
  const there = new Set(FEATURES.flatMap(feature => feature.nginxModules))
  const has = (name: string): boolean => there.has(`ngx_http_${name}_module`)
  const { prefix, configurationPath, errorLogPath, accessLogPath, pidPath } = INSTALLED
  return [
    `--prefix=${prefix.replace(/\/$/, '')}`,
    `--conf-path=${configurationPath}`,
    `--error-log-path=${errorLogPath}`,
    `--http-log-path=${accessLogPath}`,
    `--pid-path=${pidPath}`,
    '--with-debug',
    ...BUILT_ON_REQUEST.filter(has).map(name => `--with-http_${name}_module`),
    ...BUILT_BY_DEFAULT.filter(name => !has(name)).map(name => `--without-http_${name}_module`),
    '--without-http-cache',
  ]
}

export function usageText(): string {
  const { prefix, configurationPath, errorLogPath } = INSTALLED
  return `${versionLine()}Usage: nginx [-?hvVtTq] [-s signal] [-p prefix]
             [-e filename] [-c filename] [-g directives]

Options:
  -?,-h         : this text
  -v            : the version
  -V            : the version, and what is built in
  -t            : read the configuration, say what is wrong with it, and exit
  -T            : the same, and print the configuration
  -q            : with -t, print mistakes only
  -s signal     : tell a running server: stop, quit, reopen, reload
  -p prefix     : what relative paths count from (default: ${prefix})
  -e filename   : the error log (default: ${errorLogPath})
  -c filename   : the configuration (default: ${configurationPath})
  -g directives : more directives of the main context

Beyond nginx:
  veille [dir]          : serve a folder; see veille --help
  veille site.conf      : run a configuration in the foreground
  veille explain        : tell what a configuration does with a request
  veille evaluate       : examine any web server from outside
`
}
