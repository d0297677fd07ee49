/* index.html of an evidence package: for a judge, on paper too. One file, no script. */
#pragma once

#include "evidence/make.h"

/* As make_settings.page. */
void evidence_page(struct buf *out, const struct make_page *page);
