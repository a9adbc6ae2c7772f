/**
 * The guide is checked like code: whatever it names must be there.
 *
 *   both languages     the same chapters, questions, programs and outputs
 *   links              lead to a file, and to a question that exists
 *   code               every excerpt stands in a step, line by line
 *   names              of files, functions and steps exist
 *   numbers            agree with what bench/pollers.ts measured
 */

import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const GUIDE = join(ROOT, 'docs/guide')
const LANGUAGES = ['en', 'fr']
/** The plan's nine questions, and the three that it asks before them. */
const QUESTIONS = 12

interface Chapter {
  /** `fr/4-select.md` */
  readonly name: string
  readonly path: string
  readonly text: string
  /** The text without its fenced blocks. */
  readonly prose: string
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

function chaptersOf(language: string): Chapter[] {
  const names = readdirSync(join(GUIDE, language)).sort()
  return names.map(file => {
    const path = join(GUIDE, language, file)
    const text = readFileSync(path, 'utf8')
    return { name: `${language}/${file}`, path, text, prose: text.replace(/^```[\s\S]*?^```$/gm, '') }
  })
}

const chapters = LANGUAGES.flatMap(chaptersOf)
const steps = readdirSync(join(ROOT, 'examples/steps')).map(file => read(`examples/steps/${file}`))
const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
  .filter(file => file.endsWith('.ts'))
  .map(file => read(join('src', file)))

function all(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(match => match[1]!)
}

/** The contents of fenced blocks of one kind. */
function blocks(text: string, kind: string): string[] {
  return all(text, new RegExp(`^\`\`\`${kind}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))
}

function linksOf(chapter: Chapter): { words: string; target: string; fragment: string | undefined }[] {
  const links = [...chapter.prose.matchAll(/\[([^\]]*)\]\(([^)#]*)(?:#([^)]*))?\)/g)]
  return links
    .filter(([, , target]) => !target!.startsWith('https:'))
    .map(([, words, target, fragment]) => ({ words: words!, target: target!, fragment }))
}

function hasWord(text: string, word: string): boolean {
  return new RegExp(`(?<![\\w$])${word}(?![\\w$])`).test(text)
}

/** Lines without their indentation; those of an excerpt stand together between two `…`. */
function lines(code: string): string {
  return code.replace(/^ +/gm, '').trim()
}

test('both languages have the same chapters, in which the same is asked and shown', () => {
  const [english, french] = LANGUAGES.map(chaptersOf)
  const skeleton = (list: Chapter[]): unknown =>
    list.map(({ name, text }) => ({
      file: name.slice(3),
      headings: all(text, /^(#+) /gm),
      questions: all(text, /id="(question-\w+)"/g),
      code: blocks(text, 'ts'),
      console: blocks(text, 'console'),
      drawings: blocks(text, 'text').length,
      sources: linksOf({ name, path: '', text, prose: text }).filter(link => link.target.includes('../'))
        .length,
    }))
  assert.ok(english!.length > 7)
  assert.deepEqual(skeleton(french!), skeleton(english!))
})

for (const language of LANGUAGES) {
  test(`${language}: each question is asked once, answered in a chapter, and listed in the contents`, () => {
    const ids = chaptersOf(language).flatMap(({ text }) => all(text, /id="(question-\w+)"/g))
    assert.equal(ids.length, QUESTIONS)
    const listed = all(read(`docs/guide/${language}/README.md`), /#(question-\w+)\)/g)
    assert.deepEqual(listed, ids)
  })
}

for (const chapter of chapters) {
  test(`${chapter.name}: links lead somewhere, and say where`, () => {
    for (const { words, target, fragment } of linksOf(chapter)) {
      const path = join(dirname(chapter.path), target)
      assert.ok(existsSync(path), target)
      const text = readFileSync(path, 'utf8')
      if (fragment !== undefined) assert.ok(text.includes(`id="${fragment}"`), `${target}#${fragment}`)
      if (!words.startsWith('`')) continue
      const name = words.slice(1, -1)
      if (name.includes('/')) assert.equal(name, relative(ROOT, path))
      else assert.ok(hasWord(text, name), `${name} is not in ${target}`)
    }
  })

  test(`${chapter.name}: every excerpt of code stands in a step`, () => {
    for (const block of blocks(chapter.text, 'ts')) {
      for (const piece of block.split(/^…$/m)) {
        assert.ok(
          steps.some(step => lines(step).includes(lines(piece))),
          piece,
        )
      }
    }
  })

  test(`${chapter.name}: files, functions and steps that it names exist`, () => {
    for (const path of all(chapter.prose, /`((?:src|examples|bench|docs|test)\/[\w./-]+)`/g)) {
      assert.ok(existsSync(join(ROOT, path)), path)
    }
    for (const name of all(chapter.prose, /`(?:\w+\.)*(\w+)\(\)`/g)) {
      assert.ok(
        [...sources, ...steps].some(source => hasWord(source, name)),
        `${name}()`,
      )
    }
    for (const step of all(chapter.text, /(?:npm run (?:--silent )?step|steps\/run\.js) (\w+)/g)) {
      assert.ok(step === 'N' || read('examples/steps/run.ts').includes(`['${step}', `), `step ${step}`)
    }
  })
}

test('npm knows the commands of the guide', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  for (const { text } of chapters) {
    for (const name of all(text, /npm run (?:--silent )?(\w+)/g)) assert.ok(name in scripts, name)
  }
  assert.match(scripts.step!, /node dist\/examples\/steps\/run\.js$/)
})

interface Point {
  poller: string
  active: number
  idle: number
  samples: number[]
}

test('the costs of a wait are those that were measured, but for a factor of two', () => {
  const { points } = JSON.parse(read('bench/results/pollers.json')) as { points: Point[] }
  const measured = (poller: string, idle: number): number => {
    const point = points.find(p => p.poller === poller && p.idle === idle && p.active === 1)!
    return point.samples.toSorted((a, b) => a - b)[point.samples.length >> 1]!
  }
  for (const language of LANGUAGES) {
    const text = read(`docs/guide/${language}/4-select.md`)
    const rows = [...text.matchAll(/^\| (\d+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$/gm)]
    assert.equal(rows.length, 4)
    for (const [, idle, ...costs] of rows) {
      for (const [i, poller] of ['select', 'poll', 'epoll'].entries()) {
        const ratio = Number(costs[i]) / measured(poller, Number(idle))
        assert.ok(ratio > 0.5 && ratio < 2, `${poller}, ${idle} idle: ${ratio} of what was measured`)
      }
    }
  }
})
