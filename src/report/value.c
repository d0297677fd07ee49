/* JSON values: jansson with text that may be no UTF-8. */
#include "report/value.h"

#include "base/text.h"

#include <string.h>

json_t *
value_text(const char *text)
{
    if (text == NULL) {
        return json_null();
    }
    json_t *value = json_string(text);
    if (value == NULL) {
        char clean[1024];
        text_clean(clean, sizeof(clean), text, strlen(text));
        value = json_string(clean);
    }
    return value;
}

const char *
value_get_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text == NULL ? "" : text;
}

json_t *
value_number(uint64_t number)
{
    return json_integer(number > INT64_MAX ? INT64_MAX : (json_int_t)number);
}

void
value_put(json_t *object, const char *name, json_t *value)
{
    (void)json_object_set_new(object, name, value);
}

void
value_put_known(json_t *object, const char *name, const char *text)
{
    if (!text_is_empty(text)) {
        value_put(object, name, value_text(text));
    }
}
