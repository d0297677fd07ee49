/*
 * ledger_load SOCKET CONNECTIONS WINDOW SECONDS [ACKS]: so many connections to a keeper, each with
 * so many events under way. Prints one line of JSON. ACKS: a file to which "index id" of every
 * acknowledged event is appended, in the order of the answers. Ends with 3 when a connection
 * broke: then some events are of unknown fate.
 */
#include "base/text.h"
#include "events.h"
#include "latency.h"
#include "ledger/client.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS 512
#define ID_ROOM     64
#define READY       64
#define ACKS_BUFFER ((size_t)1024 * 1024)
#define BROKEN      3

struct load;

struct flight {
    struct load *load;
    struct link *link;
    struct flight *next; /* free ones */
    int64_t sent;
    char id[ID_ROOM];
};

struct link {
    struct client *client;
    struct flight *free;
    bool wants_write;
};

struct load {
    struct events events;
    struct latency latency;
    struct link links[CONNECTIONS];
    struct flight *flights;
    size_t connections, window;
    uint64_t acknowledged, full, refused, unknown, bytes;
    int64_t now, begun, until;
    int64_t wall;
    int epoll;
    bool is_broken;
    FILE *acks;
};

static void
done(void *context, enum err err, uint64_t index, const struct note *note)
{
    struct flight *flight = context;
    struct load *load = flight->load;
    if (err == OK) {
        load->acknowledged++;
        latency_add(&load->latency, load->now - flight->sent, 1);
        if (load->acks != NULL) {
            (void)fprintf(load->acks, "%" PRIu64 " %s\n", index, flight->id);
        }
    } else if (err == ERR_FULL) {
        load->full++;
    } else if (err == ERR_NETWORK || err == ERR_CANCELLED) {
        load->unknown++;
    } else {
        load->refused++;
        if (load->refused == 1) {
            (void)fprintf(stderr, "ledger_load: %s: %s\n", err_words(err), note->text);
        }
    }
    flight->next = flight->link->free;
    flight->link->free = flight;
}

static void
copy_id(const char *event, size_t len, char out[ID_ROOM])
{
    const char *id = memmem(event, len, "\"id\":\"", 6);
    size_t n = 0;
    if (id != NULL) {
        for (id += 6; n + 1 < ID_ROOM && id + n < event + len && id[n] != '"'; n++) {
            out[n] = id[n];
        }
    }
    out[n] = '\0';
}

/* As many as the window allows. */
static void
fill(struct load *load, struct link *link)
{
    char event[EVENTS_ROOM];
    while (link->free != NULL && load->now < load->until) {
        struct flight *flight = link->free;
        size_t len = events_next(&load->events, load->wall, false, event);
        flight->sent = load->now;
        if (load->acks != NULL) {
            copy_id(event, len, flight->id);
        }
        link->free = flight->next;
        if (client_append(link->client, event, len, done, flight) != OK) {
            flight->next = link->free;
            link->free = flight;
            return;
        }
        load->bytes += len;
    }
}

static void
turn(struct load *load, struct link *link)
{
    load->now = latency_now();
    enum err err = client_turn(link->client);
    fill(load, link);
    if (err == OK) {
        err = client_turn(link->client);
    }
    if (err != OK) {
        (void)epoll_ctl(load->epoll, EPOLL_CTL_DEL, client_fd(link->client), NULL);
        load->is_broken = true;
        return;
    }
    bool wants_write = client_wants_write(link->client);
    if (wants_write != link->wants_write) {
        struct epoll_event event = {.events = EPOLLIN | (wants_write ? EPOLLOUT : 0U)};
        event.data.ptr = link;
        (void)epoll_ctl(load->epoll, EPOLL_CTL_MOD, client_fd(link->client), &event);
        link->wants_write = wants_write;
    }
}

static bool
is_under_way(const struct load *load)
{
    for (size_t i = 0; i < load->connections; i++) {
        if (client_under_way(load->links[i].client) != 0) {
            return true;
        }
    }
    return false;
}

static bool
open_links(struct load *load, const char *socket)
{
    struct note note = {{0}};
    load->epoll = epoll_create1(EPOLL_CLOEXEC);
    load->flights = calloc(load->connections * load->window, sizeof(*load->flights));
    for (size_t i = 0; load->flights != NULL && i < load->connections; i++) {
        struct link *link = &load->links[i];
        if (client_open(socket, &link->client, &note) != OK) {
            (void)fprintf(stderr, "ledger_load: %s\n", note.text);
            return false;
        }
        for (size_t k = 0; k < load->window; k++) {
            struct flight *flight = &load->flights[i * load->window + k];
            *flight = (struct flight){.load = load, .link = link, .next = link->free};
            link->free = flight;
        }
        struct epoll_event event = {.events = EPOLLIN};
        event.data.ptr = link;
        if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, client_fd(link->client), &event) != 0) {
            return false;
        }
    }
    return load->flights != NULL && load->epoll >= 0;
}

static void
run(struct load *load, int64_t nanoseconds)
{
    struct epoll_event ready[READY];
    load->begun = load->now = latency_now();
    load->until = load->begun + nanoseconds;
    for (size_t i = 0; i < load->connections; i++) {
        turn(load, &load->links[i]);
    }
    while (!load->is_broken && (load->now < load->until || is_under_way(load))) {
        int count = epoll_wait(load->epoll, ready, READY, 1000);
        for (int i = 0; i < count; i++) {
            turn(load, ready[i].data.ptr);
        }
        load->now = latency_now();
    }
}

static int
report(struct load *load)
{
    double seconds = (double)(latency_now() - load->begun) / 1e9;
    for (size_t i = 0; i < load->connections; i++) {
        client_close(load->links[i].client);
    }
    (void)printf("{\"acknowledged\": %" PRIu64 ", \"per_second\": %.0f, \"p50_us\": %.0f, "
                 "\"p99_us\": %.0f, \"p999_us\": %.0f, \"full\": %" PRIu64 ", \"refused\": %" PRIu64
                 ", \"unknown\": %" PRIu64 ", \"bytes\": %" PRIu64
                 ", \"connections\": %zu, \"window\": %zu, \"seconds\": %.3f}\n",
        load->acknowledged, (double)load->acknowledged / seconds, latency_at(&load->latency, 0.5),
        latency_at(&load->latency, 0.99), latency_at(&load->latency, 0.999), load->full,
        load->refused, load->unknown, load->bytes, load->connections, load->window, seconds);
    bool is_cut = load->acks != NULL && fclose(load->acks) != 0;
    return is_cut ? 2 : load->is_broken ? BROKEN : 0;
}

int
main(int argc, char **argv)
{
    static struct load load;
    uint64_t connections = 0;
    uint64_t window = 0;
    uint64_t seconds = 0;
    if (argc < 5 || argc > 6 || text_to_u64(argv[2], CONNECTIONS, &connections) != OK ||
        text_to_u64(argv[3], CLIENT_QUEUE, &window) != OK ||
        text_to_u64(argv[4], 3600, &seconds) != OK || connections == 0 || window == 0) {
        (void)fprintf(stderr, "usage: %s SOCKET CONNECTIONS WINDOW SECONDS [ACKS]\n", argv[0]);
        return 64;
    }
    load.connections = (size_t)connections;
    load.window = (size_t)window;
    load.wall = (int64_t)time(NULL) * 1000;
    if (argc == 6) {
        load.acks = fopen(argv[5], "ae");
        if (load.acks == NULL || setvbuf(load.acks, NULL, _IOFBF, ACKS_BUFFER) != 0) {
            perror(argv[5]);
            return 2;
        }
    }
    events_init(&load.events, (uint64_t)latency_now() ^ (uint64_t)getpid() << 40);
    if (!open_links(&load, argv[1])) {
        return 2;
    }
    run(&load, (int64_t)seconds * 1000000000);
    return report(&load);
}
