import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isStoredName, numberedName, safeName } from './safe-name.ts'

describe('a safe name', () => {
  for (const [name, safe] of [
    ['a.txt', 'a.txt'],
    ['two words.txt', 'two words.txt'],
    ['../../etc/passwd', 'passwd'],
    ['/etc/passwd', 'passwd'],
    ['C:\\dir\\a.txt', 'a.txt'],
    ['a/', ''],
    ['..', ''],
    ['.', ''],
    ['', ''],
    ['   ', ''],
    ['.htaccess', 'htaccess'],
    ['...a', 'a'],
    [' . .a', 'a'],
    ['a.php\0.jpg', 'a.php_.jpg'],
    ['a\r\nb', 'a__b'],
    ['a\x1b[31m', 'a_[31m'],
    ['\u202egpj.exe', '_gpj.exe'],
    ['a\ud800b', 'a_b'],
    ['e\u0301.txt', '\u00e9.txt'],
    ['\u8336 \ud83c\udf75.txt', '\u8336 \ud83c\udf75.txt'],
    ['-rf', '-rf'],
    ['a<b>"c"&d\'e', 'a<b>"c"&d\'e'],
  ] as const) {
    it(`of ${JSON.stringify(name)} is ${JSON.stringify(safe)}`, () => {
      assert.equal(safeName(name), safe)
      assert.equal(safeName(safe), safe)
      assert.equal(isStoredName(safe), safe !== '')
      assert.equal(isStoredName(name), safe !== '' && safe === name)
    })
  }

  it('is short enough for a file system, with its ending', () => {
    assert.equal(safeName(`${'x'.repeat(300)}.tar.gz`), `${'x'.repeat(233)}.tar.gz`)
    assert.equal(Buffer.byteLength(safeName('茶'.repeat(300))), 240)
    assert.equal(safeName(`a.${'x'.repeat(300)}`).length, 240)
    for (const name of [
      '😀'.repeat(100),
      `${'é'.repeat(200)}.jpg`,
      `${' '.repeat(300)}.`,
      `x${' '.repeat(300)}.a`,
    ]) {
      const safe = safeName(name)
      assert.ok(Buffer.byteLength(safe) <= 240)
      assert.equal(safeName(safe), safe)
    }
  })
})

describe('a numbered name', () => {
  for (const [name, numbered] of [
    ['photo.jpg', 'photo-1.jpg'],
    ['a', 'a-1'],
    ['a.tar.gz', 'a-1.tar.gz'],
    ['a.b c', 'a.b c-1'],
    ['a.', 'a.-1'],
  ] as const) {
    it(`of ${name} is ${numbered}`, () => assert.equal(numberedName(name, 1), numbered))
  }

  it('is one of those that are stored, also when it is longer than they are', () => {
    const name = numberedName(safeName(`${'x'.repeat(300)}.txt`), 1000)
    assert.ok(isStoredName(name))
    assert.ok(!isStoredName(`${name}${'x'.repeat(20)}`))
  })
})
