/* Whether an entry is what is looked for. */
#include "ledger/query.h"

#include "base/text.h"

#include <string.h>

static const struct {
    const char *name;
    enum logged_text text; /* LOGGED_TEXTS: the cameras */
} parts[QUERY_PARTS] = {
    [QUERY_USER] = {"user",    LOGGED_USER   },
    [QUERY_CAMERA] = {"camera",  LOGGED_TEXTS  },
    [QUERY_ACTION] = {"action",  LOGGED_ACTION },
    [QUERY_OUTCOME] = {"outcome", LOGGED_OUTCOME},
    [QUERY_SESSION] = {"session", LOGGED_SESSION},
    [QUERY_OBJECT] = {"object",  LOGGED_OBJECT },
};

struct query
query_begin(void)
{
    return (struct query){.from = INT64_MIN, .to = INT64_MAX};
}

static bool
is_outcome(const char *value)
{
    for (int i = EVENT_OK; i <= EVENT_UNKNOWN; i++) {
        if (text_equal(value, event_outcome_text((enum event_outcome)i))) {
            return true;
        }
    }
    return false;
}

/* Of this version, or so formed that another version may have it. */
static bool
is_action(const char *value)
{
    size_t dots = 0;
    for (const char *c = value; *c != '\0'; c++) {
        bool star = *c == '*' && c[1] == '\0' && c != value && c[-1] == '.';
        dots += *c == '.' ? 1 : 0;
        if ((*c < 'a' || *c > 'z') && *c != '.' && *c != '_' && !star) {
            return false;
        }
    }
    return dots == 1 && *value != '.' && !text_ends(value, ".");
}

enum err
query_set(struct query *query, enum query_part part, const char *value)
{
    if ((part == QUERY_OUTCOME && !is_outcome(value)) ||
        (part == QUERY_ACTION && !is_action(value))) {
        return ERR_VALUE;
    }
    query->parts[part] = value;
    return OK;
}

enum err
query_set_net(struct query *query, const char *text)
{
    enum err err = net_parse(text, &query->net);
    query->has_net = err == OK;
    return err;
}

bool
query_is_word_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || (byte & 0x80) != 0;
}

size_t
query_next_token(const char *text, size_t len, size_t *at)
{
    while (*at < len && !query_is_word_byte(text[*at])) {
        ++*at;
    }
    size_t start = *at;
    while (*at < len && query_is_word_byte(text[*at])) {
        ++*at;
    }
    return *at - start;
}

static char
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static enum err
add_word(struct query *query, const char *word, size_t len)
{
    size_t at = 0;
    if (query->word_count == QUERY_WORDS || len >= QUERY_WORD) {
        return ERR_LIMIT;
    }
    if (query_next_token(word, len, &at) == 0) {
        return ERR_VALUE;
    }
    char *out = query->words[query->word_count++];
    for (size_t i = 0; i < len; i++) {
        out[i] = lower(word[i]);
    }
    out[len] = '\0';
    return OK;
}

enum err
query_set_words(struct query *query, const char *text)
{
    enum err err = OK;
    size_t before = query->word_count;
    while (err == OK && *(text += strspn(text, " \t\r\n")) != '\0') {
        size_t len = strcspn(text, " \t\r\n");
        err = add_word(query, text, len);
        text += len;
    }
    return err == OK && query->word_count == before ? ERR_VALUE : err;
}

bool
query_is_empty(const struct query *query)
{
    for (size_t i = 0; i < QUERY_PARTS; i++) {
        if (query->parts[i] != NULL) {
            return false;
        }
    }
    return query->from == INT64_MIN && query->to == INT64_MAX && !query->has_net &&
           !query->is_long && query->word_count == 0;
}

/* Whether the text has the word with no letter or digit beside it. */
static bool
has_word(const char *text, size_t len, const char *word)
{
    size_t size = strlen(word);
    for (size_t i = 0; i + size <= len; i++) {
        size_t same = 0;
        while (same < size && lower(text[i + same]) == word[same]) {
            same++;
        }
        bool left = i == 0 || !query_is_word_byte(text[i - 1]) || !query_is_word_byte(word[0]);
        bool right = i + size == len || !query_is_word_byte(text[i + size]) ||
                     !query_is_word_byte(word[size - 1]);
        if (same == size && left && right) {
            return true;
        }
    }
    return false;
}

struct finder {
    const struct query *query;
    uint32_t found; /* a bit per word */
};

static void
find_words(void *context, const char *bytes, size_t len)
{
    struct finder *finder = context;
    for (size_t i = 0; i < finder->query->word_count; i++) {
        if ((finder->found & 1U << i) == 0 && has_word(bytes, len, finder->query->words[i])) {
            finder->found |= 1U << i;
        }
    }
}

bool
query_covers(const char *wanted, const char *text, size_t len)
{
    size_t size = strlen(wanted);
    bool family = size != 0 && wanted[size - 1] == '*';
    size_t same = family ? size - 1 : size;
    return (family ? len >= same : len == same) && memcmp(wanted, text, same) == 0;
}

static bool
has_camera(const struct logged *logged, const char *camera)
{
    size_t len = strlen(camera);
    for (size_t i = 0; i < logged->camera_count; i++) {
        if (logged->cameras[i].len == len && memcmp(logged->cameras[i].bytes, camera, len) == 0) {
            return true;
        }
    }
    return false;
}

static bool
match_part(const struct logged *logged, enum query_part part, const char *wanted)
{
    if (part == QUERY_CAMERA) {
        return has_camera(logged, wanted);
    }
    const struct event_text *text = &logged->texts[parts[part].text];
    if (text->bytes == NULL) {
        return false;
    }
    return part == QUERY_ACTION ? query_covers(wanted, text->bytes, text->len)
                                : logged_says(logged, parts[part].text, wanted);
}

bool
query_in_net(const struct net *net, const char *bytes, size_t len)
{
    char text[IP_TEXT];
    struct ip ip;
    if (len >= sizeof(text) || memchr(bytes, '\0', len) != NULL) {
        return false;
    }
    memcpy(text, bytes, len);
    text[len] = '\0';
    return ip_parse(text, &ip) == OK && net_contains(net, &ip);
}

bool
query_match(const struct query *query, struct logged *logged, const void *entry, size_t len)
{
    struct finder finder = {.query = query};
    logged->sink = query->word_count != 0 ? find_words : NULL;
    logged->sink_context = &finder;
    bool is_event = logged_read(logged, entry, len);
    logged->sink = NULL;
    if (!is_event) {
        return query_is_empty(query);
    }
    if (logged->numbers[LOGGED_TIME] < query->from || logged->numbers[LOGGED_TIME] >= query->to ||
        finder.found != (1U << query->word_count) - 1 ||
        (query->is_long && logged->numbers[LOGGED_DURATION] < QUERY_LONG_MS)) {
        return false;
    }
    for (size_t i = 0; i < QUERY_PARTS; i++) {
        if (query->parts[i] != NULL && !match_part(logged, (enum query_part)i, query->parts[i])) {
            return false;
        }
    }
    const struct event_text *ip = &logged->texts[LOGGED_IP];
    return !query->has_net || (ip->bytes != NULL && query_in_net(&query->net, ip->bytes, ip->len));
}

static void
add_text(json_t *json, const char *name, const char *text)
{
    (void)json_object_set_new(json, name, event_text_json(event_text(text)));
}

json_t *
query_json(const struct query *query)
{
    char text[CLOCK_TEXT];
    char net[IP_TEXT];
    json_t *json = json_object();
    for (size_t i = 0; i < QUERY_PARTS; i++) {
        if (query->parts[i] != NULL) {
            add_text(json, parts[i].name, query->parts[i]);
        }
    }
    if (query->from != INT64_MIN) {
        add_text(json, "from", clock_text(query->from, text));
    }
    if (query->to != INT64_MAX) {
        add_text(json, "to", clock_text(query->to, text));
    }
    if (query->has_net) {
        add_text(json, "ip", net_text(&query->net, net));
    }
    json_t *words = query->word_count != 0 ? json_array() : NULL;
    for (size_t i = 0; i < query->word_count; i++) {
        (void)json_array_append_new(words, event_text_json(event_text(query->words[i])));
    }
    if (words != NULL) {
        (void)json_object_set_new(json, "text", words);
    }
    return json;
}
