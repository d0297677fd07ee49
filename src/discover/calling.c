/* Questions to all, answers to sightings. */
#include "discover/calling.h"

#include <stdlib.h>

#define QUESTION_MAX ((size_t)2048)

struct state {
    struct discovery *discovery;
    const struct calling *calling;
    struct caster *caster;
    struct buf questions[CALLING_QUESTIONS];
};

static void
got(void *context, const struct ip *from, uint16_t from_port, const uint8_t *bytes, size_t len)
{
    (void)from_port;
    const struct state *state = context;
    const struct calling *calling = state->calling;
    struct heard heard;
    enum err err = calling->parse != NULL ? calling->parse(bytes, len, &heard)
                                          : calling->parse_from(bytes, len, from, &heard);
    if (err == OK) {
        struct heard_from where = {.method = calling->method, .ip = *from, .asked = calling->asked};
        (void)heard_record(state->discovery, &where, &heard);
    }
}

void
calling_stop(void *context)
{
    struct state *state = context;
    caster_free(state->caster);
    for (size_t i = 0; i < state->calling->questions; i++) {
        buf_release(&state->questions[i]);
    }
    free(state);
}

enum err
calling_start(struct discovery *discovery, const struct calling *calling, void **ret_state)
{
    assert(calling->questions <= CALLING_QUESTIONS);
    struct state *state = calloc(1, sizeof(*state));
    if (state == NULL) {
        return ERR_MEMORY;
    }
    state->discovery = discovery;
    state->calling = calling;
    enum err err = OK;
    for (size_t i = 0; i < calling->questions; i++) {
        buf_init(&state->questions[i], QUESTION_MAX);
        calling->write(i, &state->questions[i]);
        err = err != OK ? err : buf_error(&state->questions[i]);
    }
    if (err == OK) {
        err = caster_new(discovery, &calling->cast, got, state, &state->caster);
    }
    if (err != OK) {
        calling_stop(state);
        return err;
    }
    for (size_t i = 0; i < calling->questions; i++) {
        caster_say(state->caster, state->questions[i].data, state->questions[i].len);
    }
    *ret_state = state;
    return OK;
}
