/**
 * The phases of an exchange, and the only place that runs modules.
 *
 *   run(x)            core rules, rewrite, content; 404 when no module answers
 *   fail(x, status)   failure: a module's page, or one line of text
 *   finishFields(x)   fields, just before the head is sent
 *   report(error)     what a module has thrown after it had returned
 *   abandon(x)        nobody waits for the answer any more
 *   log(x)            log, when the exchange is over
 *   close()           the server has ended
 *
 * Whatever a module throws ends here, and is reported. In rewrite and content it costs the exchange a 500; elsewhere no more
 * than what that module would have done.
 *
 * The core rules are those that hold for every resource: methods that nobody has heard of, TRACE, and `OPTIONS *`.
 */

import { isKnownMethod } from '../http/request-head.ts'
import { reasonPhrase } from '../http/status.ts'
import { type Exchange, type ExchangePhases, UNANSWERED } from './exchange.ts'
import { HANDLED, type Module } from './module.ts'

/** What a server as a whole can do (RFC 9110 §9.3.7). */
const SERVER_METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'

export class Phases implements ExchangePhases {
  private readonly modules: readonly Module[]
  private readonly rewriters: readonly Module[]
  private readonly contents: readonly Module[]
  private readonly finishers: readonly Module[]
  private readonly loggers: readonly Module[]
  private readonly reportOf: (module: string, error: unknown) => void

  /** @param report is told what a module has thrown */
  constructor(modules: readonly Module[], report: (module: string, error: unknown) => void) {
    this.modules = modules
    this.rewriters = modules.filter(module => module.rewrite !== undefined)
    this.contents = modules.filter(module => module.content !== undefined)
    this.finishers = modules.filter(module => module.fields !== undefined)
    this.loggers = modules.filter(module => module.log !== undefined)
    this.reportOf = report
  }

  run(x: Exchange): void {
    if (this.answersByRule(x)) return
    let module = this.modules[0]
    try {
      for (module of this.rewriters) module.rewrite!(x)
      for (module of this.contents) if (module.content!(x) === HANDLED) return
    } catch (error) {
      this.reportOf(module?.name ?? '', error)
      x.fail(500)
      return
    }
    x.fail(404)
  }

  fail(x: Exchange, status: number, words: string): void {
    x.status = status
    x.failureWords = words
    for (const module of this.modules) {
      if (module.failure === undefined) continue
      try {
        if (module.failure(x, status) === HANDLED) return
      } catch (error) {
        this.reportOf(module.name, error)
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
    for (const module of this.finishers) {
      try {
        module.fields!(x)
      } catch (error) {
        this.reportOf(module.name, error)
      }
    }
  }

  report(error: unknown): void {
    this.reportOf('(later)', error)
  }

  abandon(x: Exchange): void {
    try {
      x.onAbandoned?.()
    } catch (error) {
      this.reportOf('(onAbandoned)', error)
    }
  }

  log(x: Exchange): void {
    for (const module of this.loggers) {
      try {
        module.log!(x)
      } catch (error) {
        this.reportOf(module.name, error)
      }
    }
  }

  close(): void {
    for (const module of this.modules) {
      try {
        module.close?.()
      } catch (error) {
        this.reportOf(module.name, error)
      }
    }
  }

  private answersByRule(x: Exchange): boolean {
    if (!isKnownMethod(x.method)) {
      x.fail(501, 'No method of this name is known here.')
    } else if (x.method === 'TRACE') {
      // It would show a script fields that are kept from it (RFC 9110 §9.3.8).
      refuseMethod(x, SERVER_METHODS)
    } else if (x.isAboutServer) {
      x.setField('Allow', SERVER_METHODS)
      x.answer(204, null)
    } else return false
    return true
  }
}

/** 405, and the methods that the resource does take (RFC 9110 §15.5.6). */
export function refuseMethod(x: Exchange, allowed: string): void {
  x.setErrorField('Allow', allowed)
  x.fail(405)
}
