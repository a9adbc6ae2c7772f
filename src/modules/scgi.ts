/**
 * SCGI: requests of a location are answered by a program that runs on its own and speaks the simplest of the protocols for that
 * (ngx_http_scgi_module).
 *
 *   location /app/ {
 *     scgi_pass 127.0.0.1:4000;
 *     include scgi_params;
 *   }
 *
 * The length of the content goes first, so one that comes in chunks is stored before it is sent. There are no caches.
 */

import { defineFeature } from '../server/feature.ts'
import { SCGI } from '../upstream/wire.ts'
import { bindPass, passAt } from './upstream-pass.ts'
import { upstreamRows } from './upstream-rows.ts'

const table = upstreamRows('scgi', 'SCGI')

export const scgi = defineFeature({
  name: 'scgi',
  nginxModules: ['ngx_http_scgi_module'],
  table,
  bind(settings, place) {
    const pass = passAt(place, table, own => own.scgi_pass)
    if (pass === null) return null
    return bindPass(place, settings, pass, {
      scheme: 'scgi',
      dialogue: SCGI,
      keepsOpen: false,
      caught: [],
    })
  },
})
