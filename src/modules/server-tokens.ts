/**
 * `server_tokens`: how the server calls itself, in the field `Server` and on its error pages.
 *
 *   serverLineOf(block)     'Server: veille/1.0\r\n'
 */

import { oneOf } from '../config/directive.ts'
import { fieldLine } from '../http/response-head.ts'
import { defineFeature } from '../server/feature.ts'
import type { SettingsSource } from '../server/location.ts'
import { packageVersion } from '../server/process-variables.ts'

const table = {
  server_tokens: oneOf(['on', 'off', 'build'], {
    in: ['http', 'server', 'location'],
    initial: 'on',
    doc: 'Whether the server tells its version, in the field Server and on error pages. off is advisable: the version helps nobody but an attacker. build is the same as on.',
  }),
}

export const serverTokens = defineFeature({
  name: 'server-tokens',
  nginxModules: ['ngx_http_core_module'],
  table,
})

export function serverLineOf(block: SettingsSource): string {
  const { server_tokens: tokens } = block.settings(table)
  return fieldLine('Server', tokens === 'off' ? 'veille' : `veille/${packageVersion()}`)
}
