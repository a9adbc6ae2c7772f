/**
 * uwsgi: requests of a location are answered by uWSGI, in its own protocol (ngx_http_uwsgi_module).
 *
 *   location / {
 *     uwsgi_pass unix:/run/app.sock;
 *     include uwsgi_params;
 *   }
 *
 * The length of the content is a parameter, so one that comes in chunks is stored before it is sent. There are no caches, and
 * no `suwsgi://`.
 */

import { custom, readCount } from '../config/directive.ts'
import { defineFeature } from '../server/feature.ts'
import { uwsgiDialogue } from '../upstream/wire.ts'
import { bindPass, passAt } from './upstream-pass.ts'
import { upstreamRows } from './upstream-rows.ts'

const EVERYWHERE = ['http', 'server', 'location']

const table = {
  ...upstreamRows('uwsgi', 'uwsgi'),
  uwsgi_modifier1: modifierRow(
    'The first modifier of a uwsgi request, which names the kind of application: 0 for Python.',
  ),
  uwsgi_modifier2: modifierRow('The second modifier of a uwsgi request.'),
}

function modifierRow(doc: string) {
  return custom<number>({
    in: EVERYWHERE,
    syntax: 'number',
    takes: [1, 1],
    initial: 0,
    doc,
    read: call => readCount(call, 0, 0, 255, 'value must be between 0 and 255'),
  })
}

export const uwsgi = defineFeature({
  name: 'uwsgi',
  nginxModules: ['ngx_http_uwsgi_module'],
  table,
  bind(settings, place) {
    const pass = passAt(place, table, own => own.uwsgi_pass)
    if (pass === null) return null
    const { uwsgi_modifier1: first, uwsgi_modifier2: second } = settings
    return bindPass(place, settings, pass, {
      scheme: 'uwsgi',
      dialogue: uwsgiDialogue({ first, second }),
      keepsOpen: false,
      caught: [],
    })
  },
})
