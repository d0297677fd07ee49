/* Pending lines, wrapping, colours, and plain letters for old terminals. */
#include "report/page.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PENDING_MAX    ((size_t)64 * 1024)
#define NARROWEST_PAGE ((size_t)72)
#define MORE           "\xe2\x80\xa6"

/* SGR parameters (ECMA-48). */
static const char *const styles[] = {
    [PAGE_PLAIN] = "0",
    [PAGE_BOLD] = "1",
    [PAGE_DIM] = "2",
    [PAGE_BAD] = "1;31",
    [PAGE_WARN] = "33",
    [PAGE_GOOD] = "32",
};

/* One column each, so that nothing moves. */
static const struct {
    const char *sign;
    char plain;
} plains[] = {
    {"\xe2\x80\xa6", '~' }, /* … */
    {"\xe2\x80\x93", '-' }, /* – */
    {"\xe2\x80\x94", '-' }, /* — */
    {"\xe2\x86\x92", '>' }, /* → */
    {"\xe2\x80\x98", '\''}, /* ‘ */
    {"\xe2\x80\x99", '\''}, /* ’ */
    {"\xe2\x80\x9c", '"' }, /* “ */
    {"\xe2\x80\x9d", '"' }, /* ” */
    {"\xc2\xb7",     '*' }, /* · */
    {"\xc3\x97",     'x' }, /* × */
};

void
page_init(struct page *page, const struct report_options *options, struct buf *out)
{
    size_t width = options->width == 0 ? REPORT_WIDTH : options->width;
    *page = (struct page){.options = options, .out = out};
    page->width = width < NARROWEST_PAGE ? NARROWEST_PAGE : width;
    buf_init(&page->pending, PENDING_MAX);
}

void
page_release(struct page *page)
{
    buf_release(&page->pending);
}

/* Control characters never reach a terminal, whoever let them through. */
static void
put_safe(struct page *page, const char *text, size_t len)
{
    for (size_t i = 0; i < len && text[i] != '\0'; i++) {
        uint8_t byte = (uint8_t)text[i];
        bool c1 = byte == 0xc2 && (uint8_t)text[i + 1] >= 0x80 && (uint8_t)text[i + 1] < 0xa0;
        if (c1) {
            i++;
        }
        buf_byte(&page->pending, (byte < 0x20 && byte != '\n') || byte == 0x7f || c1 ? '?' : byte);
    }
}

void
page_put(struct page *page, const char *text)
{
    put_safe(page, text == NULL ? "" : text, SIZE_MAX);
}

void
page_format(struct page *page, const char *format, ...)
{
    char text[2048];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (len >= (int)sizeof(text)) {
        text[sizeof(text) - 5] = '\0'; /* and no half of a character before it */
        for (size_t end = sizeof(text) - 5; (uint8_t)text[end - 1] >= 0x80; end--) {
            text[end - 1] = '\0';
        }
    }
    page_put(page, text);
}

void
page_paint(struct page *page, enum page_style style, const char *text, size_t columns)
{
    size_t start = page->pending.len;
    page_put(page, text);
    if (page->span_count < PAGE_SPANS) {
        page->spans[page->span_count].start = start;
        page->spans[page->span_count].len = page->pending.len - start;
        page->spans[page->span_count].style = style;
        page->span_count++;
    }
    for (size_t used = width_of(page->pending.data + start); used < columns; used++) {
        buf_byte(&page->pending, ' ');
    }
}

void
page_column(struct page *page, const char *text, size_t len, size_t columns)
{
    struct buf part CLEANUP(buf_release);
    struct buf fitted CLEANUP(buf_release);
    buf_init(&part, PENDING_MAX);
    buf_init(&fitted, PENDING_MAX);
    buf_add(&part, text == NULL ? "" : text, text == NULL ? 0 : strnlen(text, len));
    width_pad(&fitted, part.data, columns - 1, MORE);
    page_put(page, fitted.data);
    buf_byte(&page->pending, ' ');
}

static void
put_plain(struct page *page, const char *text, size_t len)
{
    const char *end = text + len;
    while (text < end) {
        const char *start = text;
        size_t columns = width_next(&text);
        char plain = (uint8_t)*start < 0x80 ? *start : '?';
        for (size_t i = 0; i < COUNT(plains); i++) {
            size_t sign = strlen(plains[i].sign);
            if (sign == (size_t)(text - start) && memcmp(start, plains[i].sign, sign) == 0) {
                plain = plains[i].plain;
            }
        }
        for (size_t i = 0; i < columns; i++) {
            buf_byte(page->out, (uint8_t)plain);
        }
    }
}

static void
put_part(struct page *page, const char *text, size_t len)
{
    if (page->options->ascii) {
        put_plain(page, text, len);
    } else {
        buf_add(page->out, text, len);
    }
}

/* One line of pending, with the colours that begin in it. */
static void
put_line(struct page *page, size_t start, size_t len)
{
    const char *text = page->pending.data;
    size_t at = start;
    for (size_t i = 0; page->options->colour && i < page->span_count; i++) {
        size_t first = page->spans[i].start;
        size_t last = first + page->spans[i].len;
        if (first < at || last > start + len || page->spans[i].style == PAGE_PLAIN) {
            continue;
        }
        put_part(page, text + at, first - at);
        buf_format(page->out, "\x1b[%sm", styles[page->spans[i].style]);
        put_part(page, text + first, last - first);
        buf_text(page->out, "\x1b[0m");
        at = last;
    }
    put_part(page, text + at, start + len - at);
    buf_byte(page->out, '\n');
}

static void
put_wrapped(struct page *page, size_t first, size_t indent)
{
    const char *start = page->pending.data;
    const char *rest = start;
    bool again = false;
    while (*rest != '\0') {
        size_t margin = again ? indent : first;
        const char *line = rest;
        size_t len = width_line(&rest, page->width - margin);
        for (size_t i = 0; len != 0 && i < margin; i++) {
            buf_byte(page->out, ' ');
        }
        put_line(page, (size_t)(line - start), len);
        again = true;
    }
    buf_clear(&page->pending);
    page->span_count = 0;
}

void
page_end(struct page *page)
{
    size_t len = page->pending.len;
    while (len != 0 && page->pending.data[len - 1] == ' ') {
        len--;
    }
    put_line(page, 0, len);
    buf_clear(&page->pending);
    page->span_count = 0;
}

void
page_flush(struct page *page, size_t indent)
{
    put_wrapped(page, 0, indent);
}

void
page_indent(struct page *page, size_t indent)
{
    put_wrapped(page, indent, indent);
}

void
page_line(struct page *page)
{
    buf_byte(page->out, '\n');
}

void
page_heading(struct page *page, const char *title)
{
    page_put(page, " ");
    page_paint(page, PAGE_BOLD, title, 0);
    page_end(page);
}
