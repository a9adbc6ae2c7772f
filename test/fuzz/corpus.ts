/**
 * Valid requests, of every kind that changes how a message is read: what the fuzzer begins with. Each is complete, so that
 * several can stand behind one another.
 *
 * None has `Upgrade` together with `Connection: upgrade`: node:http, when it does not want to, loses what stands behind that.
 */

const HOST = 'Host: example.org\r\n'

export const CORPUS: readonly string[] = [
  `GET / HTTP/1.1\r\n${HOST}\r\n`,
  `GET /a/b.txt?c=d&e=%20f HTTP/1.1\r\n${HOST}Accept: */*\r\nAccept-Encoding: gzip, br;q=0.5\r\n\r\n`,
  `\r\nGET /after-an-empty-line HTTP/1.1\r\n${HOST}\r\n`,
  `HEAD /head HTTP/1.1\r\n${HOST}If-None-Match: "a", W/"b"\r\nRange: bytes=0-4,-1\r\n\r\n`,
  `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`,
  `GET http://example.org:80/absolute?q HTTP/1.1\r\nHost: other.example:81\r\n\r\n`,
  `GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n`,
  `GET / HTTP/1.0\r\n\r\n`,
  `GET / HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`,
  `POST /length HTTP/1.1\r\n${HOST}Content-Type: text/plain\r\nContent-Length: 11\r\n\r\nhello world`,
  `POST /empty HTTP/1.1\r\n${HOST}Content-Length: 0\r\n\r\n`,
  `PUT /chunks HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n00b\r\n beautiful \r\n5\r\nworld\r\n0\r\n\r\n`,
  `POST /extensions HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n5;a=b;c="d;\\"e"\r\nhello\r\n0;last\r\n\r\n`,
  `POST /trailers HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\nTrailer: X\r\n\r\nA\r\n0123456789\r\n0\r\nX: y\r\nZ:\r\n\r\n`,
  `DELETE /with-content HTTP/1.1\r\n${HOST}Content-Length: 26\r\n\r\nGET /inside HTTP/1.1\r\nA: b\r\n`,
  `POST /expect HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc`,
  `PATCH /fields HTTP/1.1\r\nhost:\t[::1]:8080 \t\r\nX-Empty:\r\nX_Under-Score: \x80\xff\r\nCookie: a=b; c="d"\r\n\r\n`,
  `GET /upgrade HTTP/1.1\r\n${HOST}Upgrade: h2c\r\n\r\n`,
]
