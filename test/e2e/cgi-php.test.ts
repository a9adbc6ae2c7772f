/** A small PHP application behind php-cgi: a front controller with routes, PHP's own sessions, a redirect behind a form, and uploads. */

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { type CgiFamily, cgiFamily } from '../cgi-family.ts'
import { missing } from './programs.ts'

const APPLICATION = `<?php
session_start();
$route = $_SERVER['PATH_INFO'] ?? strtok($_SERVER['REQUEST_URI'], '?');
header('Content-Type: text/plain; charset=utf-8');
switch ($_SERVER['REQUEST_METHOD'] . ' ' . $route) {
case 'GET /':
    $_SESSION['visits'] = ($_SESSION['visits'] ?? 0) + 1;
    echo 'visit ', $_SESSION['visits'], ' of ', $_SESSION['user'] ?? 'nobody', ', ', $_GET['q'] ?? '-';
    break;
case 'POST /login':
    session_regenerate_id(true);
    $_SESSION['user'] = $_POST['user'];
    header('Location: /');
    break;
case 'POST /upload':
    $file = $_FILES['file'];
    echo $file['error'], ' ', $file['name'], ' ', hash_file('sha256', $file['tmp_name']), ' ', $_POST['title'];
    break;
case 'POST /raw':
    echo $_SERVER['CONTENT_LENGTH'], ' ', hash_file('sha256', 'php://input');
    break;
case 'GET /fatal':
    none();
default:
    http_response_code(404);
    echo 'no route ', $route;
}
`

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

describe('php-cgi', { skip: missing('php-cgi') }, () => {
  let cgi: CgiFamily
  let url = ''
  before(async () => {
    cgi = await cgiFamily(
      'epoll',
      { 'index.php': APPLICATION, 'style.css': 'css' },
      `cgi .php php-cgi -d upload_max_filesize=64M -d post_max_size=64M -d session.save_path=HTML/../state -d log_errors=1 -d display_errors=0;
       location /index.php/ { }
       location / { try_files $uri /index.php$is_args$args; }`,
    )
    url = `http://127.0.0.1:${cgi.port}`
    mkdirSync(cgi.family.path('state'))
  })
  after(() => cgi[Symbol.asyncDispose]())

  it('runs an application with one program for all routes, beside files', async () => {
    assert.equal(await (await fetch(`${url}/?q=a%20b`)).text(), 'visit 1 of nobody, a b')
    assert.equal(await (await fetch(`${url}/style.css`)).text(), 'css')
    const none = await fetch(`${url}/none/of/these`)
    assert.deepEqual([none.status, await none.text()], [404, 'no route /none/of/these'])
    assert.equal(await (await fetch(`${url}/index.php/none`)).text(), 'no route /none')
    const head = await fetch(`${url}/`, { method: 'HEAD' })
    assert.equal(head.status, 404, 'the application has no route for it')
  })

  it('keeps its sessions', async () => {
    const first = await fetch(url)
    const cookie = first.headers.getSetCookie()[0]!.split(';')[0]!
    assert.equal(await first.text(), 'visit 1 of nobody, -')
    const login = await fetch(`${url}/login`, {
      method: 'POST',
      body: new URLSearchParams({ user: 'Zoé' }),
      headers: { Cookie: cookie },
      redirect: 'manual',
    })
    assert.deepEqual([login.status, login.headers.get('location')], [302, '/'])
    const renewed = login.headers.getSetCookie().at(-1)!.split(';')[0]!
    const text = await (await fetch(url, { headers: { Cookie: renewed } })).text()
    assert.equal(text, 'visit 2 of Zoé, -')
  })

  it('takes uploads of a form, and content whose length nobody has told', async () => {
    const bytes = Buffer.alloc(20_000_000)
    for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 31 + (i >> 8)) & 0xff
    const form = new FormData()
    form.append('title', 'a "title"')
    form.append('file', new Blob([bytes]), 'bird.bin')
    const answer = await fetch(`${url}/upload`, { method: 'POST', body: form })
    assert.equal(await answer.text(), `0 bird.bin ${sha256(bytes)} a "title"`)
    const raw = await fetch(`${url}/raw`, {
      method: 'POST',
      body: new Blob([bytes]).stream(),
      duplex: 'half',
    } as RequestInit)
    assert.equal(await raw.text(), `${bytes.length} ${sha256(bytes)}`)
  })

  it('has its mistakes in the log', async () => {
    assert.equal((await fetch(`${url}/fatal`)).status, 500)
    await cgi.family.says(
      /wrote to stderr: "PHP Fatal error: {2}Uncaught Error: Call to undefined function none\(\)/,
    )
    await cgi.isQuiet()
  })
})
