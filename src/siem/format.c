/* The rows of formats.def. */
#include "siem/format.h"

#include "base/text.h"

#define FORMAT(name, words) extern const struct siem_format siem_##name;
#include "siem/formats.def"
#undef FORMAT

const struct siem_format *const siem_formats[] = {
#define FORMAT(name, words) &siem_##name,
#include "siem/formats.def"
#undef FORMAT
};

const size_t siem_format_count = COUNT(siem_formats);

const struct siem_format *
siem_format_by_name(const char *name)
{
    for (size_t i = 0; i < siem_format_count; i++) {
        if (text_equal(siem_formats[i]->name, name)) {
            return siem_formats[i];
        }
    }
    return NULL;
}
