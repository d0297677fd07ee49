/* ZoneMinder's requests: every line of requests/zoneminder.txt, its answers, and its bodies. */
#include "test.h"

#include "base/arena.h"
#include "base/text.h"
#include "vms/access.h"

#include <stdio.h>
#include <stdlib.h>

#define LINE 4096
#define MARK "----WebKitFormBoundaryA1b2"

static struct arena arena;
static struct note note;
static struct access access;

/* One line of the file, taken apart. */
struct line {
    char text[LINE];
    unsigned number;
    char *method, *target, *expected;
    char *form, *parts;
};

static void
start(void)
{
    arena_release(&arena);
    arena_init(&arena, 4 * 1024 * 1024);
    note.text[0] = '\0';
    memset(&access, 0, sizeof(access));
}

/* What stands between two marks, cut out of the line; NULL: they are not there. */
static char *
cut(char *text, const char *open, const char *close)
{
    char *begin = strstr(text, open);
    char *end = begin == NULL ? NULL : strstr(begin, close);
    if (end == NULL) {
        return NULL;
    }
    *begin = '\0';
    *end = '\0';
    return begin + strlen(open);
}

static bool
take_apart(struct line *line)
{
    char *arrow = strstr(line->text, " -> ");
    line->text[strcspn(line->text, "\n")] = '\0';
    if (line->text[0] == '#' || line->text[0] == '[' || line->text[0] == '\0') {
        return false;
    }
    assert_non_null(arrow);
    *arrow = '\0';
    line->expected = arrow + 4;
    line->form = cut(line->text, " { ", " }");
    line->parts = line->form == NULL ? cut(line->text, " ( ", " )") : NULL;
    char *blank = strchr(line->text, ' ');
    assert_non_null(blank);
    *blank = '\0';
    line->method = line->text;
    line->target = blank + 1;
    if (*line->target == '"') {
        line->target++;
        line->target[strlen(line->target) - 1] = '\0';
    }
    return true;
}

/* "a=1 file=@x" as a body of several parts. */
static char *
parts_of(char *words)
{
    static char body[LINE];
    size_t used = 0;
    char *save = NULL;
    for (char *word = strtok_r(words, " ", &save); word != NULL; /* NOLINT */
         word = strtok_r(NULL, " ", &save)) {                    /* NOLINT */
        char *value = strchr(word, '=');
        assert_non_null(value);
        *value++ = '\0';
        const char *file = *value == '@' ? "; filename=\"x.csv\"\r\nContent-Type: text/csv" : "";
        used += (size_t)snprintf(body + used, sizeof(body) - used,
            "--" MARK "\r\nContent-Disposition: form-data; name=\"%s\"%s\r\n\r\n%s\r\n", word, file,
            value);
    }
    (void)snprintf(body + used, sizeof(body) - used, "--" MARK "--\r\n");
    return body;
}

static enum err
classify(struct line *line)
{
    start();
    char *query = strchr(line->target, '?');
    bool is_upgrade = text_equal(line->method, "UPGRADE");
    const char *body = line->form != NULL ? line->form : NULL;
    const char *type = body != NULL ? "application/x-www-form-urlencoded; charset=UTF-8" : NULL;
    if (query != NULL) {
        *query++ = '\0';
    }
    if (line->parts != NULL) {
        body = parts_of(line->parts);
        type = "multipart/form-data; boundary=" MARK;
    }
    struct access_request request = {
        .method = is_upgrade ? "GET" : line->method,
        .path = line->target,
        .query = query == NULL ? "" : query,
        .type = type,
        .body = body,
        .body_len = body == NULL ? 0 : strlen(body),
        .is_upgrade = is_upgrade,
    };
    return access_classify(vms_gate_find("zoneminder"), &request, &arena, &access, &note);
}

static const char *
name_of(enum access_name name)
{
    static const char *const names[] = {[ACCESS_CAMERA] = "camera:",
        [ACCESS_STREAM] = "stream:",
        [ACCESS_EVENT] = "event:",
        [ACCESS_FRAME] = "frame:",
        [ACCESS_EXPORTED] = "exported:",
        [ACCESS_REVIEW] = "review:",
        [ACCESS_GROUP] = "group:",
        [ACCESS_LINK] = "link:",
        [ACCESS_ALL] = "all"};
    return names[name];
}

/* The access in the words of the file; the object only where the line asks for it. */
static void
describe(char *out, size_t size, enum err err, bool with_object)
{
    if (err != OK) {
        (void)snprintf(out, size, "refused");
        return;
    }
    size_t used = (size_t)snprintf(out, size, "%s", access_kind(access.kind)->text);
    for (size_t i = 0; i < access.camera_count; i++) {
        used += (size_t)snprintf(out + used, size - used, " %s%s", name_of(access.cameras[i].name),
            access.cameras[i].text);
    }
    bool is_plain = access.kind == ACCESS_PAGE || access.kind == ACCESS_DATA ||
                    access.kind == ACCESS_LOGIN || access.kind == ACCESS_LOGOUT ||
                    access.kind == ACCESS_SEARCH || access_kind(access.kind)->opens_view ||
                    access.kind == ACCESS_BESIDE || access.kind == ACCESS_FOLLOW;
    if (access.is_write && !is_plain) {
        used += (size_t)snprintf(out + used, size - used, " write");
    }
    if (access.link != NULL) {
        used += (size_t)snprintf(out + used, size - used, " link=%s", access.link);
    }
    if (access.walks_on) {
        used += (size_t)snprintf(out + used, size - used, " walks");
    }
    if (access.command != NULL) {
        used += (size_t)snprintf(out + used, size - used, " command=%s", access.command);
    }
    if (with_object) {
        (void)snprintf(out + used, size - used, " \"%s\"", access.object);
    }
}

static void
test_every_request_of_the_client_means_what_the_table_says(void **state)
{
    (void)state;
    char path[1024];
    (void)snprintf(path, sizeof(path), "%s/test/unit/requests/zoneminder.txt",
        getenv("GATEHOUSE_SOURCE")); /* NOLINT */
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    static struct line line;
    unsigned wrong = 0;
    unsigned lines = 0;
    unsigned number = 0;
    while (fgets(line.text, sizeof(line.text), file) != NULL) {
        number++;
        if (!take_apart(&line)) {
            continue;
        }
        char got[LINE];
        lines++;
        enum err err = classify(&line);
        describe(got, sizeof(got), err, strchr(line.expected, '"') != NULL);
        if (strcmp(got, line.expected) != 0) {
            wrong++;
            print_error("line %u: %s %s: %s, expected %s (%s)\n", number, line.method, line.target,
                got, line.expected, note.text);
        }
    }
    (void)fclose(file);
    assert_int_equal(wrong, 0);
    assert_true(lines > 250);
}

static enum err
ask(const char *method, const char *target, const char *type, const char *body, size_t len)
{
    static char copy[LINE];
    start();
    (void)snprintf(copy, sizeof(copy), "%s", target);
    char *query = strchr(copy, '?');
    if (query != NULL) {
        *query++ = '\0';
    }
    struct access_request request = {.method = method,
        .path = copy,
        .query = query == NULL ? "" : query,
        .type = type,
        .body = body,
        .body_len = len};
    return access_classify(vms_gate_find("zoneminder"), &request, &arena, &access, &note);
}

static void
assert_silent(const char *secret)
{
    assert_null(access.object == NULL ? NULL : strstr(access.object, secret));
    assert_null(access.view == NULL ? NULL : strstr(access.view, secret));
    assert_null(access.link == NULL ? NULL : strstr(access.link, secret));
    assert_null(strstr(note.text, secret));
    for (size_t i = 0; i < access.camera_count; i++) {
        assert_null(strstr(access.cameras[i].text, secret));
    }
}

static void
test_no_password_token_or_hash_comes_into_what_is_written_down(void **state)
{
    (void)state;
    static const struct {
        const char *method, *target, *body;
    } rows[] = {
        {"POST", "/zm/index.php?view=login",                               "action=login&view=login&username=a&password=hunter2"      },
        {"POST", "/zm/api/host/login.json",                                "user=a&pass=hunter2"                                      },
        {"GET",  "/zm/index.php?view=console&username=a&password=hunter2", NULL                                                       },
        {"GET",  "/zm/cgi-bin/zms?monitor=1&auth=hunter2&connkey=4",       NULL                                                       },
        {"GET",  "/zm/cgi-bin/zms?monitor=1&token=hunter2",                NULL                                                       },
        {"GET",  "/zm/cgi-bin/zms?monitor=1&user=a&pass=hunter2",          NULL                                                       },
        {"GET",  "/zm/index.php?view=view_video&eid=1&token=hunter2",      NULL                                                       },
        {"GET",  "/zm/api/events.json?token=hunter2",                      NULL                                                       },
        {"POST", "/zm/index.php?view=user",
         "view=user&action=Save&newUser[Username]=b&newUser[Password]=hunter2"                                                        },
        {"POST", "/zm/index.php",                                          "view=monitor&action=save&mid=1&newMonitor[Pass]=hunter2"  },
        {"POST", "/zm/index.php",                                          "view=options&action=options&tab=mail&newConfig[X]=hunter2"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *body = rows[i].body;
        (void)ask(rows[i].method, rows[i].target,
            body == NULL ? NULL : "application/x-www-form-urlencoded", body,
            body == NULL ? 0 : strlen(body));
        assert_silent("hunter2");
    }
}

static void
test_two_streams_of_a_camera_are_two_views_and_pictures_of_it_one(void **state)
{
    (void)state;
    char first[256];
    assert_int_equal(ask("GET", "/zm/cgi-bin/zms?monitor=1&connkey=4", NULL, NULL, 0), OK);
    (void)snprintf(first, sizeof(first), "%s", access.view);
    assert_int_equal(ask("GET", "/zm/cgi-bin/zms?monitor=1&connkey=5", NULL, NULL, 0), OK);
    assert_string_not_equal(first, access.view);
    assert_int_equal(ask("GET", "/zm/cgi-bin/zms?monitor=1&mode=single&rand=1", NULL, NULL, 0), OK);
    (void)snprintf(first, sizeof(first), "%s", access.view);
    assert_int_equal(ask("GET", "/zm/cgi-bin/zms?monitor=1&mode=single&rand=2", NULL, NULL, 0), OK);
    assert_string_equal(first, access.view);
    assert_int_equal(ask("GET", "/zm/index.php?view=image&eid=1&fid=1", NULL, NULL, 0), OK);
    (void)snprintf(first, sizeof(first), "%s", access.view);
    assert_int_equal(ask("GET", "/zm/index.php?view=image&eid=1&fid=2", NULL, NULL, 0), OK);
    assert_string_equal(first, access.view);
}

static void
test_parameters_past_the_limits_of_php_are_refused(void **state)
{
    (void)state;
    static char body[64 * 1024];
    size_t used = 0;
    for (unsigned i = 0; i < 1001; i++) {
        used += (size_t)snprintf(body + used, sizeof(body) - used, "a%u=1&", i);
    }
    assert_int_equal(
        ask("POST", "/zm/index.php?view=console", "application/x-www-form-urlencoded", body, used),
        ERR_LIMIT);
    used = (size_t)snprintf(body, sizeof(body), "a");
    for (unsigned i = 0; i < 100; i++) {
        used += (size_t)snprintf(body + used, sizeof(body) - used, "[x]");
    }
    assert_int_equal(
        ask("POST", "/zm/index.php?view=console", "application/x-www-form-urlencoded", body, used),
        ERR_VALUE);
}

static void
test_body_whose_type_php_might_read_otherwise_is_refused(void **state)
{
    (void)state;
    static const char *const types[] = {"application/x-www-form-urlencoded; charset=utf-7",
        "application/x-www-form-urlencoded,text/plain", "multipart/form-data",
        "multipart/mixed; boundary=x", "multipart/form-data; boundary=\"a;b\"",
        "multipart/form-data; boundary=a; boundary=b", "application/octet-stream", "", NULL};
    static const char body[] = "view=view_video&eid=17";
    for (size_t i = 0; i < COUNT(types); i++) {
        assert_int_equal(
            ask("POST", "/zm/index.php?view=console", types[i], body, strlen(body)), ERR_VALUE);
    }
    assert_int_equal(
        ask("POST", "/zm/index.php?view=console", "application/csp-report", "{}", 2), OK);
    assert_int_equal(access.kind, ACCESS_PAGE);
}

#define TYPE   "multipart/form-data; boundary=X"
#define BEGIN  "--X\r\nContent-Disposition: form-data; "
#define ENDING "\r\n--X--\r\n"

static void
test_body_of_parts_that_php_might_read_otherwise_is_refused(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "preamble\r\n" BEGIN "name=\"view\"\r\n\r\nimage" ENDING,
        BEGIN "name=view\r\n\r\nimage" ENDING,
        BEGIN "name=\"vi\\\"ew\"\r\n\r\nimage" ENDING,
        BEGIN "name=\"view\"; name=\"eid\"\r\n\r\nimage" ENDING,
        BEGIN "filename=\"x\"; name=\"view\"\r\n\r\nimage" ENDING,
        BEGIN "name=\"view\"; filename=\"a\"b\"\r\n\r\nimage" ENDING,
        BEGIN "name=\"view\"\r\nContent-Transfer-Encoding: base64\r\n\r\naW1hZ2U=" ENDING,
        BEGIN "name=\"view\"\r\nContent-Disposition: form-data; name=\"eid\"\r\n\r\n1" ENDING,
        BEGIN "name=\"view\"\n\nimage" ENDING,
        BEGIN "name=\"view\"\r\n\r\nimage\r\n--Xother\r\n--X--\r\n",
        BEGIN "name=\"view\"\r\n\r\nimage\r\n--X--\r\nmore",
        BEGIN "name=\"view\"\r\n\r\nimage",
        BEGIN "name=\"view\"\r\n",
        BEGIN "name=\"view\"",
        "--X",
        "\r\n",
    };
    for (size_t i = 0; i < COUNT(bodies); i++) {
        assert_int_equal(
            ask("POST", "/zm/index.php?view=console", TYPE, bodies[i], strlen(bodies[i])),
            ERR_VALUE);
    }
    static const char good[] =
        BEGIN "name=\"view\"\r\n\r\nview_video\r\n" BEGIN "name=\"eid\"\r\n\r\n17" ENDING;
    assert_int_equal(ask("POST", "/zm/index.php?view=console", TYPE, good, strlen(good)), OK);
    assert_int_equal(access.kind, ACCESS_PLAYBACK);
    static const char file[] =
        BEGIN "name=\"view\"; filename=\"f\"\r\nContent-Type: a/b\r\n\r\nview_video" ENDING;
    assert_int_equal(ask("POST", "/zm/index.php?view=console", TYPE, file, strlen(file)), OK);
    assert_int_equal(access.kind, ACCESS_PAGE);
}

static struct access_told
tell(const char *target, unsigned status, const char *body)
{
    static const char login[] = "action=login&username=anna&password=x";
    bool is_post = strstr(target, "login") != NULL || strcmp(target, "/zm/") == 0;
    assert_int_equal(
        ask(is_post ? "POST" : "GET", target, is_post ? "application/x-www-form-urlencoded" : NULL,
            is_post ? login : NULL, is_post ? strlen(login) : 0),
        OK);
    assert_true(access.reads_answer);
    struct access_told told = {.position = -1};
    struct access_answer answer = {.status = status,
        .type = "text/html",
        .body = body,
        .body_len = strlen(body),
        .is_whole = true};
    access.row->answer(&answer, &told, &arena);
    return told;
}

static void
test_log_in_fails_by_its_page_whatever_the_status(void **state)
{
    (void)state;
    assert_true(
        tell("/zm/", 200, "<form id=\"loginForm\">Invalid username or password.").has_failed);
    assert_false(tell("/zm/", 200, "<script src=\"cache/skins_classic_views_js_postlogin-1.js\">")
                     .has_failed);
    assert_true(tell("/zm/", 200, "something else").has_failed);
    assert_true(tell("/zm/", 403, "CSRF check failed").has_failed);
    assert_false(tell("/zm/", 302, "").has_failed);
    assert_true(tell("/zm/api/host/login.json", 401, "{\"success\":false}").has_failed);
    assert_true(tell("/zm/api/host/login.json", 200, "{}").has_failed);
    assert_false(tell("/zm/api/host/login.json", 200, "{\"access_token\":\"t\"}").has_failed);
}

static void
test_answer_to_a_command_tells_event_and_position(void **state)
{
    (void)state;
    static const char target[] = "/zm/index.php?view=request&request=stream&connkey=5&command=99";
    struct access_told told = tell(target, 200,
        "{\"result\":\"Ok\",\"status\":{\"type\":2,\"event\":17,\"duration\":60.0,\"progress\":12."
        "5}}");
    assert_string_equal(told.event, "17");
    assert_true(told.position == 12500);
    told = tell(target, 200, "{\"status\":{\"event\":\"18\",\"progress\":0}}");
    assert_string_equal(told.event, "18");
    assert_true(told.position == 0);
    static const char *const nothing[] = {"{\"status\":{\"monitor\":1,\"fps\":5}}", "", "[", "{}",
        "{\"status\":{\"event\":\"x\"}}", "{\"status\":{\"event\":-1}}", "{\"status\":7}", "[1]",
        "{\"status\":{\"event\":{}}}"};
    for (size_t i = 0; i < COUNT(nothing); i++) {
        told = tell(target, 200, nothing[i]);
        assert_null(told.event);
        assert_true(told.position == -1);
    }
    told = tell(target, 200, "{\"status\":{\"event\":17,\"progress\":1e300}}");
    assert_true(told.position == -1);
}

static void
test_archive_is_called_the_same_when_made_and_when_fetched(void **state)
{
    (void)state;
    static const char build[] =
        "/zm/index.php?request=event&action=download&id=17&exportFormat=zip";
    static const struct {
        const char *answer, *fetch;
    } rows[] = {
        {"{\"exportFile\":\"?view=archive&type=zip&connkey=7&file=zmExport_7.zip\"}",
         "/zm/index.php?view=archive&type=zip&connkey=7&file=zmExport_7.zip"},
        {"{\"exportFile\":\"?view=archive&type=zip&connkey=7&file=zmExport_7.zip\"}",
         "/zm/index.php?view=archive&type=zip&connkey=7"                    },
        {"{\"exportFile\":\"?view=download&type=zip&file=a.zip&export_root=r\"}",
         "/zm/index.php?view=download&type=zip&file=a.zip&export_root=r"    },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char link[256];
        struct access_told told = tell(build, 200, rows[i].answer);
        assert_non_null(told.link);
        (void)snprintf(link, sizeof(link), "%s", told.link);
        assert_int_equal(ask("GET", rows[i].fetch, NULL, NULL, 0), OK);
        assert_int_equal(access.kind, ACCESS_EXPORT);
        assert_int_equal(access.cameras[0].name, ACCESS_LINK);
        assert_string_equal(access.cameras[0].text, link);
    }
    static const char *const nothing[] = {"{\"exportFile\":7}", "{\"exportFile\":\"x\"}",
        "{\"exportFile\":\"?file[]=x\"}", "{\"exportFile\":\"?file=a/b\"}", "{}", ""};
    for (size_t i = 0; i < COUNT(nothing); i++) {
        assert_null(tell(build, 200, nothing[i]).link);
    }
}

static int
release(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_request_of_the_client_means_what_the_table_says),
        cmocka_unit_test(test_no_password_token_or_hash_comes_into_what_is_written_down),
        cmocka_unit_test(test_two_streams_of_a_camera_are_two_views_and_pictures_of_it_one),
        cmocka_unit_test(test_parameters_past_the_limits_of_php_are_refused),
        cmocka_unit_test(test_body_whose_type_php_might_read_otherwise_is_refused),
        cmocka_unit_test(test_body_of_parts_that_php_might_read_otherwise_is_refused),
        cmocka_unit_test(test_log_in_fails_by_its_page_whatever_the_status),
        cmocka_unit_test(test_answer_to_a_command_tells_event_and_position),
        cmocka_unit_test(test_archive_is_called_the_same_when_made_and_when_fetched),
    };
    return cmocka_run_group_tests(tests, NULL, release);
}
