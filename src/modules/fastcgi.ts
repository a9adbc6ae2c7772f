/**
 * FastCGI: requests of a location are answered by a program that runs on its own, such as php-fpm (ngx_http_fastcgi_module).
 *
 *   location ~ \.php$ {
 *     fastcgi_pass unix:/run/php/php8.2-fpm.sock;
 *     fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
 *     include fastcgi_params;
 *   }
 *
 * `upstream-exchange.ts` asks; `upstream/fastcgi-records.ts` is the language. There are no caches: `fastcgi_cache…` is refused by name.
 */

import { type Call, custom, flag, listOf, size, text } from '../config/directive.ts'
import { matchPattern, type Pattern } from '../config/regex.ts'
import { checkedPattern } from '../config/regex-problems.ts'
import type { Exchange } from '../server/exchange.ts'
import { defineFeature } from '../server/feature.ts'
import { FASTCGI } from '../upstream/wire.ts'
import { bindPass, passAt } from './upstream-pass.ts'
import { upstreamRows } from './upstream-rows.ts'
import { UPSTREAM_FAMILIES, UPSTREAM_ROWS } from './upstream-states.ts'

const EVERYWHERE = ['http', 'server', 'location']

const table = {
  ...upstreamRows('fastcgi', 'FastCGI'),
  fastcgi_catch_stderr: listOf<string>({
    in: EVERYWHERE,
    syntax: 'string',
    takes: [1, 1],
    doc: 'An answer is invalid, and answered with 502, when the program has written this to its error output before the head was there. What is written there is in the error log in any case.',
    read: call => call.text(0),
  }),
  fastcgi_index: text({
    in: EVERYWHERE,
    initial: '',
    default: null,
    syntax: 'name',
    doc: 'What `$fastcgi_script_name` has behind a path that ends in a slash.',
  }),
  fastcgi_keep_conn: flag({
    in: EVERYWHERE,
    initial: false,
    doc: 'Connections are kept open for the next request: as many as `keepalive` in the `upstream` block says; for an address without a block, 8 of each worker, for 10 seconds.',
  }),
  fastcgi_send_lowat: size({
    in: EVERYWHERE,
    initial: 0,
    doc: 'How much room a socket has to have before it is written to.',
    withoutEffect: 'it is FreeBSD’s, and nginx ignores it elsewhere, too',
  }),
  fastcgi_split_path_info: custom<Pattern | null>({
    in: EVERYWHERE,
    initial: null,
    syntax: 'regex',
    takes: [1, 1],
    doc: 'A regular expression with two groups: the path up to the script, `$fastcgi_script_name`, and what follows, `$fastcgi_path_info`.',
    read: readSplit,
  }),
}

function readSplit(call: Call): Pattern | undefined {
  const word = call.args[0]!
  const pattern = checkedPattern(word.text, false, word.place, call.problems)
  if (pattern === null) return undefined
  if (pattern.captureCount >= 2) return pattern
  return call.fail(
    0,
    `pattern "${word.text}" must have 2 captures`,
    'the script and what follows it, as in ^(.+\\.php)(/.*)?$',
  )
}

export const fastcgi = defineFeature({
  name: 'fastcgi',
  nginxModules: ['ngx_http_fastcgi_module'],
  table,
  variables: [
    {
      name: 'fastcgi_script_name',
      doc: 'The path of the request, with `fastcgi_index` behind a slash at its end; with `fastcgi_split_path_info` its first group.',
      get: x => namesOf(x).scriptName,
    },
    {
      name: 'fastcgi_path_info',
      doc: 'The second group of `fastcgi_split_path_info`; empty without one.',
      get: x => namesOf(x).pathInfo,
    },
    ...UPSTREAM_ROWS,
  ],
  families: UPSTREAM_FAMILIES,
  bind(settings, place) {
    const pass = passAt(place, table, own => own.fastcgi_pass)
    if (pass === null) return null
    return bindPass(place, settings, pass, {
      scheme: 'fastcgi',
      dialogue: FASTCGI,
      keepsOpen: settings.fastcgi_keep_conn,
      caught: settings.fastcgi_catch_stderr,
    })
  },
})

interface Names {
  readonly scriptName: string
  readonly pathInfo: string
}

/** A path that the expression does not match is the script's as a whole (ngx_http_fastcgi_split). */
function namesOf(x: Exchange): Names {
  const settings = x.location.block?.settings(table)
  if (settings === undefined) return { scriptName: x.path, pathInfo: '' }
  const { fastcgi_split_path_info: pattern, fastcgi_index: index } = settings
  const groups = pattern === null ? null : matchPattern(pattern, x.path)
  const script = groups?.[1] ?? (groups === null ? x.path : '')
  return {
    scriptName: script.endsWith('/') ? script + index : script,
    pathInfo: groups?.[2] ?? '',
  }
}
