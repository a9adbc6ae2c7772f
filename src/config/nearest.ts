/**
 * "Did you mean": the nearest of the words that would have been right.
 *
 *   nearest('--prot', ['--port', '--host'])    '--port'
 *   didYouMean('--prot', […])                  '; did you mean "--port"?', or '' when nothing is near
 *
 * Near is what one or two slips of the finger make, in a short word one: a letter added, left out, replaced, or two of them swapped.
 */

const FAR = 3
/** Two slips leave too little of shorter words. */
const SHORT = 4

/** @returns null when no word is near; of equally near ones that which begins alike for longest, and of those the first */
export function nearest(found: string, words: readonly string[]): string | null {
  let best: string | null = null
  let bestDistance = found.length > SHORT ? FAR : Math.min(2, found.length)
  for (const word of words) {
    const d = distance(found, word)
    const isBetter =
      d < bestDistance || (d === bestDistance && best !== null && alike(found, word) > alike(found, best))
    if (isBetter) [best, bestDistance] = [word, d]
  }
  return best
}

/** How many letters they begin with in common. */
function alike(a: string, b: string): number {
  let length = 0
  while (length < a.length && a[length] === b[length]) length++
  return length
}

export function didYouMean(found: string, words: readonly string[]): string {
  const near = nearest(found, words)
  return near === null ? '' : `; did you mean "${near}"?`
}

/** The optimal string alignment distance: Levenshtein's, with a swap of neighbours as one step. */
export function distance(a: string, b: string): number {
  let twoBefore: number[] = []
  let before = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = before[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swapped = isSwap ? twoBefore[j - 2]! + 1 : Number.POSITIVE_INFINITY
      row.push(Math.min(replaced, swapped, before[j]! + 1, row[j - 1]! + 1))
    }
    twoBefore = before
    before = row
  }
  return before[b.length]!
}
