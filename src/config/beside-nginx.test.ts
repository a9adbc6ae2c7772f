// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of a configuration are written so
/**
 * The grammar beside nginx's own reading: the same texts, and its first complaint with its line must be our first one.
 * Skipped where no nginx is installed. What is read rightly is seen by the name of the first directive, which nginx does not know.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { Problems } from './diagnostic.ts'
import { parseConfiguration } from './parser.ts'
import { COMMAND_LINE } from './source.ts'

const isInstalled = spawnSync('nginx', ['-v']).status === 0
const folder = mkdtempSync(join(tmpdir(), 'veille-grammar-'))
const file = join(folder, 'x.conf')
after(() => rmSync(folder, { recursive: true }))

/** The sentence, without its date and the number of the process. */
function nginxSays(text: string, extra: readonly string[]): string {
  writeFileSync(file, text)
  const args = ['-t', '-e', 'stderr', '-p', folder, '-c', file, ...extra]
  const said = spawnSync('nginx', args, { encoding: 'utf8' }).stderr
  return /\[emerg\] \d+#\d+: ([\s\S]*?)\n(?:nginx: configuration file .*\n)?$/.exec(said)?.[1] ?? said
}

function weSay(text: string, g: string | null): string {
  const problems = new Problems()
  const extra = g === null ? undefined : { name: COMMAND_LINE, text: g }
  const files = { read: () => ({ text }), glob: () => [] }
  const { tree } = parseConfiguration(file, files, problems, extra)
  const [problem] = problems.list.filter(({ severity }) => severity === 'error')
  const unknown = { summary: `unknown directive "${tree[0]?.name}"`, place: tree[0]?.end ?? null }
  const { summary, place } = problem ?? unknown
  const at = place?.source.name === COMMAND_LINE ? COMMAND_LINE : `${file}:${place?.line}`
  return `${summary} in ${at}`
}

function agree(text: string, g: string | null = null): void {
  it(JSON.stringify(g ?? text), () => {
    assert.equal(weSay(text, g), nginxSays(text, g === null ? [] : ['-g', g]))
  })
}

describe('beside nginx', { skip: isInstalled ? false : 'nginx is not installed' }, () => {
  describe('a word', () => {
    for (const word of [
      'a',
      'a"b',
      "a'b",
      'a#b',
      'a}b',
      '}a',
      ')',
      '(a',
      'é',
      'a$b',
      '${a}',
      'a${b}c',
      '${{a}',
      '$$',
    ]) {
      agree(`${word} x;`)
    }
    for (const word of [
      '"a b"',
      "'a;b{c}'",
      '"a\'b"',
      '"a\nb"',
      '"#"',
      '""',
      '"a${b}"',
      '"\\"\\\\\\\'"',
      "'\\d\\t\\r\\n\\x'",
    ]) {
      agree(`${word};`)
      agree(`${word}{}`)
    }
    for (const word of [
      '\\"a',
      "a\\'b",
      'a\\;b',
      'a\\{b',
      'a\\ b',
      '\\#',
      '\\\\',
      'a\\\\',
      '\\}',
      'a\\\nb',
      '\\$a',
    ]) {
      agree(`${word} ;`)
    }
    agree('\ta\r\n b\n;')
    agree('# c\n#\na # ;{}"\n;')
    agree(`${'a'.repeat(1000)};`)
    agree('\ufeffuser a;')
    agree('\ufeff;')
  })

  describe('a sign that is wrong', () => {
    for (const text of [
      ';',
      '{',
      '}',
      ' \n;',
      '#\n}',
      'a }',
      'a "b" }',
      'a "b"}',
      'a "b"c;',
      'a\n"b""c";',
      '"a"#',
      '"a")}',
    ]) {
      agree(text)
    }
  })

  describe('an end that comes too early', () => {
    for (const text of [
      'a',
      'a ',
      'a\n',
      'a "b"',
      '"',
      "a 'b;\n\n",
      'a b\\',
      '\\',
      'a # b;',
      'a "b\\";',
      'a ${b',
    ])
      agree(text)
    agree(`events {\n`)
    agree(`events {} http { types {\n}`)
    agree(`events {\na 'b${'c\n'.repeat(2000)}`)
    agree(`events {} http { types { a "${'b'.repeat(5000)};`)
  })

  describe('include', () => {
    agree('events {\ninclude;\n}')
    agree('include a b;')
    agree('events { include {} }')
  })

  describe('the text of -g', () => {
    for (const text of ['a', 'a "', ';', '}', '{', 'events {', 'a;', '"a"b;', 'a b\n}'])
      agree('events {}', text)
  })
})
