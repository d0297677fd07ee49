/*
 * For tests: hands a password to the consumers of a site file, as a rotation does.
 *
 *   consumer-tell SITE ADDRESS users            prints who uses the device, and who can't be told
 *   consumer-tell SITE ADDRESS hand|back USER   the old and the new password: two lines on stdin
 */
#include "remedy/consumer.h"

#include "base/log.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

static struct secret *
read_secret(void)
{
    char line[256];
    if (fgets(line, sizeof(line), stdin) == NULL) {
        return NULL;
    }
    line[strcspn(line, "\n")] = '\0';
    return secret_new_text(line);
}

static int
show_users(const struct site *site, const struct subject *subject)
{
    const struct wire_settings wire = wire_settings_default();
    struct consumer_survey *survey = NULL;
    struct consumer_users users = {.words = NULL};
    struct arena arena;
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    enum err err = consumer_survey_new(site, &site->scope, &wire, &survey);
    err = err == OK ? consumer_users(survey, subject, &arena, &users) : err;
    (void)printf("%s\n%s\n", users.words == NULL ? "-" : users.words,
        users.unknown == NULL ? "-" : users.unknown);
    consumer_survey_free(survey);
    arena_release(&arena);
    return err == OK ? 0 : 1;
}

static int
tell(struct site *site, struct subject *subject, const char *what, const char *user)
{
    const struct desk_settings settings = {
        .scope = &site->scope, .wire = wire_settings_default(), .site = site};
    struct secret *old = read_secret();
    struct secret *new = read_secret();
    struct job job = {.subject = subject};
    const struct consumer_change change = {.user = user, .from = old, .to = new};
    enum err err =
        old == NULL || new == NULL ? ERR_VALUE : desk_open(&settings, &job.desk, &job.why);
    enum remedy_result result = REMEDY_FAILED;
    if (err == OK) {
        job.is_resumed = text_equal(what, "back");
        result = text_equal(what, "back") ? consumer_take_back(&job, &change)
                                          : consumer_hand_over(&job, &change);
    }
    json_t *said = json_object_get(job.after, "consumers");
    for (size_t i = 0; i < json_array_size(said); i++) {
        (void)printf("%s\n", json_string_value(json_array_get(said, i)));
    }
    (void)printf(
        "%s%s%s\n", remedy_result_words(result), job.why.text[0] == '\0' ? "" : ": ", job.why.text);
    desk_close(job.desk);
    json_decref(job.after);
    secret_free(old);
    secret_free(new);
    return result == REMEDY_DONE ? 0 : 1;
}

int
main(int argc, char **argv)
{
    struct note note = {""};
    struct site *site = NULL;
    struct ip ip;
    int status = 2;
    if (argc < 4 || secret_start() != OK || ip_parse(argv[2], &ip) != OK ||
        site_load(argv[1], &site, &note) != OK || site_secret_read(site, &note) != OK) {
        (void)fprintf(stderr, "%s\n", note.text);
        site_free(site);
        return status;
    }
    struct subject *subject = subject_new(1);
    if (subject != NULL && subject_add_address(subject, &ip)) {
        status = text_equal(argv[3], "users") ? show_users(site, subject)
                 : argc == 5                  ? tell(site, subject, argv[3], argv[4])
                                              : 2;
    }
    subject_free(subject);
    site_free(site);
    return status;
}
