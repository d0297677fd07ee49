/* Routes of the doorman's pages (doorman_routes.def): method, path, and who may use it, what asks.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct visit;
typedef void doorman_route_fn(struct visit *visit);

/* Who may use a route. */
enum doorman_need {
    DOORMAN_NOTICE, /* anyone, also in the place of a picture that was refused */
    DOORMAN_ANYONE,
    DOORMAN_HALF, /* one factor was given, or an invitation */
    DOORMAN_SESSION,
    DOORMAN_ELEVATED, /* a step-up holds */
};

/* What asks for a route. */
enum doorman_by {
    DOORMAN_WINDOW, /* the page of a window: a link, a form, an address that was typed */
    DOORMAN_SCRIPT, /* fetch() of our script */
};

struct doorman_route {
    const char *method, *path;
    enum doorman_need need;
    enum doorman_by by;
    doorman_route_fn *run;
};
extern const struct doorman_route doorman_routes_all[];
extern const size_t doorman_routes_count;
/* NULL: none; *ret_other then says whether another method has that path. */
const struct doorman_route *doorman_routes_find(
    const char *method, const char *path, bool *ret_other);
#define ROUTE(method, path, need, by, function) doorman_route_fn doorman_##function;
#include "daemon/doorman_routes.def"
#undef ROUTE
