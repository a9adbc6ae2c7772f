/**
 * `upload_store`: whoever sends a POST leaves files in a folder; nginx has nothing of the kind.
 *
 *   curl --data-binary @a.txt http://host/files/a.txt         one file: the content as it is
 *   curl -F file=@a.txt -F file=@b.txt http://host/files/     several: what a form in a browser sends
 *
 * The name is that of the path, or of Content-Disposition, or one that nobody can guess; of a form it is what the form says. It is made safe
 * (`http/safe-name.ts`), and takes the place of another file only with `upload_overwrite`. The files are there all at once when the
 * content has come to its end, or not at all.
 *
 *   uploadPlaceOf(x, target)      where what is sent to this path goes, and from where it is had
 *
 * Nothing here runs what was uploaded. What a location runs by its name (`cgi .py`), it would run from here too: `-t` warns of that.
 */

import { type Call, custom, flag, type SettingsOf } from '../config/directive.ts'
import type { Template } from '../config/template.ts'
import { boundaryOf, fileNameOf, parametersOf } from '../http/field-parameters.ts'
import { isFromElsewhere } from '../http/origin.ts'
import { BAD_BOUNDARY, refusalOf } from '../http/refusals.ts'
import { openFolder } from '../io/folder.ts'
import type { Exchange } from '../server/exchange.ts'
import { type BindPlace, defineFeature, type SiteContext } from '../server/feature.ts'
import { DECLINED, HANDLED, type Module, type Outcome } from '../server/module.ts'
import { cgiTable } from './cgi-directives.ts'
import { accessAt } from './dav.ts'
import { Computed, type Root } from './document-root.ts'
import { type FilesView, filesAt } from './open-file-cache.ts'
import { rootAt } from './root.ts'
import { answerUpload, type UploadField } from './upload-answer.ts'
import { FormContent, RawContent, refuseFile } from './upload-content.ts'
import { UploadFiles } from './upload-files.ts'
import { type UploadTarget, uploadPlaceOf } from './upload-place.ts'
import { isContentLost, refuse, refuseWriting, statusForLook } from './write-place.ts'

const EVERYWHERE = ['http', 'server', 'location']

/** `off`, `on` for the folder that the path names, or a folder with the path from which it is served. */
type StoreRule = 'off' | 'on' | { readonly folder: Template; readonly base: string | null }

export const uploadTable = {
  upload_store: custom<StoreRule>({
    in: EVERYWHERE,
    initial: 'off',
    default: 'off',
    syntax: ['off', 'on', 'folder [uri]'],
    takes: [1, 2],
    doc: 'POST leaves files in this folder: its content, or the files of a form. With on it is the folder that the path names by root or alias. The answer tells where they are, as JSON or, if that is preferred, as a page; uri is the path from which the folder is served, that of the location where nothing is said. A folder may hold variables. Whoever can send a request can use it: let access rules say who may, and client_max_body_size how much. nginx does not have it.',
    read: readStore,
  }),
  upload_overwrite: flag({
    in: EVERYWHERE,
    initial: false,
    doc: 'An upload takes the place of a file of the same name; off: it gets a number, as in photo-1.jpg. nginx does not have it.',
  }),
  upload_cross_origin: flag({
    in: EVERYWHERE,
    initial: false,
    doc: 'Also pages of other sites may let the browser of whoever reads them upload; off: 403, told by the fields Sec-Fetch-Site and Origin. Programs that are no browsers send neither. nginx does not have it.',
  }),
}

function readStore(call: Call): StoreRule | undefined {
  const text = call.text(0)
  if (text === 'on' || text === 'off') {
    if (call.args.length === 1) return text
    return call.fail(1, `invalid parameter "${call.text(1)}"`, `"${text}" stands alone`)
  }
  const base = call.args.length > 1 ? call.text(1) : null
  if (base !== null && !/^\/(?:[^\s]*\/)?$/.test(base)) {
    return call.fail(1, `invalid parameter "${base}"`, 'expected a path that begins and ends with a slash')
  }
  return { folder: call.template(0), base }
}

export const uploadStore = defineFeature({
  name: 'upload-store',
  nginxModules: [],
  table: uploadTable,
  bind(settings, place) {
    const target = targetOf(settings.upload_store, place)
    if (target === null) return null
    warnOfPrograms(place)
    return new UploadStore(place, target, settings)
  },
})

/** Where the uploads of a block go; null for nowhere. */
export function uploadTargetAt(place: BindPlace): UploadTarget | null {
  return targetOf(place.block.settings(uploadTable).upload_store, place)
}

function targetOf(rule: StoreRule, { site, match }: BindPlace): UploadTarget | null {
  if (rule === 'off') return null
  const own = match !== null && 'path' in match && match.kind !== 'exact' ? match.path : null
  if (rule === 'on') return { folder: null, base: null }
  return {
    folder: computed(rule.folder, site),
    base: rule.base ?? (own === null ? null : `${own.replace(/\/$/, '')}/`),
  }
}

function computed(folder: Template, site: SiteContext): Computed {
  return new Computed(site.compile(folder), folder.text, site.surroundings.prefix)
}

/** What is uploaded must not become a program by its name. */
function warnOfPrograms({ block, site }: BindPlace): void {
  const line = block.line('upload_store')
  const runs = block.settings(cgiTable).cgi.filter(({ extension }) => extension !== null)
  if (line === null || runs.length === 0) return
  site.problems.warn(
    line.place,
    `files that are uploaded here are run when their name ends in "${runs[0]!.extension}"`,
    'whoever may upload may run what they like: "cgi off;" in this location, or a folder that no location with "cgi" serves',
  )
}

class UploadStore implements Module {
  readonly name = 'upload-store'
  readonly methods = ['POST']
  private readonly target: UploadTarget
  private readonly root: Root
  private readonly files: FilesView
  private readonly mode: number
  private readonly overwrites: boolean
  private readonly takesFromElsewhere: boolean

  constructor(place: BindPlace, target: UploadTarget, settings: SettingsOf<typeof uploadTable>) {
    this.target = target
    this.root = rootAt(place)
    this.files = filesAt(place)
    this.mode = accessAt(place).file
    this.overwrites = settings.upload_overwrite
    this.takesFromElsewhere = settings.upload_cross_origin
  }

  content(x: Exchange): Outcome {
    if (x.method !== 'POST' || isContentLost(x)) return DECLINED
    if (!this.takesFromElsewhere && isFromElsewhere(x.fields)) {
      return refuse(x, 403, 'a page of another site has sent the upload', FROM_ELSEWHERE)
    }
    const place = uploadPlaceOf(x, this.target, this.root)
    if (typeof place === 'number') {
      x.fail(place)
      return HANDLED
    }
    if (x.isRehearsal) {
      x.rehearse(`an upload into "${place.folder}"`)
      return HANDLED
    }
    const boundary = boundaryOf(x.fields.get('content-type'))
    if (boundary === '') return refuse(x, 400, 'the form has no boundary', refusalOf(BAD_BOUNDARY).words)
    const folder = openFolder(place.folder, this.files.linksOf(x))
    if (typeof folder === 'number') {
      return refuseWriting(x, 'open', place.folder, folder, statusForLook(folder))
    }
    const files = new UploadFiles(place.folder, folder, { mode: this.mode, overwrites: this.overwrites })
    x.atEnd(() => files.discard())
    const done = (fields: readonly UploadField[]): void => commit(x, place.base, files, fields)
    if (boundary !== null) x.readContent(new FormContent(x, files, boundary, done))
    else {
      const failed = files.begin(place.name || nameOf(x))
      if (failed < 0) refuseFile(x, files, 'open', failed)
      else x.readContent(new RawContent(x, files, done))
    }
    return HANDLED
  }
}

const FROM_ELSEWHERE = 'Uploads from pages of other sites are not taken here.'

/** As Content-Disposition names it; '' for none. */
function nameOf(x: Exchange): string {
  const disposition = parametersOf(x.fields.get('content-disposition') ?? '')
  return disposition === null ? '' : (fileNameOf(disposition.parameters, false) ?? '')
}

function commit(x: Exchange, base: string, files: UploadFiles, fields: readonly UploadField[]): void {
  const stored = files.commit()
  if (typeof stored === 'number') refuseFile(x, files, 'rename', stored)
  else answerUpload(x, base, stored, fields)
}
