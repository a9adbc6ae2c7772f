#!/usr/bin/env node
/**
 * The command `veille`: a table of contents. Each step that fails ends it with one sentence on stderr and an exit code; what the
 * steps do stands in `command/`.
 *
 * Files are imported as late as they are needed. What runs before `loadServer` has no native code in it, so that a Node that is
 * too old, another platform or a missing native library is told of in words. That is also why `--help` and a mistake in the
 * options are answered in half the time.
 */

import { basename } from 'node:path'
import type { Settings } from './command/options.ts'

const { exitCodeOf, Mistake, sentenceOf } = await import('./command/mistake.ts')

/** Under which messages are told. */
let name = 'veille'

async function main(): Promise<void> {
  checkNode() //                                        at least 20
  if (await actAsNginx()) return //                     nginx's command line, or a configuration's name
  const settings = await readCommandLine() //           options and PORT; says what is wrong with them
  if (await answerAtOnce(settings)) return //           --help, --version
  const folder = await findFolder(settings) //          it is there, and a folder
  const run = await loadServer() //                     libc is bound, Node's loop is found
  await run(settings, folder) //                        listens, says where, stops on a signal
}

function checkNode(): void {
  const { node } = process.versions
  if (Number.parseInt(node, 10) < 20) throw new Mistake(`Node 20 or later is needed, this is ${node}`)
}

/** By the name under which it was started, by options that only nginx has, or by an argument that ends in `.conf`. */
async function actAsNginx(): Promise<boolean> {
  const [, program = '', ...args] = process.argv
  const { loadInSteps } = await import('./command/loading.ts')
  if (args[0] === 'explain') {
    await loadInSteps()
    const { explain } = await import('./command/explain.ts')
    process.exit(await explain(args.slice(1), text => void process.stdout.write(text)))
  }
  if (args[0] === 'evaluate') {
    const { evaluateHere } = await import('./command/evaluate.ts')
    process.exitCode = await evaluateHere(args.slice(1))
    return true
  }
  const { isNginx } = await import('./command/nginx-arguments.ts')
  const isOne = isNginx(basename(program), args)
  const isFile = args.length === 1 && args[0]!.endsWith('.conf')
  if (!isOne && !isFile) return false
  await loadInSteps()
  const { runInForeground, runNginx } = await import('./command/nginx-command.ts')
  if (isFile) await runInForeground(args[0]!)
  else {
    name = 'nginx'
    const code = await runNginx(args)
    if (code !== null) process.exitCode = code
  }
  return true
}

/** Its rules for addresses know the platform's constants, so on another platform it ends here. */
async function readCommandLine(): Promise<Settings> {
  const { readCommandLine } = await import('./command/command-line.ts')
  return readCommandLine(process.argv.slice(2), process.env)
}

async function answerAtOnce({ help, version }: Settings): Promise<boolean> {
  if (!help && !version) return false
  const { outputTo } = await import('./command/output.ts')
  const text = help
    ? (await import('./command/manual.ts')).helpText()
    : (await import('./command/version.ts')).versionText()
  outputTo(process.stdout).write(text)
  return true
}

async function findFolder({ folder }: Settings): Promise<string> {
  const { findFolder } = await import('./command/folder.ts')
  return findFolder(folder ?? '.')
}

async function loadServer(): Promise<typeof import('./command/run.ts').run> {
  try {
    return (await import('./command/run.ts')).run
  } catch (error) {
    const words = sentenceOf(error)
    if (!/koffi/i.test(words)) throw error
    throw new Mistake(
      `the native library koffi cannot be loaded (${words}); install veille again, with its optional dependencies`,
    )
  }
}

try {
  await main()
} catch (error) {
  process.stderr.write(`${name}: ${sentenceOf(error)}\n`)
  process.exitCode = exitCodeOf(error)
}
