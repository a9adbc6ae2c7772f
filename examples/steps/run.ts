/**
 * Starts a step of the guide, in this process: `npm run step 2`, `npm run step 2 8080`, `npm run step blocking`.
 *
 * The step finds its own arguments where it would find them if it had been started alone: from `process.argv[2]` on.
 */

const STEPS = new Map<string, () => Promise<unknown>>([
  ['1', () => import('./1-hello.ts')],
  ['2', () => import('./2-select.ts')],
  ['3', () => import('./3-clients.ts')],
  ['4', () => import('./4-http.ts')],
  ['blocking', () => import('./blocking.ts')],
])

const [name = '', first = '0'] = process.argv.splice(2, 1).concat(process.argv.slice(2))
const load = STEPS.get(name)
if (load === undefined) {
  fail(`${name === '' ? 'Which step?' : `There is no step "${name}".`} Choose 1, 2, 3, 4 or blocking.`)
} else if (!/^\d{1,5}$/.test(first) || Number(first) > 65535) {
  fail(
    name === 'blocking'
      ? `The pause is a number of milliseconds up to 65535, found "${first}".`
      : `A port is a number from 0 to 65535, found "${first}".`,
  )
} else await load()

function fail(sentence: string): void {
  console.error(sentence)
  process.exitCode = 1
}
