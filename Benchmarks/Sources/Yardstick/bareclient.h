// Has the simulator on `port` carry out the actions whose bodies stand in the lines of a file, and keeps its `count`
// callbacks: no less than a client has to do.
int bare_client(int port, const char *account, const char *bodies, const char *database, long count);
