/**
 * What people often get wrong about the last argument of `try_files`: it is no file that is tried, but where the request goes.
 */

import type { Block } from '../config/block.ts'
import type { Template } from '../config/template.ts'
import type { BindPlace, LocationMatch } from '../server/feature.ts'
import { rootAt } from './root.ts'

export function warnOfLast(last: Template, place: BindPlace): void {
  const trap = trapOf(last, place)
  if (trap !== null) place.site.problems.warn(last.place, trap.summary, trap.expected)
}

interface Trap {
  readonly summary: string
  readonly expected: string
}

function trapOf({ text, parts }: Template, place: BindPlace): Trap | null {
  if (/^\$(uri|\{uri\})\/?$/.test(text)) {
    return {
      summary: `"try_files" redirects to "${text}" when no file is found, which leads back here until it is a 500`,
      expected: 'the last argument is not tried: end with =404, a path such as /index.html, or @name',
    }
  }
  if (text.startsWith('@')) {
    if (text.includes('$') || isNamed(place.block, text)) return null
    return {
      summary: `"try_files" leads to the named location "${text}", which the server does not have`,
      expected: `requests that find no file are answered with 500: is "location ${text}" missing?`,
    }
  }
  if (typeof parts[0] === 'string' && !text.startsWith('/') && !text.startsWith('=')) {
    return {
      summary: `"try_files" redirects to "${text}" when no file is found, which is no path`,
      expected: `the last argument is not tried, and a path begins with a slash: /${text}, or add =404 behind it`,
    }
  }
  const { kind, prefix } = rootAt(place)
  if (kind !== 'alias' || !text.includes('$') || !text.startsWith(prefix)) return null
  return {
    summary: `"try_files" loses "${prefix}" from its last argument, as nginx does under an "alias"`,
    expected:
      'with a variable in it, the part that the alias replaces is taken away: use a named location, or "root"',
  }
}

function isNamed(block: Block, name: string): boolean {
  let server = block
  while (server.parent !== null && server.context !== 'server') server = server.parent
  return server.blocks('location').some(({ value }) => {
    const match = value as LocationMatch
    return match.kind === 'named' && match.name === name
  })
}
