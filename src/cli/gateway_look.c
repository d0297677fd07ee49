/* What is right with a gateway and what is not: certificate, VMS, doors beside the gateway. */
#include "cli/gateway.h"

#include "base/file.h"
#include "daemon/answers.h"
#include "gate/around.h"
#include "gate/certificate.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATIENT_MS 2000

static unsigned
say(bool is_good, const char *what, const char *how)
{
    (void)printf("%s  %-12s %s\n", is_good ? "ok  " : "LOOK", what, how);
    return is_good ? 0 : 1;
}

static unsigned
look_at_certificate(const struct settings *settings)
{
    struct certificate_facts facts = {0};
    struct note note = {{0}};
    char words[320];
    if (settings->is_plain) {
        return say(false, "tls", "there is none; that is for tests on this machine only");
    }
    enum err err =
        certificate_check(settings->certificate, settings->key, settings->host, &facts, &note);
    if (err != OK) {
        return say(false, "certificate", note.text[0] == '\0' ? err_words(err) : note.text);
    }
    bool is_soon = facts.days < CERTIFICATE_RENEW_DAY;
    (void)snprintf(words, sizeof(words), "good for %s for %lld more days, from %s%s",
        settings->host, (long long)facts.days, facts.issuer,
        !is_soon             ? ""
        : facts.is_self_made ? "; `gatehouse gateway configure` renews it"
                             : "; renew it");
    return say(!is_soon, "certificate", words);
}

static unsigned
look_around(const struct settings_vms *vms)
{
    struct around around;
    struct note note = {{0}};
    unsigned bad = 0;
    if (around_look(vms, &around, &note) != OK) {
        return say(false, vms->name, note.text);
    }
    for (size_t i = 0; i < around.count; i++) {
        const struct around_door *door = &around.doors[i];
        char words[320];
        if (!around_is_bad(door)) {
            continue;
        }
        (void)snprintf(words, sizeof(words), "port %u answers %s: %s; %s", (unsigned)door->port,
            door->state == AROUND_OPEN ? "anybody, without a log-in" : "beside the gateway",
            door->what, door->way_out);
        bad += say(false, vms->name, words);
    }
    return bad;
}

static unsigned
look_at_vms(const struct settings_vms *vms)
{
    char words[320];
    if (vms->address.family == 0) {
        (void)snprintf(
            words, sizeof(words), "%s: nobody knows the address of that name", vms->upstream);
        return say(false, vms->name, words);
    }
    bool is_there = answers_tcp(&vms->address, vms->port, PATIENT_MS);
    (void)snprintf(words, sizeof(words), "%s %s", vms->upstream,
        is_there ? "answers" : "does not answer; is the VMS running, and the address right?");
    unsigned bad = say(is_there, vms->name, words);
    if (!ip_is_loopback(&vms->address)) {
        (void)snprintf(words, sizeof(words),
            "whoever reaches %s himself needs no gateway: let only this machine reach it, and ask "
            "from another one: gatehouse assess",
            vms->upstream);
        (void)say(true, "around", words);
    }
    return bad + look_around(vms);
}

static unsigned
look_at_ledger(const struct settings *settings)
{
    struct stat status;
    char words[320];
    if (stat(settings->ledger, &status) == 0 && S_ISDIR(status.st_mode)) {
        return 0;
    }
    (void)snprintf(words, sizeof(words), "%s: there is none, so nobody will get in; %s",
        file_tail(settings->ledger, 150), "restore it, or gatehouse ledger init --ledger there");
    return say(false, "ledger", words);
}

unsigned
gateway_look(const struct settings *settings)
{
    unsigned bad = look_at_certificate(settings) + look_at_ledger(settings);
    for (size_t i = 0; i < settings->vms_count; i++) {
        bad += look_at_vms(&settings->vms[i]);
    }
    return bad;
}
