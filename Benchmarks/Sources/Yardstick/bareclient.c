// The least that a client of the carrier can do, on one thread: it signs in, registers itself, posts bodies that are
// made already, one after another, and answers each callback once it is in one table of an SQLite file and synced. All
// callbacks that are there at a moment share a transaction. What they say is not read; nothing else is written.
#define _GNU_SOURCE
#include "bareclient.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROOM = 1 << 18, MOST_EVENTS = 256 };

typedef struct {
    int socket;
    size_t length;
    char bytes[ROOM];
} Connection;

static int connect_to(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int one = 1, found = socket(AF_INET, SOCK_STREAM, 0);
    if (found < 0 || connect(found, (struct sockaddr *)&address, sizeof address) != 0) return -1;
    setsockopt(found, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return found;
}

static int listen_on_any(int *port) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int found = socket(AF_INET, SOCK_STREAM, 0);
    if (found < 0 || bind(found, (struct sockaddr *)&address, size) != 0 || listen(found, 512) != 0) return -1;
    getsockname(found, (struct sockaddr *)&address, &size);
    *port = ntohs(address.sin_port);
    return found;
}

static int send_all(int socket, const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t sent = send(socket, bytes, length, MSG_NOSIGNAL);
        if (sent <= 0) return 0;
        bytes += sent;
        length -= sent;
    }
    return 1;
}

// Where the first message in the buffer has its body, if all of it is there.
static char *whole_message(Connection *connection, size_t *body_length) {
    connection->bytes[connection->length] = 0;
    char *end = strstr(connection->bytes, "\r\n\r\n");
    if (!end) return NULL;
    char *field = strcasestr(connection->bytes, "\r\ncontent-length:");
    *body_length = field && field < end ? strtoul(field + 17, NULL, 10) : 0;
    char *body = end + 4;
    return (size_t)(body - connection->bytes) + *body_length <= connection->length ? body : NULL;
}

static void drop_message(Connection *connection, const char *body, size_t body_length) {
    size_t used = body - connection->bytes + body_length;
    memmove(connection->bytes, connection->bytes + used, connection->length - used);
    connection->length -= used;
}

static int receive(Connection *connection) {
    size_t room = ROOM - 1 - connection->length;
    ssize_t got = room ? recv(connection->socket, connection->bytes + connection->length, room, 0) : -1;
    if (got > 0) connection->length += got;
    return got > 0;
}

static int post(int socket, const char *path, const char *headers, const char *body, size_t length) {
    char head[1024];
    int size = snprintf(
        head, sizeof head, "POST /api%s HTTP/1.1\r\nHost: 127.0.0.1\r\n%sContent-Length: %zu\r\n\r\n", path, headers,
        length);
    return send_all(socket, head, size) && send_all(socket, body, length);
}

// Posts, waits for the answer, and copies the text behind `key` in it.
static int ask(
    Connection *carrier, const char *path, const char *headers, const char *body, const char *key, char *found) {
    size_t length;
    char *answer;
    if (!post(carrier->socket, path, headers, body, strlen(body))) return 0;
    while (!(answer = whole_message(carrier, &length))) {
        if (!receive(carrier)) return 0;
    }
    char quoted[64];
    snprintf(quoted, sizeof quoted, "\"%s\":\"", key);
    char *start = strstr(answer, quoted);
    int is_found = start && sscanf(start + strlen(quoted), "%127[^\"]", found) == 1;
    drop_message(carrier, answer, length);
    return is_found;
}

// Signs in with what the simulator takes, and has the callbacks sent to `port`.
static int introduce(Connection *carrier, const char *account, int port, char *headers, size_t room) {
    char bearer[128], session[128], path[128], body[256], name[128];
    const char *form =
        "Authorization: Basic c2ltdWxhdG9yLWtleTpzaW11bGF0b3Itc2VjcmV0\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n";
    if (!ask(carrier, "/ts/v1/oauth2/token", form, "grant_type=client_credentials", "access_token", bearer)) return 0;
    snprintf(headers, room, "Authorization: Bearer %s\r\nContent-Type: application/json\r\n", bearer);
    const char *login = "{\"username\":\"simulator-user\",\"password\":\"simulator-password\"}";
    if (!ask(carrier, "/m2m/v1/session/login", headers, login, "sessionToken", session)) return 0;
    snprintf(
        headers, room, "Authorization: Bearer %s\r\nVZ-M2M-Token: %s\r\nContent-Type: application/json\r\n", bearer,
        session);
    snprintf(path, sizeof path, "/m2m/v1/callbacks/%s", account);
    snprintf(
        body, sizeof body, "{\"name\":\"DeviceProfileService\",\"url\":\"http://127.0.0.1:%d/callbacks\"}", port);
    return ask(carrier, path, headers, body, "serviceName", name);
}

static int open_table(const char *path, sqlite3 **database, sqlite3_stmt **insert) {
    return sqlite3_open(path, database) == SQLITE_OK
        && sqlite3_exec(
               *database,
               "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
               "CREATE TABLE callback (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT",
               NULL, NULL, NULL) == SQLITE_OK
        && sqlite3_prepare_v2(*database, "INSERT INTO callback (text) VALUES (?)", -1, insert, NULL) == SQLITE_OK;
}

static int post_next(Connection *carrier, FILE *bodies, const char *headers, char **line, size_t *room) {
    ssize_t length = getline(line, room, bodies);
    if (length <= 0) return 1;
    return post(carrier->socket, "/m2m/v1/devices/profile/actions/download_enable", headers, *line, length - 1);
}

int bare_client(int port, const char *account, const char *bodies_path, const char *database_path, long count) {
    static const char acknowledged[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    Connection *carrier = calloc(1, sizeof *carrier), *listener = calloc(1, sizeof *listener);
    sqlite3 *database;
    sqlite3_stmt *insert;
    char headers[512], *line = NULL;
    size_t room = 0;
    int own_port, loop = epoll_create1(0);
    FILE *bodies = fopen(bodies_path, "r");
    if (!carrier || !listener || !bodies || loop < 0) return 1;
    carrier->socket = connect_to(port);
    listener->socket = listen_on_any(&own_port);
    if (carrier->socket < 0 || listener->socket < 0 || !open_table(database_path, &database, &insert)
        || !introduce(carrier, account, own_port, headers, sizeof headers)) {
        fprintf(stderr, "The simulator cannot be used.\n");
        return 1;
    }
    struct epoll_event events[MOST_EVENTS], event = {.events = EPOLLIN, .data.ptr = listener};
    epoll_ctl(loop, EPOLL_CTL_ADD, listener->socket, &event);
    event.data.ptr = carrier;
    epoll_ctl(loop, EPOLL_CTL_ADD, carrier->socket, &event);
    if (!post_next(carrier, bodies, headers, &line, &room)) return 1;
    long kept = 0;
    while (kept < count) {
        int ready = epoll_wait(loop, events, MOST_EVENTS, 30000);
        if (ready <= 0) {
            fprintf(stderr, "%ld callbacks came, expected %ld.\n", kept, count);
            return 1;
        }
        Connection *unanswered[MOST_EVENTS];
        int waiting = 0;
        for (int number = 0; number < ready; number++) {
            Connection *connection = events[number].data.ptr;
            if (connection == listener) {
                Connection *caller = calloc(1, sizeof *caller);
                if (!caller || (caller->socket = accept(listener->socket, NULL, NULL)) < 0) return 1;
                event.data.ptr = caller;
                epoll_ctl(loop, EPOLL_CTL_ADD, caller->socket, &event);
                continue;
            }
            if (!receive(connection)) {
                close(connection->socket);
                continue;
            }
            size_t length;
            char *body = whole_message(connection, &length);
            if (!body) continue;
            if (connection == carrier) {
                if (strncmp(carrier->bytes, "HTTP/1.1 200", 12) != 0) {
                    fprintf(stderr, "The simulator refuses: %.*s\n", (int)length, body);
                    return 1;
                }
                drop_message(carrier, body, length);
                if (!post_next(carrier, bodies, headers, &line, &room)) return 1;
                continue;
            }
            if (waiting == 0) sqlite3_exec(database, "BEGIN IMMEDIATE", NULL, NULL, NULL);
            sqlite3_bind_text(insert, 1, body, (int)length, SQLITE_STATIC);
            if (sqlite3_step(insert) != SQLITE_DONE) return 1;
            sqlite3_reset(insert);
            drop_message(connection, body, length);
            unanswered[waiting++] = connection;
        }
        if (waiting == 0) continue;
        if (sqlite3_exec(database, "COMMIT", NULL, NULL, NULL) != SQLITE_OK) return 1;
        for (int number = 0; number < waiting; number++) {
            if (!send_all(unanswered[number]->socket, acknowledged, sizeof acknowledged - 1)) return 1;
        }
        kept += waiting;
    }
    sqlite3_finalize(insert);
    sqlite3_close(database);
    return 0;
}
