/* Any bytes as a device's answers to the change of a password, for each list of accounts. */
#include "base/secret.h"
#include "device/account.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct device_account *const accounts[] = {&account_onvif, &account_isapi,
    &account_dahua, &account_axis, &account_hanwha, &account_vivotek, &account_foscam,
    &account_reolink, &account_uniview, &account_xiongmai};

/* "NNN" and a line end begin an answer: its status; a NUL ends it. */
static struct answer
next_answer(const char **at, const char *end, struct arena *arena)
{
    const char *stop = memchr(*at, '\0', (size_t)(end - *at));
    size_t len = (size_t)((stop == NULL ? end : stop) - *at);
    struct answer answer = {.status = 200, .headers = "", .body = ""};
    int status = 0;
    size_t digits = 0;
    while (digits < 3 && digits < len && (*at)[digits] >= '0' && (*at)[digits] <= '9') {
        status = status * 10 + ((*at)[digits++] - '0');
    }
    if (digits == 3 && len > 3 && (*at)[3] == '\n') {
        answer.status = status;
        *at += 4;
        len -= 4;
    }
    char *body = arena_copy_n(arena, *at, len);
    answer.body = body == NULL ? "" : body;
    answer.body_len = body == NULL ? 0 : len;
    *at += len + (stop == NULL ? 0 : 1);
    return answer;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || secret_start() != OK) {
        return 0;
    }
    const struct device_account *account = accounts[data[0] % COUNT(accounts)];
    const char *at = (const char *)data + 1;
    const char *end = (const char *)data + size;
    struct secret *old = secret_new_text("old<&>\"'");
    struct secret *new = secret_new_text("Kq7-new");
    struct device_change change = {.user = "admin", .old = old, .new = new};
    struct answer answer;
    const struct answer *last = NULL;
    struct arena arena;
    enum change_state state = CHANGE_SEND;
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    while (state == CHANGE_SEND) {
        struct request request;
        state = device_change_step(account, &change, last, &arena, &request);
        assert(state != CHANGE_SEND || request.ask.path != NULL);
        answer = next_answer(&at, end, &arena);
        last = &answer;
    }
    assert(state == CHANGE_TAKEN || change.why[0] != '\0');
    assert(state != CHANGE_TAKEN || change.number != 0);
    if (account->read_rule != NULL) {
        struct device_password_rule rule = account->rule;
        struct secret *made = NULL;
        account->read_rule(&answer, &rule);
        if (device_password_new(&rule, "admin", &made) == OK) {
            assert(secret_len(made) >= 8 && secret_len(made) >= rule.min);
            secret_free(made);
        }
    }
    arena_wipe(&arena);
    secret_free(old);
    secret_free(new);
    return 0;
}
