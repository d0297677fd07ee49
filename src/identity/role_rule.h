/* One rule of a role as text and as values. Pure; the syntax is in role.h. */
#pragma once

#include "gate/policy.h"
#include "identity/role.h"

#define RULE_CAMERAS 64
#define RULE_GROUPS  16

struct role_words {
    uint32_t permits;      /* 1 << enum permit */
    char vms[POLICY_NAME]; /* "": any */
    char cameras[RULE_CAMERAS][POLICY_NAME];
    char groups[RULE_GROUPS][POLICY_NAME];
    size_t camera_count, group_count; /* both 0: every camera */
    uint8_t days;                     /* as struct policy_rule has them */
    uint16_t begin, end;
    uint32_t back;
};

/* ERR_VALUE, with the word that is wrong and what was expected. */
enum err role_read_rule(
    const char *text, struct role_words *ret_words, struct note *note) MUST_CHECK;
/* The canonical line; ERR_LIMIT when it is longer than a rule's text. */
enum err role_write_rule(const struct role_words *words, char ret_text[ROLE_TEXT]) MUST_CHECK;
/* Whether a name of a camera or a group can stand in a rule. */
bool role_is_name(const char *name);
