import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Mistake } from './mistake.ts'
import { isNginx, type NginxArguments, readNginxArguments } from './nginx-arguments.ts'

const NOTHING: NginxArguments = {
  help: false,
  version: false,
  details: false,
  test: false,
  dump: false,
  quiet: false,
  prefix: null,
  configuration: null,
  globals: null,
  errorLog: null,
  signal: null,
}

function reads(args: string, expected: Partial<NginxArguments>): void {
  assert.deepEqual(readNginxArguments(args === '' ? [] : args.split(' ')), { ...NOTHING, ...expected }, args)
}

function refuses(args: string, words: string): void {
  assert.throws(
    () => readNginxArguments(args.split(' ')),
    (error: Error) => error instanceof Mistake && error.message === words,
    args,
  )
}

describe("nginx's command line", () => {
  it('has letters, alone or together', () => {
    reads('', {})
    reads('-', {})
    reads('-?', { help: true })
    reads('-h', { help: true })
    reads('-v', { version: true })
    reads('-V', { details: true })
    reads('-t', { test: true })
    reads('-T', { test: true, dump: true })
    reads('-tq', { test: true, quiet: true })
    reads('-q -t', { test: true, quiet: true })
  })

  it('has values, behind their letter or as the next word; the last one holds', () => {
    reads('-c /a.conf', { configuration: '/a.conf' })
    reads('-c/a.conf', { configuration: '/a.conf' })
    reads('-tc /a.conf', { test: true, configuration: '/a.conf' })
    reads('-tc/a.conf', { test: true, configuration: '/a.conf' })
    reads('-c a -c b', { configuration: 'b' })
    reads('-p /srv', { prefix: '/srv' })
    reads('-e stderr', { errorLog: 'stderr' })
    reads('-g pid;', { globals: 'pid;' })
    reads('-c -t', { configuration: '-t' })
    for (const signal of ['stop', 'quit', 'reopen', 'reload'] as const) {
      reads(`-s ${signal}`, { signal })
      reads(`-s${signal}`, { signal })
    }
  })

  it('is refused in the words of nginx', () => {
    refuses('foo', 'invalid option: "foo"')
    refuses('-t foo', 'invalid option: "foo"')
    refuses('-x', 'invalid option: "x"')
    refuses('-tx', 'invalid option: "x"')
    refuses('--help', 'invalid option: "-"')
    refuses('-s foo', 'invalid option: "-s foo"')
    refuses('-s=stop', 'invalid option: "-s =stop"')
    refuses('-s', 'option "-s" requires parameter')
    refuses('-g', 'option "-g" requires parameter')
    refuses('-c', 'option "-c" requires file name')
    refuses('-e', 'option "-e" requires file name')
    refuses('-p', 'option "-p" requires directory name')
  })
})

describe('nginx is meant', () => {
  it('by its name, whatever follows', () => {
    assert.ok(isNginx('nginx', []))
    assert.ok(isNginx('nginx', ['-p', '8080']))
  })

  it('by options that the folder command does not have', () => {
    for (const args of [
      '-t',
      '-T',
      '-q',
      '-V',
      '-?',
      '-tq',
      '-qt',
      '-c x',
      '-c/x',
      '-g x',
      '-e x',
      '-s stop',
      '-p /srv -t',
    ])
      assert.ok(isNginx('veille', args.split(' ')), args)
  })

  it('not by those that it has, nor behind "--"', () => {
    for (const args of ['', 'folder', '-p 8080', '-v', '-h', '--help', '--port 80', '-- -t'])
      assert.ok(!isNginx('veille', args.split(' ')), args)
  })
})
