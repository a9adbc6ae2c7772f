/**
 * A configuration as a tree of directives, with what it includes in its place (`ngx_conf_parse`, `ngx_conf_include`).
 *
 *   parseConfiguration(path, files, problems, extra)   the tree, and the sources that it was read from
 *   Directive                                          a name, its arguments, and its block if it has one
 *   Files                                              what the outside gives: reading a file, finding files
 *
 * `include` is the only directive that is known here. It may stand in any block; each file is whole by itself, and its braces
 * balance. Reading goes on after a mistake with what was most likely meant, so that one run shows all of them.
 */

import type { Problems } from './diagnostic.ts'
import { END, readStatements, type Statement, type Word } from './lexer.ts'
import { COMMAND_LINE, type Place, placeAt, type Source } from './source.ts'

export interface Directive {
  readonly name: string
  /** Of the name. */
  readonly place: Place
  readonly args: readonly Word[]
  /** Null for a directive that ends with ";". */
  readonly block: readonly Directive[] | null
  /** Of its ";" or "{". */
  readonly end: Place
}

export interface Files {
  /**
   * The text, decoded as UTF-8 with its byte order mark left in; or the whole sentence of what went wrong, as nginx words it:
   * `open() "/etc/nginx/x" failed (2: No such file or directory)`.
   */
  read(path: string): { readonly text: string } | { readonly problem: string }
  /** The paths that match, sorted; none when none does. As glob(3). */
  glob(pattern: string): string[]
}

export interface Configuration {
  readonly tree: Directive[]
  /** The files, in the order in which each was first opened. */
  readonly sources: Source[]
}

/**
 * @param path of the main file; `include` is relative to its folder, whichever file it stands in
 * @param extra the text of `-g`: nginx reads it into the main context before the file
 */
export function parseConfiguration(
  path: string,
  files: Files,
  problems: Problems,
  extra?: Source,
): Configuration {
  const reader = new Reader(path.slice(0, path.lastIndexOf('/') + 1), files, problems)
  const tree: Directive[] = []
  if (extra !== undefined) reader.readSource(extra, tree)
  reader.readFile(path, null, tree)
  return { tree, sources: reader.sources }
}

/** Blocks may lie this deep in one another; the deepest use of nginx's is below ten. */
const MAX_DEPTH = 100
/** Files may include one another this deep; who needs more has a circle. */
const MAX_INCLUDES = 32
/** Includes that include twice each soon make more than a memory holds. */
const MAX_DIRECTIVES = 2_000_000

/** A block that is being read. */
interface Frame {
  /** Null for the file itself, and for a "{" without a name. */
  readonly opener: { readonly words: readonly Word[]; readonly end: Place } | null
  readonly directives: Directive[]
}

class Reader {
  readonly sources: Source[] = []
  readonly #folder: string
  readonly #files: Files
  readonly #problems: Problems
  /** What a file was found to be, for the next include of it. */
  readonly #read = new Map<string, Source>()
  /** The files that are being read, outermost first. */
  readonly #open: string[] = []
  #directiveCount = 0

  constructor(folder: string, files: Files, problems: Problems) {
    this.#folder = folder
    this.#files = files
    this.#problems = problems
  }

  /** @param by where it is included, null for the main file */
  readFile(path: string, by: Place | null, into: Directive[]): void {
    let source = this.#read.get(path)
    if (source === undefined) {
      const result = this.#files.read(path)
      if ('problem' in result) {
        this.#problems.error(by, result.problem)
        return
      }
      source = { name: path, text: result.text }
      this.#read.set(path, source)
      this.sources.push(source)
    }
    this.#open.push(path)
    this.readSource(source, into)
    this.#open.pop()
  }

  readSource(source: Source, into: Directive[]): void {
    if (this.#isBinary(source)) return
    const isCommandLine = source.name === COMMAND_LINE
    const frames: Frame[] = [{ opener: null, directives: into }]
    for (const statement of readStatements(source, this.#problems)) {
      if (statement.terminator === '{') {
        this.#openBlock(statement, frames, isCommandLine)
      } else {
        this.#addSimple(statement, frames, isCommandLine)
        if (statement.terminator === '}') this.#closeBlock(statement, frames)
      }
    }
  }

  #isBinary(source: Source): boolean {
    const at = source.text.indexOf('\0')
    if (at < 0) return false
    this.#problems.error(
      placeAt(source, at, 1),
      'unexpected "\\0"',
      'this is no text: the file contains a zero byte, and none of it is read',
    )
    return true
  }

  #openBlock({ words, end }: Statement, frames: Frame[], isCommandLine: boolean): void {
    if (isCommandLine) {
      this.#problems.error(end, 'block directives are not supported in -g option')
    } else if (words.length === 0) {
      this.#problems.error(end, 'unexpected "{"', 'a block has a name before its "{"')
    } else if (words[0]!.text === 'include') {
      this.#problems.error(
        end,
        'directive "include" is not terminated by ";"',
        'include takes a path and a ";", and has no block',
      )
    } else if (frames.length > MAX_DEPTH) {
      this.#problems.error(end, 'too many nested blocks', `blocks may lie ${MAX_DEPTH} deep in one another`)
    }
    const directives: Directive[] = []
    const [name, ...args] = words
    const parent = frames.at(-1)!.directives
    if (name !== undefined && name.text !== 'include' && frames.length <= MAX_DEPTH) {
      this.#add({ name: name.text, place: name.place, args, block: directives, end }, parent)
    }
    frames.push({ opener: words.length === 0 ? null : { words, end }, directives })
  }

  #addSimple({ words, terminator, end }: Statement, frames: Frame[], isCommandLine: boolean): void {
    const [name, ...args] = words
    if (name === undefined) {
      if (terminator === ';') this.#problems.error(end, 'unexpected ";"', 'no directive stands before it')
      else if (terminator === END) this.#checkAllClosed(end, frames)
      return
    }
    if (terminator === '}') {
      this.#problems.error(end, 'unexpected "}"', `a ";" is missing behind "${words.at(-1)!.text}"`)
    } else if (terminator === END) {
      this.#refuseEnd(words, end, frames, isCommandLine)
    }
    if (name.text === 'include') this.#include(name, args, frames.at(-1)!.directives)
    else this.#add({ name: name.text, place: name.place, args, block: null, end }, frames.at(-1)!.directives)
  }

  #add(directive: Directive, into: Directive[]): void {
    if (++this.#directiveCount <= MAX_DIRECTIVES) into.push(directive)
    else if (this.#directiveCount === MAX_DIRECTIVES + 1) {
      this.#problems.error(
        directive.place,
        'too many directives',
        `there may be ${MAX_DIRECTIVES} of them; does a file include another many times?`,
      )
    }
  }

  #closeBlock({ end }: Statement, frames: Frame[]): void {
    if (frames.length > 1) frames.pop()
    else this.#problems.error(end, 'unexpected "}"', 'no block is open here')
  }

  #checkAllClosed(end: Place, frames: readonly Frame[]): void {
    if (frames.length === 1) return
    this.#problems.error(
      end,
      'unexpected end of file, expecting "}"',
      missingBraces(frames),
      unclosed(frames),
    )
  }

  #refuseEnd(words: readonly Word[], end: Place, frames: readonly Frame[], isCommandLine: boolean): void {
    this.#problems.error(
      end,
      isCommandLine
        ? 'unexpected end of parameter, expecting ";"'
        : 'unexpected end of file, expecting ";" or "}"',
      `a ";" is missing behind "${words.at(-1)!.text}"`,
      unclosed(frames),
    )
  }

  #include(name: Word, args: readonly Word[], into: Directive[]): void {
    const [pattern] = args
    if (pattern === undefined || args.length > 1) {
      this.#problems.error(
        name.place,
        'invalid number of arguments in "include" directive',
        'include takes one path, which may have "*", "?" and "[…]" in it',
      )
      return
    }
    const path = pattern.text.startsWith('/') ? pattern.text : this.#folder + pattern.text
    const paths = /[*?[]/.test(path) ? this.#files.glob(path) : [path]
    for (const found of paths) {
      if (this.#mayOpen(found, pattern.place)) this.readFile(found, pattern.place, into)
    }
  }

  #mayOpen(path: string, by: Place): boolean {
    const isCircle = this.#open.includes(path)
    if (!isCircle && this.#open.length < MAX_INCLUDES && this.#directiveCount <= MAX_DIRECTIVES) return true
    if (isCircle)
      this.#problems.error(by, `"${path}" includes itself`, `${[...this.#open, path].join(' → ')}`)
    else if (this.#open.length >= MAX_INCLUDES) {
      this.#problems.error(
        by,
        'too many nested includes',
        `files may include one another ${MAX_INCLUDES} deep`,
      )
    }
    return false
  }
}

function missingBraces(frames: readonly Frame[]): string {
  const count = frames.length - 1
  return count === 1 ? 'a "}" is missing' : `${count} "}" are missing`
}

function unclosed(frames: readonly Frame[]): { words: string; place: Place }[] {
  return frames
    .slice(1)
    .reverse()
    .flatMap(({ opener }) =>
      opener === null
        ? []
        : [{ words: 'the block opened here is not closed', place: opener.words[0]!.place }],
    )
}
