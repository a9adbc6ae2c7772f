/* cc -o hello.cgi hello.c: a program without an interpreter. */

#include <stdio.h>
#include <stdlib.h>

int main(void) {
    const char *method = getenv("REQUEST_METHOD");
    printf("Content-Type: text/plain\r\n\r\n%s: hello from C\n", method ? method : "?");
    return 0;
}
