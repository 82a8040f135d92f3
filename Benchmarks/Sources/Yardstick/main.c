// What the least that could be done takes, on one thread and with nothing kept: the yardsticks of `make bench`;
// and what measures a program.
#define _GNU_SOURCE
#include "bareclient.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <yaml.h>

// Goes over all events of a YAML file.
static int yaml(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) return 1;
    yaml_parser_t parser;
    yaml_event_t event;
    long events = 0;
    yaml_parser_initialize(&parser);
    yaml_parser_set_input_file(&parser, file);
    for (int ended = 0; !ended; events++) {
        if (!yaml_parser_parse(&parser, &event)) return 1;
        ended = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    fclose(file);
    printf("%ld events\n", events);
    return 0;
}

// Steps over the devices of a state store in the order of their keys.
static int devices(const char *path) {
    sqlite3 *database;
    sqlite3_stmt *statement;
    if (sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) return 1;
    const char *sql = "SELECT eid, iccid, profile, reached, service, version FROM device ORDER BY eid, iccid";
    if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK) return 1;
    long rows = 0;
    while (sqlite3_step(statement) == SQLITE_ROW) rows++;
    sqlite3_finalize(statement);
    sqlite3_close(database);
    printf("%ld devices\n", rows);
    return 0;
}

// Runs a program with its output thrown away, and prints seconds, peak memory in KiB and its exit code.
// A process of its own and small: a program begins with the peak memory of the process that starts it.
static int measure(char **command) {
    struct timespec start, end;
    struct rusage usage;
    int status;
    clock_gettime(CLOCK_MONOTONIC, &start);
    pid_t process = fork();
    if (process == 0) {
        int nowhere = open("/dev/null", O_WRONLY);
        dup2(nowhere, 1);
        dup2(nowhere, 2);
        execvp(command[0], command);
        _exit(127);
    }
    if (process < 0 || wait4(process, &status, 0, &usage) < 0) return 1;
    clock_gettime(CLOCK_MONOTONIC, &end);
    double seconds = end.tv_sec - start.tv_sec + (end.tv_nsec - start.tv_nsec) / 1e9;
    printf("%.6f %ld %d\n", seconds, usage.ru_maxrss, WIFEXITED(status) ? WEXITSTATUS(status) : 128);
    return 0;
}

int main(int count, char **arguments) {
    if (count == 3 && !strcmp(arguments[1], "yaml")) return yaml(arguments[2]);
    if (count == 3 && !strcmp(arguments[1], "devices")) return devices(arguments[2]);
    if (count > 2 && !strcmp(arguments[1], "measure")) return measure(arguments + 2);
    if (count == 7 && !strcmp(arguments[1], "client")) {
        return bare_client(atoi(arguments[2]), arguments[3], arguments[4], arguments[5], atol(arguments[6]));
    }
    fprintf(
        stderr,
        "usage: Yardstick yaml FILE | devices FILE | client PORT ACCOUNT BODIES DATABASE COUNT"
        " | measure PROGRAM [ARGUMENT...]\n");
    return 64;
}
