/**
 * What configurations answer: pieces of a server block, requests, and what comes back. Data, so that the same table is asked of our own
 * modules without a socket and of nginx, where that is installed.
 *
 *   ANSWER_GROUPS
 *
 * An answer is `[request, status, content]` or `[request, status, { … }]`. A request is `GET /path` and perhaps field lines. Status 0:
 * the connection is closed without an answer. What is not said is not compared. The server listens on port 8080 of 127.0.0.1, its
 * names are localhost and second.test; DIR stands for a directory with the file `file` in it, and with nothing named `none`.
 */

import { ROUTING_GROUPS } from './routing-cases.ts'

export interface Expected {
  readonly body?: string
  /** Content-Type. */
  readonly type?: string | null
  readonly location?: string | null
  /** Where nginx 1.22 answers otherwise: what, and a comment beside it why. */
  readonly nginx?: {
    readonly status?: number
    readonly body?: string
    readonly location?: string
    readonly type?: string | null
  }
}

export type Answer = readonly [request: string, status: number, expected?: string | Expected]

export interface AnswerGroup {
  readonly title: string
  /** Beside the server, in `http`, where the groups are all together. */
  readonly http?: string
  readonly server: string
  readonly answers: readonly Answer[]
}

const returns: AnswerGroup = {
  title: 'return',
  server: `
    location /none { return 200; }
    location /text { return 200 "Hello, World!"; }
    location = /page.html { return 200 "<p>"; }
    location = /style.css { default_type text/x-default; return 200 "p{}"; }
    location = /typed { default_type text/css; return 200 "p{}"; }
    location = /typeless { default_type ""; return 200 "?"; }
    location /variable { return 200 "$uri|$args|$arg_a"; }
    location /utf8 { return 200 "é $arg_a"; }
    location /created { return 201 made; }
    location /empty { return 204; }
    location /empty-text { return 204 text; }
    location /unmodified { return 304; }
    location /odd { return 299 odd; }
    location /choices { return 300 choices; }
    location /not-found { return 404; }
    location /not-found-empty { return 404 ""; }
    location /not-found-text { return 404 "nothing here"; }
    location /teapot { return 418 teapot; }
    location /broken { return 500; }
    location /custom { return 999 custom; }
    location /zeros { return 0200 zeros; }
    location /silent { return 444; }
    location /silent-text { return 444 "not so silent"; }
    location /timeout { return 408; }
    location /timeout-text { return 408 late; }
    location /left { return 499; }
    location /too-large-head { return 494; }
    location /plain-to-tls { return 497; }
    location /sequence { return 200 first; return 200 second; }
  `,
  answers: [
    ['GET /none', 200, { body: '', type: 'text/plain' }],
    ['GET /text', 200, { body: 'Hello, World!', type: 'text/plain' }],
    ['HEAD /text', 200, { body: '', type: 'text/plain' }],
    ['POST /text', 200, 'Hello, World!'],
    ['DELETE /text', 200, 'Hello, World!'],
    ['GET /page.html', 200, { body: '<p>', type: 'text/html' }],
    ['GET /style.css', 200, { body: 'p{}', type: 'text/x-default' }],
    ['GET /typed', 200, { body: 'p{}', type: 'text/css' }],
    ['GET /typeless', 200, { body: '?', type: null }],
    ['GET /variable/a%20b?a=1&b', 200, '/variable/a b|a=1&b|1'],
    ['GET /utf8/?a=%C3%A9', 200, 'é %C3%A9'],
    ['GET /created', 201, { body: 'made', type: 'text/plain' }],
    ['GET /empty', 204, { body: '', type: null }],
    ['GET /empty-text', 204, { body: '', type: null }],
    ['GET /unmodified', 304, { body: '', type: 'text/plain' }],
    ['GET /odd', 299, 'odd'],
    ['GET /choices', 300, { body: 'choices', location: null }],
    ['GET /not-found', 404, { type: 'text/html' }],
    ['GET /not-found-empty', 404, { type: 'text/html' }],
    ['GET /not-found-text', 404, { body: 'nothing here', type: 'text/plain' }],
    ['GET /teapot', 418, 'teapot'],
    ['GET /broken', 500, { type: 'text/html' }],
    ['GET /custom', 999, 'custom'],
    ['GET /zeros', 200, 'zeros'],
    ['GET /silent', 0],
    ['GET /silent-text', 444, 'not so silent'],
    ['GET /timeout', 0],
    ['GET /timeout-text', 408, 'late'],
    ['GET /left', 0],
    ['GET /too-large-head', 400, { type: 'text/html' }],
    ['GET /plain-to-tls', 400, { type: 'text/html' }],
    ['GET /sequence', 200, 'first'],
  ],
}

const redirects: AnswerGroup = {
  title: 'return that redirects',
  server: `
    location /url { return https://b.test$request_uri; }
    location /scheme { return $scheme://$host/x; }
    location /301 { return 301 /new; }
    location /302 { return 302 /new; }
    location /303 { return 303 /new; }
    location /307 { return 307 /new; }
    location /308 { return 308 https://b.test/new; }
    location /relative { return 301 new; }
    location /query { return 302 ?a=b; }
    location /nothing { return 301; }
    location /empty { return 301 $arg_none; }
    location /decoded { return 302 https://$host$uri; }
    location /ours { return 302 $uri/; }
    location /no-port { port_in_redirect off; return 301 /new; }
    location /relative-path { absolute_redirect off; return 301 /new; }
    location /own-name { server_name_in_redirect on; return 301 /new; }
    location /other-host { absolute_redirect off; return 301 //b.test/new; }
  `,
  answers: [
    ['GET /url/a%20b?c', 302, { location: 'https://b.test/url/a%20b?c' }],
    ['GET /scheme', 302, { location: 'http://localhost/x' }],
    ['GET /301', 301, { location: 'http://localhost:8080/new', type: 'text/html' }],
    ['HEAD /301', 301, { location: 'http://localhost:8080/new', body: '' }],
    ['POST /302', 302, { location: 'http://localhost:8080/new' }],
    ['GET /303', 303, { location: 'http://localhost:8080/new' }],
    ['GET /307', 307, { location: 'http://localhost:8080/new' }],
    ['GET /308', 308, { location: 'https://b.test/new' }],
    ['GET /301 HTTP/1.1\r\nHost: Second.TEST:99', 301, { location: 'http://second.test:8080/new' }],
    ['GET /301 HTTP/1.0', 301, { location: 'http://127.0.0.1:8080/new' }],
    ['GET /relative', 301, { location: 'new' }],
    ['GET /query', 302, { location: '?a=b' }],
    ['GET /nothing', 301, { location: '' }],
    ['GET /empty', 301, { location: '' }],
    // What may not stand in a URI is escaped here.
    [
      'GET /decoded/a%20b',
      302,
      { location: 'https://localhost/decoded/a%20b', nginx: { location: 'https://localhost/decoded/a b' } },
    ],
    ['GET /ours/a', 302, { location: 'http://localhost:8080/ours/a/' }],
    ['GET /no-port', 301, { location: 'http://localhost/new' }],
    ['GET /relative-path', 301, { location: '/new' }],
    ['GET /own-name HTTP/1.1\r\nHost: second.test', 301, { location: 'http://localhost:8080/new' }],
    ['GET /other-host', 301, { location: '//b.test/new' }],
  ],
}

const rewrites: AnswerGroup = {
  title: 'rewrite',
  server: `
    location /b { return 200 "b $uri?$args"; }
    location /last { rewrite ^/last/(.*) /b/$1 last; return 200 "not here"; }
    location /break { rewrite ^/break/(.*) /b/$1 break; return 200 "not here"; }
    location /plain { rewrite ^/plain/(.*) /b/$1; return 200 "plain $uri?$args"; }
    location /later { rewrite ^/later/(.*) /b/$1; }
    location /cancelled { rewrite ^/cancelled/(.*) /b/$1; break; }
    location /two { rewrite ^/two/(.*) /plain/$1; rewrite ^/plain/(.*) /b/$1 last; }
    location /then-break { rewrite ^/then-break/(.*) /x/$1; rewrite ^/x/(.*) /b/$1 break; }
    location /cycle { rewrite ^/cycle /cycle last; }
    location /drops { rewrite ^/drops/(.*) /b/$1?; }
    location /adds { rewrite ^/adds/(.*) /b/$1?x=y; }
    location /replaces { rewrite ^/replaces/(.*) /b/$1?x=y?; }
    location /no-group { rewrite ^/no-group/(.*) /b/$1?x=$2&z last; }
    location /slashless { rewrite ^/slashless/(.*) $1; }
    location /spaces { rewrite ^/spaces/(.*)$ "/b/x y/$1"; }
    location /swaps { rewrite ^/swaps/(.*)/(.*)$ /b/$2/$1 last; }
    location /named { rewrite ^/named/(?<who>.*)$ /b/$who last; }
    location /variable { rewrite ^ "/b?a=$arg_q"; }
    location /marked { set $q "/b?c"; rewrite ^ $q last; }
    location /literal { rewrite ^ /b%20c last; }
    location /query { rewrite ^/query/(.*)$ /b/$1?v=$1; }
    location /case { rewrite ^/CASE /b; }
    location /any-case { rewrite (?i)^/ANY-CASE /b; }
    location /internal { internal; location /internal/nested { return 200 "nested"; } return 200 "internal $uri"; }
    location /to-internal { rewrite ^ /internal; }
    location = /twice { rewrite ^/twice$ /twice-on last; }
    location = /twice-on { rewrite ^ /b; }
    location /climbs { rewrite ^/climbs(.*)$ /$1 break; }
    location /captures { rewrite ^/captures/(a)(.)? /x/$1; return 200 "[$1][$2]"; }
    location /lost { rewrite ^/lost/(.*) /x/$1; rewrite ^/nothing/(.*) /y/$1; return 200 "[$1]"; }
  `,
  answers: [
    ['GET /last/1?q', 200, 'b /b/1?q'],
    ['GET /break/1?q', 404],
    ['GET /plain/1?q', 200, 'plain /b/1?q'],
    ['GET /later/1?q', 200, 'b /b/1?q'],
    ['GET /cancelled/1', 404],
    ['GET /two/1', 200, 'b /b/1?'],
    ['GET /then-break/1', 404],
    ['GET /cycle', 500],
    ['GET /drops/1?q', 200, 'b /b/1?'],
    ['GET /adds/1', 200, 'b /b/1?x=y'],
    ['GET /adds/1?q', 200, 'b /b/1?x=y&q'],
    ['GET /replaces/1?q', 200, 'b /b/1?x=y'],
    ['GET /no-group/1?q', 200, 'b /b/1?x=&z&q'],
    ['GET /slashless/foo', 404],
    ['GET /slashless/', 500],
    ['GET /spaces/1', 200, 'b /b/x y/1?'],
    ['GET /swaps/a/b', 200, 'b /b/b/a?'],
    ['GET /swaps/a/b/c', 200, 'b /b/c/a/b?'],
    ['GET /named/x', 200, 'b /b/x?'],
    ['GET /variable?q=1', 200, 'b /b?a=1&q=1'],
    ['GET /variable', 200, 'b /b?a='],
    ['GET /marked?z', 200, 'b /b?c?z'],
    ['GET /literal', 200, 'b /b%20c?'],
    ['GET /query/a%20b?z=1', 200, 'b /b/a b?v=a%20b&z=1'],
    ['GET /query/a&b?z=1', 200, 'b /b/a&b?v=a&b&z=1'],
    ['GET /query/a+&b?z=1', 200, 'b /b/a+&b?v=a%2B%26b&z=1'],
    ['GET /query/%C3%A9', 200, 'b /b/é?v=%C3%A9'],
    ['GET /case', 404],
    ['GET /any-case', 200, 'b /b?'],
    ['GET /internal', 404],
    ['GET /internal/nested', 404],
    ['GET /to-internal', 200, 'internal /internal'],
    ['GET /twice', 200, 'b /b?'],
    // nginx looks for the file beside its root.
    ['GET /climbs../none', 403, { nginx: { status: 404 } }],
    ['GET /captures/ab', 200, '[a][b]'],
    ['GET /captures/a', 200, '[a][]'],
    ['GET /lost/a', 200, '[]'],
  ],
}

const rewriteRedirects: AnswerGroup = {
  title: 'rewrite that redirects',
  server: `
    location /temporary { rewrite ^ /b?x=1 redirect; }
    location /permanent { rewrite ^/permanent/(.*) /b/$1 permanent; }
    location /drops { rewrite ^ /b?x=1? redirect; }
    location /url { rewrite ^ https://b.test/?x=1; return 200 "not here"; }
    location /break { rewrite ^ https://b.test/ break; }
    location /scheme { rewrite ^ $scheme://$host$uri?x=1 permanent; }
    location /literal { rewrite ^ /b%20c redirect; }
    location /group { rewrite ^/group/(.*)$ /o/$1?v=$1 redirect; }
    location /only { rewrite ^/only/(.*)$ http://b.test/$1?; }
  `,
  answers: [
    ['GET /temporary?y', 302, { location: 'http://localhost:8080/b?x=1&y' }],
    ['GET /permanent/a?y', 301, { location: 'http://localhost:8080/b/a?y' }],
    ['GET /drops?y', 302, { location: 'http://localhost:8080/b?x=1' }],
    ['GET /url', 302, { location: 'https://b.test/?x=1' }],
    ['GET /url?y', 302, { location: 'https://b.test/?x=1&y' }],
    ['GET /break', 302, { location: 'https://b.test/' }],
    ['GET /scheme?y', 301, { location: 'http://localhost/scheme?x=1&y' }],
    ['GET /literal', 302, { location: 'http://localhost:8080/b%20c' }],
    ['GET /group/a%20b%3fc?z=1', 302, { location: 'http://localhost:8080/o/a%20b?c?v=a%20b%3Fc&z=1' }],
    ['GET /group/%C3%A9+%26;?q', 302, { location: 'http://localhost:8080/o/%C3%A9+&;?v=%C3%A9%2B%26%3B&q' }],
    ['GET /group/x%25%23y?q', 302, { location: 'http://localhost:8080/o/x%25%23y?v=x%25%23y&q' }],
    ['GET /only/a%2Bb?z', 302, { location: 'http://b.test/a+b' }],
    ['GET /only/a', 302, { location: 'http://b.test/a' }],
  ],
}

const conditions: AnswerGroup = {
  title: 'if',
  server: `
    location /methods { if ($request_method !~ ^(GET|HEAD)$) { return 444; } return 200 known; }
    location /true { if ($arg_a) { return 200 true; } return 200 false; }
    location /equal { if ($arg_a = "x y") { return 200 equal; } if ($arg_a != "") { return 200 other; } return 200 nothing; }
    location /same { if ($arg_a = $arg_b) { return 200 same; } return 200 different; }
    location /match { if ($arg_a ~ ^(X+)(.*)$) { return 200 "$1 $2"; } if ($arg_a ~* ^(x)) { return 200 "any case $1"; } return 200 no; }
    location /unlike { if ($arg_a !~ ^(x)) { return 200 "unlike[$1]"; } return 200 "like[$1]"; }
    location /unlike-any { if ($arg_a !~* ^x) { return 200 unlike; } return 200 like; }
    location /forgets { if ($uri ~ ^/forgets/(x)) { } if ($uri ~ nope) { } return 200 "[$1]"; }
    location /keeps { if ($uri ~ ^/keeps/(x)) { } return 200 "[$1]"; }
    location /group { if ($uri ~ ^/group/(?<part>.*)$) { return 200 "$part"; } }
    location /file { if (-f DIR/file) { return 200 yes; } return 200 no; }
    location /no-file { if (!-f DIR/none) { return 200 yes; } return 200 no; }
    location /directory { if (-d DIR) { return 200 yes; } return 200 no; }
    location /no-directory { if (!-d DIR/file) { return 200 yes; } return 200 no; }
    location /is-there { if (-e DIR/$arg_a) { return 200 yes; } return 200 no; }
    location /not-there { if (!-e DIR/file/x) { return 200 yes; } return 200 no; }
    location /executable { if (-x DIR) { return 200 yes; } return 200 no; }
    location /not-executable { if (!-x DIR/file) { return 200 yes; } return 200 no; }
    location /nameless { if (-e "$arg_none") { return 200 yes; } return 200 no; }
    location /spaced { if ( $arg_a = b ) { return 200 yes; } return 200 no; }
    location /tight { if ($arg_a){return 200 yes;} return 200 no; }
    location /break { if ($arg_a) { break; } return 200 reached; }
    location /set { if ($arg_a) { set $seen 1; } if ($arg_b) { set $seen 2$seen; } return 200 "[$seen]"; }
    location /escaped { if ($uri ~ ^/escaped/(.*)$) { set $part $1; return 200 "$part|$1"; } }
    location /rewrites { if ($arg_a) { rewrite ^ /true last; } return 200 stays; }
    location /last-wins {
      if ($arg_a) { error_page 404 /pages/a; }
      if ($arg_b) { error_page 404 /pages/b; }
      error_page 404 /pages/none;
      return 404;
    }
    location /pages/ { return 200 $uri; }
  `,
  answers: [
    ['GET /methods', 200, 'known'],
    ['PROPFIND /methods', 0],
    ['ABC /methods', 0],
    ['GET /true', 200, 'false'],
    ['GET /true?a=', 200, 'false'],
    ['GET /true?a=0', 200, 'false'],
    ['GET /true?a=00', 200, 'true'],
    ['GET /true?a=no', 200, 'true'],
    ['GET /equal', 200, 'nothing'],
    ['GET /equal?a=x', 200, 'other'],
    ['GET /same?a=1&b=1', 200, 'same'],
    ['GET /same?a=1', 200, 'different'],
    ['GET /same', 200, 'same'],
    ['GET /match?a=XXy', 200, 'XX y'],
    ['GET /match?a=xy', 200, 'any case x'],
    ['GET /match?a=y', 200, 'no'],
    ['GET /unlike?a=x', 200, 'like[x]'],
    ['GET /unlike?a=y', 200, 'unlike[]'],
    ['GET /unlike-any?a=X', 200, 'like'],
    ['GET /forgets/x', 200, '[]'],
    ['GET /keeps/x', 200, '[x]'],
    ['GET /group/a%20b', 200, 'a b'],
    ['GET /file', 200, 'yes'],
    ['GET /no-file', 200, 'yes'],
    ['GET /directory', 200, 'yes'],
    ['GET /no-directory', 200, 'yes'],
    ['GET /is-there?a=file', 200, 'yes'],
    ['GET /is-there?a=none', 200, 'no'],
    ['GET /not-there', 200, 'yes'],
    ['GET /executable', 200, 'yes'],
    ['GET /not-executable', 200, 'yes'],
    ['GET /nameless', 200, 'no'],
    ['GET /spaced?a=b', 200, 'yes'],
    ['GET /tight?a=b', 200, 'yes'],
    ['GET /break', 200, 'reached'],
    ['GET /break?a=1', 404],
    ['GET /set', 200, '[]'],
    ['GET /set?a=1', 200, '[1]'],
    ['GET /set?a=1&b=1', 200, '[21]'],
    ['GET /escaped/a%20b+c&d', 200, 'a%20b%2Bc%26d|a b+c&d'],
    ['GET /escaped/ab&c', 200, 'ab&c|ab&c'],
    ['GET /rewrites?a=1', 200, 'true'],
    ['GET /rewrites', 200, 'stays'],
    ['GET /last-wins', 404, '/pages/none'],
    ['GET /last-wins?a=1', 404, '/pages/a'],
    ['GET /last-wins?a=1&b=1', 404, '/pages/b'],
  ],
}

const inServer: AnswerGroup = {
  title: 'rewrite in a server',
  server: `
    if ($arg_refuse) { return 403 refused; }
    if ($arg_to) { rewrite ^ /there last; }
    if ($arg_args) { set $args a=1; }
    rewrite ^/old/(.*)$ /new/$1;
    set $site main;
    location / { return 200 "$uri?$args $site"; }
    location /there { error_page 402 /old/page; if ($arg_pay) { return 402; } return 200 there; }
    location /new/ { return 200 "new $uri $request_uri"; }
  `,
  answers: [
    ['GET /x?refuse=1', 403, { body: 'refused', type: 'text/plain' }],
    ['GET /x?to=1', 200, 'there'],
    ['GET /x?args=1', 200, '/x?a=1 main'],
    ['GET /old/a', 200, 'new /new/a /old/a'],
    ['GET /x', 200, '/x? main'],
    // The server's own rewrites are gone through again for the page of an error.
    ['GET /there?pay=1', 402, 'new /new/page /there?pay=1'],
  ],
}

const variables: AnswerGroup = {
  title: 'set',
  server: `
    location /set { set $a 1; set $b "$a$a"; set $A 2; return 200 "$a $b \${a}"; }
    location /unset { return 200 "[$a]"; }
    location /args { set $args "n=1"; return 200 "$args $arg_n $request_uri $query_string $is_args"; }
    location /no-args { set $args ""; return 200 "[$args][$is_args]"; }
    location /field { set $http_mine x; return 200 "$http_mine"; }
    location /kept { set $kept yes; rewrite ^ /other; }
    location /other { return 200 "[$kept]"; }
    location /page { set $kept yes; error_page 402 /other; return 402; }
  `,
  answers: [
    ['GET /set', 200, '2 11 2'],
    ['GET /unset', 200, '[]'],
    ['GET /args?n=2', 200, 'n=1 1 /args?n=2 n=1 ?'],
    ['GET /no-args?a', 200, '[][]'],
    ['GET /field', 200, 'x'],
    ['GET /kept', 200, '[yes]'],
    ['GET /page', 402, '[yes]'],
  ],
}

const errorPages: AnswerGroup = {
  title: 'error_page',
  server: `
    error_page 300 305 404 /page?a=b;
    error_page 403 = /own-status;
    error_page 500 =200 /teapot;
    error_page 402 =503 @named;
    error_page 410 @named;
    error_page 411 http://b.test/gone;
    error_page 412 =301 http://b.test/gone;
    error_page 413 =404 http://b.test/gone;
    error_page 414 $uri-page?q;
    error_page 415 /refused;
    error_page 416 "/spaces here";
    error_page 417 /none;
    error_page 421 =404 /empty;
    error_page 422 =444 /own-status;
    error_page 423 @none;
    error_page 424 =0 /teapot;
    error_page 425 /elsewhere;
    error_page 426 /page;
    error_page 426 /own-status;
    error_page 427 =404 /own-status?s=$status;
    error_page 428 =404 http://b.test/$status;
    error_page 301 /moved;
    error_page 494 /page;
    error_page 501 /internal;
    error_page 505 /silent;
    error_page 506 $arg_page;

    location = /page { return 200 "page $request_method $uri?$args"; }
    location = /own-status { return 200 "own $request_method $uri?$args"; }
    location = /teapot { return 418 teapot; }
    location = /refused { return 415; }
    location = /empty { return 204; }
    location = /elsewhere { return 302 /there; }
    location = /moved { return 200 "moved to somewhere"; }
    location = /internal { internal; return 200 "internal"; }
    location = /silent { return 444; }
    location = "/spaces here" { return 200 spaces; }
    location ~ -page$ { return 200 "page $uri?$args"; }
    location @named { return 200 "named $request_method $uri?$args"; }

    location /fail/427 { return 427; }
    location /fail/428 { return 428; }
    location /fail/300 { return 300; }
    location /fail/402 { return 402; }
    location /fail/403 { return 403; }
    location /fail/404 { return 404; }
    location /fail/410 { return 410; }
    location /fail/411 { return 411; }
    location /fail/412 { return 412; }
    location /fail/413 { return 413; }
    location /fail/414 { return 414; }
    location /fail/415 { return 415; }
    location /fail/416 { return 416; }
    location /fail/417 { return 417; }
    location /fail/421 { return 421; }
    location /fail/422 { return 422; }
    location /fail/423 { return 423; }
    location /fail/424 { return 424; }
    location /fail/425 { return 425; }
    location /fail/426 { return 426; }
    location /fail/301 { return 301 /new; }
    location /fail/494 { return 494; }
    location /fail/500 { return 500; }
    location /fail/501 { return 501; }
    location /fail/505 { return 505; }
    location /fail/506 { return 506; }
    location /fail/text { return 404 "a text has no page"; }

    location /replaced { error_page 403 /own-status; return 404; }
    location /around { error_page 404 /around/page; location /around/in { return 404; } location = /around/page { return 200 around; } }
    location /in-if { if ($arg_a) { error_page 404 /own-status; } return 404; }

    location /told { error_page 413 =404 /told-as; return 413; }
    location = /told-as { return 200 $status; }

    location /again { recursive_error_pages on; error_page 404 /again-2; return 404; }
    location /again-2 { recursive_error_pages on; error_page 403 /again-3; return 403; }
    location /again-3 { return 200 "third"; }
    location /once { error_page 404 /once-2; return 404; }
    location /once-2 { error_page 403 /again-3; return 403; }
    location /for-ever { recursive_error_pages on; error_page 404 /for-ever; return 404; }
    location /named-rewrites { error_page 404 @rewrites; return 404; }
    location @rewrites { rewrite ^/named-rewrites(.*)$ /page last; }
  `,
  answers: [
    ['GET /none', 404, 'page GET /page?a=b'],
    ['GET /told', 404, '404'],
    ['HEAD /none', 404, ''],
    ['POST /none', 404, 'page GET /page?a=b'],
    ['GET /fail/300', 300, ''],
    ['GET /fail/402?q', 503, 'named GET /fail/402?q'],
    ['POST /fail/402?q', 503, 'named POST /fail/402?q'],
    ['GET /fail/403?q', 200, 'own GET /own-status?'],
    ['PUT /fail/403', 200, 'own GET /own-status?'],
    ['GET /fail/404', 404, 'page GET /page?a=b'],
    ['GET /fail/410', 410, 'named GET /fail/410?'],
    ['GET /fail/411', 302, { location: 'http://b.test/gone', type: 'text/html' }],
    ['GET /fail/412', 301, { location: 'http://b.test/gone' }],
    ['GET /fail/413', 302, { location: 'http://b.test/gone' }],
    ['GET /fail/414', 414, 'page /fail/414-page?q'],
    ['GET /fail/415', 415, { type: 'text/html' }],
    ['GET /fail/416', 416, 'spaces'],
    ['GET /fail/417', 404, { type: 'text/html' }],
    ['GET /fail/421', 404, { body: '', type: 'text/plain' }],
    ['GET /fail/422', 444, 'own GET /own-status?'],
    ['GET /fail/423', 500, { type: 'text/html' }],
    ['GET /fail/424', 418, 'teapot'],
    ['GET /fail/425', 302, { location: 'http://localhost:8080/there', type: 'text/html' }],
    ['GET /fail/426', 426, 'page GET /page?'],
    ['GET /fail/427', 404, 'own GET /own-status?s=404'],
    ['GET /fail/428', 302, { location: 'http://b.test/404' }],
    [
      'GET /fail/301',
      301,
      { body: 'moved to somewhere', location: 'http://localhost:8080/new', type: 'text/plain' },
    ],
    ['GET /fail/494', 400, 'page GET /page?'],
    ['GET /fail/500', 200, 'teapot'],
    ['GET /fail/501', 501, 'internal'],
    ['GET /fail/505', 0],
    ['GET /fail/506?page=/page', 506, 'page GET /page?'],
    ['GET /fail/506?page=/../none', 403, { nginx: { status: 404 } }],
    ['GET /fail/text', 404, 'a text has no page'],
    ['GET /replaced', 404, { type: 'text/html' }],
    ['GET /around/in', 404, 'around'],
    ['GET /in-if', 404, 'page GET /page?a=b'],
    ['GET /in-if?a=1', 404, 'own GET /own-status?'],
    ['GET /again', 403, 'third'],
    ['GET /once', 403, { type: 'text/html' }],
    ['GET /for-ever', 500, { type: 'text/html' }],
    ['GET /named-rewrites/x', 404, 'page GET /page?'],
  ],
}

const accessRules: AnswerGroup = {
  title: 'allow, deny and limit_except',
  server: `
    location /open { return 200 open; }
    location /before { deny all; return 200 "return comes first"; }
    location /denied { deny all; }
    location /shut { deny all; error_page 403 =418 /page; }
    location /page { return 200 page; }
    location /allowed { allow 127.0.0.1; deny all; error_page 404 =200 /page; }
    location /network { deny 127.0.0.0/8; }
    location /other { deny 10.0.0.0/8; deny ::1; error_page 404 =200 /page; }
    location /in { deny all; location /in/open { allow all; error_page 404 =200 /page; } location /in/shut { } }
    location /read-only { limit_except GET { deny all; } return 200 "read only"; }
    location /write-only { limit_except post { deny 127.0.0.1; } error_page 404 =200 /page; }
  `,
  answers: [
    ['GET /open', 200, 'open'],
    ['GET /before', 200, 'return comes first'],
    ['GET /denied', 403, { type: 'text/html' }],
    ['GET /shut', 418, 'page'],
    ['GET /allowed', 200, 'page'],
    ['GET /network', 403],
    ['GET /other', 200, 'page'],
    ['GET /in/open', 200, 'page'],
    ['GET /in/shut', 403],
    ['GET /read-only', 200, 'read only'],
    ['HEAD /read-only', 200, ''],
    ['POST /read-only', 403],
    ['DELETE /read-only', 403],
    ['OPTIONS /read-only', 403],
    ['GET /write-only', 403],
  ],
}

const namedGroups: AnswerGroup = {
  title: 'named groups of regular expressions',
  server: `
    location /before { return 200 "[$first][$second]"; }
    location ~ ^/(?<first>[a-z]+)/(?<second>[0-9]+)$ { return 200 "$second $first $1"; }
    location ~ "^/(?P<first>[A-Z]{2})(?:-(?'second'[a-z]++))?$" { return 200 "$first|$second|$2"; }
  `,
  answers: [
    ['GET /before', 200, '[][]'],
    ['GET /a/1', 200, '1 a a'],
    ['GET /FR-nord', 200, 'FR|nord|nord'],
    ['GET /FR', 200, 'FR||'],
  ],
}

const maps: AnswerGroup = {
  title: 'map',
  http: `
    map $arg_k $map_text {
      /a 1; B 2; "with space" 3; "" 4; \\default 5; \\~x 6; default 0; *.star 7; hostnames 8; $uri 9;
    }
    map $arg_k $map_value { a "<$uri>"; b $map_text; c "$map_text$arg_x"; }
    map $arg_k $map_regex {
      default none; exact text; ~^(?<map_letter>[a-z])(\\d+)$ "$map_letter+$2"; ~*^ABC "caseless";
      ~exact never; "~^with (.*)$" "[$1]"; ~^$ "empty"; ~. other;
    }
    map "$arg_k-$arg_x" $map_two { a-b both; -b second; default "$map_text"; }
    map $http_host $map_host {
      hostnames; default other; .example.org dotted; www.example.org exact; mail.* mail;
      *.sub.example.org star; ~^r\\d+\\.example\\.net\\.$ dot; ~^r\\d+\\.example\\.net$ "regex"; "" none;
    }
    map $arg_k $map_set { default mapped; }
    map $uri $map_kept { ~^/kept first; default later; }
    map $uri $map_anew { volatile; ~^/kept first; default later; }
    map $arg_k $map_again { default one; }
    map $arg_k $map_again { default two; }
    map $map_later $map_early { yes 1; default 0; }
    map $arg_k $map_later { a yes; }
    map constant $map_constant { constant $arg_k; }
  `,
  server: `
    location /text { return 200 "$map_text"; }
    location /value { return 200 "$map_value"; }
    location /regex { return 200 "$map_regex|$map_letter|$2"; }
    location /two { return 200 "$map_two"; }
    location /host { return 200 "$map_host"; }
    location /unset { return 200 "$map_set"; }
    location /set { set $map_set own; return 200 "$map_set"; }
    location /kept { set $seen "$map_kept$map_anew"; rewrite ^ /after; }
    location /after { return 200 "$seen $map_kept$map_anew"; }
    location /again { return 200 $map_again; }
    location /early { return 200 $map_early; }
    location /constant { return 200 $map_constant; }
    location ~ ^/(captured)/ { set $before $1; return 200 "$before $map_regex $1"; }
  `,
  answers: [
    ['GET /text?k=/a', 200, '1'],
    ['GET /text?k=/A', 200, '1'],
    ['GET /text?k=b', 200, '2'],
    ['GET /text', 200, '4'],
    ['GET /text?k=default', 200, '5'],
    ['GET /text?k=~x', 200, '6'],
    ['GET /text?k=*.star', 200, '7'],
    ['GET /text?k=a.star', 200, '0'],
    ['GET /text?k=hostnames', 200, '8'],
    ['GET /text?k=$uri', 200, '9'],
    ['GET /text?k=/a/', 200, '0'],
    ['GET /value?k=a', 200, '</value>'],
    ['GET /value?k=b', 200, '2'],
    ['GET /value?k=c&x=y', 200, '0y'],
    ['GET /value?k=d', 200, ''],
    ['GET /regex?k=exact', 200, 'text||'],
    ['GET /regex?k=a12', 200, 'a+12|a|12'],
    ['GET /regex?k=abcd', 200, 'caseless||'],
    ['GET /regex?k=ABC', 200, 'caseless||'],
    ['GET /regex?k=inexact', 200, 'never||'],
    ['GET /regex', 200, 'none||'],
    ['GET /regex?k=-', 200, 'other||'],
    ['GET /two?k=a&x=b', 200, 'both'],
    ['GET /two?x=b', 200, 'second'],
    ['GET /two?k=b', 200, '2'],
    ['GET /host HTTP/1.1\r\nHost: example.org', 200, 'dotted'],
    ['GET /host HTTP/1.1\r\nHost: www.example.org', 200, 'exact'],
    ['GET /host HTTP/1.1\r\nHost: WWW.Example.ORG.', 200, 'exact'],
    ['GET /host HTTP/1.1\r\nHost: a.b.example.org', 200, 'dotted'],
    ['GET /host HTTP/1.1\r\nHost: a.sub.example.org', 200, 'star'],
    ['GET /host HTTP/1.1\r\nHost: sub.example.org', 200, 'dotted'],
    ['GET /host HTTP/1.1\r\nHost: mail.example.com', 200, 'mail'],
    ['GET /host HTTP/1.1\r\nHost: mail.example.org', 200, 'dotted'],
    ['GET /host HTTP/1.1\r\nHost: r12.example.net', 200, 'regex'],
    ['GET /host HTTP/1.1\r\nHost: r12.example.net.', 200, 'regex'],
    ['GET /host HTTP/1.1\r\nHost: R12.example.net', 200, 'other'],
    ['GET /host HTTP/1.0', 200, 'none'],
    ['GET /unset', 200, 'mapped'],
    ['GET /set', 200, 'own'],
    ['GET /kept', 200, 'firstfirst firstlater'],
    ['GET /again', 200, 'two'],
    ['GET /early?k=a', 200, '1'],
    ['GET /early', 200, '0'],
    ['GET /constant?k=v', 200, 'v'],
    ['GET /captured/?k=a1', 200, 'captured a+1 a'],
    ['GET /captured/?k=-', 200, 'captured other '],
  ],
}

const geos: AnswerGroup = {
  title: 'geo',
  http: `
    geo $geo_client { default far; 127.0.0.0/8 near; ::1 near6; }
    geo $arg_a $geo_network {
      default none; 10.0.0.0/8 ten; 10.1.0.0/16 ten-one; 10.1.2.3 single; 10.1.2.3/31 pair; 192.168.0.0/16 private; 192.168.9.0/24 gone;
      delete 192.168.9.0/24; 255.255.255.255 broadcast; 2001:db8::/32 six; 2001:db8:1::/48 six-one; ::1 six-loopback; 0.0.0.0/1 low;
    }
    geo $arg_a $geo_range {
      ranges; default none; 10.0.0.0-10.2.255.255 wide; 10.1.0.0-10.1.255.255 second; 10.1.5.0-10.1.5.9 tenth; 10.0.0.0-10.0.0.0 one;
      192.0.2.1-192.0.2.1 gone; delete 192.0.2.1-192.0.2.1; 1.255.255.250-2.0.0.5 across;
    }
    geo $arg_a $geo_empty { 10.0.0.1 "a b"; }
    geo $arg_a $geo_nothing { }
    geo $geo_proxied { proxy 127.0.0.1; proxy 10.0.0.0/8; default far; 10.0.0.0/8 proxy; 192.0.2.0/24 client; 127.0.0.1 near; ::1 six; }
    geo $geo_recursive {
      proxy 127.0.0.1; proxy 10.0.0.0/8; proxy_recursive; default far; 10.0.0.0/8 proxy; 192.0.2.0/24 client; 127.0.0.1 near; ::1 six;
    }
    geo $geo_distrusting { proxy 10.0.0.0/8; default far; 127.0.0.1 near; }
  `,
  server: `
    location /client { return 200 $geo_client; }
    location /network { return 200 "$geo_network"; }
    location /range { return 200 "$geo_range"; }
    location /empty { return 200 "[$geo_empty][$geo_nothing]"; }
    location /proxied { return 200 "$geo_proxied $geo_recursive $geo_distrusting"; }
  `,
  answers: [
    ['GET /client', 200, 'near'],
    ['GET /network?a=10.0.0.1', 200, 'ten'],
    ['GET /network?a=10.1.0.1', 200, 'ten-one'],
    ['GET /network?a=10.1.2.3', 200, 'single'],
    ['GET /network?a=10.1.2.2', 200, 'pair'],
    ['GET /network?a=10.1.2.4', 200, 'ten-one'],
    ['GET /network?a=10.255.255.255', 200, 'ten'],
    ['GET /network?a=11.0.0.0', 200, 'low'],
    ['GET /network?a=9.255.255.255', 200, 'low'],
    ['GET /network?a=128.0.0.0', 200, 'none'],
    ['GET /network?a=192.168.9.1', 200, 'private'],
    ['GET /network?a=255.255.255.255', 200, 'broadcast'],
    ['GET /network?a=2001:db8::1', 200, 'six'],
    ['GET /network?a=2001:db8:1:ffff:ffff:ffff:ffff:ffff', 200, 'six-one'],
    ['GET /network?a=2001:db8:2::', 200, 'six'],
    ['GET /network?a=2001:db9::', 200, 'none'],
    ['GET /network?a=::1', 200, 'six-loopback'],
    ['GET /network?a=::ffff:10.1.0.1', 200, 'ten-one'],
    ['GET /network?a=unix:', 200, 'broadcast'],
    ['GET /network?a=abc', 200, 'broadcast'],
    ['GET /network', 200, 'broadcast'],
    ['GET /range?a=10.0.0.0', 200, 'one'],
    ['GET /range?a=10.0.0.1', 200, 'wide'],
    ['GET /range?a=10.1.4.255', 200, 'second'],
    ['GET /range?a=10.1.5.0', 200, 'tenth'],
    ['GET /range?a=10.1.5.9', 200, 'tenth'],
    ['GET /range?a=10.1.5.10', 200, 'second'],
    ['GET /range?a=10.2.255.255', 200, 'wide'],
    ['GET /range?a=10.3.0.0', 200, 'none'],
    ['GET /range?a=192.0.2.1', 200, 'none'],
    ['GET /range?a=1.255.255.249', 200, 'none'],
    ['GET /range?a=1.255.255.250', 200, 'across'],
    ['GET /range?a=2.0.0.5', 200, 'across'],
    ['GET /range?a=2.0.0.6', 200, 'none'],
    ['GET /range?a=::ffff:10.1.5.9', 200, 'tenth'],
    ['GET /range?a=::1', 200, 'none'],
    ['GET /range?a=x', 200, 'none'],
    ['GET /empty?a=10.0.0.1', 200, '[a b][]'],
    ['GET /empty', 200, '[][]'],
    ['GET /proxied', 200, 'near near near'],
    ['GET /proxied HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.1', 200, 'client client near'],
    [
      'GET /proxied HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.1, 10.0.0.1',
      200,
      'proxy client near',
    ],
    [
      'GET /proxied HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 10.0.0.1,10.0.0.2',
      200,
      'proxy client near',
    ],
    [
      'GET /proxied HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.1, 198.51.100.1, 10.0.0.1',
      200,
      'proxy far near',
    ],
    [
      'GET /proxied HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 10.0.0.1, 10.0.0.2',
      200,
      'proxy proxy near',
    ],
    [
      'GET /proxied HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.1:8080',
      200,
      'client client near',
    ],
    ['GET /proxied HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: [::1]:8080', 200, 'six six near'],
    ['GET /proxied HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: ::1', 200, 'six six near'],
    ['GET /proxied HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: [::1]', 200, 'near near near'],
    ['GET /proxied HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.1:0', 200, 'near near near'],
    [
      'GET /proxied HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.1, unknown',
      200,
      'near near near',
    ],
    [
      'GET /proxied HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: unknown, 10.0.0.1',
      200,
      'proxy proxy near',
    ],
    ['GET /proxied HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.1 , ,', 200, 'client client near'],
  ],
}

const splits: AnswerGroup = {
  title: 'split_clients',
  http: `
    split_clients $arg_a $split_half { 50% left; * right; }
    split_clients "$arg_a-$arg_b" $split_many { 0.5% a; 10.25% b; 33% c; .5% d; 20.% e; }
    split_clients $arg_a $split_none { }
    split_clients $arg_a $split_whole { 100% whole; * never; }
    split_clients $binary_remote_addr $split_octets { 40% a; 15% b; 9% c; * d; }
    split_clients é$arg_a $split_text { 20% a; 20% b; 20% c; 20% d; * e; }
  `,
  server: `
    location / { return 200 "$split_half $split_many $split_none$split_whole $split_octets $split_text"; }
  `,
  answers: [
    ['GET /', 200, 'left e whole d b'],
    ['GET /?a=a1&b=7', 200, 'right c whole d a'],
    ['GET /?a=ab2&b=14', 200, 'right  whole d b'],
    ['GET /?a=abc3&b=21', 200, 'right e whole d a'],
    ['GET /?a=abcd4&b=28', 200, 'left c whole d c'],
    ['GET /?a=abcde5&b=35', 200, 'left e whole d c'],
    ['GET /?a=abcdef6&b=42', 200, 'left c whole d a'],
    ['GET /?a=abcdefg7&b=49', 200, 'left b whole d e'],
    ['GET /?a=abcdefgh8&b=56', 200, 'left c whole d a'],
    ['GET /?a=abcdefghi9&b=63', 200, 'right b whole d e'],
    ['GET /?a=abcdefghij10&b=70', 200, 'right  whole d c'],
    ['GET /?a=abcdefghijk11&b=77', 200, 'right e whole d c'],
    ['GET /?a=abcdefghijkl12&b=84', 200, 'left c whole d e'],
    ['GET /?a=abcdefghijklm13&b=91', 200, 'right  whole d b'],
  ],
}

export const ANSWER_GROUPS: readonly AnswerGroup[] = [
  returns,
  redirects,
  rewrites,
  rewriteRedirects,
  conditions,
  inServer,
  variables,
  errorPages,
  accessRules,
  namedGroups,
  maps,
  geos,
  splits,
  ...ROUTING_GROUPS,
]
