#include "identity/role.h"

#include "base/text.h"
#include "identity/role_rule.h"
#include "identity_scratch.h"

struct fixture {
    struct policy policy;
    struct upstream zm, frigate;
};

static int64_t
allow(struct scratch *scratch, const char *role, const char *rule)
{
    int64_t id = 0;
    struct note note = {""};
    if (role_allow(scratch->identity, role, rule, &id, &note) != OK) {
        fail_msg("%s: %s", rule, note.text);
    }
    return id;
}

static void
give(struct scratch *scratch, const char *user, const char *role)
{
    struct note note = {""};
    if (role_give(scratch->identity, user, role, &note) != OK) {
        fail_msg("%s", note.text);
    }
}

static void
add_role(struct scratch *scratch, const char *name)
{
    struct note note = {""};
    assert_int_equal(role_add(scratch->identity, name, &note), OK);
}

static void
put_camera(struct upstream *upstream, const char *key, const char *name)
{
    struct policy_camera *camera = &upstream->cameras[upstream->camera_count++];
    (void)text_copy(camera->key, sizeof(camera->key), key);
    (void)text_copy(camera->name, sizeof(camera->name), name);
}

static struct fixture *
fixture_new(void)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    put_camera(&fixture->zm, "1", "Front door");
    put_camera(&fixture->zm, "2", "Yard");
    put_camera(&fixture->zm, "3", "Hall");
    put_camera(&fixture->zm, "4", "Hall");
    put_camera(&fixture->frigate, "yard", "");
    return fixture;
}

static void
make_policy(struct scratch *scratch, struct fixture *fixture)
{
    const struct role_vms vms[] = {
        {"zoneminder", &fixture->zm     },
        {"frigate",    &fixture->frigate}
    };
    struct note note = {""};
    if (role_policy(scratch->identity, vms, COUNT(vms), &fixture->policy, &note) != OK) {
        fail_msg("%s", note.text);
    }
}

static bool
has(const struct policy *policy, const struct policy_rule *rule, const char *vms, const char *key)
{
    for (uint32_t i = 0; i < policy->camera_count; i++) {
        if (text_equal(policy->vms[policy->cameras[i].vms], vms) &&
            text_equal(policy->cameras[i].key, key)) {
            return (rule->cameras[i / 64] >> (i % 64) & 1) != 0;
        }
    }
    return false;
}

static unsigned
bits(const struct policy_rule *rule)
{
    unsigned count = 0;
    for (size_t i = 0; i < COUNT(rule->cameras); i++) {
        count += (unsigned)__builtin_popcountll(rule->cameras[i]);
    }
    return count;
}

/* The rules of the role that the test added; the defaults have names of their own. */
static const struct policy_rule *
rule_of(const struct policy *policy, const char *role)
{
    for (uint32_t i = 0; i < policy->rule_count; i++) {
        if (text_equal(policy->roles[policy->rules[i].role], role)) {
            return &policy->rules[i];
        }
    }
    fail_msg("no rule of %s", role);
    return NULL;
}

static void
test_a_rule_is_written_in_one_way(void **state)
{
    static const struct {
        const char *text, *canonical;
    } rows[] = {
        {"live",                                                                  "live"                                },
        {"  playback,live,live\tvms=zm ",                                         "live,playback vms=zm"                },
        {"live camera=front,yard,front",                                          "live camera=front,yard"              },
        {"live camera=\"Front door\",\"yard\"",                                   "live camera=\"Front door\",yard"     },
        {"live group=outside camera=3",                                           "live camera=3 group=outside"         },
        {"live days=fri-mon",                                                     "live days=mon,fri-sun"               },
        {"live days=Mon,tue",                                                     "live days=mon,tue"                   },
        {"live days=mon-sun",                                                     "live"                                },
        {"live days=wed-wed",                                                     "live days=wed"                       },
        {"live hours=8:00-18:00",                                                 "live hours=08:00-18:00"              },
        {"live hours=22:00-06:30",                                                "live hours=22:00-06:30"              },
        {"live hours=18:00-24:00",                                                "live hours=18:00-24:00"              },
        {"live hours=00:00-24:00",                                                "live"                                },
        {"playback back=168h",                                                    "playback back=7d"                    },
        {"playback back=90s",                                                     "playback back=90s"                   },
        {"export,ptz,configure,browse,snapshot",                                  "browse,snapshot,export,ptz,configure"},
        {"live,playback vms=zm camera=a days=mon-fri hours=08:00-18:00 back=12h",
         "live,playback vms=zm camera=a days=mon-fri hours=08:00-18:00 back=12h"                                        },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct role_words words;
        char text[ROLE_TEXT];
        struct note note = {""};
        if (role_read_rule(rows[i].text, &words, &note) != OK) {
            fail_msg("%s: %s", rows[i].text, note.text);
        }
        assert_int_equal(role_write_rule(&words, text), OK);
        assert_string_equal(text, rows[i].canonical);
    }
}

static void
test_a_wrong_rule_is_told_with_its_word(void **state)
{
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"",                                   "what is allowed comes first"                         },
        {"vms=zm live",                        "what is allowed comes first"                         },
        {"playbak",                            "\"playbak\" can't be allowed; did you mean playback?"},
        {"everything",                         "known are browse,live,snapshot,playback"             },
        {"live,",                              "a name of 1 to 63 bytes"                             },
        {"live camra=1",                       "\"camra\" is unknown; did you mean camera=?"         },
        {"live zzzzzzzzz",                     "known are vms= camera="                              },
        {"live camera=1 camera=2",             "camera= is there twice"                              },
        {"live camera=",                       "a name of 1 to 63 bytes"                             },
        {"live camera=*",                      "leave camera= out"                                   },
        {"live camera=\"a",                    "with a quote at its end"                             },
        {"live camera=\"a\"b",                 "a blank or a comma was expected"                     },
        {"live camera=a\nb",                   "is no name"                                          },
        {"live vms=a,b",                       "a rule names one VMS or none"                        },
        {"live days=monday",                   "days=monday"                                         },
        {"live days=mon-",                     "days=mon-"                                           },
        {"live hours=8-18",                    "hours=8-18"                                          },
        {"live hours=08:00-08:00",             "hours=08:00-08:00"                                   },
        {"live hours=24:00-08:00",             "hours=24:00-08:00"                                   },
        {"live hours=08:60-09:00",             "hours=08:60"                                         },
        {"live hours=08:00-12:00,13:00-18:00", "one span of hours"                                   },
        {"live back=0d",                       "back=0d"                                             },
        {"live back=7",                        "back=7"                                              },
        {"live back=d",                        "back=d"                                              },
        {"live back=99999999d",                "back=99999999d"                                      },
        {"live back=-1d",                      "back=-1d"                                            },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct role_words words;
        struct note note = {""};
        if (role_read_rule(rows[i].text, &words, &note) != ERR_VALUE) {
            fail_msg("taken: %s", rows[i].text);
        }
        if (!text_contains(note.text, rows[i].words)) {
            fail_msg("%s: %s", rows[i].text, note.text);
        }
    }
}

static void
test_a_rule_over_its_bounds_is_refused(void **state)
{
    CLEANUP(buf_release) struct buf rule;
    struct role_words words;
    struct note note = {""};
    (void)state;
    buf_init(&rule, 4096);
    buf_text(&rule, "live camera=0");
    for (unsigned i = 1; i < RULE_CAMERAS; i++) {
        buf_format(&rule, ",%u", i);
    }
    assert_int_equal(role_read_rule(rule.data, &words, &note), OK);
    buf_text(&rule, ",x");
    assert_int_equal(role_read_rule(rule.data, &words, &note), ERR_VALUE);
    assert_true(text_contains(note.text, "more than 64 cameras"));
    buf_clear(&rule);
    for (unsigned i = 0; i < ROLE_TEXT; i++) {
        buf_byte(&rule, ' ');
    }
    assert_int_equal(role_read_rule(rule.data, &words, &note), ERR_VALUE);
    assert_true(text_contains(note.text, "at most 1023 bytes"));
}

static void
test_a_new_database_has_three_roles(void **state)
{
    struct scratch *scratch = *state;
    struct arena arena;
    char **names = NULL;
    size_t count = 0;
    struct role_rule *rules = NULL;
    arena_init(&arena, 1 << 20);
    assert_int_equal(role_list(scratch->identity, &arena, &names, &count), OK);
    assert_int_equal(count, 3);
    assert_string_equal(names[0], "administrator");
    assert_string_equal(names[1], "operator");
    assert_string_equal(names[2], "viewer");
    assert_int_equal(role_rules(scratch->identity, "operator", &arena, &rules, &count), OK);
    assert_int_equal(count, 1);
    assert_string_equal(rules[0].text, "browse,live,snapshot,playback,export,ptz");
    assert_int_equal(role_rules(scratch->identity, "viewer", &arena, &rules, &count), OK);
    assert_string_equal(rules[0].text, "browse,live,snapshot");
    arena_release(&arena);
    scratch_again(scratch);
}

static void
test_roles_are_given_and_taken(void **state)
{
    struct scratch *scratch = *state;
    struct note note = {""};
    struct arena arena;
    char **names = NULL;
    size_t count = 0;
    arena_init(&arena, 1 << 20);
    scratch_user(scratch, "anna", false);
    give(scratch, "anna", "viewer");
    give(scratch, "anna", "operator");
    assert_int_equal(role_give(scratch->identity, "anna", "viewer", &note), ERR_VALUE);
    assert_string_equal(note.text, "anna has the role viewer already");
    assert_int_equal(role_give(scratch->identity, "anna", "viwer", &note), ERR_MISSING);
    assert_string_equal(note.text, "there is no role viwer; did you mean viewer?");
    assert_int_equal(role_give(scratch->identity, "nobody", "viewer", &note), ERR_MISSING);
    assert_int_equal(role_take(scratch->identity, "anna", "viewer", &note), OK);
    assert_int_equal(role_take(scratch->identity, "anna", "viewer", &note), ERR_MISSING);
    assert_int_equal(role_of(scratch->identity, "anna", &arena, &names, &count), OK);
    assert_int_equal(count, 1);
    assert_string_equal(names[0], "operator");
    arena_release(&arena);
}

static void
test_rules_come_and_go_by_their_number(void **state)
{
    struct scratch *scratch = *state;
    struct note note = {""};
    int64_t id = 0;
    add_role(scratch, "guard");
    int64_t first = allow(scratch, "guard", "live");
    assert_int_equal(role_allow(scratch->identity, "guard", " live ", &id, &note), ERR_VALUE);
    assert_true(text_contains(note.text, "already"));
    assert_int_equal(role_forbid(scratch->identity, "viewer", first, &note), ERR_MISSING);
    assert_int_equal(role_forbid(scratch->identity, "guard", first, &note), OK);
    assert_int_equal(role_forbid(scratch->identity, "guard", first, &note), ERR_MISSING);
    assert_true(allow(scratch, "guard", "live") > first);
    assert_int_equal(
        role_allow(scratch->identity, "guard", "live group=outsde", &id, &note), ERR_VALUE);
    assert_string_equal(note.text, "there is no group outsde");
    assert_int_equal(role_remove(scratch->identity, "guard", &note), OK);
    assert_int_equal(role_remove(scratch->identity, "guard", &note), ERR_MISSING);
}

static void
test_policy_knows_cameras_by_id_and_by_a_name_that_is_one_cameras(void **state)
{
    struct scratch *scratch = *state;
    struct fixture *fixture = fixture_new();
    add_role(scratch, "guard");
    allow(scratch, "guard", "live vms=zoneminder camera=\"front DOOR\",3,yard");
    add_role(scratch, "hall");
    allow(scratch, "hall", "live vms=zoneminder camera=Hall");
    make_policy(scratch, fixture);
    const struct policy_rule *rule = rule_of(&fixture->policy, "guard");
    assert_true(has(&fixture->policy, rule, "zoneminder", "1"));
    assert_true(has(&fixture->policy, rule, "zoneminder", "2"));
    assert_true(has(&fixture->policy, rule, "zoneminder", "3"));
    assert_int_equal(bits(rule), 3);
    assert_int_equal(rule->vms, 0);
    assert_false(rule->all_cameras);
    const struct policy_rule *hall = rule_of(&fixture->policy, "hall");
    assert_false(has(&fixture->policy, hall, "zoneminder", "3"));
    assert_false(has(&fixture->policy, hall, "zoneminder", "4"));
    free(fixture);
}

static void
test_a_name_given_in_the_vms_does_not_take_another_cameras_place(void **state)
{
    struct scratch *scratch = *state;
    struct fixture *fixture = fixture_new();
    put_camera(&fixture->zm, "9", "1");
    add_role(scratch, "guard");
    allow(scratch, "guard", "live vms=zoneminder camera=1");
    make_policy(scratch, fixture);
    const struct policy_rule *rule = rule_of(&fixture->policy, "guard");
    assert_true(has(&fixture->policy, rule, "zoneminder", "1"));
    assert_false(has(&fixture->policy, rule, "zoneminder", "9"));
    free(fixture);
}

static void
test_policy_has_cameras_that_rules_name_and_no_vms_has(void **state)
{
    struct scratch *scratch = *state;
    struct fixture *fixture = fixture_new();
    const struct role_vms vms[] = {
        {"zoneminder", NULL             },
        {"frigate",    &fixture->frigate}
    };
    struct note note = {""};
    add_role(scratch, "guard");
    allow(scratch, "guard", "live camera=yard,attic");
    assert_int_equal(role_policy(scratch->identity, vms, COUNT(vms), &fixture->policy, &note), OK);
    const struct policy_rule *rule = rule_of(&fixture->policy, "guard");
    assert_int_equal(rule->vms, POLICY_ANY);
    assert_true(has(&fixture->policy, rule, "frigate", "yard"));
    assert_true(has(&fixture->policy, rule, "zoneminder", "yard"));
    assert_true(has(&fixture->policy, rule, "zoneminder", "attic"));
    assert_true(has(&fixture->policy, rule, "frigate", "attic"));
    assert_int_equal(fixture->policy.camera_count, 4);
    free(fixture);
}

static void
test_policy_has_days_hours_and_back(void **state)
{
    struct scratch *scratch = *state;
    struct fixture *fixture = fixture_new();
    add_role(scratch, "guard");
    allow(scratch, "guard", "live,playback days=mon,sun hours=22:00-06:00 back=7d");
    make_policy(scratch, fixture);
    const struct policy_rule *rule = rule_of(&fixture->policy, "guard");
    assert_int_equal(rule->permits, 1U << PERMIT_LIVE | 1U << PERMIT_PLAYBACK);
    assert_int_equal(rule->days, 0x41);
    assert_int_equal(rule->begin, 22 * 60);
    assert_int_equal(rule->end, 6 * 60);
    assert_int_equal(rule->back, 7 * 86400);
    assert_true(rule->all_cameras);
    free(fixture);
}

static void
test_policy_follows_groups_and_a_group_that_went_allows_nothing(void **state)
{
    static const char *const cameras[] = {"Front door", "yard"};
    struct scratch *scratch = *state;
    struct fixture *fixture = fixture_new();
    struct note note = {""};
    add_role(scratch, "guard");
    assert_int_equal(role_group_set(scratch->identity, "outside", cameras, 2, &note), OK);
    allow(scratch, "guard", "live group=outside");
    make_policy(scratch, fixture);
    const struct policy_rule *rule = rule_of(&fixture->policy, "guard");
    assert_true(has(&fixture->policy, rule, "zoneminder", "1"));
    assert_true(has(&fixture->policy, rule, "zoneminder", "2"));
    assert_true(has(&fixture->policy, rule, "frigate", "yard"));
    assert_int_equal(bits(rule), 3);
    assert_int_equal(role_group_set(scratch->identity, "outside", NULL, 0, &note), OK);
    make_policy(scratch, fixture);
    rule = rule_of(&fixture->policy, "guard");
    assert_int_equal(bits(rule), 0);
    assert_false(rule->all_cameras);
    free(fixture);
}

static void
test_rule_of_a_vms_that_is_not_there_allows_nothing(void **state)
{
    struct scratch *scratch = *state;
    struct fixture *fixture = fixture_new();
    add_role(scratch, "guard");
    make_policy(scratch, fixture);
    uint32_t before = fixture->policy.rule_count;
    allow(scratch, "guard", "live vms=milestone");
    make_policy(scratch, fixture);
    assert_int_equal(fixture->policy.rule_count, before);
    free(fixture);
}

static void
test_policy_has_users_with_their_roles(void **state)
{
    struct scratch *scratch = *state;
    struct fixture *fixture = fixture_new();
    struct note note = {""};
    scratch_user(scratch, "root", true);
    scratch_user(scratch, "anna", false);
    scratch_user(scratch, "zoe", false);
    give(scratch, "anna", "viewer");
    give(scratch, "anna", "operator");
    assert_int_equal(user_set_disabled(scratch->identity, "zoe", true, &note), OK);
    make_policy(scratch, fixture);
    const struct policy *policy = &fixture->policy;
    assert_int_equal(policy->user_count, 3);
    assert_string_equal(policy->users[0].name, "anna");
    assert_int_equal(policy->users[0].roles, 1U << 1 | 1U << 2);
    assert_true(policy->users[0].is_enabled && !policy->users[0].is_administrator);
    assert_true(policy->users[1].is_administrator);
    assert_int_equal(policy->users[1].roles, 0);
    assert_false(policy->users[2].is_enabled);
    free(fixture);
}

static void
test_policy_without_room_is_an_error(void **state)
{
    struct scratch *scratch = *state;
    struct fixture *fixture = fixture_new();
    struct note note = {""};
    const struct role_vms vms[] = {
        {"zoneminder", &fixture->zm     },
        {"frigate",    &fixture->frigate}
    };
    while (fixture->zm.camera_count < POLICY_CAMERAS) {
        put_camera(&fixture->zm, "x", "");
    }
    assert_int_equal(
        role_policy(scratch->identity, vms, COUNT(vms), &fixture->policy, &note), ERR_LIMIT);
    assert_true(text_contains(note.text, "more than 512 cameras"));
    free(fixture);
}

static void
test_tells_what_a_user_can(void **state)
{
    struct scratch *scratch = *state;
    struct note note = {""};
    struct arena arena;
    struct role_grant *grants = NULL;
    size_t count = 0;
    arena_init(&arena, 1 << 20);
    scratch_user(scratch, "root", true);
    scratch_user(scratch, "anna", false);
    give(scratch, "anna", "viewer");
    add_role(scratch, "guard");
    allow(scratch, "guard", "playback camera=1");
    give(scratch, "anna", "guard");
    assert_int_equal(role_can(scratch->identity, "anna", &arena, &grants, &count, &note), OK);
    assert_int_equal(count, 2);
    assert_string_equal(grants[0].role, "guard");
    assert_string_equal(grants[0].text, "playback camera=1");
    assert_int_equal(grants[0].permits, 1U << PERMIT_PLAYBACK);
    assert_string_equal(grants[1].role, "viewer");
    assert_int_equal(role_can(scratch->identity, "root", &arena, &grants, &count, &note), OK);
    assert_int_equal(count, 0);
    assert_int_equal(
        role_can(scratch->identity, "zoe", &arena, &grants, &count, &note), ERR_MISSING);
    arena_release(&arena);
}

static size_t
who(struct scratch *scratch, const struct role_vms *vms, const char *camera, char *names)
{
    struct role_camera asked = {.vms = vms, .vms_count = 2, .camera = camera};
    struct note note = {""};
    struct arena arena;
    struct role_grant *grants = NULL;
    size_t count = 0;
    arena_init(&arena, 1 << 20);
    if (role_who(scratch->identity, &asked, &arena, &grants, &count, &note) != OK) {
        fail_msg("%s", note.text);
    }
    names[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(names + strlen(names), 256 - strlen(names), "%s ", grants[i].user);
    }
    arena_release(&arena);
    return count;
}

static void
test_tells_who_can_see_a_camera(void **state)
{
    static const char *const outside[] = {"Yard"};
    struct scratch *scratch = *state;
    struct fixture *fixture = fixture_new();
    const struct role_vms vms[] = {
        {"zoneminder", &fixture->zm     },
        {"frigate",    &fixture->frigate}
    };
    struct note note = {""};
    char names[256];
    scratch_user(scratch, "anna", false);
    scratch_user(scratch, "berta", false);
    scratch_user(scratch, "carl", false);
    scratch_user(scratch, "dora", false);
    give(scratch, "berta", "viewer");
    add_role(scratch, "guard");
    allow(scratch, "guard", "playback vms=zoneminder camera=1");
    give(scratch, "anna", "guard");
    add_role(scratch, "yard");
    assert_int_equal(role_group_set(scratch->identity, "out", outside, 1, &note), OK);
    allow(scratch, "yard", "live group=out");
    give(scratch, "carl", "yard");
    add_role(scratch, "mover");
    allow(scratch, "mover", "ptz,browse");
    give(scratch, "dora", "mover");
    assert_int_equal(who(scratch, vms, "Front door", names), 2);
    assert_string_equal(names, "anna berta ");
    assert_int_equal(who(scratch, vms, "2", names), 2);
    assert_string_equal(names, "berta carl ");
    assert_int_equal(user_set_disabled(scratch->identity, "berta", true, &note), OK);
    assert_int_equal(who(scratch, vms, "3", names), 0);
    free(fixture);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_rule_is_written_in_one_way),
        cmocka_unit_test(test_a_wrong_rule_is_told_with_its_word),
        cmocka_unit_test(test_a_rule_over_its_bounds_is_refused),
        SCRATCH_TEST(test_a_new_database_has_three_roles),
        SCRATCH_TEST(test_roles_are_given_and_taken),
        SCRATCH_TEST(test_rules_come_and_go_by_their_number),
        SCRATCH_TEST(test_policy_knows_cameras_by_id_and_by_a_name_that_is_one_cameras),
        SCRATCH_TEST(test_a_name_given_in_the_vms_does_not_take_another_cameras_place),
        SCRATCH_TEST(test_policy_has_cameras_that_rules_name_and_no_vms_has),
        SCRATCH_TEST(test_policy_has_days_hours_and_back),
        SCRATCH_TEST(test_policy_follows_groups_and_a_group_that_went_allows_nothing),
        SCRATCH_TEST(test_rule_of_a_vms_that_is_not_there_allows_nothing),
        SCRATCH_TEST(test_policy_has_users_with_their_roles),
        SCRATCH_TEST(test_policy_without_room_is_an_error),
        SCRATCH_TEST(test_tells_what_a_user_can),
        SCRATCH_TEST(test_tells_who_can_see_a_camera),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
