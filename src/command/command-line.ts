/**
 * The words of the command line, and PORT of the environment, as settings.
 *
 *   readCommandLine(['./site', '--port=80'], process.env)    Settings, or a `Mistake`
 *
 * GNU habits: `--name=value` and `--name value`, `-p80` and `-p 80`, `--` ends the options, options and the folder in any order.
 * `--help` and `--version` are answered as soon as they are met. The first mistake ends it: behind an option that is not known,
 * nobody can tell a value from a folder.
 */

import { didYouMean } from '../config/nearest.ts'
import { Mistake, sentenceOf, USAGE } from './mistake.ts'
import { defaultSettings, OPTIONS, type Option, readPort, type Settings } from './options.ts'

/** @throws {Mistake} */
export function readCommandLine(args: readonly string[], env: NodeJS.ProcessEnv): Settings {
  const settings = defaultSettings()
  const rest = [...args]
  let mayBeOption = true
  while (rest.length > 0 && !settings.help && !settings.version) {
    const word = rest.shift()!
    if (!mayBeOption || !isOption(word)) takeFolder(settings, word)
    else if (word === '--') mayBeOption = false
    else takeOption(settings, word, rest)
  }
  if (settings.help || settings.version) return settings
  refuseTwoPlaces(settings)
  takePort(settings, env)
  return settings
}

function isOption(word: string): boolean {
  return word.startsWith('-') && word !== '-'
}

function takeFolder(settings: Settings, word: string): void {
  if (settings.folder !== null) {
    throw new Mistake(`one folder can be served, found two: "${settings.folder}" and "${word}"`, USAGE)
  }
  if (word === '') throw new Mistake('expected a folder, found an empty word', USAGE)
  settings.folder = word
}

/** @param rest the words behind it; the first is taken away when it is the option's value */
function takeOption(settings: Settings, word: string, rest: string[]): void {
  const { name, attached } = split(word)
  const option = optionOf(name)
  const value = takeValue(option, name, attached, rest)
  under(name, () => option.take(settings, value))
}

/** `--name`, `--name=value`, `-n`, `-nvalue`, and `-n=value`, which many write. */
function split(word: string): { name: string; attached: string | null } {
  if (!word.startsWith('--'))
    return { name: word.slice(0, 2), attached: word.slice(2).replace(/^=/, '') || null }
  const at = word.indexOf('=')
  return at < 0 ? { name: word, attached: null } : { name: word.slice(0, at), attached: word.slice(at + 1) }
}

function optionOf(name: string): Option {
  const option = OPTIONS.find(({ long, short }) => name === long || name === short)
  if (option !== undefined) return option
  throw new Mistake(`unknown option "${name}"${suggestionFor(name)}`, USAGE)
}

/** Another tool's name for it, one that begins so, or one that looks like it. */
function suggestionFor(name: string): string {
  const known =
    OPTIONS.find(({ elsewhere }) => elsewhere?.includes(name)) ??
    OPTIONS.find(({ long }) => name.length > 3 && long.startsWith(name))
  if (known !== undefined) return `; did you mean "${known.long}"?`
  const near = name.startsWith('--')
    ? didYouMean(
        name,
        OPTIONS.map(({ long }) => long),
      )
    : ''
  return near === '' ? '; veille --help lists them' : near
}

function takeValue(option: Option, name: string, attached: string | null, rest: string[]): string | null {
  if (option.argument === undefined) {
    if (attached !== null) throw new Mistake(`${name} takes no value, found "${attached}"`, USAGE)
    return null
  }
  const value = attached ?? (option.isOptional ? null : rest.shift())
  if (value === undefined) throw new Mistake(`${name} is to be followed by its ${option.argument}`, USAGE)
  return value
}

/** Names the place of a mistake. */
function under(name: string, take: () => void): void {
  try {
    take()
  } catch (error) {
    throw new Mistake(`${name}: ${sentenceOf(error)}`, USAGE)
  }
}

function refuseTwoPlaces({ listen, host, port }: Settings): void {
  if (listen.length === 0 || (host === null && port === null)) return
  const other = port === null ? '--host' : '--port'
  throw new Mistake(
    `--listen says the whole address, so it does not go with ${other}; use one of them`,
    USAGE,
  )
}

/** The habit of hosts that run programs for others. An option says it more clearly, so it wins. */
function takePort(settings: Settings, env: NodeJS.ProcessEnv): void {
  const text = env.PORT ?? ''
  if (text === '' || settings.port !== null || settings.listen.length > 0) return
  under('PORT in the environment', () => (settings.port = readPort(text)))
}
