"""A session that nobody uses: the shortest time that can be set is a minute."""
import time

from doorkeeping import Doorman, Person


def test_an_idle_session_ends_and_the_ledger_says_why(tmp_path):
    idle = Doorman(tmp_path / "gateway", "idle_minutes: 1\n")
    try:
        person = Person(idle, "erna")
        person.browser.log_in(person)
        assert idle.board(person.browser.session) != "none"
        time.sleep(67)
        assert idle.board(person.browser.session) == "none"
        assert person.browser.get("/gatehouse/sessions").location.startswith("/gatehouse/login")
        assert idle.events("auth.logout", user="erna")[0]["reason"]
    finally:
        idle.end()
