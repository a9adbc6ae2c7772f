import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FEATURES } from '../modules/features.ts'
import { detailsText, usageText, versionLine } from './nginx-version.ts'

const VERSION = /^nginx version: nginx\/\d+\.\d+\.\d+ \(veille \d+\.\d+\.\d+\)$/

function configureArguments(): string[] {
  const [, words] = /^configure arguments: (.*)$/m.exec(detailsText())!
  return words!.split(' ')
}

describe('what -v, -V and -h say', () => {
  it('begins with the version, where programs look for it', () => {
    assert.match(versionLine(), new RegExp(`${VERSION.source.slice(0, -1)}\\n$`))
    assert.ok(detailsText().startsWith(versionLine()))
    assert.ok(usageText().startsWith(versionLine()))
  })

  it('tells of modules what is so', () => {
    const there = new Set(FEATURES.flatMap(({ nginxModules }) => nginxModules))
    let modules = 0
    for (const argument of configureArguments()) {
      const [, which, name] = /^--(with|without)-(http_\w+_module)$/.exec(argument) ?? []
      if (name === undefined) continue
      modules++
      assert.equal(there.has(`ngx_${name}`), which === 'with', argument)
    }
    assert.ok(modules > 10)
  })

  it('has the words of configure, each once', () => {
    const all = configureArguments()
    assert.equal(new Set(all).size, all.length)
    for (const argument of all) assert.match(argument, /^--[a-z][\w-]*(=\S+)?$/)
    for (const name of ['prefix', 'conf-path', 'error-log-path', 'http-log-path', 'pid-path'])
      assert.ok(
        all.some(argument => argument.startsWith(`--${name}=/`)),
        name,
      )
  })

  it('tells what was found in this Node', () => {
    assert.match(detailsText(), new RegExp(`^found in this process: Node ${process.versions.node}, `, 'm'))
    assert.match(detailsText(), new RegExp(`^built with OpenSSL ${process.versions.openssl}$`, 'm'))
  })

  it('explains every letter', () => {
    const text = usageText()
    for (const letter of '?hvVtTqspecg')
      assert.match(text, new RegExp(`^ {2}(-.,)?-${letter === '?' ? '\\?' : letter}\\b|-\\?,-h`, 'm'))
    for (const line of text.split('\n')) assert.ok(line.length <= 100, line)
  })
})
