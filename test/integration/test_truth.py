"""All transcripts played at once, with and without the owner's passwords: every verdict against test/truth/corpus.def."""
import concurrent.futures
import json
import sys

import pytest

from conftest import BUILD, GATEHOUSE, LAB, SOURCE, Run, command

sys.path.insert(0, str(SOURCE / "test/truth"))
import corpus  # noqa: E402  (found by the line above)

TRUTH = corpus.Truth()
#: Right names at least: (maker, model, kind) of those that have one.
FLOOR = {"alone": (0.94, 0.85, 0.92), "owned": (0.97, 0.96, 0.97)}


def assessed(folder, scope):
    """One run over a fresh corpus."""
    corpus.site(folder)
    scope = ("--site", folder / "owner.yaml") if scope == "owner" else ("--scope", scope)
    done = command(LAB, "--site", folder / "corpus.yaml", "--stats", folder / "stats.json", "--", GATEHOUSE, "assess", *scope,
                   "--store", folder / "store.db", "--output", folder / "out", timeout=300)
    return Run(done, folder / "out", folder / "stats.json")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Both runs, side by side: each has a world of its own."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        alone = pool.submit(assessed, tmp_path_factory.mktemp("alone"), f"{corpus.NETWORK}.0/24")
        owned = pool.submit(assessed, tmp_path_factory.mktemp("owned"), "owner")
        return {"alone": alone.result(), "owned": owned.result()}


def test_every_transcript_is_labelled():
    assert not list(TRUTH.missing())
    assert set(TRUTH.names) <= set(corpus.transcripts())


def test_every_label_is_about_a_check_that_exists():
    assert set(TRUTH.aspects.values()) <= set(corpus.rules().values())


@pytest.mark.parametrize("which", ["alone", "owned"])
class TestRun:
    """Claims about one run."""

    def test_every_transcript_was_played_and_heard(self, runs, which):
        addresses = {address for device in runs[which].report["devices"] for address in device["addresses"]}
        assert {corpus.address(number) for number, _ in enumerate(corpus.transcripts())} <= addresses, runs[which].err

    def test_no_gap_passes_and_nothing_else_fails(self, runs, which):
        _, wrong = corpus.compare(runs[which].report, TRUTH)
        assert not [line for line in wrong if not line.startswith("undecided")]

    def test_names_are_right(self, runs, which):
        counts, wrong = corpus.names(runs[which].report, TRUTH)
        shares = [counts[f"{word} right"] / counts[f"{word} asked"] for word in ("maker", "model", "kind")]
        assert all(share >= floor for share, floor in zip(shares, FLOOR[which])), wrong
        assert counts["version right"] == counts["version asked"], wrong
        assert counts["innocent right"] == counts["innocent"]

    def test_nobody_is_locked_out(self, runs, which):
        assert runs[which].stats["totals"]["lockouts"] == 0
        assert max(device["logins"] for device in runs[which].stats["devices"]) <= 3

    def test_no_pass_comes_without_a_device_that_was_asked(self, runs, which):
        for device in runs[which].report["devices"]:
            assert not device["passed"] or device["facts"], device["title"]


def test_the_owners_passwords_decide_most_questions(runs):
    alone, _ = corpus.compare(runs["alone"].report, TRUTH)
    owned, _ = corpus.compare(runs["owned"].report, TRUTH)
    undecided = [sum(row["undecided"] for row in counts.values()) for counts in (alone, owned)]
    assert undecided[1] < undecided[0] / 2


@pytest.mark.parametrize("which", ["alone", "owned"])
def test_no_pass_survives_the_loss_of_a_fact_it_rested_on(runs, which):
    done = command(BUILD / "test/check/flip", runs[which].folder / "report.json")
    assert done.returncode == 0, done.stdout
    devices, passes, flips, _ = (int(word) for word in done.stdout.split() if word.isdigit())
    assert devices == len(corpus.transcripts()) and passes > 300 and flips > 2000


def test_a_wrong_label_would_be_seen(runs):
    """The comparison itself: with every label turned round there are misses and false alarms."""
    turned = corpus.Truth()
    for labels in turned.labels.values():
        for word, label in labels.items():
            labels[word] = {"open": "closed", "closed": "open"}.get(label, label)
    counts, wrong = corpus.compare(runs["owned"].report, turned)
    assert sum(row["miss"] for row in counts.values()) > 100 and sum(row["false alarm"] for row in counts.values()) > 100, wrong


def test_no_password_of_the_corpus_is_in_a_report(runs):
    text = json.dumps(runs["owned"].report)
    for transcript in corpus.transcripts():
        account = corpus.first_account((corpus.TRANSCRIPTS / transcript / "device.yaml").read_text())
        assert not account or len(account[1]) < 12 or account[1] not in text, transcript
