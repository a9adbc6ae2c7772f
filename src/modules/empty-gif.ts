/**
 * `empty_gif`: one transparent pixel (ngx_http_empty_gif_module), for pages that want to be told of their readers by an image.
 */

import { custom } from '../config/directive.ts'
import { evaluate, PROCEED } from '../http/conditions.ts'
import { formatDate } from '../http/date.ts'
import { fieldLine } from '../http/response-head.ts'
import type { Exchange } from '../server/exchange.ts'
import { defineFeature } from '../server/feature.ts'
import { HANDLED, type Module, type Outcome } from '../server/module.ts'
import { refuseMethod } from '../server/phases.ts'

/** Version 89a; 1 by 1, two colours, of which the first is transparent; one image of one pixel (GIF89a specification, §17–26). */
const PIXEL = Buffer.from(
  '474946383961' +
    '01000100800100' +
    '000000ffffff' +
    '21f90401000001002c' +
    '00000000010001000002024c01003b',
  'hex',
)

/** It has not changed since; nginx's date, so that what a client has kept of it stays good. */
const VALIDATORS = { etag: '', lastModifiedMs: Date.UTC(1970, 8, 28, 6) }
const LAST_MODIFIED = fieldLine('Last-Modified', formatDate(VALIDATORS.lastModifiedMs))
const LINES = fieldLine('Content-Type', 'image/gif') + LAST_MODIFIED

const emptyGifModule: Module = {
  name: 'empty-gif',
  content(x: Exchange): Outcome {
    if (!x.isRetrieval) {
      refuseMethod(x, 'GET, HEAD')
      return HANDLED
    }
    const verdict = evaluate(x.fields, x.method, VALIDATORS, 'exact')
    if (verdict === PROCEED) {
      x.setPreparedLines(LINES)
      if (x.isTraced) x.origin = 'the pixel of empty_gif'
      x.answer(200, PIXEL)
    } else if (verdict === 304) {
      x.setPreparedLines(LAST_MODIFIED)
      x.answer(304, null)
    } else x.fail(verdict)
    return HANDLED
  },
}

export const emptyGif = defineFeature({
  name: 'empty-gif',
  nginxModules: ['ngx_http_empty_gif_module'],
  isHandler: true,
  table: {
    empty_gif: custom<boolean>({
      in: ['location'],
      initial: false,
      default: null,
      isInherited: false,
      doc: 'Answers with a transparent GIF of one pixel.',
      syntax: '',
      takes: [0, 0],
      read: () => true,
    }),
  },
  bind: ({ empty_gif: isOn }) => (isOn ? emptyGifModule : null),
})
