/* A child that looks names up, and the way to ask it. */
#include "siem/resolver.h"

#include "base/clock.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENT_MS 15000
#define SLICE      200 /* ms between two looks at the stop */

struct siem_resolver {
    const struct siem_config *config;
    const struct siem_stop *stop;
    pthread_mutex_t mutex;
    int fd;
    uint32_t asked;
};

struct question {
    uint32_t token; /* an answer that comes too late is not taken for the next one's */
    uint32_t row;
};

struct answer {
    uint32_t token;
    enum err err;
    struct siem_addresses addresses;
    struct note note;
};

enum err
siem_resolver_look(const char *host, struct siem_addresses *ret_addresses, struct note *note)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    struct siem_addresses found = {.count = 0};
    if (ip_parse(host, &found.rows[0]) == OK) {
        found.count = 1;
        *ret_addresses = found;
        return OK;
    }
    int bad = getaddrinfo(host, NULL, &hints, &list);
    for (const struct addrinfo *at = list; at != NULL && found.count < SIEM_ADDRESSES;
         at = at->ai_next) {
        uint16_t port = 0;
        if (ip_from_socket(at->ai_addr, &found.rows[found.count], &port) == OK) {
            found.count++;
        }
    }
    if (list != NULL) {
        freeaddrinfo(list);
    }
    if (found.count == 0) {
        note_set(note, "%.100s can't be looked up: %s", host,
            bad == 0 ? "it has no address" : gai_strerror(bad));
        return ERR_MISSING;
    }
    *ret_addresses = found;
    return OK;
}

/* A question as the child has it. */
struct asked {
    const struct siem_config *config;
    apart_shut_fn *shut_in;
    int fd;
    struct question question;
};

static void
answer_one(void *context)
{
    const struct asked *asked = context;
    uint32_t row = asked->question.row;
    struct answer answer = {.token = asked->question.token, .err = ERR_VALUE};
    const char *host = row < asked->config->count ? asked->config->destinations[row].host : NULL;
    if (host != NULL) {
        answer.err = asked->shut_in(APART_ASKS, &answer.note);
    }
    if (host != NULL && answer.err == OK) {
        answer.err = siem_resolver_look(host, &answer.addresses, &answer.note);
    }
    if (send(asked->fd, &answer, sizeof(answer), MSG_NOSIGNAL) != (ssize_t)sizeof(answer)) {
        _exit(1);
    }
}

/*
 * The child's life. The forwarder still needs names while it ends on a signal, and its end is the
 * child's.
 */
static void
serve(void *context, int fd)
{
    struct note note = {""};
    struct asked *asked = context;
    struct question *question = &asked->question;
    asked->fd = fd;
    if (asked->shut_in(APART_HEARS, &note) != OK) {
        return;
    }
    while (recv(fd, question, sizeof(*question), 0) == (ssize_t)sizeof(*question) &&
           apart_run(answer_one, asked)) {
    }
}

enum err
siem_resolver_new(const struct siem_config *config, apart_shut_fn *shut_in,
    const struct siem_stop *stop, struct siem_resolver **ret_resolver, struct note *note)
{
    struct asked asked = {.config = config, .shut_in = shut_in};
    struct siem_resolver *resolver = calloc(1, sizeof(*resolver));
    if (resolver == NULL) {
        return ERR_MEMORY;
    }
    *resolver = (struct siem_resolver){.config = config, .stop = stop};
    enum err err = apart_start(SOCK_SEQPACKET, serve, &asked, &resolver->fd, note);
    if (err != OK) {
        free(resolver);
        return err;
    }
    (void)pthread_mutex_init(&resolver->mutex, NULL);
    *ret_resolver = resolver;
    return OK;
}

void
siem_resolver_free(struct siem_resolver *resolver)
{
    if (resolver != NULL) {
        (void)close(resolver->fd); /* which ends the child */
        (void)pthread_mutex_destroy(&resolver->mutex);
        free(resolver);
    }
}

int
siem_resolver_fd(const struct siem_resolver *resolver)
{
    return resolver->fd;
}

static enum err
wait_for_answer(struct siem_resolver *resolver, struct answer *answer, struct note *note)
{
    int64_t until = clock_mono() + PATIENT_MS;
    for (;;) {
        struct pollfd wait = {.fd = resolver->fd, .events = POLLIN};
        int64_t left = until - clock_mono();
        if (siem_stop_is_over(resolver->stop)) {
            return ERR_CANCELLED;
        }
        int got = left > 0 ? poll(&wait, 1, (int)(left < SLICE ? left : SLICE)) : 0;
        if (got == 0 && left > SLICE) {
            continue;
        }
        if (got == 0) {
            note_set(note, "nobody answers when its name is looked up");
            return ERR_TIMEOUT;
        }
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (recv(resolver->fd, answer, sizeof(*answer), 0) != (ssize_t)sizeof(*answer)) {
            note_set(note, "the process that looks names up has ended");
            return ERR_SYSTEM;
        }
        if (answer->token == resolver->asked && answer->addresses.count <= SIEM_ADDRESSES) {
            return OK;
        }
    }
}

enum err
siem_resolver_ask(struct siem_resolver *resolver, const struct siem_destination *to,
    struct siem_addresses *ret_addresses, struct note *note)
{
    struct ip ip;
    struct answer answer = {.err = ERR_SYSTEM};
    if (resolver == NULL || ip_parse(to->host, &ip) == OK) {
        return siem_resolver_look(to->host, ret_addresses, note);
    }
    (void)pthread_mutex_lock(&resolver->mutex);
    struct question question = {++resolver->asked, (uint32_t)(to - resolver->config->destinations)};
    bool is_sent =
        send(resolver->fd, &question, sizeof(question), MSG_NOSIGNAL) == (ssize_t)sizeof(question);
    enum err err = is_sent ? wait_for_answer(resolver, &answer, note) : ERR_SYSTEM;
    (void)pthread_mutex_unlock(&resolver->mutex);
    if (!is_sent) {
        note_set(note, "the process that looks names up has ended");
    }
    if (err == OK && answer.err != OK) {
        answer.note.text[sizeof(answer.note.text) - 1] = '\0';
        note_set(note, "%s", answer.note.text);
        err = answer.err;
    }
    if (err == OK) {
        *ret_addresses = answer.addresses;
    }
    return err;
}
