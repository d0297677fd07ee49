/* The table of pages. */
#include "base/text.h"
#include "daemon/doorman_parts.h"

const struct doorman_route doorman_routes_all[] = {
#define ROUTE(method, path, need, by, function)                                                    \
    {method, path, need, DOORMAN_##by, doorman_##function},
#include "daemon/doorman_routes.def"
#undef ROUTE
};
const size_t doorman_routes_count = COUNT(doorman_routes_all);

const struct doorman_route *
doorman_routes_find(const char *method, const char *path, bool *ret_other)
{
    *ret_other = false;
    for (size_t i = 0; i < doorman_routes_count; i++) {
        if (!text_equal(doorman_routes_all[i].path, path)) {
            continue;
        }
        if (text_equal(doorman_routes_all[i].method, method)) {
            return &doorman_routes_all[i];
        }
        *ret_other = true;
    }
    return NULL;
}
