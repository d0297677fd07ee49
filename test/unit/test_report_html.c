#include "fixture_assessment.h"
#include "report/html/markup.h"

#include <libxml/HTMLparser.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "test.h"

static char *
page_of(enum fixture_kind kind)
{
    struct assessment *assessment = fixture_assessment(kind);
    const struct report_options options = {0};
    struct buf out;
    buf_init(&out, REPORT_MAX);
    assert_int_equal(report_by_name("html")->write(assessment, &options, &out), OK);
    fixture_free(assessment);
    return out.data;
}

static size_t
count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (text = strstr(text, part); text != NULL; text = strstr(text + 1, part)) {
        count++;
    }
    return count;
}

static void
test_device_text_never_becomes_markup(void **state)
{
    (void)state;
    char *page = page_of(FIXTURE_SITE);
    assert_int_equal(count_of(page, "<script"), 1);
    assert_int_equal(count_of(page, "</script"), 1);
    assert_int_equal(count_of(page, "<style"), 1);
    assert_int_equal(count_of(page, "<img"), 0);
    assert_int_equal(count_of(page, "<!--"), 0);
    assert_true(count_of(page, "&lt;script&gt;alert(1)") > 3);
    free(page);
}

/* Every element and attribute that a parser finds must be one that we write. */
static void
check_node(const xmlNode *node)
{
    for (; node != NULL; node = node->next) {
        if (node->type == XML_ELEMENT_NODE) {
            for (const xmlAttr *attribute = node->properties; attribute != NULL;
                 attribute = attribute->next) {
                const char *name = (const char *)attribute->name;
                assert_false(strncmp(name, "on", 2) == 0);
                assert_false(strcmp(name, "style") == 0);
                assert_false(strcmp(name, "src") == 0);
                if (strcmp(name, "href") == 0) {
                    assert_int_equal(attribute->children->content[0], '#');
                }
            }
        }
        check_node(node->children);
    }
}

static void
test_has_no_handlers_no_styles_and_only_links_inside(void **state)
{
    (void)state;
    char *page = page_of(FIXTURE_SITE);
    htmlDocPtr document = htmlReadMemory(page, (int)strlen(page), NULL, "UTF-8",
        HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET);
    assert_non_null(document);
    check_node(xmlDocGetRootElement(document));
    xmlFreeDoc(document);
    free(page);
}

/* The hash of what stands between the tags must be in the policy, or a browser shows a bare page.
 */
static void
check_hash(const char *page, const char *open, const char *close)
{
    const char *start = strstr(page, open) + strlen(open);
    const char *end = strstr(start, close);
    unsigned char hash[crypto_hash_sha256_BYTES];
    char text[64];
    char wanted[96];
    (void)crypto_hash_sha256(hash, (const unsigned char *)start, (size_t)(end - start));
    sodium_bin2base64(text, sizeof(text), hash, sizeof(hash), sodium_base64_VARIANT_ORIGINAL);
    (void)snprintf(wanted, sizeof(wanted), "'sha256-%s'", text);
    assert_int_equal(count_of(page, wanted), 1);
}

static void
test_policy_allows_only_its_own_style_and_script(void **state)
{
    (void)state;
    char *page = page_of(FIXTURE_SITE);
    assert_non_null(strstr(page, "content=\"default-src 'none'; style-src 'sha256-"));
    assert_null(strstr(page, "unsafe-inline"));
    check_hash(page, "<style>", "</style>");
    check_hash(page, "<script>", "</script>");
    free(page);
}

static void
test_owes_every_part_to_every_gap(void **state)
{
    (void)state;
    static const char *const parts[] = {"<h4>", "class=\"place\"", "<dt>Asked</dt>",
        "<dt>Answer</dt>", "<dt>When</dt>", "Why it matters", "How to close it", "How to verify"};
    char *page = page_of(FIXTURE_SITE);
    char *gap = strstr(page, "<article class=\"finding m-fail\"");
    size_t gaps = 0;
    for (; gap != NULL; gaps++) {
        char *end = strstr(gap, "</article>");
        *end = '\0';
        for (size_t i = 0; i < COUNT(parts); i++) {
            if (strstr(gap, parts[i]) == NULL) {
                fail_msg("no %s in %.120s", parts[i], gap);
            }
        }
        gap = strstr(end + 1, "<article class=\"finding m-fail\"");
    }
    assert_int_equal(gaps, 8);
    free(page);
}

/* Each link inside the page leads somewhere. */
static void
test_links_have_their_anchors(void **state)
{
    (void)state;
    for (enum fixture_kind kind = 0; kind < FIXTURE_LARGE; kind++) {
        char *page = page_of(kind);
        for (const char *link = strstr(page, "href=\"#"); link != NULL;
             link = strstr(link + 1, "href=\"#")) {
            char anchor[160];
            size_t len = strcspn(link + 7, "\"");
            (void)snprintf(anchor, sizeof(anchor), " id=\"%.*s\"", (int)len, link + 7);
            if (count_of(page, anchor) != 1) {
                fail_msg("%zu of%s", count_of(page, anchor), anchor);
            }
        }
        free(page);
    }
}

static void
test_says_partial_empty_and_waived(void **state)
{
    (void)state;
    char *page = page_of(FIXTURE_PARTIAL);
    assert_non_null(strstr(page, "role=\"alert\"><strong>PARTIAL.</strong>"));
    assert_non_null(strstr(page, "interrupted from the keyboard"));
    assert_non_null(strstr(page, "Waived until 2026-12-22 by M. Rossi"));
    assert_non_null(strstr(page, "The waiver has expired on 2026-11-19"));
    assert_non_null(strstr(page, "Witnesses disagree"));
    free(page);
    page = page_of(FIXTURE_EMPTY);
    assert_non_null(strstr(page, "No devices found"));
    assert_non_null(strstr(page, "Too little is known for a grade"));
    assert_null(strstr(page, "device-table\">"));
    free(page);
}

static void
test_holds_ten_thousand_devices_in_bounds(void **state)
{
    (void)state;
    char *page = page_of(FIXTURE_LARGE);
    assert_int_equal(count_of(page, "<tr id=\"d-"), 10000);
    assert_true(strlen(page) < (size_t)16 * 1024 * 1024);
    free(page);
}

static void
test_words_become_steps_and_code(void **state)
{
    (void)state;
    struct buf out CLEANUP(buf_release);
    buf_init(&out, 1024);
    markup_words(&out, "Go to `A > B`.\nPress <OK> `");
    assert_string_equal(
        out.data, "<ol><li>Go to <code>A &gt; B</code>.</li><li>Press &lt;OK&gt; `</li></ol>");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_device_text_never_becomes_markup),
        cmocka_unit_test(test_has_no_handlers_no_styles_and_only_links_inside),
        cmocka_unit_test(test_policy_allows_only_its_own_style_and_script),
        cmocka_unit_test(test_owes_every_part_to_every_gap),
        cmocka_unit_test(test_links_have_their_anchors),
        cmocka_unit_test(test_says_partial_empty_and_waived),
        cmocka_unit_test(test_holds_ten_thousand_devices_in_bounds),
        cmocka_unit_test(test_words_become_steps_and_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
