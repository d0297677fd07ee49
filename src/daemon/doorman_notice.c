/* Pages to which the gateway sends a request that it does not let through. */
#include "daemon/doorman_parts.h"

void
doorman_notice_denied(struct visit *visit)
{
    doorman_answer_page(visit, 403, "denied", NULL);
}

void
doorman_notice_unavailable(struct visit *visit)
{
    doorman_answer_page(visit, 503, "unavailable", NULL);
}
