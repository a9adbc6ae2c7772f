/** A real php-fpm behind veille and, where it is there, behind nginx: what it says comes through, whole and at flat memory. */

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { get, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type Fpm, missingFpm, startFpm } from '../php-fpm.ts'
import { type OneServer, oneServer, type TwoServers, twoServers } from '../two-servers.ts'
import { missing } from './programs.ts'

const folder = mkdtempSync(join(tmpdir(), 'veille-php-fpm-'))
chmodSync(folder, 0o755)
after(() => rmSync(folder, { recursive: true }))

const PAGES: Readonly<Record<string, string>> = {
  'info.php': `<?php header('Content-Type: text/plain'); $own = ['SERVER_SOFTWARE', 'REMOTE_PORT', 'SERVER_PORT', 'REQUEST_TIME',
    'REQUEST_TIME_FLOAT', 'SERVER_ADDR']; ksort($_SERVER);
    foreach ($_SERVER as $name => $value) if (!in_array($name, $own) && is_string($value)) echo "$name=$value\\n";
    foreach ([$_GET, $_POST, $_COOKIE] as $some) echo json_encode($some), "\\n"; echo strlen(file_get_contents('php://input')), "\\n";`,
  'status.php': `<?php http_response_code((int)$_GET['s']); header('X-A: 1'); echo 'own';`,
  'go.php': `<?php header('Location: /info.php?x=1');`,
  'cookies.php': `<?php setcookie('a', '1'); setcookie('b', '2'); header('Content-Length: 2'); echo 'ok';`,
  'accel.php': `<?php header('X-Accel-Redirect: /inner/file.txt'); header('Content-Type: text/x-own');`,
  'fatal.php': `<?php none();`,
  'warn.php': `<?php error_log('one'); echo 'ok'; error_log("two\\nlines");`,
  'upload.php': `<?php foreach ($_FILES as $name => $f) echo $name, ' ', $f['name'], ' ', $f['size'], ' ', hash_file('sha256', $f['tmp_name']), "\\n";`,
  'hash.php': `<?php echo hash_file('sha256', 'php://input'), ' ', $_SERVER['CONTENT_LENGTH'];`,
  'big.php': `<?php $b = str_repeat('0123456789abcdef', 4096); for ($i = 0; $i < (int)$_GET['n']; $i++) { echo $b; flush(); }`,
  'die.php': `<?php echo str_repeat('x', 10000); flush(); exec('kill -9 ' . getmypid());`,
  'pid.php': `<?php echo getmypid();`,
}

function http(socket: string, more = ''): string {
  return `http {
    types { text/plain txt; }
    client_max_body_size 0;
    server {
      listen 127.0.0.1:PORT; server_name site.test; root ${folder}/site; index index.php;
      location ~ ^(.+\\.php)(/.*)?$ {
        fastcgi_split_path_info ^(.+\\.php)(/.*)?$;
        include ${folder}/params; fastcgi_param PATH_INFO $fastcgi_path_info;
        fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name; fastcgi_pass unix:${socket}; ${more}
      }
      location /inner/ { internal; root ${folder}/site; }
    }
  }`
}

/** As Debian's fastcgi_params. */
const PARAMS = [
  'QUERY_STRING $query_string',
  'REQUEST_METHOD $request_method',
  'CONTENT_TYPE $content_type',
  'CONTENT_LENGTH $content_length',
  'SCRIPT_NAME $fastcgi_script_name',
  'REQUEST_URI $request_uri',
  'DOCUMENT_URI $document_uri',
  'DOCUMENT_ROOT $document_root',
  'SERVER_PROTOCOL $server_protocol',
  'REQUEST_SCHEME $scheme',
  'HTTPS $https if_not_empty',
  'GATEWAY_INTERFACE CGI/1.1',
  'SERVER_SOFTWARE nginx/$nginx_version',
  'REMOTE_ADDR $remote_addr',
  'REMOTE_PORT $remote_port',
  'SERVER_ADDR $server_addr',
  'SERVER_PORT $server_port',
  'SERVER_NAME $server_name',
  'REDIRECT_STATUS 200',
]

describe('php-fpm', { skip: missingFpm() }, () => {
  let fpm: Fpm

  before(async () => {
    mkdirSync(join(folder, 'site/inner'), { recursive: true })
    for (const [name, text] of Object.entries(PAGES)) writeFileSync(join(folder, 'site', name), text)
    writeFileSync(join(folder, 'site/inner/file.txt'), 'a file')
    writeFileSync(join(folder, 'params'), PARAMS.map(line => `fastcgi_param ${line};\n`).join(''))
    fpm = await startFpm(folder)
  })

  after(() => fpm?.close())

  describe('beside nginx', { skip: missing('nginx') }, () => {
    let servers: TwoServers

    before(async () => {
      servers = await twoServers(folder, http(fpm.socket))
    })

    after(() => servers?.close())

    async function same(head: string, content = ''): Promise<string> {
      const lines = [`${head} HTTP/1.1`, 'Host: site.test', 'Cookie: a=1; b=2']
      if (content !== '')
        lines.push(`Content-Length: ${content.length}`, 'Content-Type: application/x-www-form-urlencoded')
      const { nginx, veille } = await servers.ask(`${lines.join('\r\n')}\r\n\r\n${content}`)
      assert.deepEqual(veille, nginx, head)
      return veille!.content
    }

    it('is told the same, and its answers are the same', async () => {
      for (const path of [
        '/info.php',
        '/info.php/a%20b/c?x=1&y=%20',
        '/info.php?',
        '/go.php',
        '/cookies.php',
        '/accel.php',
      ])
        await same(`GET ${path}`)
      await same('POST /info.php', 'a=1&b=%20')
      await same('HEAD /info.php')
      for (const status of [200, 201, 204, 304, 404, 500]) await same(`GET /status.php?s=${status}`)
      await same('GET /none.php')
      await same('GET /fatal.php')
    })
  })

  describe('behind veille', () => {
    let server: OneServer

    before(async () => {
      server = await oneServer('veille', folder, http(fpm.socket, 'fastcgi_keep_conn on;'))
    })

    after(() => server?.close())

    const errors = (): string => readFileSync(join(folder, 'logs/veille.log'), 'latin1')

    it('writes to the error log', async () => {
      assert.equal(await text(server.port, '/warn.php'), 'ok')
      await text(server.port, '/none.php')
      assert.match(errors(), /FastCGI sent in stderr: "PHP message: one" while reading/)
      assert.match(errors(), /FastCGI sent in stderr: ".*PHP message: two \| lines" while reading/)
      assert.match(
        errors(),
        /FastCGI sent in stderr: "Primary script unknown" while reading response header from upstream/,
      )
    })

    it('takes an upload of a form, and content in chunks', async () => {
      const file = Buffer.alloc(5_000_000, 'upload')
      const head = '--b\r\nContent-Disposition: form-data; name="f"; filename="a.bin"\r\n\r\n'
      const form = Buffer.concat([Buffer.from(head), file, Buffer.from('\r\n--b--\r\n')])
      const fields = {
        'Content-Type': 'multipart/form-data; boundary=b',
        'Content-Length': String(form.length),
      }
      assert.equal(
        await post(server.port, '/upload.php', fields, [form]),
        `f a.bin 5000000 ${sha256(file)}\n`,
      )
      const pieces = Array.from({ length: 50 }, (_, i) => Buffer.alloc(40_000, String(i)))
      const whole = Buffer.concat(pieces)
      const chunked = { 'Transfer-Encoding': 'chunked', 'Content-Type': 'a/b' }
      assert.equal(await post(server.port, '/hash.php', chunked, pieces), `${sha256(whole)} ${whole.length}`)
    })

    it('takes and gives what is much larger than the memory that it costs', async () => {
      const most = (): number =>
        Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))![1])
      await text(server.port, '/pid.php')
      const before = most()
      const piece = Buffer.alloc(1024 * 1024, 'p')
      const hash = createHash('sha256')
      for (let i = 0; i < 100; i++) hash.update(piece)
      const fields = { 'Content-Type': 'a/b', 'Content-Length': String(100 * piece.length) }
      const given = await post(
        server.port,
        '/hash.php',
        fields,
        Array.from({ length: 100 }, () => piece),
      )
      assert.equal(given, `${hash.digest('hex')} ${100 * piece.length}`)
      await digest(server.port, '/big.php?n=3200')
      assert.ok(most() - before < 64 * 1024, `${most() - before} kB more for 100 MB in and 200 MB out`)
    })

    it('gives an answer of any size', async () => {
      const hash = createHash('sha256')
      const block = '0123456789abcdef'.repeat(4096)
      for (let i = 0; i < 800; i++) hash.update(block)
      assert.equal(await digest(server.port, '/big.php?n=800'), hash.digest('hex'))
    })

    it('that dies in its answer cuts it, and the next request is answered', async () => {
      await assert.rejects(text(server.port, '/die.php'))
      assert.match(await text(server.port, '/pid.php'), /^\d+$/)
    })

    it('keeps its connections for the next request', async () => {
      const pids = new Set<string>()
      for (let i = 0; i < 6; i++) pids.add(await text(server.port, '/pid.php'))
      assert.equal(pids.size, 1)
    })
  })
})

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function text(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ port, path, agent: false }, response => {
      let found = ''
      response.setEncoding('latin1').on('data', some => {
        found += some
      })
      response.on('end', () => resolve(found))
      response.on('error', reject)
    }).on('error', reject)
  })
}

function digest(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ port, path, agent: false }, response => {
      const hash = createHash('sha256')
      response.on('data', some => hash.update(some))
      response.on('end', () => resolve(hash.digest('hex')))
      response.on('error', reject)
    }).on('error', reject)
  })
}

function post(
  port: number,
  path: string,
  headers: Record<string, string>,
  pieces: readonly Buffer[],
): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ port, path, headers, method: 'POST', agent: false }, response => {
      let found = ''
      response.setEncoding('latin1').on('data', some => {
        found += some
      })
      response.on('end', () => resolve(found))
    })
    asked.on('error', reject)
    for (const piece of pieces) asked.write(piece)
    asked.end()
  })
}
