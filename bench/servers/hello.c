/*
 * The smallest CGI program (RFC 3875): what a process costs, and nothing else.
 */
#include <unistd.h>

static const char answer[] = "Content-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, World!";

int main(void)
{
	return write(STDOUT_FILENO, answer, sizeof answer - 1) != (ssize_t)(sizeof answer - 1);
}
