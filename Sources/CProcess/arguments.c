#include "CProcess.h"

#include <stddef.h>
#include <stdlib.h>

// Swift's own `CommandLine` reads /proc/self/cmdline, and knows no argument where /proc is not mounted. glibc gives what
// the kernel has put on the stack to each constructor.
static int count = 0;
static char **values = NULL;

#ifdef __GLIBC__
__attribute__((constructor)) static void keep_arguments(int argc, char **argv, char **envp) {
    (void)envp;
    count = argc;
    values = argv;
}
#endif

int cprocess_argument_count(void) { return count; }

const char *cprocess_argument(int index) {
    return values != NULL && index >= 0 && index < count ? values[index] : NULL;
}
