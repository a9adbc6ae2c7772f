/*
 * The floor: the least that any server on epoll must spend. `floor PORT ROOT` waits, receives, sends bytes that
 * were made before the first request, and does nothing else: no parsing but the path, the end of a head and
 * Content-Length, no dates, no limits, no deadlines. Pipelined answers leave in one send(2), 10 MB by sendfile(2).
 *
 * It expects heads that arrive whole, as those of a load generator do, and the same path in one pipelined
 * batch; anything else ends the process with a word. It is a measure, not a server.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_FD = 65536, MAX_READY = 512, MAX_PIPELINED = 64, IN_MEMORY = 256 * 1024 };

struct answer {
  const char *path;
  char *bytes;   /* head and content, `copies` times; only the head when `file` is used */
  char *closing; /* the same, once, with "Connection: close" */
  size_t length, closingLength, copies;
  int file; /* -1, or what sendfile(2) sends after the head */
  size_t fileLength;
};

/* What is still owed to a connection. All zero while it is idle. */
struct connection {
  const char *rest;
  size_t restLength, toDiscard, fileLeft;
  off_t fileAt;
  int file, closes, blocked;
};

static struct answer answers[8];
static size_t answerCount;
static struct connection connections[MAX_FD];
static char input[128 * 1024];
static int epoll;

static void die(const char *what) {
  perror(what);
  exit(1);
}

static size_t fill(char **bytes, size_t copies, const char *status, const char *connection, const char *content,
                   size_t length, int file) {
  char head[512];
  size_t headLength = snprintf(head, sizeof head,
                               "HTTP/1.1 %s\r\nServer: floor\r\nDate: Mon, 23 Nov 2026 12:00:00 GMT\r\n"
                               "Content-Type: text/plain\r\nContent-Length: %zu\r\n"
                               "Last-Modified: Mon, 23 Nov 2026 12:00:00 GMT\r\n"
                               "Connection: %s\r\nETag: \"65b-4ae5\"\r\n\r\n",
                               status, length, connection);
  size_t one = headLength + (file < 0 ? length : 0);
  *bytes = malloc(one * copies);
  if (*bytes == NULL) die("malloc");
  for (size_t i = 0; i < copies; i++) {
    memcpy(*bytes + i * one, head, headLength);
    if (file < 0) memcpy(*bytes + i * one + headLength, content, length);
  }
  return one;
}

static void addAnswer(const char *path, const char *status, const char *content, size_t length, int file) {
  struct answer *a = &answers[answerCount++];
  a->path = path;
  a->file = file;
  a->fileLength = file < 0 ? 0 : length;
  a->copies = length > 4096 ? 1 : MAX_PIPELINED;
  a->length = fill(&a->bytes, a->copies, status, "keep-alive", content, length, file);
  a->closingLength = fill(&a->closing, 1, status, "close", content, length, file);
}

static void addFile(const char *root, const char *path) {
  char name[4096];
  struct stat status;
  snprintf(name, sizeof name, "%s%s", root, path);
  int fd = open(name, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &status) < 0) die(name);
  if (status.st_size > IN_MEMORY) return addAnswer(path, "200 OK", NULL, status.st_size, fd);
  char *content = malloc(status.st_size);
  if (content == NULL || read(fd, content, status.st_size) != status.st_size) die(name);
  addAnswer(path, "200 OK", content, status.st_size, -1);
  free(content);
  close(fd);
}

static void watch(int operation, int fd, unsigned interest) {
  struct epoll_event event = {.events = interest, .data.fd = fd};
  if (epoll_ctl(epoll, operation, fd, &event) < 0) die("epoll_ctl");
}

static void drop(int fd) {
  memset(&connections[fd], 0, sizeof connections[fd]);
  close(fd);
}

/* Sends what is owed; asks for writability only when the socket takes no more. */
static void flush(int fd) {
  struct connection *c = &connections[fd];
  while (c->restLength > 0) {
    ssize_t n = send(fd, c->rest, c->restLength, MSG_NOSIGNAL | (c->fileLeft > 0 ? MSG_MORE : 0));
    if (n < 0 && errno == EAGAIN) break;
    if (n < 0) return drop(fd);
    c->rest += n;
    c->restLength -= n;
  }
  while (c->restLength == 0 && c->fileLeft > 0) {
    ssize_t n = sendfile(fd, c->file, &c->fileAt, c->fileLeft);
    if (n < 0 && errno == EAGAIN) break;
    if (n <= 0) return drop(fd);
    c->fileLeft -= n;
  }
  int blocked = c->restLength > 0 || c->fileLeft > 0;
  if (blocked != c->blocked) watch(EPOLL_CTL_MOD, fd, blocked ? EPOLLOUT : EPOLLIN);
  c->blocked = blocked;
  if (!blocked && c->closes) drop(fd);
}

static const struct answer *answerTo(const char *target) {
  for (size_t i = 0; i < answerCount; i++) {
    size_t length = strlen(answers[i].path);
    if (memcmp(target, answers[i].path, length) == 0 && target[length] == ' ') return &answers[i];
  }
  return &answers[0];
}

static void receive(int fd) {
  struct connection *c = &connections[fd];
  ssize_t n = recv(fd, input, sizeof input - 1, 0);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) return drop(fd);
  input[n] = '\0';
  char *at = input, *end = input + n;
  const struct answer *answer = NULL;
  size_t count = 0;
  while (at < end) {
    if (c->toDiscard > 0) {
      size_t here = (size_t)(end - at) < c->toDiscard ? (size_t)(end - at) : c->toDiscard;
      at += here;
      c->toDiscard -= here;
      if (c->toDiscard == 0) count++;
      else return; /* the answer to a POST follows its content; nothing is pipelined behind one */
      continue;
    }
    char *headEnd = memmem(at, end - at, "\r\n\r\n", 4);
    if (headEnd == NULL) {
      fprintf(stderr, "floor: a head came in two pieces\n");
      exit(1);
    }
    answer = answerTo(memchr(at, ' ', headEnd - at) + 1);
    c->closes = memmem(at, headEnd - at, "Connection: close", 17) != NULL;
    if (*at == 'P') c->toDiscard = strtoul(strcasestr(at, "content-length:") + 15, NULL, 10);
    else count++;
    at = headEnd + 4;
  }
  if (count == 0) return;
  if (answer == NULL) answer = answerTo("/hello "); /* the end of a POST whose head came earlier */
  if (count > answer->copies) {
    fprintf(stderr, "floor: %zu pipelined requests\n", count);
    exit(1);
  }
  c->rest = c->closes ? answer->closing : answer->bytes;
  c->restLength = c->closes ? answer->closingLength : answer->length * count;
  c->file = answer->file;
  c->fileAt = 0;
  c->fileLeft = answer->fileLength;
  flush(fd);
}

static void acceptAll(int listener) {
  for (;;) {
    int one = 1, fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    if (fd >= MAX_FD) {
      close(fd);
      continue;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    watch(EPOLL_CTL_ADD, fd, EPOLLIN);
  }
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: floor PORT ROOT\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN); /* sendfile(2) has no MSG_NOSIGNAL */
  addAnswer("/missing", "404 Not Found", "Not Found", 9, -1);
  addAnswer("/hello", "200 OK", "Hello, World!", 13, -1);
  addFile(argv[2], "/1k.txt");
  addFile(argv[2], "/64k.txt");
  addFile(argv[2], "/10m.txt");

  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0) die("bind");
  if (listen(listener, 4096) < 0) die("listen");
  epoll = epoll_create1(EPOLL_CLOEXEC);
  watch(EPOLL_CTL_ADD, listener, EPOLLIN);

  static struct epoll_event ready[MAX_READY];
  for (;;) {
    int count = epoll_wait(epoll, ready, MAX_READY, -1);
    for (int i = 0; i < count; i++) {
      int fd = ready[i].data.fd;
      if (fd == listener) acceptAll(listener);
      else if (connections[fd].blocked) flush(fd);
      else receive(fd);
    }
  }
}
