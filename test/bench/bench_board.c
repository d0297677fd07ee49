/*
 * What a decision in a worker costs: session, ban and policy look-ups on a full board. Targets:
 * each below a microsecond, with 8,000 sessions, 100,000 bans and 512 cameras.
 */
#include "gate/board.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define SESSIONS 8000
#define BANS     100000
#define ROUNDS   1000000
#define TARGET   1000 /* ns */

static struct policy policy;
static uint8_t hashes[SESSIONS][BOARD_HASH];

static int64_t
nanoseconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void
fill_policy(void)
{
    policy = (struct policy){.user_count = POLICY_USERS,
        .role_count = POLICY_ROLES,
        .rule_count = POLICY_RULES,
        .camera_count = POLICY_CAMERAS,
        .vms_count = 1};
    for (uint16_t i = 0; i < POLICY_USERS; i++) {
        policy.users[i] =
            (struct policy_user){.roles = UINT64_C(1) << i % POLICY_ROLES, .is_enabled = true};
        (void)snprintf(policy.users[i].name, POLICY_NAME, "user%u", i);
    }
    for (uint16_t i = 0; i < POLICY_RULES; i++) {
        policy.rules[i] = (struct policy_rule){
            .role = i % POLICY_ROLES,
            .vms = POLICY_ANY,
            .permits = 1U << PERMIT_LIVE,
            .cameras = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}
        };
    }
    for (uint16_t i = 0; i < POLICY_CAMERAS; i++) {
        (void)snprintf(policy.cameras[i].key, POLICY_NAME, "camera%u", i);
    }
}

static bool
fill(struct board *board)
{
    fill_policy();
    board_set_policy(board, &policy);
    for (unsigned i = 0; i < SESSIONS; i++) {
        struct board_session session = {.user = (uint16_t)(i % POLICY_USERS), .expires = INT64_MAX};
        board_hash(&i, sizeof i, hashes[i]);
        (void)snprintf(session.name, sizeof session.name, "user%u", i % POLICY_USERS);
        for (size_t j = 0; j < BOARD_HASH; j++) {
            session.hash[j] = hashes[i][j];
        }
        if (board_put_session(board, &session) != OK) {
            return false;
        }
    }
    for (uint32_t i = 0; i < BANS; i++) {
        struct net net = {.ip = ip_from_v4(0x0a000000U + i), .bits = 32};
        if (board_set_ban(board, &net, INT64_MAX) != OK) {
            return false;
        }
    }
    return board_beat(board) == OK;
}

static bool
show(const char *what, int64_t begun)
{
    int64_t each = (nanoseconds() - begun) / ROUNDS;
    printf("%-28s %6" PRId64 " ns\n", what, each);
    return each < TARGET;
}

static bool
measure(struct board_reader *reader)
{
    bool fine = true;
    uint64_t hits = 0;
    int64_t begun = nanoseconds();
    for (uint32_t i = 0; i < ROUNDS; i++) {
        struct board_session session;
        hits += board_find_session(reader, hashes[i % SESSIONS], 1, &session) == OK;
    }
    fine = show("session, found", begun) && fine;
    begun = nanoseconds();
    for (uint32_t i = 0; i < ROUNDS; i++) {
        struct ip ip = ip_from_v4(0x0a000000U + i % BANS);
        hits += board_is_banned(reader, &ip, 1);
    }
    fine = show("ban, found", begun) && fine;
    begun = nanoseconds();
    for (uint32_t i = 0; i < ROUNDS; i++) {
        struct ip ip = ip_from_v4(0xc0000000U + i);
        hits += board_is_banned(reader, &ip, 1);
    }
    fine = show("ban, none", begun) && fine;
    const char *camera = "camera200";
    struct policy_question question = {
        .permit = PERMIT_LIVE, .cameras = &camera, .camera_count = 1};
    begun = nanoseconds();
    for (uint32_t i = 0; i < ROUNDS; i++) {
        struct policy_answer answer;
        question.user = (uint16_t)(i % POLICY_USERS);
        board_ask(reader, &question, &answer);
        hits += answer.is_allowed;
    }
    fine = show("policy, the 200th camera", begun) && fine;
    return fine && hits == UINT64_C(3) * ROUNDS;
}

int
main(void)
{
    char folder[] = "/tmp/gatehouse-board-XXXXXX";
    char path[64];
    struct board *board = NULL;
    struct board_reader *reader = NULL;
    if (mkdtemp(folder) == NULL) {
        return EXIT_FAILURE;
    }
    (void)snprintf(path, sizeof path, "%s/board", folder);
    bool fine = board_create(path, &board, NULL) == OK && fill(board) &&
                board_open(path, &reader, NULL) == OK && measure(reader);
    board_reader_close(reader);
    board_close(board);
    (void)unlink(path);
    (void)rmdir(folder);
    printf("%s\n", fine ? "each below a microsecond: met" : "each below a microsecond: not met");
    return fine ? EXIT_SUCCESS : EXIT_FAILURE;
}
