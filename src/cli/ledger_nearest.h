/* Words for a search that found nothing: a misspelt name must not pass for "nobody watched". */
#pragma once

#include "ledger/search.h"

/* Says on standard error which names of the query no event of the ledger has, and which is near. */
void ledger_nearest_tell(struct search *search, const struct query *query);
