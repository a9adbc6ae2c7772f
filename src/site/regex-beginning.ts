/**
 * What a regular expression says about the beginning of what it matches, as far as that is plain text.
 *
 *   beginningOf('^/api/')          text '/api/', open: it matches whatever begins so
 *   beginningOf('^/api$')          text '/api', closed: it matches just that
 *   beginningOf('^/api/\\d+')      text '/api/', more: it matches some of what begins so
 *   beginningOf('\\.php$')         text '', more: nothing is known
 *
 *   isOpenEnded('/\\.')            it says nothing about what follows
 *
 * An expression that matches every path, such as `.*` and `^/`, is open with the text ''.
 */

export interface Beginning {
  /** What is matched begins with this. */
  readonly text: string
  readonly end: 'open' | 'closed' | 'more'
}

const NOTHING_KNOWN: Beginning = { text: '', end: 'more' }

/** In words of the expression: a character that stands for itself, or an escaped sign. */
const PLAIN = /(?:[\w/~@:;,%&='"!# -]|\\[^\w\s])(?![?*+{])/y

/** What says nothing more: anything that may follow. */
const ANYTHING = /^(?:(?:\.\*|\(\.\*\))\$?)?$/
/** What each path matches: they all begin with a slash. */
const EVERYTHING = /^(?:|\^|\.|\^?\/|\^?\/?(?:\.\*|\(\.\*\))\$?|\^?(?:\.\+|\(\.\+\))\$?)$/

export function beginningOf(source: string): Beginning {
  if (EVERYTHING.test(source)) return { text: '', end: 'open' }
  if (!source.startsWith('^') || hasAlternatives(source)) return NOTHING_KNOWN
  let text = ''
  let at = 1
  for (PLAIN.lastIndex = at; PLAIN.test(source); PLAIN.lastIndex = at) {
    text += source[at] === '\\' ? source[at + 1] : source[at]
    at = PLAIN.lastIndex
  }
  const rest = source.slice(at)
  if (rest === '$') return { text, end: 'closed' }
  return { text, end: ANYTHING.test(rest) ? 'open' : 'more' }
}

/** Does what matches a text match whatever begins with that text? */
export function isOpenEnded(source: string): boolean {
  return !/\$|\\[bBzZG]|\(\?<?[=!]/.test(source)
}

/** A "|" outside of parentheses and brackets: the "^" belongs to the first alternative alone. */
function hasAlternatives(source: string): boolean {
  let depth = 0
  for (const [token] of source.matchAll(/\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[()|]/gs)) {
    if (token === '(') depth++
    else if (token === ')') depth--
    else if (token === '|' && depth === 0) return true
  }
  return false
}
