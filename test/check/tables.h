/* The tests of the tables themselves, run by test_check.c. */
#pragma once

void test_rows_fit_the_types_of_their_facts(void **state);
void test_no_pass_rests_on_nothing(void **state);
void test_sentences_name_facts_that_exist(void **state);
void test_each_table_ends_in_a_row_that_catches_the_unknown(void **state);
void test_each_fail_has_advice(void **state);
void test_each_advice_has_a_rule(void **state);
void test_the_published_rules_cap_the_grade(void **state);
void test_rules_that_others_rely_on_exist(void **state);
