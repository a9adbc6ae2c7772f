/**
 * What a program is told of a request by `fastcgi_param`, `scgi_param` and `uwsgi_param`, and by the fields of the request
 * (`ngx_http_fastcgi_create_request`).
 *
 *   const params = new UpstreamParams(rules, site)
 *   params.of(x, passesFields)      names and values, each character one octet, in their order
 *
 * A field is a variable `HTTP_…`. A parameter of that name takes its place: one that is said to be empty leaves it out. Two fields are
 * never told: `Proxy`, which programs would take for their own proxy (CVE-2016-5385), and `Transfer-Encoding`, since the content has
 * been taken out of its coding.
 */

import type { Call } from '../config/directive.ts'
import type { Template } from '../config/template.ts'
import { octetsOf } from '../http/octets.ts'
import type { Exchange } from '../server/exchange.ts'
import type { SiteContext } from '../server/feature.ts'
import { seesUnderscores } from '../server/field-variables.ts'
import type { Value } from '../server/variables.ts'
import { type CgiVariable, fieldVariables } from '../upstream/cgi-variables.ts'
import { toldFields } from './told-fields.ts'

export interface ParamRule {
  readonly name: string
  readonly value: Template
  readonly ifNotEmpty: boolean
}

export function readParam(call: Call): ParamRule | undefined {
  if (call.args.length === 3 && call.text(2) !== 'if_not_empty') {
    return call.fail(2, `invalid parameter "${call.text(2)}"`, 'a third word can only be if_not_empty')
  }
  return { name: call.text(0), value: call.template(1), ifNotEmpty: call.args.length === 3 }
}

interface Param {
  readonly name: string
  readonly value: Value
  readonly ifNotEmpty: boolean
}

const NOT_TOLD: ReadonlySet<string> = new Set(['HTTP_PROXY', 'HTTP_TRANSFER_ENCODING'])

function isOfField(name: string): boolean {
  return name.startsWith('HTTP_')
}

export class UpstreamParams {
  private readonly params: readonly Param[]
  private readonly leftOut: ReadonlySet<string>

  constructor(rules: readonly ParamRule[], site: SiteContext) {
    const params = rules.map(({ name, value, ifNotEmpty }) => ({
      name: octetsOf(name),
      value: site.compile(value),
      ifNotEmpty,
    }))
    const own = params.map(({ name }) => name).filter(isOfField)
    this.leftOut = new Set([...NOT_TOLD, ...own])
    this.params = params.filter(({ name, value }) => value.constant !== '' || !isOfField(name))
  }

  of(x: Exchange, passesFields: boolean): CgiVariable[] {
    const list: CgiVariable[] = []
    for (const { name, value, ifNotEmpty } of this.params) {
      const text = value.octets(x)
      if (text !== '' || !ifNotEmpty) list.push([name, text])
    }
    if (passesFields) list.push(...fieldVariables(toldFields(x), seesUnderscores(x), this.leftOut))
    return list
  }
}
