#ifndef CPROCESS_H
#define CPROCESS_H

/// How many arguments the process was started with, its own name among them; 0 where the C library does not say.
int cprocess_argument_count(void);

/// An argument of the process; NULL where there is none of that number.
const char *cprocess_argument(int index);

#endif
