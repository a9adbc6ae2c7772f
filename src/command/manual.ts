/**
 * The table of options as text.
 *
 *   helpText()     `veille --help`: 80 columns
 *   manual()       `docs/command.md`; a test keeps the file fresh, `scripts/command-manual.ts` writes it
 */

import { GROUPS, type Option } from './options.ts'

const USAGE_LINE = 'veille [options] [folder]'
const COLUMNS = 80
const WORDS_AT = 24
const MANUAL_COLUMNS = 128

export function helpText(): string {
  const groups = GROUPS.map(({ title, options }) => `${title}:\n${options.map(helpEntry).join('')}`)
  return `Usage: ${USAGE_LINE}

Serves a folder as a web site; the current one if none is named.

${groups.join('\n')}
Examples:
  veille site                       the folder "site", on the next free port from 8080 on
  veille --port 80 --no-listing .   port 80 or nothing
  veille --spa dist                 an application that makes its own pages
  veille -l localhost:3000 -l unix:/run/veille.sock

Other commands:
  veille site.conf                  a configuration in nginx's language
  veille explain -c site.conf URL   what that configuration does with a request
  veille evaluate URL               examines any web server from outside
`
}

function helpEntry(option: Option): string {
  const head = `  ${signature(option)}`
  const lines = wrap(option.words, COLUMNS - WORDS_AT).map(line => ' '.repeat(WORDS_AT) + line)
  if (head.length + 2 > WORDS_AT) return `${head}\n${lines.join('\n')}\n`
  return `${head.padEnd(WORDS_AT)}${lines.join('\n').slice(WORDS_AT)}\n`
}

/** `-p, --port <number>`, `--spa[=file]` */
function signature({ long, short, argument, isOptional }: Option): string {
  const name = short === undefined ? long : `${short}, ${long}`
  if (argument === undefined) return name
  return isOptional ? `${name}[=${argument}]` : `${name} <${argument}>`
}

export function wrap(words: string, columns: number): string[] {
  const lines = ['']
  for (const word of words.split(' ')) {
    const line = lines.at(-1)!
    if (line === '') lines[lines.length - 1] = word
    else if (line.length + 1 + word.length <= columns) lines[lines.length - 1] = `${line} ${word}`
    else lines.push(word)
  }
  return lines
}

export function manual(): string {
  const groups = GROUPS.map(({ title, options }) => `### ${title}\n\n${options.map(manualEntry).join('\n')}`)
  return `<!-- Written by scripts/command-manual.ts from src/command/options.ts and manual.ts: change those. -->

# The command \`veille\`

    ${USAGE_LINE}

Serves a folder as a web site; the current one if none is named. What changes in the folder is served as it changes.

## Options

${groups.join('\n')}
${BEHAVIOUR}`
}

function manualEntry(option: Option): string {
  return `- \`${signature(option)}\`  \n  ${wrap(option.words, MANUAL_COLUMNS).join('\n  ')}\n`
}

const BEHAVIOUR = `\
Values follow as \`--port=80\`, \`--port 80\`, \`-p80\` or \`-p 80\`; an optional one only as \`--spa=app.html\`. \`--\` ends the options:
what follows is the folder, also when its name begins with a dash.

## Addresses

Without \`--listen\`, \`--host\` and \`--port\`, veille listens on every address of the machine, IPv6 and IPv4, on port 8080. Where the port
is in use it takes the next free one of the ten behind it and says so. A port that was given, by \`--port\`, \`--listen\` or \`PORT\`, is
taken or refused: then veille says one sentence and exits with 1.

\`--host localhost\` serves this machine only.

The socket file of \`--listen unix:/path\` is removed when veille stops. One that was left by a server that died is replaced; one that
a living server listens on is refused.

A service manager may open the sockets and pass them on, as systemd does (\`LISTEN_FDS\`, \`LISTEN_PID\`; sd_listen_fds(3)). They take the
place of the default address, and are used beside addresses that were given.

## What it writes

On a terminal: a box with the addresses, then one line per request: time, method, status, size, duration, target. Colour is used
on a terminal that is not \`TERM=dumb\`; \`NO_COLOR\` turns it off, \`FORCE_COLOR\` on.

Elsewhere: \`veille: serving FOLDER at URL\`, with the URLs of all addresses separated by a comma and a space, then one line per request
in the form that nginx calls \`combined\`. With \`--json\` one JSON object per line: \`{"event":"start",…}\`, requests, \`{"event":"stop",…}\`.

Warnings and errors go to stderr. When stdout is closed, full, or not read, lines are lost and the server goes on.

## Stopping

Ctrl-C (SIGINT) or SIGTERM: listening stops at once, idle connections are closed, answers that are being sent are finished, with
\`Connection: close\` in those whose head has not left yet; what is still open after \`--grace\` is cut. A second signal ends veille
at once. Two within a tenth of a second count as one: npm passes on the Ctrl-C that the terminal has sent already.

| exit code | means |
|---|---|
| 0 | stopped by SIGINT or SIGTERM, after the answers; or \`--help\`, \`--version\` |
| 1 | what was asked for cannot be done: no such folder, port in use, no permission, another platform |
| 2 | the command line was not understood |
| 130, 143 | ended at once by a second SIGINT or SIGTERM |

SIGHUP and SIGQUIT end it as they end other programs; SIGUSR1 starts Node's debugger.

## Environment

| name | means |
|---|---|
| \`PORT\` | the port, when no option gives one |
| \`NO_COLOR\`, \`FORCE_COLOR\`, \`TERM\` | colour, see above |
| \`LISTEN_FDS\`, \`LISTEN_PID\` | sockets that were passed on |
| \`DISPLAY\`, \`WAYLAND_DISPLAY\` | \`--open\` needs one of them |
`
