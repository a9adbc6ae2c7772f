/**
 * The directives of CGI: what stands in a configuration, as rows. What they do is in `cgi.ts`.
 *
 *   cgiTable            the rows
 *   CgiHandler          one line of `cgi`
 *   CgiProgram          a program and its arguments, perhaps with variables
 */

import {
  type Call,
  count,
  custom,
  duration,
  flag,
  listOf,
  oneOf,
  type SettingsOf,
} from '../config/directive.ts'
import type { Template } from '../config/template.ts'

export interface CgiProgram {
  readonly program: Template
  readonly args: readonly Template[]
}

export interface CgiHandler {
  /** With its dot; null for `off`. */
  readonly extension: string | null
  /** null: the file is a program itself. */
  readonly program: CgiProgram | null
}

export interface CgiParam {
  readonly name: string
  readonly value: Template
  readonly ifNotEmpty: boolean
}

const EVERYWHERE = ['http', 'server', 'location', 'if in location']

export const cgiTable = {
  cgi: listOf<CgiHandler>({
    in: EVERYWHERE,
    syntax: ['.extension [program [argument ...]]', 'off'],
    takes: [1, Number.POSITIVE_INFINITY],
    default: 'off',
    doc: 'Files whose name ends like this are run as CGI programs (RFC 3875): by the program that is named, which gets its arguments and then the name of the file, or by themselves. They run in their own directory. What a path holds behind the file is PATH_INFO. A program without a slash is looked for in /usr/local/bin, /usr/bin and /bin; a relative one counts from the prefix. The line may be repeated. In a block it replaces those of the block outside; what is inherited goes before whatever else a location does with the path, except for `dav_methods`. nginx does not have it.',
    read: readHandler,
  }),
  cgi_pass: custom<CgiProgram | null>({
    in: ['location', 'if in location'],
    syntax: 'program [argument ...]',
    takes: [1, Number.POSITIVE_INFINITY],
    initial: null,
    isInherited: false,
    doc: 'All that is asked for in the location is answered by this CGI program, whatever its name ends in. It gets its arguments and then the name of the file that the path stands for; with `cgi_pass $request_filename;` the file itself runs.',
    read: call => readProgram(call, 0),
  }),
  cgi_param: listOf<CgiParam>({
    in: EVERYWHERE,
    syntax: 'name value [if_not_empty]',
    takes: [2, 3],
    default: null,
    doc: 'A variable of the environment of programs, beside those of RFC 3875, or in place of one of them. With `if_not_empty` a value that comes out empty changes nothing. The lines of a block replace those of the block outside.',
    read: readParam,
  }),
  cgi_path_info: oneOf(['rfc', 'full'], {
    in: EVERYWHERE,
    initial: 'rfc',
    doc: 'What PATH_INFO holds: `rfc` what follows the program in the path, as RFC 3875 §4.1.5 has it, or `full` the whole path.',
  }),
  cgi_script_must_exist: flag({
    in: EVERYWHERE,
    initial: true,
    doc: 'A file that is not there is answered with 404. off: the program that is named for it runs all the same, and decides what there is, unless the path goes through a file.',
  }),
  cgi_timeout: duration({
    in: EVERYWHERE,
    initial: 60_000,
    default: '60s',
    doc: 'How long a program may be silent: neither give output, nor take what it is sent. Then it is ended, and the client gets 504, or a cut when the answer had begun. Time in which it waits for the client, or the client for itself, does not count.',
  }),
  cgi_kill_grace: duration({
    in: EVERYWHERE,
    initial: 5000,
    default: '5s',
    doc: 'How long a program may go on after its answer is over; then it gets SIGTERM, and after the same time again SIGKILL. A program whose client has gone, or whose time is up, gets SIGTERM at once. Signals go to its whole process group.',
  }),
  cgi_processes: count({
    in: EVERYWHERE,
    initial: 64,
    least: 1,
    most: 32_768,
    doc: 'How many programs run at the same time, in each worker, for all places for which the same line holds. Further requests wait in a queue; see `cgi_queue_timeout`.',
  }),
  cgi_queue_timeout: duration({
    in: EVERYWHERE,
    initial: 60_000,
    default: '60s',
    doc: 'How long a request waits until one of the programs that run has ended; then it is answered with 503. 0: it does not wait.',
  }),
  cgi_request_buffering: flag({
    in: EVERYWHERE,
    initial: true,
    doc: 'The content of a request is received as a whole (see `client_body_buffer_size`) before the program starts, so CONTENT_LENGTH is known in any case, and a slow client holds no process. off: the program starts at once and gets the content as it comes; of content that is sent in chunks there is then no CONTENT_LENGTH, and its end is the end of stdin.',
  }),
  cgi_intercept_errors: flag({
    in: EVERYWHERE,
    initial: false,
    doc: 'An answer with a status of 300 or more is replaced by the page that `error_page` has for it, where it has one.',
  }),
  cgi_hide_header: listOf<string>({
    in: EVERYWHERE,
    syntax: 'field',
    takes: [1, 1],
    default: null,
    doc: 'A field of programs’ answers that the client does not get, beside Date, Server, those of the connection and X-Accel-….',
    read: call => call.text(0).toLowerCase(),
  }),
  cgi_ignore_client_abort: flag({
    in: EVERYWHERE,
    initial: false,
    doc: 'A program may come to its end when its client has gone. off: it is ended.',
  }),
}

export type CgiSettings = SettingsOf<typeof cgiTable>

function readHandler(call: Call): CgiHandler | undefined {
  const extension = call.text(0)
  if (extension === 'off') {
    if (call.args.length === 1) return { extension: null, program: null }
    return call.fail(1, 'invalid number of arguments in "cgi" directive', '"cgi off" stands alone')
  }
  if (!/^\.[^/\s]+$/.test(extension)) {
    const expected = /^\w+$/.test(extension)
      ? `an extension begins with its dot: ".${extension}"`
      : 'expected an extension with its dot, such as .py, and perhaps the program that runs such files, or off'
    return call.fail(0, `invalid extension "${extension}"`, expected)
  }
  if (call.args.length === 1) return { extension, program: null }
  const program = readProgram(call, 1)
  return program === undefined ? undefined : { extension, program }
}

function readProgram(call: Call, index: number): CgiProgram | undefined {
  if (call.text(index) === '')
    return call.fail(index, 'empty program name', 'expected a program, such as /usr/bin/python3')
  const [program, ...args] = call.args.slice(index).map(word => call.templateOf(word))
  return { program: program!, args }
}

function readParam(call: Call): CgiParam | undefined {
  const name = call.text(0)
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    return call.fail(
      0,
      `invalid name "${name}"`,
      'a variable is made of letters, digits and "_", such as APP_ENV',
    )
  const last = call.text(2)
  if (call.args.length === 3 && last !== 'if_not_empty')
    return call.fail(
      2,
      `invalid parameter "${last}"`,
      'the only word that may follow the value is if_not_empty',
    )
  return { name, value: call.template(1), ifNotEmpty: call.args.length === 3 }
}
