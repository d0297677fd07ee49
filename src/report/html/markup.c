/* Escaping, and the small pieces that every section uses. */
#include "report/html/markup.h"

#include "base/text.h"

#include <string.h>

void
markup_escape(struct buf *out, const char *text)
{
    static const struct {
        char c;
        const char *entity;
    } entities[] = {
        {'&',  "&amp;" },
        {'<',  "&lt;"  },
        {'>',  "&gt;"  },
        {'"',  "&quot;"},
        {'\'', "&#39;" },
    };
    for (const char *c = text == NULL ? "" : text; *c != '\0'; c++) {
        const char *entity = NULL;
        for (size_t i = 0; i < COUNT(entities); i++) {
            entity = entities[i].c == *c ? entities[i].entity : entity;
        }
        if (entity != NULL) {
            buf_text(out, entity);
        } else {
            buf_byte(out, ((uint8_t)*c < 0x20 && *c != '\n') || *c == 0x7f ? '?' : (uint8_t)*c);
        }
    }
}

void
markup_add(struct buf *out, const char *template, const char *const *texts, size_t text_count)
{
    size_t used = 0;
    const char *hole = strstr(template, "{}");
    while (hole != NULL) {
        assert(used < text_count);
        buf_add(out, template, (size_t)(hole - template));
        markup_escape(out, texts[used++]);
        template = hole + 2;
        hole = strstr(template, "{}");
    }
    assert(used == text_count);
    buf_text(out, template);
}

/* One line, its backticks turned into <code>. */
static void
put_line(struct buf *out, const char *line, size_t len)
{
    bool code = false;
    for (size_t i = 0; i < len; i++) {
        const char *close = line[i] == '`' ? memchr(line + i + 1, '`', len - i - 1) : NULL;
        if (line[i] == '`' && (code || close != NULL)) {
            buf_text(out, code ? "</code>" : "<code>");
            code = !code;
            continue;
        }
        markup_escape(out, (const char[]){line[i], '\0'});
    }
}

void
markup_words(struct buf *out, const char *text)
{
    if (text_is_empty(text)) {
        return;
    }
    bool steps = strchr(text, '\n') != NULL;
    buf_text(out, steps ? "<ol>" : "<p>");
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        if (len != 0) {
            buf_text(out, steps ? "<li>" : "");
            put_line(out, text, len);
            buf_text(out, steps ? "</li>" : "");
        }
        text += len + (text[len] == '\n');
    }
    buf_text(out, steps ? "</ol>" : "</p>");
}

void
markup_anchor(struct buf *out, const char *prefix, const char *id)
{
    buf_text(out, prefix);
    for (; id != NULL && *id != '\0'; id++) {
        bool plain = (*id >= 'a' && *id <= 'z') || (*id >= 'A' && *id <= 'Z') ||
                     (*id >= '0' && *id <= '9') || *id == '_';
        buf_byte(out, (uint8_t)(plain ? *id : '-'));
    }
}

void
markup_sign(struct buf *out, const char *name)
{
    HTML(out, "<svg class=\"sign\" aria-hidden=\"true\"><use href=\"#s-{}\"/></svg>", name);
}

void
markup_mark(struct buf *out, enum mark mark)
{
    HTML(out, "<span class=\"mark m-{}\">", mark_words[mark].id);
    markup_sign(out, mark_words[mark].id);
    HTML(out, "<span>{}</span></span>", mark_words[mark].word);
}

const char *
markup_grade(const char *grade)
{
    static const char *const classes[] = {"a", "b", "c", "d", "e", "f"};
    size_t index = grade == NULL ? COUNT(classes) : (size_t)(unsigned char)grade[0] - 'A';
    return index < COUNT(classes) ? classes[index] : "none";
}
