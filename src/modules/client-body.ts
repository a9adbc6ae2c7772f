/**
 * `client_body_…`: where the content of a request is kept, for the modules that want all of it before they begin.
 *
 *   contentStoreAt(place)      the `ContentStore` of a block that is bound, for `storeContent`
 *
 * Who takes the content as it comes, as an upload does, has no use for it. The folder is made at the start, when somebody may use it or the
 * configuration names it: nginx makes it in any case.
 */

import { flag, oneOf, type SettingsOf, size } from '../config/directive.ts'
import { type BindPlace, defineFeature, type SiteContext } from '../server/feature.ts'
import { type ContentStore, storedContentOf } from '../server/stored-content.ts'
import { type TemporaryPath, temporaryFoldersOf, temporaryPathRow } from './temporary-folders.ts'

const EVERYWHERE = ['http', 'server', 'location']

const table = {
  client_body_buffer_size: size({
    in: EVERYWHERE,
    initial: 16 * 1024,
    default: '16k',
    doc: 'The memory for a content that is wanted as a whole; what is larger goes to a temporary file. What is handed on as it comes, to a file or to a program, needs neither.',
  }),
  client_body_temp_path: temporaryPathRow({
    in: EVERYWHERE,
    default: 'client_body_temp',
    doc: 'The folder of such files. It is made at the start, for the user of the workers alone. Levels spread files that are kept over folders below it: each takes so many digits of a name.',
  }),
  client_body_in_file_only: oneOf(['on', 'clean', 'off'], {
    in: EVERYWHERE,
    initial: 'off',
    doc: 'A content that is wanted as a whole goes to a file with a name, `$request_body_file`, whatever its size. With clean the file is removed when the request is over; with on it is left, for others to fetch and to remove.',
  }),
  client_body_in_single_buffer: flag({
    in: EVERYWHERE,
    initial: false,
    doc: 'A content in memory lies in one piece.',
    withoutEffect: 'it always lies in one piece',
  }),
}

type Settings = SettingsOf<typeof table>

export const clientBody = defineFeature({
  name: 'client-body',
  nginxModules: ['ngx_http_core_module'],
  table,
  variables: [
    {
      name: 'request_body',
      doc: 'The content of the request, where it was wanted as a whole and is in memory.',
      isOctets: true,
      get: x => storedContentOf(x)?.bytes?.toString('latin1') || null,
    },
    {
      name: 'request_body_file',
      doc: 'The file in which the content of the request is, with client_body_in_file_only.',
      get: x => storedContentOf(x)?.path ?? null,
    },
  ],
  bind(settings, place) {
    const { client_body_temp_path: path } = settings
    if (path !== null) {
      reportOtherLevels(path, place)
      temporaryFoldersOf(place.site).at(path)
    }
    return null
  },
})

/** The same object for all blocks that say nothing anew. */
export function contentStoreAt({ block, site }: BindPlace): ContentStore {
  const settings = block.settings(table)
  const known = site.shared('content stores', () => new Map<Settings, ContentStore>())
  const store = known.get(settings) ?? storeOf(settings, site)
  known.set(settings, store)
  return store
}

function storeOf(settings: Settings, site: SiteContext): ContentStore {
  const folders = temporaryFoldersOf(site)
  const path = settings.client_body_temp_path
  return {
    memoryBytes: settings.client_body_buffer_size,
    folder: path === null ? folders.standard(site, 'client_body_temp') : folders.at(path),
    inFile: settings.client_body_in_file_only,
  }
}

function reportOtherLevels(path: TemporaryPath, { block, site }: BindPlace): void {
  const line = block.line('client_body_temp_path')
  const folder = temporaryFoldersOf(site).at(path)
  if (line === null || folder.levels.join(' ') === path.levels.join(' ')) return
  site.problems.error(
    line.args[0]!.place,
    `the same path name "${path.path}" has the different levels than elsewhere`,
    'one folder has one way to spread its files',
  )
}
