/* The lab's own socket: the truth about the devices, and what happens to them from outside. */
#include "lab/control.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/text.h"
#include "lab/life.h"
#include "lab/state.h"
#include "lab/stats.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define QUESTION_LIMIT ((size_t)512 * 1024)
#define WORDS          4
#define SECONDS_MAX    3600

static struct {
    uv_pipe_t pipe;
    struct lan *lan;
} control;

struct asker {
    uv_pipe_t pipe;
    uv_write_t write;
    struct buf in;
    char *answer;
};

/* A command: its words, and the text after its first line. */
struct command {
    char *words[WORDS];
    const char *text;
    struct device *device; /* that the second word names; NULL: none */
};

static json_t *
tell_truth(const struct command *command)
{
    (void)command;
    return stats_all(control.lan->devices, control.lan->device_count);
}

static json_t *
tell_document(const struct command *command)
{
    const struct state_document *document = state_find(command->device, command->words[2]);
    return document == NULL ? json_pack("{s:n}", "document")
                            : json_pack("{s:s}", "document", document->text.data);
}

static json_t *
done(enum err err)
{
    return json_pack("{s:s}", err == OK ? "done" : "error", err == OK ? "yes" : err_words(err));
}

static json_t *
set_document(const struct command *command)
{
    struct buf text;
    buf_init(&text, QUESTION_LIMIT);
    buf_text(&text, command->text);
    const struct state_text nothing = {"", 0};
    enum err err = state_write(command->device, command->words[2], nothing, &text);
    buf_release(&text);
    return done(err);
}

static json_t *
set_password(const struct command *command)
{
    const struct state_password wanted = {.user = command->words[2], .password = command->words[3]};
    return done(state_set_password(command->device, &wanted));
}

static json_t *
take_away(const struct command *command, void (*how)(struct device *device, unsigned seconds))
{
    uint64_t seconds = 0;
    enum err err = text_to_u64(command->words[2], SECONDS_MAX, &seconds);
    if (err == OK)
        how(command->device, (unsigned)seconds);
    return done(err);
}

static json_t *
cut(const struct command *command)
{
    return take_away(command, life_cut);
}

static json_t *
restart(const struct command *command)
{
    return take_away(command, life_restart);
}

static json_t *
pass_night(const struct command *command)
{
    (void)command;
    for (size_t i = 0; i < control.lan->device_count; i++)
        device_forget_failures(&control.lan->devices[i]);
    return done(OK);
}

static const struct {
    const char *word;
    unsigned words; /* with itself */
    json_t *(*run)(const struct command *command);
} commands[] = {
    {"truth",    1, tell_truth   },
    {"document", 3, tell_document},
    {"write",    3, set_document },
    {"password", 4, set_password },
    {"cut",      3, cut          },
    {"restart",  3, restart      },
    {"night",    1, pass_night   },
};

static struct device *
find_device(const char *name)
{
    for (size_t i = 0; i < control.lan->device_count; i++)
        if (text_equal(control.lan->devices[i].row->name, name))
            return &control.lan->devices[i];
    return NULL;
}

static json_t *
obey(char *line, const char *text)
{
    struct command command = {.text = text};
    unsigned count = 0;
    for (char *word = line; word != NULL && count < WORDS; count++) {
        command.words[count] = word;
        word = strchr(word, ' ');
        if (word != NULL)
            *word++ = '\0';
    }
    command.device = count < 2 ? NULL : find_device(command.words[1]);
    for (size_t i = 0; i < COUNT(commands); i++)
        if (text_equal(commands[i].word, command.words[0]) && count == commands[i].words)
            return count > 1 && command.device == NULL ? done(ERR_MISSING)
                                                       : commands[i].run(&command);
    return done(ERR_VALUE);
}

static void
on_closed(uv_handle_t *handle)
{
    struct asker *asker = handle->data;
    buf_release(&asker->in);
    free(asker->answer);
    free(asker);
}

static void
on_written(uv_write_t *write, int status)
{
    (void)status;
    struct asker *asker = write->data;
    uv_close((uv_handle_t *)&asker->pipe, on_closed);
}

static void
answer(struct asker *asker)
{
    char *line = asker->in.data;
    char *end = strchr(line, '\n');
    if (end != NULL)
        *end = '\0';
    json_t *value = obey(line, end == NULL ? "" : end + 1);
    asker->answer = value == NULL ? NULL : json_dumps(value, JSON_INDENT(1));
    json_decref(value);
    const size_t len = asker->answer == NULL ? 0 : strlen(asker->answer);
    uv_buf_t out = uv_buf_init(asker->answer, (unsigned)len);
    asker->write.data = asker;
    if (len == 0 || uv_write(&asker->write, (uv_stream_t *)&asker->pipe, &out, 1, on_written) != 0)
        uv_close((uv_handle_t *)&asker->pipe, on_closed);
}

static void
on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
    static char bytes[65536];
    (void)handle;
    (void)suggested;
    *ret_buf = uv_buf_init(bytes, sizeof bytes);
}

static void
on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *bytes)
{
    struct asker *asker = stream->data;
    if (got > 0)
        buf_add(&asker->in, bytes->base, (size_t)got);
    if (got == UV_EOF && buf_error(&asker->in) == OK) {
        (void)uv_read_stop(stream);
        answer(asker);
    } else if (got < 0) {
        uv_close((uv_handle_t *)stream, on_closed);
    }
}

static void
on_asker(uv_stream_t *listener, int status)
{
    struct asker *asker = status == 0 ? calloc(1, sizeof *asker) : NULL;
    if (asker == NULL)
        return;
    buf_init(&asker->in, QUESTION_LIMIT);
    uv_pipe_init(listener->loop, &asker->pipe, 0);
    asker->pipe.data = asker;
    if (uv_accept(listener, (uv_stream_t *)&asker->pipe) != 0 ||
        uv_read_start((uv_stream_t *)&asker->pipe, on_alloc, on_read) != 0)
        uv_close((uv_handle_t *)&asker->pipe, on_closed);
}

enum err
control_start(const char *path, struct lan *lan, uv_loop_t *loop)
{
    control.lan = lan;
    (void)unlink(path);
    uv_pipe_init(loop, &control.pipe, 0);
    int failed = uv_pipe_bind(&control.pipe, path);
    if (failed == 0)
        failed = uv_listen((uv_stream_t *)&control.pipe, 16, on_asker);
    if (failed != 0)
        log_error("%s: %s", path, uv_strerror(failed));
    return failed == 0 ? OK : ERR_SYSTEM;
}
