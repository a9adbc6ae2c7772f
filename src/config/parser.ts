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
import { readStatements, type Statement, type Word } from './lexer.ts'
import { setRight } from './punctuation.ts'
import { COMMAND_LINE, type Place, type Source } from './source.ts'

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
  if (extra !== undefined) reader.readCommandLine(extra, tree)
  reader.readFile(path, null, tree)
  return { tree, sources: reader.sources }
}

/** Blocks may lie this deep in one another; the deepest use of nginx's is below ten. */
const MAX_DEPTH = 100
/** Files may include one another this deep; who needs more has a circle. */
const MAX_INCLUDES = 32
/** Includes that include twice each soon make more than a memory holds. */
const MAX_DIRECTIVES = 2_000_000

class Reader {
  readonly sources: Source[] = []
  readonly #folder: string
  readonly #files: Files
  readonly #problems: Problems
  /** What the files say that were opened, for the next time that one is included. */
  readonly #read = new Map<string, readonly Statement[]>()
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
    const statements = this.#read.get(path) ?? this.#openFile(path, by)
    if (statements === null) return
    this.#open.push(path)
    this.#build(statements, into)
    this.#open.pop()
  }

  readCommandLine(source: Source, into: Directive[]): void {
    this.#build(this.#statementsOf(source, null), into)
  }

  #openFile(path: string, by: Place | null): readonly Statement[] | null {
    const result = this.#files.read(path)
    if ('problem' in result) {
      this.#problems.error(by, result.problem, by === null ? '' : this.#adviceFor(by, result.problem))
      return null
    }
    const source = { name: path, text: result.text }
    this.sources.push(source)
    const statements = this.#statementsOf(source, by)
    this.#read.set(path, statements)
    return statements
  }

  #adviceFor(by: Place, problem: string): string {
    if (problem.includes('(21:'))
      return 'include takes a file; behind a folder stands a pattern, such as /*.conf'
    const isRelative = !by.source.text.slice(by.offset).replace(/^["']/, '').startsWith('/')
    return isRelative ? `a relative path counts from the folder of the main file, "${this.#folder}"` : ''
  }

  #statementsOf(source: Source, by: Place | null): readonly Statement[] {
    this.#problems.opened(source, by)
    return setRight(readStatements(source, this.#problems), this.#problems)
  }

  #build(statements: readonly Statement[], into: Directive[]): void {
    const blocks: Directive[][] = [into]
    for (const statement of statements) {
      const directives = blocks.at(-1)!
      if (statement.terminator === '{') blocks.push(this.#openBlock(statement, directives, blocks.length))
      else if (statement.terminator === '}') blocks.pop()
      else if (statement.terminator === ';') this.#addSimple(statement, directives)
    }
  }

  /** @returns where its directives go; when the block is refused, a place that nobody looks at */
  #openBlock({ words, end }: Statement, into: Directive[], depth: number): Directive[] {
    const block: Directive[] = []
    const [name, ...args] = words
    if (name === undefined) return block
    if (end.source.name === COMMAND_LINE) {
      this.#problems.error(end, 'block directives are not supported in -g option')
    } else if (name.text === 'include') {
      this.#problems.error(
        end,
        'directive "include" is not terminated by ";"',
        'include takes a path and then ";", and has no block',
      )
    } else if (depth > MAX_DEPTH) {
      if (depth === MAX_DEPTH + 1) {
        this.#problems.error(end, 'too many nested blocks', `blocks may lie ${MAX_DEPTH} deep in one another`)
      }
    } else {
      this.#add({ name: name.text, place: name.place, args, block, end }, into)
    }
    return block
  }

  #addSimple({ words, end }: Statement, into: Directive[]): void {
    const [name, ...args] = words
    if (name!.text === 'include') this.#include(name!, args, into)
    else this.#add({ name: name!.text, place: name!.place, args, block: null, end }, into)
  }

  #add(directive: Directive, into: Directive[]): void {
    this.#directiveCount++
    if (this.#directiveCount <= MAX_DIRECTIVES) into.push(directive)
    else if (this.#directiveCount === MAX_DIRECTIVES + 1) {
      const expected = `there may be ${MAX_DIRECTIVES}; does a file include another one many times?`
      this.#problems.error(directive.place, 'too many directives', expected)
    }
  }

  #include(name: Word, args: readonly Word[], into: Directive[]): void {
    const [pattern] = args
    if (pattern === undefined || args.length > 1) {
      this.#problems.error(
        name.place,
        'invalid number of arguments in "include" directive',
        pattern === undefined
          ? 'include takes the path of a file, or a pattern such as sites/*.conf'
          : `include takes one path, and ${args.length} words are given: quote a path that has spaces in it`,
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
    if (this.#directiveCount > MAX_DIRECTIVES) return false
    const circle = this.#open.indexOf(path)
    if (circle >= 0) {
      const way = [...this.#open.slice(circle), path].join(' → ')
      this.#problems.error(by, `"${path}" includes itself`, `this would never end: ${way}`)
      return false
    }
    if (this.#open.length < MAX_INCLUDES) return true
    this.#problems.error(by, 'too many nested includes', `files may include one another ${MAX_INCLUDES} deep`)
    return false
  }
}
