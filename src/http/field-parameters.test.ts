import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { boundaryOf, fileNameOf, parametersOf } from './field-parameters.ts'

function reads(text: string, value: string, parameters: Readonly<Record<string, string>>): void {
  const found = parametersOf(text)
  assert.notEqual(found, null, text)
  assert.equal(found!.value, value)
  assert.deepEqual(Object.fromEntries(found!.parameters), parameters)
}

describe('a value with parameters', () => {
  it('is read', () => {
    reads('form-data', 'form-data', {})
    reads('Form-Data; Name=a', 'form-data', { name: 'a' })
    reads('text/plain;charset=utf-8', 'text/plain', { charset: 'utf-8' })
    reads(' form-data ; name=""', 'form-data', { name: '' })
    reads('a; b="c;d"; e=f', 'a', { b: 'c;d', e: 'f' })
    reads('a; b="c";', 'a', { b: 'c' })
    reads('a;; b=c', 'a', { b: 'c' })
    reads('a; b=', 'a', { b: '' })
  })

  it('has quotes and backslashes within quotes', () => {
    reads('a; b="\\"c\\""', 'a', { b: '"c"' })
    reads('a; b="c\\\\d"', 'a', { b: 'c\\d' })
    reads('a; b="C:\\dir\\f.txt"', 'a', { b: 'C:\\dir\\f.txt' })
  })

  it('is none when it says something twice, or is not written like that', () => {
    for (const text of [
      '',
      ';a=b',
      'a b',
      'a; b',
      'a; b=c d',
      'a; b="c',
      'a; b=c; B=d',
      'a; b="c"d',
      'a, b',
    ]) {
      assert.equal(parametersOf(text), null, text)
    }
  })
})

describe('the name of a file', () => {
  const nameIn = (text: string, isForm: boolean): string | null =>
    fileNameOf(parametersOf(text)!.parameters, isForm)

  it('is UTF-8 where it can be', () => {
    assert.equal(nameIn('form-data; filename="\xc3\xa9.txt"', true), 'é.txt')
    assert.equal(nameIn('form-data; filename="\xe9.txt"', true), '\xe9.txt')
  })

  it('of a form has three characters escaped', () => {
    assert.equal(nameIn('form-data; filename="a%22b%0d%0Ac%41"', true), 'a"b\r\nc%41')
    assert.equal(nameIn("form-data; filename=a; filename*=utf-8''b", true), 'a')
    assert.equal(nameIn("form-data; filename*=utf-8''b", true), null)
  })

  it('of a whole content may be the extended one', () => {
    assert.equal(nameIn("attachment; filename=a; filename*=UTF-8'fr'%c3%a9%20b", false), 'é b')
    assert.equal(nameIn("attachment; filename*=iso-8859-1''%e9", false), 'é')
    assert.equal(nameIn("attachment; filename=a; filename*=utf-16''b", false), 'a')
    assert.equal(nameIn("attachment; filename=a; filename*=utf-8''%4", false), 'a')
    assert.equal(nameIn('attachment', false), null)
  })
})

describe('the boundary of a form', () => {
  it('is named by the content type', () => {
    assert.equal(boundaryOf('multipart/form-data; boundary=abc'), 'abc')
    assert.equal(boundaryOf('Multipart/Form-Data; charset=utf-8; boundary="a b:c"'), 'a b:c')
  })

  it('is missing where there is no form', () => {
    assert.equal(boundaryOf(null), null)
    assert.equal(boundaryOf('text/plain; boundary=abc'), null)
    assert.equal(boundaryOf('multipart/mixed; boundary=abc'), null)
    assert.equal(boundaryOf('multipart/form-datax; boundary=abc'), null)
  })

  it('is none when it has other characters, or too many', () => {
    for (const text of [
      '',
      '; boundary=',
      '; boundary="a "',
      '; boundary="a;b"',
      '; boundary="a\tb"',
      '; boundary="a',
    ]) {
      assert.equal(boundaryOf(`multipart/form-data${text}`), '')
    }
    assert.equal(boundaryOf(`multipart/form-data; boundary=${'x'.repeat(71)}`), '')
    assert.equal(boundaryOf(`multipart/form-data; boundary=${'x'.repeat(70)}`), 'x'.repeat(70))
  })
})
