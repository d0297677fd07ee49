/* Records whose entries say n/a everywhere: only their description speaks. */
#include "catalog/import.h"

#include "base/text.h"

void
import_sentence(struct range *range, const char *words)
{
    struct prose prose;
    CLEANUP(buf_release) struct buf clean;
    buf_init(&clean, (size_t)64 * 1024);
    prose_clean(words, &clean);
    prose_read(clean.len == 0 ? "" : clean.data, &prose);
    for (size_t i = 0; i < prose.count; i++) {
        bool upper = prose.bounds[i].kind == PROSE_UP_TO || prose.bounds[i].kind == PROSE_BEFORE;
        prose.trust = upper ? prose.trust : PROSE_OPAQUE;
    }
    prose.trust = prose.trust == PROSE_CLEAR ? PROSE_WORDY : prose.trust;
    range_add_prose(range, &prose);
}

void
import_description(
    struct import *import, struct import_record *record, const char *words, const char *maker)
{
    struct range range;
    struct product product;
    product_guess(words, &product);
    if (product.maker[0] == '\0') {
        (void)text_copy(product.maker, sizeof(product.maker), maker);
    }
    range_init(&range);
    import_sentence(&range, words);
    range_finish(&range);
    const struct import_row row = {.part = "words", .rule = words};
    import_add(import, record, &row, &product, &range);
    range_release(&range);
}
