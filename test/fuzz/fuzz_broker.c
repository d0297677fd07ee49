/* What a VMS answers to the broker: any bytes at any step of either kind, and to any question. */
#include "daemon/broker_part.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_names(const struct upstream *known)
{
    assert(known->camera_count <= POLICY_CAMERAS && known->alias_count <= UPSTREAM_ALIASES);
    for (uint32_t i = 0; i < known->camera_count; i++) {
        assert(known->cameras[i].key[0] != '\0' && strchr(known->cameras[i].key, '\n') == NULL);
    }
    for (uint32_t i = 0; i < known->header_count; i++) {
        assert(strpbrk(known->headers[i].value, "\r\n") == NULL);
    }
    assert(strpbrk(known->token, "\r\n &#") == NULL);
}

static void
take(struct broker_vms *vms, const struct answer *answer, unsigned choice)
{
    struct note note = {{0}};
    struct resolved resolved;
    struct resolve_question question = {.name = (enum access_name)(choice % (ACCESS_ALL + 1))};
    enum err err = vms->kind->steps[choice % vms->kind->step_count].take(vms, answer, &note);
    (void)err;
    vms->known->header_count = 0;
    vms->kind->publish(vms, vms->known);
    check_names(vms->known);
    memcpy(question.text, "1763900000.1-abc123", sizeof "1763900000.1-abc123");
    if (vms->kind->read(vms, answer, &question, &resolved) == READ_DONE) {
        assert(resolved.camera_count == 1 && resolved.cameras[0][0] != '\0');
    }
}

/* First byte: which kind; second: which step; third: the status; then headers, an empty line, body.
 */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = {200, 401, 404, 302};
    static struct upstream known;
    if (size < 3 || secret_start() != OK) {
        return 0;
    }
    char *text = calloc(1, size);
    memcpy(text, data + 3, size - 3);
    char *body = memmem(text, size - 3, "\r\n\r\n", 4);
    struct settings_vms settings = {.name = "vms", .user = "admin"};
    struct broker_vms vms = {.settings = &settings,
        .kind = data[0] % 2 == 0 ? &broker_zoneminder : &broker_frigate,
        .known = &known,
        .password = secret_new_text("password"),
        .zone = "Europe/Berlin"};
    struct answer answer = {.status = statuses[data[2] % COUNT(statuses)],
        .headers = "",
        .body = text,
        .body_len = size - 3};
    if (body != NULL) {
        answer.headers = text;
        answer.headers_len = (size_t)(body - text) + 2;
        answer.body = body + 4;
        answer.body_len = size - 3 - (size_t)(answer.body - text);
    }
    take(&vms, &answer, data[1]);
    broker_secret_replace(&vms.token, NULL);
    broker_secret_replace(&vms.cookie, NULL);
    broker_secret_replace(&vms.coming, NULL);
    broker_secret_replace(&vms.csrf, NULL);
    secret_free(vms.password);
    json_decref(vms.groups);
    free(text);
    return 0;
}
