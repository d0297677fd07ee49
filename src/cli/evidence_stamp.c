/* gatehouse evidence stamp: asks for the time-stamps that a package still waits for. */
#include "base/text.h"
#include "cli/evidence.h"
#include "cli/evidence_given.h"
#include "evidence/package.h"
#include "evidence/stamp.h"
#include "evidence/stamp_send.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <string.h>

#define URL_MOST 2048

enum {
    OPTION_TSA,
    OPTION_ROOTS,
    OPTION_SECONDS,
};

static const struct cli_option options[] = {
    {"tsa",       0, "URL", "ask this authority, not the one that the package names"   },
    {"tsa-roots", 0, "PEM", "keep only what authorities with these certificates signed"},
    {"seconds",   0, "N",   "wait that long for each (default: 20)"                    },
};

static const struct cli_manual manual = {
    .usage = "evidence stamp [OPTION]... PACKAGE...",
    .about =
        "Asks time-stamp authorities (RFC 3161) for what is pending in packages: requests that\n"
        "have no answer yet, because the authority could not be reached when the package was\n"
        "made. Only a hash leaves. An answer is kept only when it is one to that request.\n"
        "The address is the one that the maker wrote into the package (time/N.url): use --tsa\n"
        "for packages of others. Without any request, --tsa makes the first.\n"
        "With --tsa-roots, or time/N.pem in the package, only what such an authority signed is\n"
        "kept, and asked for again where an answer of somebody else lies there.\n"
        "Exit status: 0 nothing is pending any more; 1 something is; 2 a package could not be\n"
        "read or written; 64 usage.\n",
    .options = options,
    .option_count = COUNT(options),
    .example = "  gatehouse evidence stamp /srv/evidence/*.zip\n",
};

struct request {
    const char *tsa;
    const char *roots; /* PEM text; NULL: what each package brings */
    unsigned seconds;
};

/* A request of a package. */
struct question {
    uint64_t number;
    const struct buf *query;
};

struct stamping {
    const struct request *request;
    const char *path;
    struct package *package;
    uint8_t sha256[32];
    unsigned pending, stamped;
};

static enum err
read_time(struct stamping *stamping, uint64_t number, const char *end, struct buf *bytes)
{
    char name[PACKAGE_NAME];
    struct note ignored = {""};
    (void)package_numbered(PACKAGE_TIME, number, end, name);
    return package_read(stamping->package, name, bytes, &ignored);
}

/* The address to ask; empty: nobody knows it. */
static void
find_url(struct stamping *stamping, uint64_t number, struct buf *url)
{
    if (stamping->request->tsa != NULL) {
        buf_text(url, stamping->request->tsa);
    } else if (read_time(stamping, number, ".url", url) == OK) {
        char *start = text_trim(url->data);
        memmove(url->data, start, strlen(start) + 1);
    }
}

static void
say(const struct stamping *stamping, uint64_t number, const char *words)
{
    char clean[512];
    text_clean(clean, sizeof(clean), words, strlen(words));
    (void)printf("%s: time-stamp %" PRIu64 ": %s\n", stamping->path, number, clean);
}

/* Whether the answer may lie beside the request: signed by whom the command or the package names.
 */
static bool
is_good(struct stamping *stamping, const struct question *question, const struct buf *answer,
    struct note *ret_why)
{
    CLEANUP(buf_release) struct buf root;
    struct stamp_verdict verdict;
    const struct buf *query = question->query;
    struct stamp_given given = {.roots = stamping->request->roots,
        .sha256 = stamping->sha256,
        .request = query->data,
        .request_len = query->len,
        .answer = answer->data,
        .answer_len = answer->len};
    buf_init(&root, PACKAGE_SMALL);
    if (given.roots == NULL &&
        read_time(stamping, question->number, ".pem", &root) != ERR_MISSING) {
        given.roots = root.data;
    }
    stamp_check(&given, &verdict);
    note_set(ret_why, "%s", verdict.why.text);
    return verdict.state == (given.roots == NULL ? STAMP_UNTRUSTED : STAMP_GOOD);
}

static enum err
keep(struct stamping *stamping, const struct question *question, const struct buf *answer,
    struct note *note)
{
    uint64_t number = question->number;
    const struct buf *query = question->query;
    char names[2][PACKAGE_NAME];
    const struct package_addition additions[] = {
        {package_numbered(PACKAGE_TIME, number, ".tsq", names[0]), query->data,  query->len },
        {package_numbered(PACKAGE_TIME, number, ".tsr", names[1]), answer->data, answer->len},
    };
    return package_add(stamping->path, additions, COUNT(additions), note);
}

static enum err
ask(struct stamping *stamping, const struct question *question, struct note *note)
{
    uint64_t number = question->number;
    const struct buf *query = question->query;
    CLEANUP(buf_release) struct buf url;
    CLEANUP(buf_release) struct buf answer;
    struct note why = {""};
    buf_init(&url, URL_MOST);
    buf_init(&answer, STAMP_LIMIT);
    find_url(stamping, number, &url);
    stamping->pending++;
    if (url.data[0] == '\0') {
        say(stamping, number, "the package names no authority; give one with --tsa");
        return OK;
    }
    if (!stamp_is_request(stamping->sha256, query->data, query->len)) {
        say(stamping, number, "what lies there as a request is none over this manifest; not sent");
        return OK;
    }
    struct stamp_server server = {.url = url.data, .seconds = stamping->request->seconds};
    if (stamp_send(&server, query, &answer, &why) != OK) {
        say(stamping, number, why.text);
        return OK;
    }
    if (!is_good(stamping, question, &answer, &why)) {
        say(stamping, number, why.text);
        return OK;
    }
    enum err err = keep(stamping, question, &answer, note);
    if (err == OK) {
        stamping->pending--;
        stamping->stamped++;
        say(stamping, number, "answered, and kept");
    }
    return err;
}

static enum err
complete(struct stamping *stamping, struct note *note)
{
    bool has_any = false;
    enum err err = OK;
    for (uint64_t number = 1; number < PACKAGE_STAMPS && err == OK; number++) {
        CLEANUP(buf_release) struct buf query;
        CLEANUP(buf_release) struct buf answer;
        buf_init(&query, STAMP_LIMIT);
        buf_init(&answer, STAMP_LIMIT);
        if (read_time(stamping, number, ".tsq", &query) != OK) {
            continue;
        }
        has_any = true;
        const struct question question = {number, &query};
        struct note why = {""};
        if (read_time(stamping, number, ".tsr", &answer) == ERR_MISSING) {
            err = ask(stamping, &question, note);
        } else if (!is_good(stamping, &question, &answer, &why)) {
            say(stamping, number, why.text);
            err = ask(stamping, &question, note);
        }
    }
    if (err == OK && !has_any && stamping->request->tsa != NULL) {
        CLEANUP(buf_release) struct buf query;
        buf_init(&query, STAMP_LIMIT);
        err = stamp_request(stamping->sha256, &query);
        const struct question question = {1, &query};
        err = err == OK ? ask(stamping, &question, note) : err;
    }
    return err;
}

/* Adds to what is pending; CLI_OK, or what the command ends with. */
static int
stamp_package(const struct request *request, const char *path, unsigned *pending)
{
    CLEANUP(buf_release) struct buf manifest;
    struct stamping stamping = {.request = request, .path = path};
    struct note note = {""};
    buf_init(&manifest, PACKAGE_SMALL);
    enum err err = package_open(path, &stamping.package, &note);
    if (err == OK) {
        err = package_read(stamping.package, PACKAGE_MANIFEST, &manifest, &note);
    }
    if (err == OK &&
        EVP_Digest(manifest.data, manifest.len, stamping.sha256, NULL, EVP_sha256(), NULL) != 1) {
        err = ERR_MEMORY;
    }
    if (err == OK) {
        err = complete(&stamping, &note);
    }
    package_close(stamping.package);
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    if (stamping.pending == 0 && stamping.stamped == 0) {
        (void)printf("%s: nothing is pending\n", path);
    }
    *pending += stamping.pending;
    return CLI_OK;
}

static int
stamp_all(const struct request *request, char *const *paths, int count)
{
    unsigned pending = 0;
    int status = CLI_OK;
    for (int i = 0; i < count; i++) {
        int ended = stamp_package(request, paths[i], &pending);
        status = ended > status ? ended : status;
    }
    return status == CLI_OK && pending != 0 ? CLI_GAPS : status;
}

int
evidence_stamp(int argc, char **argv)
{
    struct cli_line line;
    CLEANUP(buf_release) struct buf roots;
    struct request request = {.tsa = NULL};
    struct note note = {""};
    const char *value = NULL, *roots_path = NULL;
    uint64_t seconds = 0;
    int option;
    buf_init(&roots, PACKAGE_SMALL);
    cli_line_init(&line, &manual, argc, argv);
    while ((option = cli_next(&line, &value)) >= 0) {
        if (option == OPTION_TSA) {
            request.tsa = value;
        } else if (option == OPTION_ROOTS) {
            roots_path = value;
        } else if (text_to_u64(value, 600, &seconds) != OK || seconds == 0) {
            return cli_usage(&line, "evidence stamp: --seconds %s is not 1 to 600", value);
        }
    }
    if (option == CLI_STOP) {
        return line.status;
    }
    if (line.operand == argc) {
        return cli_usage(&line, "evidence stamp: give at least one package");
    }
    if (request.tsa != NULL && stamp_server_check(request.tsa, &note) != OK) {
        return cli_usage(&line, "evidence stamp: %s", note.text);
    }
    if (roots_path != NULL) {
        enum err err = evidence_given_roots(roots_path, &roots, &note);
        if (err != OK) {
            return cli_fail_err(err, &note);
        }
        request.roots = roots.data;
    }
    request.seconds = (unsigned)seconds;
    return stamp_all(&request, argv + line.operand, argc - line.operand);
}
