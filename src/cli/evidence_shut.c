/*
 * Shutting in who reads evidence of others.
 *
 * Rule of this file: what the libraries read at their first use is read first, then threads are
 * made, then the system calls go; nothing of a package has been read until then.
 */
#include "cli/evidence_shut.h"

#include "base/log.h"
#include "daemon/sandbox.h"

#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <unistd.h>

/* OpenSSL's settings, and what seeds a table of names. */
static enum err
warm_up(void)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    json_object_seed(0);
    return OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL) == 1 &&
                   EVP_Digest("", 0, digest, NULL, EVP_sha256(), NULL) == 1
               ? OK
               : ERR_SYSTEM;
}

static enum err
shut_in_folders(const char *package, const char *clip, struct note *note)
{
    const struct sandbox_folder rows[] = {
        {package, SANDBOX_LOOK},
        {clip,    SANDBOX_LOOK}
    };
    enum err err = sandbox_folders(rows, clip == NULL ? 1 : 2, note);
    if (err == ERR_UNSUPPORTED) {
        (void)fputs("gatehouse: this kernel has no Landlock: who reads the package sees the whole "
                    "file system\n",
            stderr);
        err = OK;
    }
    return err;
}

/* Without it there is Landlock still, and a verdict is better than none. */
static void
shut_in_calls(void)
{
    struct note why = {""};
    if (sandbox_calls(&why) != OK) {
        (void)fprintf(stderr,
            "gatehouse: system calls can't be refused here (%s): who reads the package may make "
            "all of them\n",
            why.text);
    }
}

static void
make_scratch(struct evidence_shut *shut, struct judge_given *given)
{
    *shut = (struct evidence_shut){.scratch = -1};
    given->has_scratch = judge_scratch(&shut->scratch, &shut->no_scratch) == OK;
    given->scratch = shut->scratch;
    given->no_scratch = shut->no_scratch.text;
}

static void
make_look(struct evidence_shut *shut, struct judge_given *given)
{
    if (clip_look_new(&shut->look) == OK) {
        given->look = shut->look;
    }
}

void
evidence_shut_help(struct evidence_shut *shut, struct judge_given *given)
{
    make_scratch(shut, given);
    make_look(shut, given);
}

enum err
evidence_shut_reader(
    struct evidence_shut *shut, const char *package, struct judge_given *given, struct note *note)
{
    make_scratch(shut, given);
    enum err err = warm_up();
    err = err == OK ? shut_in_folders(package, given->clip, note) : err;
    err = err == OK ? sandbox_capabilities(note) : err; /* threads have those of their maker */
    if (err == OK) {
        make_look(shut, given);
        shut_in_calls();
    }
    return err;
}

enum err
evidence_shut_packer(const char *ledger, const char *out, bool is_open, struct note *note)
{
    const struct sandbox_folder rows[] = {
        {ledger, SANDBOX_LOOK },
        {out,    SANDBOX_FILES}
    };
    enum err err = warm_up();
    err = err == OK ? sandbox_folders(rows, COUNT(rows), note) : err;
    if (err == ERR_UNSUPPORTED && is_open) {
        log_warn("this kernel has no Landlock: the packer sees the whole file system");
        err = OK;
    }
    err = err == OK ? sandbox_capabilities(note) : err;
    return err == OK ? sandbox_calls_client(note) : err;
}

void
evidence_shut_release(struct evidence_shut *shut)
{
    clip_look_free(shut->look);
    if (shut->scratch >= 0) {
        (void)close(shut->scratch);
    }
}
