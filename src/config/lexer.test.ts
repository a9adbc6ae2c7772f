// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of a configuration are written so
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Problems } from './diagnostic.ts'
import { MAX_WORD, readStatements, type Statement } from './lexer.ts'
import { COMMAND_LINE } from './source.ts'

function read(text: string, name = 'x.conf'): { statements: Statement[]; problems: Problems } {
  const problems = new Problems()
  return { statements: readStatements({ name, text }, problems), problems }
}

/** `a|b;` for the words "a" and "b" and what ended them; nothing for the end of the text. */
function shown(statements: readonly Statement[]): string[] {
  return statements
    .map(({ words, terminator }) => words.map(({ text }) => text).join('|') + terminator.replace('end', ''))
    .filter(text => text !== '')
}

function reads(text: string, ...expected: string[]): void {
  it(JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text), () => {
    const { statements, problems } = read(text)
    assert.deepEqual(problems.list, [])
    assert.deepEqual(shown(statements), expected)
  })
}

/** @param complaint `line:column summary` of the only problem */
function refuses(text: string, complaint: string, ...expected: string[]): void {
  it(`${JSON.stringify(text)}: ${complaint}`, () => {
    const { statements, problems } = read(text)
    const found = problems.list.map(({ place, summary }) => `${place?.line}:${place?.column} ${summary}`)
    assert.deepEqual(found, [complaint])
    assert.deepEqual(shown(statements), expected)
  })
}

describe('words', () => {
  reads('', ...[])
  reads(' \t\r\n')
  reads('a;', 'a;')
  reads('a b\tc\rd\ne ;', 'a|b|c|d|e;')
  reads('a{b;}c', 'a{', 'b;', '}', 'c')
  reads('a }', 'a}')
  reads('a}b;c}', 'a}b;', 'c}')
  reads('(a) )b;', '(a)|)b;')
  reads('listen [::]:80;', 'listen|[::]:80;')
  reads('ключ значение;', 'ключ|значение;')
  reads(`a ${'x'.repeat(5000)};`, `a|${'x'.repeat(5000)};`)
})

describe('quotes', () => {
  reads('a "b c" \'d;e{f}\';', 'a|b c|d;e{f};')
  reads('a "it\'s" \'"q"\';', 'a|it\'s|"q";')
  reads('a "";', 'a|;')
  reads('a "b\nc";', 'a|b\nc;')
  reads('"a"{"b";}', 'a{', 'b;', '}')
  reads('a b"c d"e;', 'a|b"c|d"e;')
  reads('if ($a = "b") {', 'if|($a|=|b|){')
  reads('if ($a = "b")c;', 'if|($a|=|b|)c;')
  reads('a "b"}', 'a|b}')
  refuses('a "b"c;', '1:6 unexpected "c"', 'a|b;')
  refuses('a "b""c";', '1:6 unexpected """', 'a|b;')
  refuses('a "b"#c;', '1:6 unexpected "#"', 'a|b;')
  refuses('a "b"\u{1f600};', '1:6 unexpected "\u{1f600}"', 'a|b;')
})

describe('escapes', () => {
  reads('a \\"b \\\'c d\\;e f\\{g \\}h;', 'a|"b|\'c|d\\;e|f\\{g|\\}h;')
  reads('a "\\"b\\\\" \'\\\'c\';', 'a|"b\\|\'c;')
  reads('a b\\tc\\rd\\ne "\\t";', 'a|b\tc\rd\ne|\t;')
  reads('a ^/\\d+\\.php$ \\$ \\x;', 'a|^/\\d+\\.php$|\\$|\\x;')
  reads('a b\\ c;', 'a|b\\ c;')
  reads('a \\#b;', 'a|\\#b;')
  reads('a \\\\;', 'a|\\;')
  reads('a \\\\"b c";', 'a|\\"b|c";')
  reads('a b\\\nc;', 'a|b\\\nc;')
})

describe('comments', () => {
  reads('# a;\nb; # c', 'b;')
  reads('a # b ; "\nc;', 'a|c;')
  reads('a#b;', 'a#b;')
  reads('a;#b\n#c\r\nd;', 'a;', 'd;')
  reads('a {# b\n}', 'a{', '}')
  reads('a "#b" \'#c\';', 'a|#b|#c;')
})

describe('variables', () => {
  reads('a ${b};', 'a|${b};')
  reads('a x${b}y{c;', 'a|x${b}y{', 'c;')
  reads('a $b{c;', 'a|$b{', 'c;')
  reads('a ${{b};', 'a|${{b};')
  reads('a \\${b};', 'a|\\${', 'b}; '.trim())
  reads('a $ {', 'a|${')
  reads('a "$"{', 'a|${')
})

describe('a quote that is not closed', () => {
  const END_OF_FILE = 'unexpected end of file, expecting ";" or "}"'
  refuses('a "b;\nc d;\n', `3:1 ${END_OF_FILE}`, 'a|b;', 'c|d;')
  refuses("a 'b {\nc d;\n}", `3:2 ${END_OF_FILE}`, 'a|b{', 'c|d;', '}')
  refuses('a "b\nc;', `2:3 ${END_OF_FILE}`, 'a|b;', 'c;')
  refuses('a "\n;c;', `2:4 ${END_OF_FILE}`, 'a|;', 'c;')
  refuses('"', `1:2 ${END_OF_FILE}`, ';')
  refuses('a "b;\nc "d";\ne f;', '2:4 unexpected "d"', 'a|b;', 'c|d;', 'e|f;')
  refuses('a "b {\n c "d"; }', '2:5 unexpected "d"', 'a|b{', 'c|d;', '}')
  refuses('a "b\nc"d;', '2:3 unexpected "d"', 'a|b\nc;')

  it('is found where it begins when more follows than nginx would read', () => {
    const { problems } = read(`a;\nb 'c;\n${'d e;\n'.repeat(1000)}`)
    const [{ place, summary }] = problems.list as [(typeof problems.list)[0]]
    assert.equal(summary, 'too long parameter, probably missing terminating "\'" character')
    assert.deepEqual([place?.line, place?.column], [2, 3])
  })

  it('ends the text of -g', () => {
    const { problems } = read('a "b', COMMAND_LINE)
    assert.equal(problems.list[0]?.summary, 'unexpected end of parameter, expecting ";"')
  })
})

describe('what is no configuration', () => {
  refuses('\u007fELF;\0\0a b;', '1:6 unexpected "\0"')
  refuses('\ufeffuser a;', '1:1 unknown directive "\ufeffuser"', 'user|a;')
  refuses('\ufeff# a\nb;', '1:1 unknown directive "\ufeff#"', 'b;')
  refuses('a "b\ufffd";', '1:5 invalid UTF-8', 'a|b\ufffd;')
  reads('# caf\ufffd\na;', 'a;')

  it('is a word that does not end', () => {
    const { problems } = read(`a ${'x'.repeat(MAX_WORD + 1)};`)
    assert.equal(problems.list[0]?.summary, 'too long parameter "xxxxxxxxxx..." started')
  })
})

describe('letters that look like a space or a quote', () => {
  function warns(text: string, column: number): void {
    it(JSON.stringify(text), () => {
      const { problems } = read(text)
      assert.deepEqual(
        problems.list.map(({ severity, place }) => [severity, place?.column]),
        [['warning', column]],
      )
    })
  }
  warns('listen\u00a080;', 7)
  warns('a \u201cb\u201d;', 3)
  reads('a "\u201cb\u00a0c\u201d";', 'a|\u201cb\u00a0c\u201d;')
})

describe('places', () => {
  it('of words are as written, with quotes and escapes', () => {
    const { statements } = read('a\n\t"b\\"c" \u{1f600}é d;')
    const words = statements[0]!.words.map(({ isQuoted, place }) => [
      isQuoted,
      place.line,
      place.column,
      place.length,
    ])
    assert.deepEqual(words, [
      [false, 1, 1, 1],
      [true, 2, 2, 6],
      [false, 2, 9, 3],
      [false, 2, 12, 1],
    ])
    assert.deepEqual([statements[0]!.end.line, statements[0]!.end.column], [2, 13])
  })
})
