/* CSV (RFC 4180), one row per finding and place; cells can't become formulas of a spreadsheet. */
#include "codec/csv.h"
#include "base/text.h"
#include "report/marks.h"
#include "report/report.h"
#include "report/words.h"

struct csv_row {
    const struct assessment *assessment;
    const struct finding *finding;
    const struct finding_place *place; /* NULL: a finding without a place */
};

static void
put_addresses(const struct csv_row *row, struct buf *out)
{
    char text[IP_TEXT];
    for (size_t i = 0; i < row->place->subject->address_count; i++) {
        buf_text(out, i == 0 ? "" : " ");
        buf_text(out, ip_text(&row->place->subject->addresses[i], text));
    }
}

static void
put_mac(const struct csv_row *row, struct buf *out)
{
    char text[MAC_TEXT];
    const struct mac *mac = &row->place->subject->mac;
    csv_text(out, mac_is_zero(mac) ? "" : mac_text(mac, text));
}

static void
put_key(const struct csv_row *row, struct buf *out)
{
    char text[SUBJECT_KEY];
    csv_text(out, subject_key(row->place->subject, text));
}

static void
put_title(const struct csv_row *row, struct buf *out)
{
    char text[SUBJECT_TITLE];
    csv_text(out, subject_title(row->place->subject, text));
}

static void
put_time(const struct csv_row *row, struct buf *out)
{
    char text[CLOCK_TEXT];
    const struct evidence *evidence = row->place->evidence;
    csv_text(out, evidence == NULL || evidence->at == 0 ? "" : clock_text(evidence->at, text));
}

/* The place's own, else the finding's. */
static const struct waiver *
waiver_of(const struct csv_row *row)
{
    bool own = row->place != NULL && row->place->waiver != NULL;
    return own ? row->place->waiver : row->finding->waiver;
}

static void
put_waiver(const struct csv_row *row, struct buf *out)
{
    char text[CLOCK_TEXT];
    const struct waiver *waiver = waiver_of(row);
    csv_text(out, waiver == NULL ? "" : clock_date(waiver->expires, text));
}

#define EVIDENCE(row, part) ((row)->place->evidence == NULL ? NULL : (row)->place->evidence->part)
#define WAIVER(row, part)   (waiver_of(row) == NULL ? NULL : waiver_of(row)->part)

/* TEXT_COLUMN(function, value): a column whose cell is one text. */
#define TEXT_COLUMN(function, value)                                                               \
    static void function(const struct csv_row *row, struct buf *out)                               \
    {                                                                                              \
        csv_text(out, value);                                                                      \
    }

TEXT_COLUMN(put_run, row->assessment->id)
TEXT_COLUMN(put_site, row->assessment->site)
TEXT_COLUMN(put_control, row->finding->control->id)
TEXT_COLUMN(put_priority, priority_name(row->finding->control->priority))
TEXT_COLUMN(put_verdict, verdict_name(row->finding->verdict))
TEXT_COLUMN(put_waived,
    mark_is_waived(row->finding) || (row->place != NULL && row->place->waiver != NULL) ? "yes"
                                                                                       : "no")
TEXT_COLUMN(put_finding, row->finding->id)
TEXT_COLUMN(put_summary, row->finding->title)
TEXT_COLUMN(put_why, words_why(row->finding))
TEXT_COLUMN(put_close, words_close(row->finding))
TEXT_COLUMN(put_effect, words_effect(row->finding))
TEXT_COLUMN(put_verify, words_verify(row->finding))
TEXT_COLUMN(put_owner, WAIVER(row, owner))
TEXT_COLUMN(put_reason, WAIVER(row, reason))
TEXT_COLUMN(put_kind, kind_name(row->place->subject->kind))
TEXT_COLUMN(put_vendor, words_vendor(row->place->subject))
TEXT_COLUMN(put_model, words_model(row->place->subject))
TEXT_COLUMN(put_version, words_version(row->place->subject))
TEXT_COLUMN(put_sentence, row->place->sentence)
TEXT_COLUMN(put_witness, fact_witness(row->place->witness))
TEXT_COLUMN(put_contradicted, row->place->contradicted ? "yes" : "no")
TEXT_COLUMN(put_asked, EVIDENCE(row, asked))
TEXT_COLUMN(put_answer, EVIDENCE(row, answer))

/* Columns are only ever added at the end. */
static const struct {
    const char *name;
    bool of_place; /* needs a place */
    void (*put)(const struct csv_row *row, struct buf *out);
} columns[] = {
    {"run",            false, put_run         },
    {"site",           false, put_site        },
    {"control",        false, put_control     },
    {"priority",       false, put_priority    },
    {"verdict",        false, put_verdict     },
    {"waived",         false, put_waived      },
    {"finding",        false, put_finding     },
    {"summary",        false, put_summary     },
    {"device",         true,  put_key         },
    {"name",           true,  put_title       },
    {"addresses",      true,  put_addresses   },
    {"mac",            true,  put_mac         },
    {"kind",           true,  put_kind        },
    {"vendor",         true,  put_vendor      },
    {"model",          true,  put_model       },
    {"version",        true,  put_version     },
    {"sentence",       true,  put_sentence    },
    {"witness",        true,  put_witness     },
    {"contradicted",   true,  put_contradicted},
    {"asked",          true,  put_asked       },
    {"answer",         true,  put_answer      },
    {"time",           true,  put_time        },
    {"why",            false, put_why         },
    {"close",          false, put_close       },
    {"effect",         false, put_effect      },
    {"verify",         false, put_verify      },
    {"waiver_owner",   false, put_owner       },
    {"waiver_reason",  false, put_reason      },
    {"waiver_expires", false, put_waiver      },
};

static void
csv_line(const struct csv_row *row, struct buf *out)
{
    for (size_t i = 0; i < COUNT(columns); i++) {
        buf_text(out, i == 0 ? "" : ",");
        if (!columns[i].of_place || row->place != NULL) {
            columns[i].put(row, out);
        }
    }
    buf_text(out, "\r\n");
    buf_drain(out);
}

static enum err
csv_write(
    const struct assessment *assessment, const struct report_options *options, struct buf *out)
{
    (void)options;
    for (size_t i = 0; i < COUNT(columns); i++) {
        buf_format(out, "%s%s", i == 0 ? "" : ",", columns[i].name);
    }
    buf_text(out, "\r\n");
    for (size_t i = 0; i < assessment->finding_count; i++) {
        const struct finding *finding = &assessment->findings[i];
        struct csv_row row = {.assessment = assessment, .finding = finding};
        if (finding->place_count == 0) {
            csv_line(&row, out);
        }
        for (size_t j = 0; j < finding->place_count && !out->failed; j++) {
            row.place = &finding->places[j];
            csv_line(&row, out);
        }
    }
    return buf_error(out);
}

const struct report_format report_csv = {
    .name = "csv",
    .extension = "csv",
    .title = "table, one row per finding and place",
    .write = csv_write,
};
