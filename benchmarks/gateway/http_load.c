/* Upstream and loader of the gateway benchmark: one thread and one epoll each, so that what is measured
 * is what stands between them.
 *
 *   http_load serve ANSWER STREAM N_EVENTS DELAY_US GAP_US
 *       An LLM's API on a free loopback port, which it prints. ANSWER is the body of a whole answer, STREAM
 *       that of a stream of N_EVENTS events ("\n\n" ends one); a request whose body has "stream":true gets
 *       the stream, DELAY_US after it has arrived, and GAP_US between events (0: all in one write).
 *   http_load load PORT REQUEST CONNECTIONS SECONDS RATE
 *       Sends the request in the file REQUEST over and over. RATE 0: every connection asks again at once
 *       (closed loop); otherwise RATE requests a second, latency counted from when each was due (open loop).
 *       Prints one JSON object; latencies in microseconds.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_CONNECTIONS 4096
#define READ_BYTES 262144

typedef struct {
    int fd;
    char *in;            /* mock: the request so far; loader: the head of the answer so far */
    size_t n_in, room;
    size_t left;         /* bytes of the body still to come */
    int state;           /* loader: 0 idle, 1 head, 2 body by length, 3 chunked, 4 until close */
    char tail[8];        /* loader, chunked: the last bytes seen */
    const char *out;     /* what is still to be written */
    size_t n_out;
    int event;           /* mock: next event of a paced stream */
    int close_after;
    double due, first;   /* loader: when the request was due, when the first byte of the body came */
    double wake;         /* mock: when the next piece goes out */
    int queued;
} Conn;

static Conn conns[MAX_CONNECTIONS];
static int epoll_fd;
static char buffer[READ_BYTES];

static double now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static void die(const char *what) {
    perror(what);
    exit(1);
}

static char *read_file(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file) die(path);
    fseek(file, 0, SEEK_END);
    *size = ftell(file);
    rewind(file);
    char *data = malloc(*size + 1);
    if (fread(data, 1, *size, file) != *size) die(path);
    data[*size] = 0;
    fclose(file);
    return data;
}

static void watch(int fd, int op, int events) {
    struct epoll_event e = {.events = events, .data.fd = fd};
    if (epoll_ctl(epoll_fd, op, fd, &e) < 0) die("epoll_ctl");
}

static void ready(int fd) {
    int one = 1;
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

/* Write what is pending; wait for room where the socket has none. */
static int flush(Conn *c) {
    while (c->n_out) {
        ssize_t n = write(c->fd, c->out, c->n_out);
        if (n < 0) {
            if (errno != EAGAIN) return -1;
            watch(c->fd, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
            return 0;
        }
        c->out += n;
        c->n_out -= n;
        if (!c->n_out && n) watch(c->fd, EPOLL_CTL_MOD, EPOLLIN);
    }
    return 0;
}

static long header_number(const char *head, size_t size, const char *name) {
    char *at = strcasestr(head, name);
    return at && at < head + size ? strtol(at + strlen(name), NULL, 10) : -1;
}

static int has(const char *head, const char *what) {
    return strcasestr(head, what) != NULL;
}

/* ── the upstream ─────────────────────────────────────────────────────────────────────────────── */

static char *whole, *streamed, **events;
static size_t n_whole, n_streamed, *event_sizes;
static int n_events;
static double delay_us, gap_us;
static int *queue, queue_from, queue_n;

static void later(Conn *c, double wait) {
    c->wake = now_us() + wait;
    if (!c->queued) {
        c->queued = 1;
        queue[(queue_from + queue_n++) % MAX_CONNECTIONS] = c->fd;
    }
}

static void prepare(const char *answer, const char *stream, int count) {
    size_t n_body, n_stream;
    char *body = read_file(answer, &n_body), *text = read_file(stream, &n_stream);
    static const char more[] =
        "x-request-id: req_0123456789abcdef0123456789abcdef\r\nopenai-version: 2020-10-01\r\n"
        "openai-organization: bench\r\nopenai-processing-ms: 1\r\nx-ratelimit-limit-requests: 10000\r\n"
        "x-ratelimit-limit-tokens: 2000000\r\nx-ratelimit-remaining-requests: 9999\r\n"
        "x-ratelimit-remaining-tokens: 1999000\r\nx-ratelimit-reset-requests: 6ms\r\n"
        "x-ratelimit-reset-tokens: 1ms\r\nstrict-transport-security: max-age=31536000\r\n"
        "x-content-type-options: nosniff\r\ncf-cache-status: DYNAMIC\r\nserver: mock\r\n"
        "date: Mon, 23 Nov 2026 10:00:00 GMT\r\n";
    whole = malloc(n_body + 2048);
    n_whole = sprintf(whole, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %zu\r\n%s\r\n",
                      n_body, more);
    memcpy(whole + n_whole, body, n_body);
    n_whole += n_body;
    events = calloc(count + 2, sizeof *events);
    event_sizes = calloc(count + 2, sizeof *event_sizes);
    events[0] = malloc(2048);
    event_sizes[0] = sprintf(events[0],
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n%s\r\n", more);
    char *at = text;
    for (n_events = 0; n_events < count; n_events++) {
        char *end = strstr(at, "\n\n");
        if (!end) die("too few events");
        size_t size = end + 2 - at;
        events[n_events + 1] = malloc(size + 32);
        size_t n = sprintf(events[n_events + 1], "%zx\r\n", size);
        memcpy(events[n_events + 1] + n, at, size);
        memcpy(events[n_events + 1] + n + size, "\r\n", 2);
        event_sizes[n_events + 1] = n + size + 2;
        at = end + 2;
    }
    size_t total = event_sizes[0] + 8;
    for (int i = 1; i <= n_events; i++) total += event_sizes[i];
    streamed = malloc(total);
    for (int i = 0; i <= n_events; i++) {
        memcpy(streamed + n_streamed, events[i], event_sizes[i]);
        n_streamed += event_sizes[i];
    }
    memcpy(streamed + n_streamed, "0\r\n\r\n", 5);
    n_streamed += 5;
    /* the end of a paced stream goes out with its last event */
    events[n_events] = realloc(events[n_events], event_sizes[n_events] + 8);
    memcpy(events[n_events] + event_sizes[n_events], "0\r\n\r\n", 5);
    event_sizes[n_events] += 5;
}

static int answer(Conn *c) {
    if (c->event < 0) {
        c->out = whole, c->n_out = n_whole;
    } else if (gap_us <= 0) {
        c->out = streamed, c->n_out = n_streamed;
    } else {
        c->out = events[c->event], c->n_out = event_sizes[c->event];
        if (c->event == 0 && n_events) {
            static char first[65536];
            memcpy(first, events[0], event_sizes[0]);
            memcpy(first + event_sizes[0], events[1], event_sizes[1]);
            c->out = first, c->n_out = event_sizes[0] + event_sizes[1];
            c->event = 1;
        }
        if (++c->event <= n_events) later(c, gap_us);
    }
    return flush(c);
}

/* A whole request is there: answer it, now or after the delay. */
static int asked(Conn *c, size_t head, size_t size) {
    size_t body = size - head, look = body < 512 ? body : 512;
    const char *at = c->in + head;
    int stream = memmem(at, look, "\"stream\":true", 13) || memmem(at, look, "\"stream\": true", 14)
              || memmem(at + body - look, look, "\"stream\":true", 13)
              || memmem(at + body - look, look, "\"stream\": true", 14);
    c->event = stream ? 0 : -1;
    memmove(c->in, c->in + size, c->n_in - size);
    c->n_in -= size;
    c->left = 0;
    if (delay_us > 0) {
        later(c, delay_us);
        return 0;
    }
    return answer(c);
}

static int take_request(Conn *c) {
    if (c->left && c->n_in < c->left) return 0;
    char *end = memmem(c->in, c->n_in, "\r\n\r\n", 4);
    if (!end) return 0;
    size_t head = end + 4 - c->in;
    *end = 0;
    long length = header_number(c->in, head, "content-length:");
    int chunked = length < 0 && has(c->in, "transfer-encoding: chunked");
    *end = '\r';
    if (chunked) {
        if (c->n_in < head + 5 || memcmp(c->in + c->n_in - 5, "0\r\n\r\n", 5)) return 0;
        return asked(c, head, c->n_in);
    }
    size_t size = head + (length > 0 ? length : 0);
    c->left = size;
    return c->n_in < size ? 0 : asked(c, head, size);
}

static void serve(char **arg) {
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a benchmark that was killed leaves nothing behind */
    prepare(arg[0], arg[1], atoi(arg[2]));
    delay_us = atof(arg[3]), gap_us = atof(arg[4]);
    queue = calloc(MAX_CONNECTIONS, sizeof *queue);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (bind(listener, (void *)&address, size) || listen(listener, 1024)) die("listen");
    getsockname(listener, (void *)&address, &size);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    watch(listener, EPOLL_CTL_ADD, EPOLLIN);
    struct epoll_event got[256];
    for (;;) {
        struct timespec wait = {0}, *until = NULL;
        if (queue_n) {
            double us = conns[queue[queue_from]].wake - now_us();
            wait.tv_nsec = us > 0 ? (long)(us < 1e6 - 1 ? us * 1e3 : 999999000) : 0;
            until = &wait;
        }
        int n = epoll_pwait2(epoll_fd, got, 256, until, NULL);
        for (int i = 0; i < n; i++) {
            int fd = got[i].data.fd;
            if (fd == listener) {
                int client = accept(listener, NULL, NULL);
                if (client < 0 || client >= MAX_CONNECTIONS) { close(client); continue; }
                ready(client);
                Conn *c = &conns[client];
                char *kept = c->in;
                size_t room = c->room;
                int queued = c->queued;
                memset(c, 0, sizeof *c);
                c->fd = client, c->in = kept, c->room = room, c->queued = queued;
                c->event = n_events + 1;
                watch(client, EPOLL_CTL_ADD, EPOLLIN);
                continue;
            }
            Conn *c = &conns[fd];
            int bad = 0;
            if (got[i].events & EPOLLOUT) bad = flush(c) < 0;
            if (!bad && got[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
                ssize_t n_read = read(fd, buffer, READ_BYTES);
                if (n_read <= 0 && !(n_read < 0 && errno == EAGAIN)) bad = 1;
                else if (n_read > 0) {
                    if (c->n_in + n_read + 1 > c->room) {
                        c->room = 2 * (c->n_in + n_read + 1);
                        c->in = realloc(c->in, c->room);
                    }
                    memcpy(c->in + c->n_in, buffer, n_read);
                    c->n_in += n_read;
                    c->in[c->n_in] = 0;
                    bad = take_request(c) < 0;
                }
            }
            if (bad) {
                close(fd);
                c->fd = -1;
            }
        }
        double t = now_us();
        while (queue_n && conns[queue[queue_from]].wake <= t) {
            Conn *c = &conns[queue[queue_from]];
            queue_from = (queue_from + 1) % MAX_CONNECTIONS;
            queue_n--;
            c->queued = 0;
            if (c->fd >= 0 && (c->event <= n_events) && answer(c) < 0) { close(c->fd); c->fd = -1; }
        }
    }
}

/* ── the loader ───────────────────────────────────────────────────────────────────────────────── */

static char *request;
static size_t n_request;
static struct sockaddr_in target;
static float *totals, *firsts;
static size_t n_done, n_errors, n_reconnects, room_done;
static double rate, started_us, until_us;
static int idle[MAX_CONNECTIONS], n_idle, n_busy;
static double *waiting;
static size_t wait_from, wait_to, wait_room;

static void dial(Conn *c) {
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0 || connect(c->fd, (void *)&target, sizeof target) < 0) die("connect");
    ready(c->fd);
    c->state = 0, c->n_in = 0, c->n_out = 0;
    watch(c->fd, EPOLL_CTL_ADD, EPOLLIN);
}

static Conn *by_fd[65536];

static void ask(Conn *c, double due) {
    c->state = 1, c->n_in = 0, c->close_after = 0, c->first = 0;
    c->due = due;
    c->out = request, c->n_out = n_request;
    n_busy++;
    flush(c);
}

static void again(Conn *c) {
    if (rate <= 0) {
        double t = now_us();
        if (t < until_us) ask(c, t);
    } else if (wait_from != wait_to) {
        ask(c, waiting[wait_from++ % wait_room]);
    } else {
        idle[n_idle++] = (int)(c - conns);
    }
}

static void redial(Conn *c) {
    by_fd[c->fd] = NULL;
    close(c->fd);
    dial(c);
    by_fd[c->fd] = c;
    n_reconnects++;
}

static void done(Conn *c, int good) {
    double t = now_us();
    n_busy--;
    if (!good) n_errors++;
    else {
        if (n_done == room_done) {
            room_done = room_done ? 2 * room_done : 1 << 16;
            totals = realloc(totals, room_done * sizeof *totals);
            firsts = realloc(firsts, room_done * sizeof *firsts);
        }
        totals[n_done] = t - c->due;
        firsts[n_done++] = (c->first ? c->first : t) - c->due;
    }
    c->state = 0;
    if (c->close_after) redial(c);
    again(c);
}

/* Bytes of an answer; chunked ends are found by the last chunk's own bytes, which no event holds. */
static void take_answer(Conn *c, const char *data, size_t n) {
    if (c->state == 1) {
        if (c->n_in + n > c->room) {
            c->room = 2 * (c->n_in + n) + 65536;
            c->in = realloc(c->in, c->room);
        }
        memcpy(c->in + c->n_in, data, n);
        c->n_in += n;
        char *end = memmem(c->in, c->n_in, "\r\n\r\n", 4);
        if (!end) return;
        size_t head = end + 4 - c->in;
        *end = 0;
        if (strncmp(c->in, "HTTP/1.1 200", 12)) {
            if (!n_errors) fprintf(stderr, "%.300s\n", c->in);
            c->close_after = 1;
            done(c, 0);
            return;
        }
        c->close_after = has(c->in, "connection: close");
        long length = header_number(c->in, head, "content-length:");
        if (length >= 0) c->state = 2, c->left = length;
        else c->state = has(c->in, "transfer-encoding: chunked") ? 3 : 4;
        memset(c->tail, 0, sizeof c->tail);
        data = c->in + head;
        n = c->n_in - head;
        if (!n && !(c->state == 2 && !c->left)) return;
    }
    if (c->state == 0) return;
    if (!c->first) c->first = now_us();
    if (c->state == 2) {
        c->left -= n < c->left ? n : c->left;
        if (!c->left) done(c, 1);
    } else if (c->state == 3) {
        char last[16];
        size_t keep = n < 7 ? n : 7;
        memmove(c->tail, c->tail + keep, 7 - keep);
        memcpy(c->tail + 7 - keep, data + n - keep, keep);
        memcpy(last, c->tail, 7);
        if (!memcmp(last, "\r\n0\r\n\r\n", 7)) done(c, 1);
    }
}

static int by_size(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static double quantile(float *values, double q) {
    return n_done ? values[(size_t)(q * (n_done - 1))] : 0;
}

static int load(char **arg) {
    target = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(atoi(arg[0])),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    request = read_file(arg[1], &n_request);
    int n_connections = atoi(arg[2]);
    double seconds = atof(arg[3]);
    rate = atof(arg[4]);
    wait_room = 1 << 20;
    waiting = malloc(wait_room * sizeof *waiting);
    for (int i = 0; i < n_connections; i++) {
        dial(&conns[i]);
        by_fd[conns[i].fd] = &conns[i];
    }
    started_us = now_us();
    until_us = started_us + seconds * 1e6;
    double next = started_us;
    for (int i = 0; i < n_connections; i++) {
        if (rate > 0) idle[n_idle++] = i;
        else ask(&conns[i], now_us());
    }
    struct epoll_event got[256];
    double give_up = until_us + 30e6, t = now_us(), last_done = t;
    while (t < until_us || (n_busy && t < give_up)) {
        if (rate > 0)
            while (next <= t && next < until_us) {
                if (n_idle) ask(&conns[idle[--n_idle]], next);
                else if (wait_to - wait_from < wait_room) waiting[wait_to++ % wait_room] = next;
                next += 1e6 / rate;
            }
        struct timespec wait = {.tv_nsec = 100000000};
        if (rate > 0 && next < until_us) wait.tv_nsec = next > t ? (long)((next - t) * 1e3) : 0;
        int n = epoll_pwait2(epoll_fd, got, 256, &wait, NULL);
        for (int i = 0; i < n; i++) {
            Conn *c = by_fd[got[i].data.fd];
            if (!c) continue;
            if (got[i].events & EPOLLOUT) flush(c);
            if (!(got[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))) continue;
            ssize_t n_read = read(c->fd, buffer, READ_BYTES);
            if (n_read > 0) take_answer(c, buffer, n_read);
            else if (n_read == 0 || errno != EAGAIN) {
                c->close_after = 1;
                if (c->state) done(c, c->state == 4);
                else redial(c);
            }
            last_done = now_us();
        }
        t = now_us();
    }
    qsort(totals, n_done, sizeof *totals, by_size);
    double p50 = quantile(totals, .5), p99 = quantile(totals, .99);
    qsort(firsts, n_done, sizeof *firsts, by_size);
    double span = ((rate > 0 ? last_done : now_us()) - started_us) / 1e6;
    printf("{\"done\":%zu,\"errors\":%zu,\"reconnects\":%zu,\"unanswered\":%d,\"seconds\":%.4f,\"per_s\":%.2f,"
           "\"p50\":%.1f,\"p99\":%.1f,\"first_p50\":%.1f,\"first_p99\":%.1f}\n",
           n_done, n_errors, n_reconnects, n_busy, span, n_done / span, p50, p99,
           quantile(firsts, .5), quantile(firsts, .99));
    return 0;
}

int main(int argc, char **argv) {
    epoll_fd = epoll_create1(0);
    if (argc == 7 && !strcmp(argv[1], "serve")) serve(argv + 2);
    if (argc == 7 && !strcmp(argv[1], "load")) return load(argv + 2);
    fprintf(stderr, "see the head of http_load.c\n");
    return 2;
}
