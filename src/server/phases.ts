/**
 * The phases of an exchange, and the only place that runs modules.
 *
 *   run(x)            core rules; the server's rewrite; then for the location of the path: rewrite, access, precontent, content;
 *                     404 when no module answers
 *   reroute(x)        the same for another path, without the core rules
 *   rerouteNamed(x)   the same for a location by its name
 *   fail(x, status)   failure: a module's page, or one line of text
 *   finishFields(x)   fields, just before the head is sent
 *   report(error)     what a module has thrown after it had returned
 *   abandon(x)        nobody waits for the answer any more
 *   log(x)            log, when the exchange is over
 *
 *         ┌── rewriteTo: at most ten times ──┐
 *         ▼                                  │
 *   run ─▶ server's rewrite ─▶ find location ─▶ rewrite ─▶ access ─▶ precontent ─▶ content ─▶ 404
 *              ▲                                                  │            │
 *              └────────────── reroute: at most ten times ────────┴────────────┴── fail (a page of one's own)
 *
 * Whatever a module throws ends here, and is reported. In rewrite to content it costs the exchange a 500; elsewhere no more
 * than what that module would have done.
 *
 * The core rules are those that hold for every resource: methods that nobody has heard of, TRACE, and `OPTIONS *`.
 */

import { isKnownMethod } from '../http/request-head.ts'
import { reasonPhrase } from '../http/status.ts'
import { climbs } from '../http/target.ts'
import { type Exchange, type ExchangePhases, UNANSWERED } from './exchange.ts'
import type { Location } from './location.ts'
import { DECLINED, HANDLED, type Module, type Outcome } from './module.ts'

/** What a server as a whole can do (RFC 9110 §9.3.7). */
const SERVER_METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'

export class Phases implements ExchangePhases {
  private readonly reportOf: (module: string, error: unknown, x: Exchange | null) => void

  /** @param report is told what a module has thrown, and for which exchange */
  constructor(report: (module: string, error: unknown, x: Exchange | null) => void) {
    this.reportOf = report
  }

  run(x: Exchange): void {
    if (!this.answersByRule(x)) this.go(x)
  }

  reroute(x: Exchange): void {
    if (!this.mayTurn(x, 'internally redirecting to', x.path)) return
    if (x.isTraced)
      x.tell(`internal redirect: begins anew with "${x.path}${x.query === null ? '' : `?${x.query}`}"`)
    this.go(x)
  }

  rerouteNamed(x: Exchange, name: string): void {
    const location = x.server.named.get(name)
    if (location === undefined) {
      x.log.error(`could not find named location "${name}"`)
      x.fail(500)
      return
    }
    if (!this.mayTurn(x, 'internally redirecting to', name)) return
    if (x.isTraced) x.tell(`goes on in location ${name}, for "${x.path}"`)
    enterFor(x, location)
    if (this.rewrite(x) === HANDLED) return
    if (!x.isRewritten) this.answer(x)
    else if (this.mayTurn(x, 'processing', x.path)) this.find(x)
  }

  private mayTurn(x: Exchange, doing: 'processing' | 'internally redirecting to', to: string): boolean {
    if (x.turnsLeft-- > 0) return true
    x.log.error(`rewrite or internal redirection cycle while ${doing} "${to}"`)
    x.hasErrorPage = true
    x.fail(500)
    return false
  }

  private go(x: Exchange): void {
    x.enterLocation(x.server.location)
    if (x.location.chain.rewriters.length > 0 && this.rewrite(x) === HANDLED) return
    this.find(x)
  }

  /** The location of the path, whose rewrite may change the path, and so on. */
  private find(x: Exchange): void {
    for (;;) {
      const location = x.server.locate(x)
      if (x.isTraced)
        x.tell(
          location === x.server.location
            ? 'no location fits the path; the settings of the server hold'
            : `goes on in location ${location.name}`,
        )
      enterFor(x, location)
      if (location.isInternal && !x.isInternal) {
        if (x.isTraced) x.tell('that location is internal, and the path was asked for from outside')
        x.fail(404)
        return
      }
      if (isTooLong(x)) {
        x.log.error(`client intended to send too large body: ${x.contentLength} bytes`)
        x.responder.refuseContent(x)
        return
      }
      // The server's own settings stand for a location where there is none; its rewrites have been through.
      if (x.location.chain.rewriters.length === 0 || location === x.server.location) break
      if (this.rewrite(x) === HANDLED) return
      if (!x.isRewritten) break
      if (!this.mayTurn(x, 'processing', x.path)) return
    }
    this.answer(x)
  }

  private rewrite(x: Exchange): Outcome {
    x.isRewritten = false
    return this.ask(x, x.location.chain.rewriters, REWRITE)
  }

  /** From access on. The location may be an `if` block now. */
  private answer(x: Exchange): void {
    if (x.isInternal && climbs(x.path)) {
      x.log.error(`the path "${x.path}", put together here, leads out of the root`)
      x.fail(403)
      return
    }
    const { chain } = x.location
    if (chain.guards.length > 0 && this.ask(x, chain.guards, ACCESS) === HANDLED) return
    if (!isKnownMethod(x.method) && !chain.takesAnyMethod) {
      x.fail(501, 'No method of this name is known here.')
      return
    }
    if (chain.precontents.length > 0 && this.ask(x, chain.precontents, PRECONTENT) === HANDLED) return
    let module = chain.contents[0]
    try {
      for (module of chain.contents) if (module.content!(x) === HANDLED) return
    } catch (error) {
      this.reportOf(module?.name ?? '', error, x)
      x.fail(500)
      return
    }
    x.fail(404)
  }

  /** @returns HANDLED too when a module has thrown, and got its exchange a 500 */
  private ask(x: Exchange, modules: readonly Module[], phase: Phase): Outcome {
    let module = modules[0]
    try {
      for (module of modules) {
        const outcome =
          phase === REWRITE
            ? module.rewrite!(x)
            : phase === ACCESS
              ? module.access!(x)
              : module.precontent!(x)
        if (outcome === HANDLED) return HANDLED
      }
    } catch (error) {
      this.reportOf(module?.name ?? '', error, x)
      x.fail(500)
      return HANDLED
    }
    return DECLINED
  }

  fail(x: Exchange, status: number, words: string): void {
    x.status = status
    x.failureWords = words
    if (x.isTraced)
      x.tell(`${status < 400 ? 'answers' : 'fails'} with ${status}${words === '' ? '' : `: ${words}`}`)
    for (const module of x.location.chain.failures) {
      try {
        if (module.failure!(x, status) === HANDLED) return
      } catch (error) {
        this.reportOf(module.name, error, x)
        if (x.progress !== UNANSWERED) {
          x.cut(`the page for ${status} was not finished`)
          return
        }
      }
    }
    x.setField('Content-Type', 'text/plain; charset=utf-8')
    x.answer(status, `${status} ${reasonPhrase(status)}\n`)
  }

  finishFields(x: Exchange): void {
    for (const module of x.location.chain.finishers) {
      try {
        module.fields!(x)
      } catch (error) {
        this.reportOf(module.name, error, x)
      }
    }
  }

  report(error: unknown): void {
    this.reportOf('(later)', error, null)
  }

  abandon(x: Exchange): void {
    try {
      x.onAbandoned?.()
    } catch (error) {
      this.reportOf('(onAbandoned)', error, x)
    }
  }

  log(x: Exchange): void {
    for (const module of x.location.chain.loggers) {
      try {
        module.log!(x)
      } catch (error) {
        this.reportOf(module.name, error, x)
      }
    }
    for (const release of x.takeEndings()) {
      try {
        release()
      } catch (error) {
        this.reportOf('(atEnd)', error, x)
      }
    }
  }

  close(modules: Iterable<Module>): void {
    for (const module of modules) {
      try {
        module.close?.()
      } catch (error) {
        this.reportOf(module.name, error, null)
      }
    }
  }

  private answersByRule(x: Exchange): boolean {
    if (x.method === 'TRACE') {
      // It would show a script fields that are kept from it (RFC 9110 §9.3.8).
      const { allowedMethods } = x.server.locate(x).chain
      x.setErrorField('Allow', allowedMethods?.join(', ') ?? SERVER_METHODS)
      x.fail(405)
    } else if (x.isAboutServer) {
      x.setField('Allow', SERVER_METHODS)
      x.answer(204, null)
    } else return false
    return true
  }
}

/** Or what `limit_except` puts in its place for this method. */
function enterFor(x: Exchange, location: Location): void {
  const { except } = location
  const isMeant = except === null || except.methods.has(x.method)
  if (x.isTraced && !isMeant) x.tell(`limit_except: for ${x.method} its block holds in place of the location`)
  x.enterLocation(isMeant ? location : except.location)
}

/** Told once: what is shown in its place may lie in a location with the same limit. */
function isTooLong(x: Exchange): boolean {
  return (
    x.contentLength > x.location.limits.contentBytes && Number.isFinite(x.contentLength) && x.status === 0
  )
}

const REWRITE = 0
const ACCESS = 1
const PRECONTENT = 2
type Phase = typeof REWRITE | typeof ACCESS | typeof PRECONTENT

/**
 * 405, and the methods that the resource does take (RFC 9110 §15.5.6).
 * @param methods of whoever refuses; those that the location does not allow are left out
 */
export function refuseMethod(x: Exchange, methods: string): void {
  const { allowedMethods } = x.location.chain
  const isAllowed = (method: string): boolean => allowedMethods === null || allowedMethods.includes(method)
  x.setErrorField('Allow', methods.split(', ').filter(isAllowed).join(', '))
  x.fail(405)
}
