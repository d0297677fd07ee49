/* gatehouse evidence verify: what a package proves, what is weak, what is broken, in words. */
#include "base/secret.h"
#include "base/text.h"
#include "cli/evidence.h"
#include "cli/evidence_given.h"
#include "cli/evidence_shut.h"
#include "cli/ledger_vkey.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define ROOTS_MOST ((size_t)1024 * 1024)

enum {
    OPTION_KEY,
    OPTION_POLICY,
    OPTION_ROOTS,
    OPTION_CLIP,
    OPTION_JSON,
};

static const struct cli_option options[] = {
    {"key",       0, "VKEY", "the log's public key as you got it elsewhere, or a file with it"},
    {"policy",    0, "FILE", "logs that are believed, witnesses that must have cosigned"      },
    {"tsa-roots", 0, "PEM",  "certificates of time-stamp authorities that are believed"       },
    {"clip",      0, "FILE", "the clip, where the package has only its hash"                  },
    {"json",      0, NULL,   "print JSON"                                                     },
};

static const struct cli_manual manual = {
    .usage = "evidence verify [OPTION]... PACKAGE",
    .about =
        "Says of an evidence package (a folder or a zip) which of its claims hold, which are weak\n"
        "and which are broken, and why. Needs no network, no ledger, and no trust in the package:\n"
        "what rests on the package's own word alone is called weak.\n"
        "\n"
        "Give --key with the log's public key as its owner published it, or a policy with the log\n"
        "in it: without either, somebody who made up a whole log would pass.\n"
        "Exit status: 0 nothing is broken (there may be weak points, which are told);\n"
        "1 something is broken; 2 could not be read; 64 usage.\n",
    .options = options,
    .option_count = COUNT(options),
    .example = "  gatehouse evidence verify case-17.zip --key log.vkey --tsa-roots authority.pem\n",
};

struct request {
    const char *package, *key, *policy, *roots, *clip;
    bool json, colour;
};

static const char *const marks[] = {
    [JUDGE_NONE] = "-",
    [JUDGE_HOLDS] = "holds",
    [JUDGE_WEAK] = "WEAK",
    [JUDGE_BROKEN] = "BROKEN",
};

static const char *const colours[] = {
    [JUDGE_NONE] = "",
    [JUDGE_HOLDS] = "\033[32m",
    [JUDGE_WEAK] = "\033[33m",
    [JUDGE_BROKEN] = "\033[1;31m",
};

static const char *
verdict_of(const struct judge *judge)
{
    return judge->counts[JUDGE_BROKEN] != 0 ? "broken"
           : judge->counts[JUDGE_WEAK] != 0 ? "weak"
                                            : "holds";
}

static void
print_about(const char *name, const char *text)
{
    char clean[MANIFEST_TEXT];
    if (text != NULL) {
        text_clean(clean, sizeof(clean), text, strlen(text));
        (void)printf("  %-9s %s\n", name, clean);
    }
}

/* What the package says of itself: as true as what is said below about it. */
static void
print_manifest(const struct manifest *manifest)
{
    (void)puts("The manifest says (the maker's words):");
    print_about("Reason", manifest->reason);
    print_about("Made by", manifest->maker);
    print_about("Made", manifest->made);
    print_about("Site", manifest->site);
    print_about("Log", manifest->origin);
    print_about("Camera", manifest->camera);
    print_about("Recorder", manifest->vms);
    print_about("From", manifest->from);
    print_about("To", manifest->to);
    print_about("Clip", manifest->clip);
    (void)putchar('\n');
}

static void
print_claim(const struct judge_claim *claim, bool colour)
{
    (void)printf("  %s%-6s%s  %-12s  %s\n", colour ? colours[claim->state] : "",
        marks[claim->state], colour ? "\033[0m" : "", claim->id, claim->sentence);
    for (const char *at = claim->lines.data; *at != '\0';) {
        size_t len = strcspn(at, "\n");
        (void)printf("  %-6s  %-12s    %.*s\n", "", "", (int)len, at);
        at += len + (at[len] == '\n' ? 1 : 0);
    }
}

static void
print_words(const struct judge *judge, bool colour)
{
    unsigned broken = judge->counts[JUDGE_BROKEN], weak = judge->counts[JUDGE_WEAK];
    const char *start = colour ? colours[broken != 0 ? JUDGE_BROKEN
                                         : weak != 0 ? JUDGE_WEAK
                                                     : JUDGE_HOLDS]
                               : "";
    const char *end = colour ? "\033[0m" : "";
    if (broken != 0) {
        (void)printf(
            "\n %sBROKEN%s  %u of its claims %s not hold; what that means is said below\n\n", start,
            end, broken, broken == 1 ? "does" : "do");
    } else if (weak != 0) {
        (void)printf("\n %sHOLDS, WITH %u WEAK POINT%s%s  nothing is broken; what is weak is said "
                     "below\n\n",
            start, weak, weak == 1 ? "" : "S", end);
    } else {
        (void)printf("\n %sHOLDS%s  everything that such a package can prove\n\n", start, end);
    }
    if (judge->has_manifest) {
        print_manifest(&judge->manifest);
    }
    for (size_t i = 0; i < JUDGE_CLAIMS; i++) {
        print_claim(&judge->claims[i], colour);
    }
    (void)printf("\nNothing here shows\n");
    for (size_t i = 0; i < judge_unshown_count; i++) {
        (void)printf("  - %s\n", judge_unshown[i]);
    }
}

static json_t *
lines_json(const struct buf *lines)
{
    json_t *list = json_array();
    for (const char *at = lines->data; *at != '\0';) {
        size_t len = strcspn(at, "\n");
        (void)json_array_append_new(list, json_stringn(at, len));
        at += len + (at[len] == '\n' ? 1 : 0);
    }
    return list;
}

static int
print_json(const char *package, const struct judge *judge)
{
    json_t *claims = json_array(), *unshown = json_array();
    for (size_t i = 0; i < JUDGE_CLAIMS; i++) {
        const struct judge_claim *claim = &judge->claims[i];
        (void)json_array_append_new(
            claims, json_pack("{s:s, s:s, s:s, s:o}", "id", claim->id, "state",
                        judge_state_text(claim->state), "sentence", claim->sentence, "details",
                        lines_json(&claim->lines)));
    }
    for (size_t i = 0; i < judge_unshown_count; i++) {
        (void)json_array_append_new(unshown, json_string(judge_unshown[i]));
    }
    json_t *said = judge->has_manifest ? json_deep_copy(judge->tree) : json_null();
    json_t *json = json_pack("{s:o, s:o, s:s, s:i, s:i, s:o, s:o}", "package",
        event_text_json(event_text(package)), "manifest", said, "verdict", verdict_of(judge),
        "broken", (int)judge->counts[JUDGE_BROKEN], "weak", (int)judge->counts[JUDGE_WEAK],
        "claims", claims, "not_shown", unshown);
    int failed = json == NULL ? -1 : json_dumpf(json, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    json_decref(json);
    (void)putchar('\n');
    return failed;
}

static int
judge_opened(
    const struct request *request, struct package *package, const struct judge_given *given)
{
    struct judge judge;
    struct note note = {""};
    enum err err = judge_package(package, given, &judge, &note);
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    int status = judge.counts[JUDGE_BROKEN] == 0 ? CLI_OK : CLI_GAPS;
    if (!request->json) {
        print_words(&judge, request->colour);
    } else if (print_json(request->package, &judge) != 0) {
        status = cli_fail("%s", err_words(ERR_IO));
    }
    judge_release(&judge);
    return status;
}

/* From here on bytes of others are read. */
static int
verify_shut_in(const struct request *request, struct judge_given *given)
{
    struct evidence_shut shut;
    struct package *package = NULL;
    struct note note = {""};
    enum err err = evidence_shut_reader(&shut, request->package, given, &note);
    if (err == OK) {
        err = package_open(request->package, &package, &note);
    }
    int status = err == OK ? judge_opened(request, package, given) : cli_fail_err(err, &note);
    package_close(package);
    evidence_shut_release(&shut);
    return status;
}

static int
verify(const struct request *request)
{
    CLEANUP(buf_release) struct buf roots;
    struct vkey key;
    struct policy *policy = NULL;
    struct judge_given given = {.clip = request->clip};
    struct note note = {""};
    buf_init(&roots, ROOTS_MOST);
    enum err err = secret_start();
    if (err == OK && request->key != NULL) {
        err = ledger_vkey(request->key, &key, &note);
        given.key = &key;
    }
    if (err == OK && request->policy != NULL) {
        err = policy_read(request->policy, &policy, &note);
        given.policy = policy;
    }
    if (err == OK && request->roots != NULL) {
        err = evidence_given_roots(request->roots, &roots, &note);
        given.roots = roots.data;
    }
    int status = err == OK ? verify_shut_in(request, &given) : cli_fail_err(err, &note);
    free(policy);
    return status;
}

static void
take_option(struct request *request, int option, const char *value)
{
    switch (option) {
    case OPTION_KEY:
        request->key = value;
        break;
    case OPTION_POLICY:
        request->policy = value;
        break;
    case OPTION_ROOTS:
        request->roots = value;
        break;
    case OPTION_CLIP:
        request->clip = value;
        break;
    default:
        request->json = true;
        break;
    }
}

int
evidence_verify(int argc, char **argv)
{
    struct cli_line line;
    struct request request = {.package = NULL};
    const char *value = NULL;
    int option;
    cli_line_init(&line, &manual, argc, argv);
    while ((option = cli_next(&line, &value)) >= 0) {
        take_option(&request, option, value);
    }
    if (option == CLI_STOP) {
        return line.status;
    }
    if (argc - line.operand != 1) {
        return cli_usage(&line, "evidence verify: give one package, a folder or a zip");
    }
    request.package = argv[line.operand];
    request.colour = cli_colour(stdout);
    return verify(&request);
}
