/* Settings and lists out of answers, for the parse functions of drivers. */
#include "device/take.h"

#include "base/clock.h"
#include "base/text.h"
#include "codec/pick.h"

#include <string.h>

struct source
take_config(const struct source *source)
{
    struct source config = *source;
    config.witness = WITNESS_CONFIG;
    return config;
}

bool
take_text(const struct answer *answer, const char *pick, struct facts *facts, const char **ret_text)
{
    return pick_text(answer, pick, facts->arena, ret_text) == OK;
}

bool
take_bool(const struct answer *answer, const char *pick, struct facts *facts, bool *ret_yes)
{
    const char *text = NULL;
    return take_text(answer, pick, facts, &text) && text_to_bool(text, ret_yes) == OK;
}

void
take_setting(const struct answer *answer, const char *pick, enum fact_id fact, struct facts *facts,
    const struct source *source)
{
    bool yes = false;
    const struct source config = take_config(source);
    if (take_bool(answer, pick, facts, &yes)) {
        facts_set_bool(facts, fact, yes, &config);
    }
}

void
take_clock(const char *text, int64_t at, struct facts *facts, const struct source *source)
{
    int64_t wall = 0;
    const char *hours = strpbrk(text, "T ");
    bool has_zone = hours != NULL && strpbrk(hours, "Zz+-") != NULL;
    if (has_zone && at != 0 && clock_parse(text, &wall) == OK) {
        facts_set_int(facts, FACT_CLOCK_OFFSET, (wall - at) / 1000, source);
    }
}

void
take_mode(const char *where, const char *mode, struct facts *facts, const struct source *source)
{
    const struct source config = take_config(source);
    const char *old = facts_text(facts, FACT_AUTH_MODES);
    bool is_basic = text_contains_nocase(mode, "basic");
    const char *text = old == NULL || text_contains(old, where)
                           ? arena_format(facts->arena, "%s %.64s", where, mode)
                           : arena_format(facts->arena, "%.256s; %s %.64s", old, where, mode);
    facts_set_text(facts, FACT_AUTH_MODES, text, &config);
    if (is_basic || facts_get(facts, FACT_AUTH_BASIC) == NULL) {
        facts_set_bool(facts, FACT_AUTH_BASIC, is_basic, &config);
    }
}
