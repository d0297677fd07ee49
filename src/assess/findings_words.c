/* The sentences of findings: counts, titles, actions, steps, one line for each control. */
#include "assess/findings.h"

#include "base/buf.h"
#include "base/text.h"

#include <ctype.h>
#include <string.h>

#define WORDS        ((size_t)4096)
#define NAMED        3 /* so many devices are called by name; more are counted */
#define TITLES_SHOWN 2 /* titles in the line of a control */

static const char *
noun(const struct aspect *aspect, size_t count)
{
    if (aspect->kinds == KIND_BIT(VMS)) {
        return count == 1 ? "VMS server" : "VMS servers";
    }
    if (aspect->kinds == KIND_BIT(ROUTER)) {
        return count == 1 ? "router" : "routers";
    }
    return count == 1 ? "device" : "devices";
}

const char *
findings_count(
    struct arena *arena, const struct finding *finding, const struct aspect *aspect, size_t of)
{
    char title[SUBJECT_TITLE];
    if (of <= 1) {
        return arena_copy(arena, subject_title(finding->places[0].subject, title));
    }
    return arena_format(arena, "%zu of %zu %s", finding->place_count, of, noun(aspect, of));
}

/* The template with each {hole} replaced; NULL when it does not fit. */
static const char *
fill(struct arena *arena, const char *template, const char *hole, const char *words)
{
    struct buf buf;
    buf_init(&buf, WORDS);
    for (const char *at = strstr(template, hole); at != NULL; at = strstr(template, hole)) {
        buf_add(&buf, template, (size_t)(at - template));
        buf_text(&buf, words);
        template = at + strlen(hole);
    }
    buf_text(&buf, template);
    const char *filled = buf_error(&buf) == OK ? arena_copy(arena, buf.data) : NULL;
    buf_release(&buf);
    return filled;
}

static bool
all_say_the_same(const struct finding *finding)
{
    for (size_t i = 1; i < finding->place_count; i++) {
        if (!text_equal(finding->places[i].sentence, finding->places[0].sentence)) {
            return false;
        }
    }
    return true;
}

const char *
findings_title(
    struct arena *arena, const struct finding *finding, const struct aspect *aspect, size_t of)
{
    const char *first = finding->places[0].sentence;
    const char *count = findings_count(arena, finding, aspect, of);
    if (count == NULL) {
        return NULL;
    }
    if (finding->advice != NULL) {
        return fill(arena, finding->advice->title, "{count}", count);
    }
    if (aspect->kinds == KINDS_SITE) {
        return arena_copy(arena, first);
    }
    return arena_format(
        arena, "%s: %s%s", count, first, all_say_the_same(finding) ? "" : " The others are alike.");
}

/* "Gate (Hikvision DS-2CD2032)" for the owner's name, "Hikvision DS-2CD2032 at 10.0.0.4" else. */
static void
add_name(struct buf *buf, const struct subject *subject)
{
    char title[SUBJECT_TITLE];
    char ip[IP_TEXT];
    const char *brand = facts_text(&subject->facts, FACT_DEVICE_BRAND);
    const char *vendor = brand != NULL ? brand : facts_text(&subject->facts, FACT_DEVICE_VENDOR);
    const char *model = facts_text(&subject->facts, FACT_DEVICE_MODEL);
    buf_text(buf, subject_title(subject, title));
    if (subject->name != NULL) {
        if (vendor != NULL && model != NULL) {
            buf_format(buf, " (%s %s)", vendor, model);
        }
    } else if (subject->address_count != 0 &&
               !text_equal(title, ip_text(&subject->addresses[0], ip))) {
        buf_format(buf, " at %s", ip_text(&subject->addresses[0], ip));
    }
}

/* The vendor of all open places, or NULL when they differ. */
static const char *
common_vendor(const struct finding *finding)
{
    const char *vendor = NULL;
    for (size_t i = 0; i < finding->place_count; i++) {
        const char *own = facts_text(&finding->places[i].subject->facts, FACT_DEVICE_VENDOR);
        if (finding->places[i].waiver != NULL) {
            continue;
        }
        if (own == NULL || (vendor != NULL && !text_equal(vendor, own))) {
            return NULL;
        }
        vendor = own;
    }
    return vendor;
}

static const char *
common_kind(const struct finding *finding)
{
    for (size_t i = 1; i < finding->place_count; i++) {
        if (finding->places[i].subject->kind != finding->places[0].subject->kind) {
            return "devices";
        }
    }
    return kind_plural(finding->places[0].subject->kind);
}

static void
add_names(struct buf *buf, const struct finding *finding, size_t open)
{
    size_t named = 0;
    for (size_t i = 0; i < finding->place_count; i++) {
        if (finding->places[i].waiver != NULL) {
            continue;
        }
        if (named != 0) {
            buf_text(buf, named + 1 == open ? " and " : ", ");
        }
        add_name(buf, finding->places[i].subject);
        named++;
    }
}

const char *
findings_action(struct arena *arena, const struct finding *finding)
{
    struct buf buf;
    size_t open = 0;
    for (size_t i = 0; i < finding->place_count; i++) {
        open += finding->places[i].waiver == NULL ? 1U : 0U;
    }
    buf_init(&buf, WORDS);
    if (open <= NAMED) {
        add_names(&buf, finding, open);
    } else {
        const char *vendor = common_vendor(finding);
        buf_format(&buf, "%zu %s%s%s", open, vendor != NULL ? vendor : "",
            vendor != NULL ? " " : "", common_kind(finding));
    }
    const char *words =
        buf_error(&buf) == OK ? fill(arena, finding->advice->action, "{devices}", buf.data) : NULL;
    buf_release(&buf);
    return words;
}

/* Different steps of different drivers, and how many of the places they cover. */
struct steps {
    const struct device_fix *fixes[8];
    const char *vendors[8];
    size_t count, covered;
};

static void
collect_steps(
    const struct findings_fixes *fixes, const struct finding *finding, struct steps *steps)
{
    for (size_t i = 0; fixes != NULL && i < finding->place_count; i++) {
        const struct subject *subject = finding->places[i].subject;
        const struct device_fix *fix =
            subject->driver == NULL ? NULL : fixes->find(subject->driver, finding->id);
        size_t at = 0;
        while (at < steps->count && steps->fixes[at] != fix) {
            at++;
        }
        if (fix == NULL || at == COUNT(steps->fixes)) {
            continue;
        }
        steps->covered++;
        if (at == steps->count) {
            const char *vendor = facts_text(&subject->facts, FACT_DEVICE_VENDOR);
            const char *product = facts_text(&subject->facts, FACT_VMS_PRODUCT);
            steps->fixes[at] = fix;
            steps->vendors[at] = product != NULL  ? product
                                 : vendor != NULL ? vendor
                                                  : subject->driver;
            steps->count++;
        }
    }
}

static const char *
join_steps(struct arena *arena, const struct finding *finding, const struct steps *steps)
{
    struct buf buf;
    buf_init(&buf, 4 * WORDS);
    for (size_t i = 0; i < steps->count; i++) {
        buf_format(&buf, "%s%s: %s", i == 0 ? "" : "\n", steps->vendors[i], steps->fixes[i]->close);
    }
    if (steps->covered < finding->place_count) {
        buf_format(&buf, "\nThe others: %s", finding->advice->close);
    }
    const char *joined = buf_error(&buf) == OK ? arena_copy(arena, buf.data) : NULL;
    buf_release(&buf);
    return joined;
}

enum err
findings_steps(struct arena *arena, const struct findings_fixes *fixes, struct finding *finding)
{
    if (finding->verdict != FAIL) {
        return OK;
    }
    struct steps steps = {.count = 0};
    collect_steps(fixes, finding, &steps);
    finding->close = finding->advice->close;
    finding->effect = finding->advice->effect;
    finding->verify = finding->advice->verify;
    if (steps.count == 1 && steps.covered == finding->place_count) {
        const struct device_fix *fix = steps.fixes[0];
        finding->close = fix->close;
        finding->effect = fix->effect != NULL ? fix->effect : finding->effect;
        finding->verify = fix->verify != NULL ? fix->verify : finding->verify;
    } else if (steps.count != 0) {
        finding->close = join_steps(arena, finding, &steps);
    }
    return finding->close == NULL ? ERR_LIMIT : OK;
}

/* Lower case, unless the first word is an abbreviation (TLS, VMS, UPnP). */
static void
add_inside(struct buf *buf, const char *sentence)
{
    bool word = sentence[0] != '\0' && islower((unsigned char)sentence[1]);
    bool article = sentence[0] == 'A' && sentence[1] == ' ';
    if (word || article) {
        buf_byte(buf, (uint8_t)tolower((unsigned char)sentence[0]));
        sentence++;
    }
    buf_text(buf, sentence);
}

static bool
begins_with_device(const struct finding *finding)
{
    char title[SUBJECT_TITLE];
    return finding->place_count == 1 && finding->places[0].subject != NULL &&
           text_starts(finding->title, subject_title(finding->places[0].subject, title));
}

static void
add_titles(struct buf *buf, const struct assessment *assessment,
    const struct control_result *result, enum verdict verdict)
{
    size_t shown = 0, more = 0;
    for (size_t i = 0; i < assessment->finding_count; i++) {
        const struct finding *finding = &assessment->findings[i];
        if (finding->control != result->control || finding->verdict != verdict ||
            finding->waiver != NULL) {
            continue;
        }
        if (shown == TITLES_SHOWN || (verdict == UNKNOWN && shown == 1)) {
            more++;
        } else if (shown == 0 && verdict == FAIL) {
            buf_text(buf, finding->title);
            shown++;
        } else if (verdict == UNKNOWN && begins_with_device(finding)) {
            buf_text(buf, finding->title); /* its name stays as it is */
            shown++;
        } else {
            buf_text(buf, shown == 0 ? "" : "; ");
            add_inside(buf, finding->title);
            shown++;
        }
    }
    if (more != 0 && verdict == FAIL) {
        buf_format(buf, "; %zu more %s", more, more == 1 ? "gap" : "gaps");
    } else if (more != 0) {
        buf_format(buf, " And %zu more %s.", more, more == 1 ? "question" : "questions");
    }
}

/* What the only device of its kind passed last: "ZoneMinder is up to date: …". */
static void
add_pass(struct buf *buf, const struct assessment *assessment, const struct control_result *result)
{
    char sentence[512] = "";
    const struct check *check = result->control->check;
    for (size_t i = 0; i <= assessment->device_count; i++) {
        const struct subject *subject =
            i < assessment->device_count ? assessment->devices[i] : assessment->whole;
        for (size_t j = 0; subject != NULL && j < check->aspect_count; j++) {
            if ((check->aspects[j].kinds & subject_kinds(subject)) == 0) {
                continue;
            }
            struct judgement judgement =
                check_judge(result->control, &check->aspects[j], &subject->facts);
            if (judgement.verdict == PASS) {
                (void)check_sentence(&judgement, &subject->facts, sentence, sizeof(sentence));
            }
        }
    }
    buf_text(buf, sentence);
}

static void
add_control(
    struct buf *buf, const struct assessment *assessment, const struct control_result *result)
{
    if (result->verdict == FAIL) {
        add_titles(buf, assessment, result, FAIL);
    } else if (result->verdict == UNKNOWN) {
        buf_text(buf, result->passed != 0 ? "In part in order; not known: " : "Not known: ");
        add_titles(buf, assessment, result, UNKNOWN);
    } else if (result->verdict == NOT_APPLICABLE) {
        buf_text(buf, result->waived != 0 ? "Every gap of it is waived"
                                          : "Nothing was found that this is about");
    } else if (result->applicable == 1) {
        add_pass(buf, assessment, result);
    } else {
        buf_format(buf, "All %zu that it is about are in order", result->applicable);
    }
    if (result->waived != 0) {
        buf_format(buf, "; %zu waived", result->waived);
    }
}

const char *
findings_control_sentence(struct assessment *assessment, const struct control_result *result)
{
    struct buf buf;
    buf_init(&buf, 4 * WORDS);
    add_control(&buf, assessment, result);
    const char *sentence = buf_error(&buf) == OK ? arena_copy(&assessment->arena, buf.data) : NULL;
    buf_release(&buf);
    return sentence;
}
