/**
 * Texts of `rewrite`, `set` and `if`, in which the groups of a match ($1 to $9) are escaped: they were part of a path, decoded, and
 * go into a query or a URL (`ngx_http_script_copy_capture_code`).
 *
 *   compileText(template, site)            groups escaped; other variables as they are
 *   compileParts(parts, template, site, escapes)
 *   escapeArgument('a&b')                  'a%26b'
 *   unescapeRedirect('/a%26b%20c')         '/a&b%20c': what needs no escape in the path of a URL
 *
 * As in nginx, nothing is escaped when neither "%" nor "+" was in the path that came: then it needs no escape in a path, and a "&"
 * in it becomes one in the query.
 */

import type { Part, Template } from '../config/template.ts'
import type { Exchange } from '../server/exchange.ts'
import type { SiteContext } from '../server/feature.ts'

export type Text = (x: Exchange) => string

export function compileText(template: Template, site: SiteContext): Text {
  return compileParts(template.parts, template, site, true)
}

/** @param parts of `template`, perhaps not all of them @param escapes whether groups are escaped */
export function compileParts(
  parts: readonly Part[],
  template: Template,
  site: SiteContext,
  escapes: boolean,
): Text {
  const texts = parts.map(part => compilePart(part, template, site, escapes))
  if (texts.every(text => typeof text === 'string')) {
    const joined = texts.join('')
    return () => joined
  }
  if (texts.length === 1) return texts[0] as Text
  return x => {
    let result = ''
    for (const text of texts) result += typeof text === 'string' ? text : text(x)
    return result
  }
}

function compilePart(part: Part, template: Template, site: SiteContext, escapes: boolean): string | Text {
  if (typeof part === 'string') return part
  if (escapes && /^[1-9]$/.test(part.variable)) return escapedGroup(Number(part.variable))
  const value = site.compile({ ...template, parts: [part] })
  return x => value.of(x)
}

function escapedGroup(index: number): Text {
  return x => {
    const group = x.captures?.[index] ?? ''
    return group !== '' && WAS_ESCAPED.test(x.rawPath) ? escapeArgument(group) : group
  }
}

/** nginx's `quoted_uri` and `plus_in_uri`. */
const WAS_ESCAPED = /[%+]/

/** What may not stand in a URI, and what has a meaning in a query (NGX_ESCAPE_ARGS). */
const NEEDS_ESCAPE = /[^!$'()*,\-./0-9:=@A-Z[\]_a-z~]/

export function escapeArgument(text: string): string {
  if (!NEEDS_ESCAPE.test(text)) return text
  return text.replace(/[^!$'()*,\-./0-9:=@A-Z[\]_a-z~]+/gu, escaped)
}

function escaped(text: string): string {
  let result = ''
  for (const byte of Buffer.from(text)) result += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  return result
}

/** Up to the "?", whether it is escaped or not: what follows is a query (NGX_UNESCAPE_REDIRECT). */
export function unescapeRedirect(url: string): string {
  const end = /\?|%3f/i.exec(url)
  if (end === null) return unescapedPath(url)
  return `${unescapedPath(url.slice(0, end.index))}?${url.slice(end.index + end[0].length)}`
}

/** Spaces, quotes, "#" and "%" stay escaped, and everything that is not ASCII. */
function unescapedPath(path: string): string {
  if (!path.includes('%')) return path
  return path.replace(/%([2-7][0-9a-f])/gi, (whole, digits: string) => {
    const code = Number.parseInt(digits, 16)
    return code > 0x25 && code < 0x7f ? String.fromCharCode(code) : whole
  })
}
