/**
 * What the place that is written to can show.
 *
 *   isColourWanted(isTerminal, env)      NO_COLOR, FORCE_COLOR, TERM
 *   canDraw(env)                         whether lines of a box make sense there
 *   columnsOf(text)                      how wide text stands on a terminal
 *   visible(text)                        text that cannot steer a terminal
 */

/**
 * A variable that is set to nothing counts as not set (no-color.org). FORCE_COLOR wins over NO_COLOR, as in Node itself, because it
 * is the more particular wish.
 */
export function isColourWanted(isTerminal: boolean, env: NodeJS.ProcessEnv): boolean {
  const forced = env.FORCE_COLOR ?? ''
  if (forced !== '') return forced !== '0' && forced !== 'false'
  if ((env.NO_COLOR ?? '') !== '') return false
  return isTerminal && env.TERM !== 'dumb'
}

export function canDraw(env: NodeJS.ProcessEnv): boolean {
  return env.TERM !== 'dumb'
}

const MARK = /\p{M}|\u200b|\u200d|\ufe0f/u
/** The letters of East Asia, full-width forms and emoji take two columns (UAX #11); only what stands in names of files. */
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\uff01-\uff60]/u

export function columnsOf(text: string): number {
  let columns = 0
  for (const char of text) {
    if (!MARK.test(char)) columns += WIDE.test(char) ? 2 : 1
  }
  return columns
}

/** Controls, and marks that turn the direction of text, as `\u001b`: the name of a folder may hold anything. */
export function visible(text: string): string {
  return text.replace(
    /[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu,
    char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
