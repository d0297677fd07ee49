/* The lists of gatehouse-siem(7), from the tables that records are made from. */
#include "manual_siem.h"

#include "siem/severity.h"

#include <stdio.h>

void
manual_siem_places(void)
{
    static const struct {
        const char *member, *sd, *cef, *label, *ocsf, *ecs;
    } rows[] = {
#define TEXT(at, member, sd, cef, label, ocsf, ecs)   {member, sd, cef, label, ocsf, ecs},
#define TIME(at, member, sd, cef, label, ocsf, ecs)   {member, sd, cef, label, ocsf, ecs},
#define NUMBER(at, member, sd, cef, label, ocsf, ecs) {member, sd, cef, label, ocsf, ecs},
#define OTHER(member, sd, cef, ocsf, ecs)             {member, sd, cef, "", ocsf, ecs},
#include "siem/fields.def"
#undef TEXT
#undef TIME
#undef NUMBER
#undef OTHER
    };
    (void)puts(".Bl -tag -width Ds");
    for (size_t i = 0; i < COUNT(rows); i++) {
        (void)printf(".It %s\nrfc5424: %s.\nCEF: %s", rows[i].member, rows[i].sd, rows[i].cef);
        if (rows[i].label[0] != '\0') {
            (void)printf(" with the label %s", rows[i].label);
        }
        (void)printf(".\nOCSF: %s.\nECS: %s.\n", rows[i].ocsf, rows[i].ecs);
    }
    (void)puts(".El");
}

void
manual_siem_levels(void)
{
    (void)puts(".Bl -tag -width critical");
    for (int level = 0; level < SIEM_LEVELS; level++) {
        const struct siem_scale *scale = siem_scale((enum siem_level)level);
        (void)printf(".It Cm %s\nsyslog %u, CEF %u, OCSF %u (%s), ECS %u.\n", scale->word,
            scale->syslog, scale->cef, scale->ocsf, scale->ocsf_word, scale->ecs);
    }
    (void)puts(".El");
}

void
manual_siem_senses(void)
{
    static const struct {
        const char *title;
        enum siem_level ok, refused, failed, unknown;
    } senses[EVENT_ACTIONS] = {
#define SEVERITY(action, title, ok, refused, failed, unknown)                                      \
    [EVENT_##action] = {title, SIEM_##ok, SIEM_##refused, SIEM_##failed, SIEM_##unknown},
#include "siem/severity.def"
#undef SEVERITY
    };
    static const char *const ocsf[EVENT_ACTIONS] = {
#define OCSF_ACTION(action, class, activity, words, demand, entity)                                \
    [EVENT_##action] = #class ", activity " #activity " " words,
#include "siem/ocsf_classes.def"
#undef OCSF_ACTION
    };
    static const char *const ecs[EVENT_ACTIONS] = {
#define ECS_KIND(action, category, type) [EVENT_##action] = category " " type,
#include "siem/ecs_kinds.def"
#undef ECS_KIND
    };
    (void)puts(".Bl -tag -width Ds");
    for (int action = 0; action < EVENT_ACTIONS; action++) {
        (void)printf(".It Li %s Pq %s\n", event_action((enum event_action)action)->text,
            senses[action].title);
        (void)printf("ok %s, refused %s, failed %s, unknown %s.\n",
            siem_scale(senses[action].ok)->word, siem_scale(senses[action].refused)->word,
            siem_scale(senses[action].failed)->word, siem_scale(senses[action].unknown)->word);
        (void)printf("OCSF: %s.\nECS: %s.\n", ocsf[action], ecs[action]);
    }
    (void)puts(".El\n.Pp\nThe classes of OCSF:\n.Bl -tag -width ACCOUNT_CHANGE");
#define OCSF_CLASS(name, uid, words, category, category_words)                                     \
    (void)puts(".It " #name "\n" words " (" #uid "), " category_words ".");
#include "siem/ocsf_classes.def"
#undef OCSF_CLASS
    (void)puts(".El");
}
