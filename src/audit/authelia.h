/* What Authelia's rules say about a domain. */
#pragma once

#include "audit/format.h"

enum authelia_policy {
    AUTHELIA_UNKNOWN, /* a rule by regular expression may hold */
    AUTHELIA_BYPASS,
    AUTHELIA_ONE,
    AUTHELIA_TWO,
    AUTHELIA_DENY,
};

struct authelia_answer {
    enum authelia_policy policy;
    const struct tree_node *at;  /* the rule, or default_policy */
    const struct tree_node *gap; /* a rule that lets everyone through to some paths; NULL */
    const struct tree_node *lan; /* a rule that lets some networks through; NULL */
    bool is_weaker; /* for some paths, people or networks less than that policy is asked */
};

/* The setting that takes the limit of wrong passwords away; NULL: there is a limit. */
const struct tree_node *authelia_unlimited(const struct audit_file *file);
struct authelia_answer authelia_ask(const struct audit_file *file, const char *domain);
/* The gateway of the site, and whether it asks everyone for a second factor. */
void authelia_say_site(struct audit *audit, const struct authelia_answer *answer);
