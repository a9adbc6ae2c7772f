/*
 * The same as upper.sh with larger reads, where it is the server that is to be measured and not tr(1).
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static unsigned char bytes[64 * 1024];

static const char *value_of(const char *name, const char *otherwise)
{
	const char *value = getenv(name);
	return value == NULL ? otherwise : value;
}

/* A pipe takes what it has room for: write(2). */
static int write_all(size_t count)
{
	for (size_t done = 0; done < count;) {
		ssize_t n = write(STDOUT_FILENO, bytes + done, count - done);
		if (n < 0)
			return -1;
		done += n;
	}
	return 0;
}

int main(void)
{
	int head = snprintf((char *)bytes, sizeof bytes,
			    "Status: 200 OK\r\nContent-Type: application/octet-stream\r\nX-Path-Info: %s\r\nX-Secret: %s\r\n\r\n",
			    value_of("PATH_INFO", ""), value_of("HTTP_X_SECRET_HEADER_FOR_TEST", "none"));

	if (head < 0 || (size_t)head >= sizeof bytes || write_all(head) < 0)
		return 1;
	for (;;) {
		ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);
		if (n <= 0)
			return n < 0;
		for (ssize_t i = 0; i < n; i++)
			if (bytes[i] >= 'a' && bytes[i] <= 'z')
				bytes[i] -= 'a' - 'A';
		if (write_all(n) < 0)
			return 1;
	}
}
