/**
 * The features of a configuration: the only place that names them, in the order in which they are asked within each phase.
 */

import type { Feature } from '../server/feature.ts'
import { access } from './access.ts'
import { accessLogFeature } from './access-log.ts'
import { allowMethods } from './allow-methods.ts'
import { autoindex } from './autoindex.ts'
import { cgi } from './cgi.ts'
import { clientBody } from './client-body.ts'
import { dav } from './dav.ts'
import { emptyGif } from './empty-gif.ts'
import { errorPageRules } from './error-page-rules.ts'
import { fastcgi } from './fastcgi.ts'
import { fileIo } from './file-io.ts'
import { geo } from './geo.ts'
import { headers } from './headers.ts'
import { indexFiles } from './index-files.ts'
import { limitExcept } from './limit-except.ts'
import { limitRate } from './limit-rate.ts'
import { map } from './map.ts'
import { openFileCache } from './open-file-cache.ts'
import { plainErrorPage } from './plain-error-page.ts'
import { readinessStatus } from './readiness-status.ts'
import { redirects } from './redirect-location.ts'
import { relayedFields } from './relayed-fields.ts'
import { rewrite } from './rewrite.ts'
import { root } from './root.ts'
import { scgi } from './scgi.ts'
import { serverTokens } from './server-tokens.ts'
import { splitClients } from './split-clients.ts'
import { staticFiles } from './static-files.ts'
import { stubStatus } from './stub-status.ts'
import { tryFiles } from './try-files.ts'
import { types } from './types.ts'
import { uploadDelete } from './upload-delete.ts'
import { uploadStore } from './upload-store.ts'
import { upstreamBlock } from './upstream-block.ts'
import { userId } from './userid.ts'
import { uwsgi } from './uwsgi.ts'

export const FEATURES: readonly Feature[] = [
  map,
  geo,
  splitClients,
  // Before whatever may have an effect.
  allowMethods,
  rewrite,
  access,
  limitExcept,
  redirects,
  types,
  root,
  openFileCache,
  fileIo,
  clientBody,
  tryFiles,
  emptyGif,
  stubStatus,
  readinessStatus,
  upstreamBlock,
  fastcgi,
  scgi,
  uwsgi,
  relayedFields,
  userId,
  headers,
  limitRate,
  errorPageRules,
  plainErrorPage,
  serverTokens,
  // What changes files does not run them; a program goes before whatever else would answer.
  dav,
  uploadDelete,
  cgi,
  uploadStore,
  // Files are what is left when nobody else has answered.
  indexFiles,
  autoindex,
  staticFiles,
  accessLogFeature,
]
