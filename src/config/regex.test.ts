import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { missingPcre2, type Pcre2Pattern, pcre2 } from '../../test/pcre2.ts'
import { matchPattern, type Pattern, type Refusal, refusalText, translateRegex } from './regex.ts'

/** A pattern behind nginx's `~ ` or `~* `; a subject; what is found: the match and its groups ('' for unset), or null. */
type Case = readonly [regex: string, subject: string, found: readonly string[] | null]

const IDIOMS: readonly Case[] = [
  ['~ \\.php$', '/index.php', ['.php']],
  ['~ \\.php$', '/index.php5', null],
  ['~ \\.php$', '/index.PHP', null],
  ['~* \\.php$', '/index.PHP', ['.PHP']],
  ['~ ^(.+\\.php)(/.+)$', '/a.php/b/c', ['/a.php/b/c', '/a.php', '/b/c']],
  ['~ ^(.+?\\.php)(/.*)?$', '/a.php', ['/a.php', '/a.php', '']],
  ['~ [^/]\\.php(/|$)', '/a.php', ['a.php', '']],
  ['~* \\.(jpg|jpeg|png|gif|ico|css|js)$', '/img/Photo.JPEG', ['.JPEG', 'JPEG']],
  ['~* ^.+\\.(?:css|js|svg)$', '/a/b.css', ['/a/b.css']],
  ['~ /\\.(?!well-known)', '/.git/config', ['/.']],
  ['~ /\\.(?!well-known)', '/.well-known/acme', null],
  ['~ /\\.ht', '/x/.htaccess', ['/.ht']],
  ['~ ^/(.*)\\.(jpg|png)$', '/a/b.png', ['/a/b.png', 'a/b', 'png']],
  ['~ ^/users/(\\d+)$', '/users/42', ['/users/42', '42']],
  ['~ ^/([a-z]{2})/(.*)$', '/fr/page', ['/fr/page', 'fr', 'page']],
  ['~ ^/(?<lang>en|fr|de)(?<rest>/.*)$', '/de/x', ['/de/x', 'de', '/x']],
  ['~ ^(www\\.)?(?<domain>.+)$', 'www.example.org', ['www.example.org', 'www.', 'example.org']],
  ['~ ^(?P<name>\\w+)\\.example\\.org$', 'bob.example.org', ['bob.example.org', 'bob']],
  ['~* (googlebot|bingbot|yandex)', 'Mozilla/5.0 (compatible; Googlebot/2.1)', ['Googlebot', 'Googlebot']],
  ['~ ^$', '', ['']],
  ['~ ^-?$', '-', ['-']],
  ['~* ^/(?:robots\\.txt|favicon\\.ico)$', '/ROBOTS.txt', ['/ROBOTS.txt']],
  [
    '~ ^/[_0-9a-zA-Z-]+(/wp-(content|admin|includes).*)',
    '/blog/wp-admin/x',
    ['/blog/wp-admin/x', '/wp-admin/x', 'admin'],
  ],
  ['~ ^([^?]*)\\?(.*)$', '/a?b=c', ['/a?b=c', '/a', 'b=c']],
  ['~ (?i)^/foo', '/FOO', ['/FOO']],
  ['~ ^/(?i:download)/(.*)$', '/DownLoad/a', ['/DownLoad/a', 'a']],
  ['~ [\\w.-]+\\.example\\.(com|net)', 'a-b.c.example.net', ['a-b.c.example.net', 'net']],
  [
    '~ ^/data/([0-9a-f]{2})([0-9a-f]{38})$',
    `/data/${'ab'.repeat(20)}`,
    [`/data/${'ab'.repeat(20)}`, 'ab', 'ab'.repeat(19)],
  ],
  ['~* \\.(?:js|css)(?:\\?.*)?$', '/a.js?v=1', ['.js?v=1']],
  ['~ ^(.*)/index\\.html?$', '/a/index.htm', ['/a/index.htm', '/a']],
  ['~ ^/old/(?<page>[^/]+)/?$', '/old/x/', ['/old/x/', 'x']],
  ['~ ^10\\.(?:\\d{1,3}\\.){2}\\d{1,3}$', '10.1.22.333', ['10.1.22.333']],
]

const OPTIONS: readonly Case[] = [
  ['~ a(?i)b', 'aB', ['aB']],
  ['~ a(?i)b', 'AB', null],
  ['~ (a(?i)b|c)d', 'Cd', ['Cd', 'C']],
  ['~ (a(?i)b|c)d', 'cD', null],
  ['~ (?i:a)b', 'Ab', ['Ab']],
  ['~ (?i:[a-c]+)d', 'aBCd', ['aBCd']],
  ['~ (?i:[^a-c])d', 'Bd', null],
  ['~ (?i:[^a-c])d', 'Dd', ['Dd']],
  ['~* a(?-i)b', 'Ab', ['Ab']],
  ['~* a(?-i)b', 'AB', null],
  ['~* (?-i:x)Y', 'xy', ['xy']],
  ['~* (?-i:x)Y', 'Xy', null],
  ['~* ([a-z])\\1', 'xX', ['xX', 'x']],
  ['~ (?i)É', 'é', ['é']],
  ['~ (?s)a.b', 'a\nb', ['a\nb']],
  ['~ a.b', 'a\nb', null],
  ['~ a.b', 'a\rb', ['a\rb']],
  ['~ a.b', 'a\u2028b', ['a\u2028b']],
  ['~ (?s:.)(.)', '\n\nx', ['\nx', 'x']],
  ['~ (?m)^b$', 'a\nb\nc', ['b']],
  ['~ ^b$', 'a\nb\nc', null],
  ['~ (?m)^', '\n', ['']],
  ['~ (?m)\\n^', 'a\n', null],
  ['~ (?m)a$', 'a\n\n', ['a']],
  ['~ (?x) a b # the end\n c', 'abc', ['abc']],
  ['~ (?x)a\\ b', 'a b', ['a b']],
  ['~ (?x)[a b]c', ' c', [' c']],
  ['~ (?xx)[a b]c', ' c', null],
  ['~ (?x)a +', 'aa', ['aa']],
  ['~ (?x: a )b c', 'ab c', ['ab c']],
  ['~ (?U)a+', 'aaa', ['a']],
  ['~ (?U)a+?', 'aaa', ['aaa']],
  ['~ (?n)(a)(?<n>b)', 'ab', ['ab', 'b']],
  ['~ (?i-s)A.', 'ab', ['ab']],
  ['~ (?i)a(?^)b', 'Ab', ['Ab']],
  ['~ (?i)a(?^)b', 'AB', null],
]

const GIVING_NOTHING_BACK: readonly Case[] = [
  ['~ a++b', 'aaab', ['aaab']],
  ['~ a++ab', 'aaab', null],
  ['~ a*+a', 'aaa', null],
  ['~ a?+a', 'a', null],
  ['~ a?+a', 'aa', ['aa']],
  ['~ a{1,2}+a', 'aa', null],
  ['~ a{2}+a', 'aaa', ['aaa']],
  ['~ (?>a+)b', 'aab', ['aab']],
  ['~ (?>a|ab)c', 'abc', null],
  ['~ (?>ab|a)c', 'abc', ['abc']],
  ['~ (?>(a+))(b)', 'aab', ['aab', 'aa', 'b']],
  ['~ (x)(?>(a+)(b))(c)', 'xaabc', ['xaabc', 'x', 'aa', 'b', 'c']],
  ['~ (?:(?>a+)b)+', 'aabab', ['aabab']],
  ['~ ([^/]++)/(.*+)', 'ab/cd', ['ab/cd', 'ab', 'cd']],
  ['~ (?<n>a)++b', 'aab', ['aab', 'a']],
  ['~ (?>(.)\\1)x', 'bbx', ['bbx', 'b']],
  ['~ (a++)(?>b)0', 'ab0', ['ab0', 'a']],
  ['~ (*atomic:a|ab)c', 'abc', null],
]

const GROUPS: readonly Case[] = [
  ["~ (?'n'a)\\k'n'", 'aa', ['aa', 'a']],
  ['~ (?<n>a)\\k<n>', 'aa', ['aa', 'a']],
  ['~ (?P<n>a)(?P=n)', 'aa', ['aa', 'a']],
  ['~ (?<n>a)\\k{n}', 'aa', ['aa', 'a']],
  ['~ (?<n>a)\\g{n}', 'aa', ['aa', 'a']],
  ['~ (a)(b)\\2\\1', 'abba', ['abba', 'a', 'b']],
  ['~ (a)\\g1', 'aa', ['aa', 'a']],
  ['~ (a)(b)\\g{-1}', 'abb', ['abb', 'a', 'b']],
  ['~ (a)(b)\\g-2', 'aba', ['aba', 'a', 'b']],
  ['~ (a)\\g{1}0', 'aa0', ['aa0', 'a']],
  ['~ (a)(?:\\1)0', 'aa0', ['aa0', 'a']],
  ['~ (a)(b)(c)(d)(e)(f)(g)(h)(i)(j)\\10', 'abcdefghijj', ['abcdefghijj', ...'abcdefghij']],
  ['~ (?|(a)b|(c)d)(e)', 'cde', ['cde', 'c', 'e']],
  ['~ (?|(a)b|(c)d)\\1', 'cdc', ['cdc', 'c']],
  ['~ (?|(a)|(b)(c))(d)', 'bcd', ['bcd', 'b', 'c', 'd']],
  ['~ (a)?b', 'b', ['b', '']],
  ['~ (a|b)*', 'ab', ['ab', 'b']],
  ['~ (?:(a)|b)', 'b', ['b', '']],
  ['~ a(?#nothing)b', 'ab', ['ab']],
  ['~ a(?#nothing)*b', 'aab', ['aab']],
  ['~ (?C)a(?C12)b', 'ab', ['ab']],
  ['~ a(*F)|b', 'ab', ['b']],
  ['~ (*pla:a)(.)', 'ba', ['a', 'a']],
  ['~ (*nla:a)(.)', 'ab', ['b', 'b']],
  ['~ (?<=a)b', 'ab', ['b']],
  ['~ (?<!a)b', 'abb', ['b']],
  ['~ (?<=(a))b', 'ab', ['b', 'a']],
  ['~ (?=(a+))a', 'aaa', ['a', 'aaa']],
  ['~ (?=a)*b', 'b', ['b']],
  ['~ (?=(a))?a', 'a', ['a', 'a']],
  ['~ (?:a??)?b', 'ab', ['ab']],
  ['~ (?:|a)?b', 'ab', ['ab']],
  ['~ (?:|a)?', 'a', ['']],
]

const ESCAPES: readonly Case[] = [
  ['~ \\Aa\\z', 'a', ['a']],
  ['~ a\\z', 'a\n', null],
  ['~ a\\Z', 'a\n', ['a']],
  ['~ a$', 'a\n', ['a']],
  ['~ a$', 'a\n\n', null],
  ['~ \\Ga', 'ba', null],
  ['~ a\\Kb', 'ab', ['ab']],
  ['~ \\h+', 'a \t\xa0b', [' \t\xa0']],
  ['~ \\H', ' a', ['a']],
  ['~ \\s', '\v', ['\v']],
  ['~ \\s', '\xa0', null],
  ['~ \\w', 'é', null],
  ['~ \\d', '٣', null],
  ['~ \\W', 'é', ['é']],
  ['~ \\v', 'a\x0b', ['\x0b']],
  ['~ \\V', '\nb', ['b']],
  ['~ \\N', '\nb', ['b']],
  ['~ \\N{2}', 'ab', ['ab']],
  ['~ \\R', '\r\n', ['\r\n']],
  ['~ ^\\R\\n', '\r\n', null],
  ['~ \\bfoo\\b', 'a foo!', ['foo']],
  ['~ \\Boo', 'foo', ['oo']],
  ['~ [[:<:]]b', 'ab b', ['b']],
  ['~ a[[:>:]]', 'ab a', ['a']],
  ['~ \\Qa.b*\\E+', 'a.b**', ['a.b**']],
  ['~ \\Qa|b', 'a|b', ['a|b']],
  ['~ \\Q\\Ea', 'a', ['a']],
  ['~ a\\E+', 'aa', ['aa']],
  ['~ \\x41\\x{42}\\x4a', 'ABJ', ['ABJ']],
  ['~ \\xg', '\0g', ['\0g']],
  ['~ \\101\\o{102}', 'AB', ['AB']],
  ['~ \\0', '\0', ['\0']],
  ['~ \\012', '\n', ['\n']],
  ['~ \\10', '\x08', ['\x08']],
  ['~ \\e\\a\\f\\t\\cA', '\x1b\x07\x0c\t\x01', ['\x1b\x07\x0c\t\x01']],
  ['~ \\c[', '\x1b', ['\x1b']],
  ['~ \\/\\-\\_\\"\\ \\é', '/-_" é', ['/-_" é']],
  ['~ a{,x}', 'a{,x}', ['a{,x}']],
  ['~ a{', 'a{', ['a{']],
  ['~ a{1', 'a{1', ['a{1']],
  ['~ {}', '{}', ['{}']],
  ['~ ]', ']', [']']],
  ['~ }', '}', ['}']],
  ['~ a{2,}', 'aaa', ['aaa']],
  ['~ a{0}b', 'ab', ['b']],
  ['~ a{2}?', 'aa', ['aa']],
]

const CLASSES: readonly Case[] = [
  ['~ []abc]+', 'a]b', ['a]b']],
  ['~ [^]abc]+', 'a]xy', ['xy']],
  ['~ [[:alpha:]_]+', '1ab_2', ['ab_']],
  ['~ [[:^alpha:]]+', 'ab12c', ['12']],
  ['~ [^[:space:]]+', ' ab ', ['ab']],
  ['~ [[:xdigit:]]+', 'xAf09g', ['Af09']],
  ['~ [[:punct:]]+', 'a!?b', ['!?']],
  ['~* [[:upper:]]+', 'ab', ['ab']],
  ['~ [[:upper:]]+', 'abC', ['C']],
  ['~ [[:word:]]+', '-a_1-', ['a_1']],
  ['~ [a\\-z]+', 'b-z', ['-z']],
  ['~ [a-]+', 'b-a', ['-a']],
  ['~ [-a]+', 'b-a', ['-a']],
  ['~ [\\w-]+', '.a-b', ['a-b']],
  ['~ [\\w.-]+', '/a-b.c', ['a-b.c']],
  ['~ [a-c-e]+', 'd-e', ['-e']],
  ['~ [+--]+', '*,-+', [',-+']],
  ['~ [\\b]', 'a\b', ['\b']],
  ['~ [\\n\\t]', 'a\t', ['\t']],
  ['~ [\\D]', '1a', ['a']],
  ['~ [^\\W_]+', '_ab1', ['ab1']],
  ['~ [\\d\\s]+', 'a1 2', ['1 2']],
  ['~ [\\x41-\\x43]+', 'ABCD', ['ABC']],
  ['~ [\\101-C]+', 'ABCD', ['ABC']],
  ['~ [\\8]', '8', ['8']],
  ['~ [\\Qa-c]\\E]+', 'b-c]', ['-c]']],
  ['~ [\\^a]+', '^a', ['^a']],
  ['~ [a^]+', '^a', ['^a']],
  ['~ [$.|?*+(){}/]+', 'a$.|?*+(){}/', ['$.|?*+(){}/']],
  ['~ [[]+', '[[', ['[[']],
  ['~ [[a]+', '[a', ['[a']],
  ['~ [\\]]', ']', [']']],
  ['~ [:/]+', '://', ['://']],
  ['~ [\\h]+', 'a \t', [' \t']],
  ['~ [^\\n]+', '\nab', ['ab']],
  ['~ [\\pL-]+', '1ab-', ['ab-']],
  ['~* [a-c]+', 'xAbC', ['AbC']],
  ['~* [^a-c]+', 'ABx', ['x']],
  ['~ [[:a]+', ':a[', [':a[']],
]

/** What characters are, with PCRE in its mode of characters. */
const CHARACTERS: readonly Case[] = [
  ['~ (*UTF8)^.$', 'é', ['é']],
  ['~ (*UTF)^.$', '😀', ['😀']],
  ['~ (*UTF8)\\x{e9}', 'é', ['é']],
  ['~ (*UTF8)\\xe9', 'é', ['é']],
  ['~ (*UTF8)\\x{1f600}', '😀', ['😀']],
  ['~ (*UTF8)\\N{U+e9}', 'é', ['é']],
  ['~ (*UTF8)[à-ü]+', 'aéü', ['éü']],
  ['~ (*UTF8)[😀é]{2}', '😀é', ['😀é']],
  ['~ (*UTF8)\\p{L}+', '1éa', ['éa']],
  ['~ (*UTF8)\\p{Lu}', 'éÉ', ['É']],
  ['~* (*UTF8)\\p{Lu}b', 'ébÉB', ['ÉB']],
  ['~ (*UTF8)\\P{L}', 'é1', ['1']],
  ['~ (*UTF8)\\p{^L}', 'é1', ['1']],
  ['~ (*UTF8)\\p{Greek}', 'aβ', ['β']],
  ['~ (*UTF8)[^\\p{L}]', 'é1', ['1']],
  ['~* (*UTF8)É', 'é', ['é']],
  ['~* (*UTF8)\\W', 's', null],
  ['~* (*UTF8)[\\W]', 'k', null],
  ['~* (*UTF8)[[:^alpha:]]', 's', null],
  ['~ (*UTF8)(*NO_JIT)é', 'é', ['é']],
]

/** Where we see characters and nginx bytes, so that PCRE is not asked. */
const BYTES: readonly Case[] = [
  ['~ ^.$', 'é', ['é']],
  ['~ ^[éè]$', 'è', ['è']],
  ['~ é+', 'éé', ['éé']],
  ['~ 😀+', '😀😀', ['😀😀']],
  ['~ \\xC3\\xA9', 'é', ['é']],
  ['~ \\xF0\\x9F\\x98\\x80', '😀', ['😀']],
  ['~ \\303\\251?x', 'x', ['x']],
  ['~ [\\x80-\\xff]+', 'aé→', ['é→']],
  ['~* [\\x80-\\xff]', 'ks', null],
  ['~* \\pN|[\\x80-\\xff]', 'ks', null],
  ['~ [^\\x00-\\x7f]', 'aé', ['é']],
  ['~ [\\x20-\\xff]+', '\né', ['é']],
  ['~* é', 'É', ['É']],
  ['~* k', '\u212a', null],
]

function translated(regex: string): Pattern {
  const [operator, source] = [regex.startsWith('~*') ? '~*' : '~', regex.slice(regex.indexOf(' ') + 1)]
  const pattern = translateRegex(source, operator === '~*')
  if ('mistake' in pattern) return assert.fail(`${regex}: ${pattern.mistake} at ${pattern.at}`)
  return pattern
}

const TABLES = { IDIOMS, OPTIONS, GIVING_NOTHING_BACK, GROUPS, ESCAPES, CLASSES, CHARACTERS, BYTES }

for (const [name, cases] of Object.entries(TABLES)) {
  describe(`translateRegex: ${name.toLowerCase().replaceAll('_', ' ')}`, () => {
    for (const [regex, subject, found] of cases) {
      it(`${JSON.stringify(regex)} ${found === null ? 'is not in' : 'is in'} ${JSON.stringify(subject)}`, () => {
        const groups = matchPattern(translated(regex), subject)
        assert.deepEqual(groups?.map(group => group ?? '') ?? null, found)
      })
    }
  })
}

/** Sooner or later than PCRE2 this is a match, but what we take it for is what it says: `\K` is about where a match begins. */
const WITHOUT_OPINION = ['~ a\\Kb']

it('PCRE2 is of the same opinion', { skip: missingPcre2 }, () => {
  for (const [name, cases] of Object.entries(TABLES)) {
    for (const [regex, subject, found] of name === 'BYTES' ? [] : cases) {
      if (WITHOUT_OPINION.includes(regex)) continue
      const pattern = pcre2(regex.slice(regex.indexOf(' ') + 1), regex.startsWith('~*')) as Pcre2Pattern
      const groups = pattern.match(subject)
      const all = groups === null ? null : [...found!.keys()].map(n => (groups as string[])[n] ?? '')
      // Where its own byte mode cannot tell: a subject beyond ASCII without (*UTF8).
      if (/[^\0-\x7f]/.test(subject) && !regex.includes('(*UTF')) continue
      assert.deepEqual(all, found, `${regex} in ${JSON.stringify(subject)}`)
    }
  }
})

describe('a pattern', () => {
  it('keeps its source, its names and how many groups it has', () => {
    const pattern = translated('~ ^/(?<first>a)(b)(?P<second>c)')
    assert.equal(pattern.source, '^/(?<first>a)(b)(?P<second>c)')
    assert.deepEqual(pattern.names, ['first', 'second'])
    assert.deepEqual(
      [...pattern.numberOf],
      [
        ['first', 1],
        ['second', 3],
      ],
    )
    assert.equal(pattern.captureCount, 3)
    assert.equal(pattern.groups, null)
    assert.equal(pattern.caution, '')
  })

  it('gives the groups of the engine by name where the writer gave names', () => {
    assert.deepEqual({ ...translated('~ (?P<n>a)++').regex.exec('aa')?.groups }, { n: 'a' })
  })

  it('stays readable', () => {
    assert.equal(
      String(translated('~* ^/img/([^/]+)\\.(jpe?g|png)').regex),
      '/^\\/img\\/([^/]+)\\.(jpe?g|png)/i',
    )
  })

  it('ignores case with the flag of the engine only where all of it does', () => {
    assert.equal(translated('~ (?i)abc').regex.flags, 'i')
    assert.equal(String(translated('~ a(?i)b').regex), '/a[Bb]/')
  })

  it('is tried once a line when it begins with .*, as in PCRE', () => {
    const { regex } = translated('~ (.*)/x$')
    assert.equal(regex.source, '(?<![^\\n])([^\\n]*)\\/x(?=\\n?$)')
    assert.equal(regex.exec('a\nb/x')?.[1], 'b')
  })

  const cautions: [regex: string, words: RegExp | ''][] = [
    ['~ (?:(a)|b)+', /^\$1 is empty when the last round of "\(\?:\(a\)\|b\)\+" passes its group by/],
    ['~ (a*)*', /^\$1 is what the last round of "\(a\*\)\*" found that was not empty/],
    ['~ (a|b)+', ''],
    ['~ (?:(a)b)+', ''],
    ['~ (?:(a)|b)?', ''],
  ]
  for (const [regex, words] of cautions) {
    it(`${words === '' ? 'has nothing to be told about' : 'tells what differs with'} ${regex}`, () => {
      if (words === '') assert.equal(translated(regex).caution, '')
      else assert.match(translated(regex).caution, words)
    })
  }
})

it('nginx would say that it is a mistake, and where', () => {
  const at = (source: string) => refusalText(source, translateRegex(source, false) as Refusal)
  assert.equal(
    at('[z-a]x'),
    'pcre2_compile() failed: range out of order in character class in "[z-a]x" at "a]x"',
  )
  assert.equal(at('(a'), 'pcre2_compile() failed: missing closing parenthesis in "(a"')
})

describe('a mistake in a pattern', () => {
  /** The offset stands where PCRE2 has it, unless the fourth word says that PCRE2 takes the pattern or says another thing. */
  const mistakes: [source: string, at: number, message: string, isOurs?: 'ours'][] = [
    ['(', 1, 'missing closing parenthesis'],
    ['('.repeat(252), 251, 'parentheses are too deeply nested'],
    ['a)', 1, 'unmatched closing parenthesis'],
    ['(?i', 3, 'missing closing parenthesis'],
    ['[a', 2, 'missing terminating ] for character class'],
    ['[]', 2, 'missing terminating ] for character class'],
    ['[z-a]', 3, 'range out of order in character class'],
    ['[\\w-.]', 3, 'invalid range in character class'],
    ['[a-\\d]', 5, 'invalid range in character class'],
    ['[[:foo:]]', 3, 'unknown POSIX class name'],
    ['[[.a.]]', 1, 'POSIX collating elements are not supported'],
    ['[:alpha:]', 0, 'POSIX named classes are supported only within a class'],
    ['[\\B]', 2, 'escape sequence is invalid in character class'],
    ['[\\y]', 2, 'unrecognized character follows \\'],
    ['[\\N]', 3, '\\N is not supported in a class'],
    ['*a', 0, 'quantifier does not follow a repeatable item'],
    ['a**', 2, 'quantifier does not follow a repeatable item'],
    ['a{2}{3}', 6, 'quantifier does not follow a repeatable item'],
    ['^*', 1, 'quantifier does not follow a repeatable item'],
    ['(|*)', 2, 'quantifier does not follow a repeatable item'],
    ['a{3,2}', 5, 'numbers out of order in {} quantifier'],
    ['a{70000}', 7, 'number too big in {} quantifier'],
    ['a\\', 2, '\\ at end of pattern'],
    ['\\y', 1, 'unrecognized character follows \\'],
    ['\\u', 2, 'PCRE2 does not support \\F, \\L, \\l, \\N{name}, \\U, or \\u'],
    ['\\x{100}', 6, 'character code point value in \\x{} or \\o{} is too large'],
    ['\\x{', 3, 'digits missing in \\x{} or \\o{} or \\N{U+}'],
    ['\\x{zz}', 3, 'non-hex character in \\x{} (closing brace missing?)'],
    ['\\o{9}', 3, 'non-octal character in \\o{} (closing brace missing?)'],
    ['\\777', 4, 'octal value is greater than \\377 in 8-bit non-UTF-8 mode'],
    ['\\c', 2, '\\c at end of pattern'],
    ['\\N{U+41}', 2, '\\N{U+dddd} is supported only in Unicode (UTF) mode'],
    ['\\p{Foo}', 7, 'unknown property after \\P or \\p'],
    ['(a)\\2', 4, 'reference to non-existent subpattern'],
    ['\\k<n>', 3, 'reference to non-existent subpattern'],
    ['(a)\\g{-2}', 5, 'reference to non-existent subpattern'],
    ['(?<1>a)', 3, 'subpattern name must start with a non-digit'],
    ['(?<n', 4, 'syntax error in subpattern name (missing terminator?)'],
    ['(?<>a)', 3, 'subpattern name expected'],
    ['(?<n>a)(?<n>b)', 12, 'two named subpatterns have the same name (PCRE2_DUPNAMES not set)'],
    ['(?y)', 2, 'unrecognized character after (? or (?-'],
    ['(?i-s-m)', 5, 'invalid hyphen in option setting'],
    ['(?#abc', 6, 'missing ) after (?# comment'],
    ['(*FOO)', 5, '(*VERB) not recognized or malformed'],
    [
      '\\g',
      2,
      '\\g is not followed by a braced, angle-bracketed, or quoted name/number or by a plain number',
    ],
    [
      'a(?R)?b',
      1,
      'recursion and calls of groups, as (?R), (?1), (?&name) and \\g<1>, cannot be translated: write the group again',
      'ours',
    ],
    [
      '(a)(?1)',
      3,
      'recursion and calls of groups, as (?R), (?1), (?&name) and \\g<1>, cannot be translated: write the group again',
      'ours',
    ],
    [
      '(?<n>a)(?&n)',
      7,
      'recursion and calls of groups, as (?R), (?1), (?&name) and \\g<1>, cannot be translated: write the group again',
      'ours',
    ],
    ['(a)?(?(1)b|c)', 4, 'a condition, as (?(1)…|…), cannot be translated: write both branches', 'ours'],
    ['a(*SKIP)b', 1, '(*SKIP…) cannot be translated', 'ours'],
    [
      '(*UCP)a',
      0,
      '(*UCP) cannot be translated: write \\p{L} and \\p{N} where \\w is to mean letters of all alphabets',
      'ours',
    ],
    ['(*CRLF)a', 0, '(*CRLF) cannot be translated: lines end with \\n here', 'ours'],
    ['(*LIMIT_MATCH=5)a', 0, 'there is no limit of steps here, so (*LIMIT_MATCH) cannot be had', 'ours'],
    ['a\\X', 1, '\\X, one character with its accents, cannot be translated', 'ours'],
    ['\\C', 0, '\\C, one byte of a character, cannot be translated', 'ours'],
    ['(?J)a', 2, '(?J), several groups of one name, cannot be translated', 'ours'],
    [
      '(a)?\\1',
      4,
      'group 1 may be unset where it is referred to, which cannot be translated: make sure that it matches before',
      'ours',
    ],
    [
      '(a\\1)',
      2,
      'group 1 may be unset where it is referred to, which cannot be translated: make sure that it matches before',
      'ours',
    ],
    [
      '(?:(a)|b)\\1',
      9,
      'group 1 may be unset where it is referred to, which cannot be translated: make sure that it matches before',
      'ours',
    ],
    [
      '(?<=\\1(a))',
      4,
      'group 1 may be unset where it is referred to, which cannot be translated: make sure that it matches before',
      'ours',
    ],
    [
      'a(?:|b)*',
      1,
      'a loop whose round tries nothing before something, as (|a)*, cannot be translated: put what is longer first',
      'ours',
    ],
    [
      'x(a)(?i:\\1)',
      8,
      'a reference that ignores case in a pattern that does not cannot be translated',
      'ours',
    ],
    [
      'a\\xe9',
      1,
      'a byte above 7f is a part of a character here: write the character itself, or (*UTF8) before a pattern with numbers of characters',
      'ours',
    ],
    [
      '[\\x81-\\xfe]',
      1,
      'a byte above 7f is a part of a character here: write the character itself, or (*UTF8) before a pattern with numbers of characters',
      'ours',
    ],
    ['a{,5}', 1, 'whether this repeats depends on the version of PCRE2: write {0,5} or \\{,5}', 'ours'],
    ['(?C"x")a', 3, 'only callouts with a number, as (?C1), are taken', 'ours'],
  ]

  for (const [source, at, message] of mistakes) {
    it(`${JSON.stringify(source)}: ${message}`, () => {
      assert.deepEqual(translateRegex(source, false), { mistake: message, at })
    })
  }

  it('is called what PCRE2 calls it, and stands where PCRE2 says', { skip: missingPcre2 }, () => {
    for (const [source, at, message, isOurs] of mistakes) {
      if (isOurs === undefined) assert.deepEqual(pcre2(source, false), { message, at }, source)
    }
  })
})
