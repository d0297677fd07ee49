"""What `make install` puts down is whole: it runs without the source tree's paths."""
from conftest import BUILD, command


def test_the_installed_program_finds_its_catalogue_and_its_demo_site(tmp_path):
    done = command("meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", tmp_path)
    assert done.returncode == 0, done.stderr
    program = next(tmp_path.glob("**/bin/gatehouse"))
    demo = command(program, "demo", "--output", tmp_path / "report")
    assert demo.returncode == 0, demo.stderr
    assert (tmp_path / "report" / "report.html").exists()


def test_pages_and_service_are_installed(tmp_path):
    done = command("meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", tmp_path)
    assert done.returncode == 0, done.stderr
    program = next(tmp_path.glob("**/bin/gatehouse"))
    for name in ("gatehouse.1", "gatehouse.yaml.5", "gatehouse-events.7", "gatehouse-checks.7", "gatehouse-facts.7",
                 "gatehouse-ledger.7", "gatehouse-gateway.7", "gatehouse-gateway.yaml.5", "gatehouse-siem.yaml.5"):
        assert next(tmp_path.glob(f"**/man/man{name[-1]}/{name}")).stat().st_size > 1000
    unit = next(tmp_path.glob("**/lib/systemd/system/gatehouse-keeper.service")).read_text()
    assert f"ExecStart=/{program.relative_to(tmp_path)} keeper " in unit and "@bindir@" not in unit
    serve = next(tmp_path.glob("**/lib/systemd/system/gatehouse-serve.service")).read_text()
    assert f"ExecStart=/{program.relative_to(tmp_path)} serve " in serve and "@bindir@" not in serve
    overdue = next(tmp_path.glob("**/lib/systemd/system/gatehouse-fix-overdue@.service")).read_text()
    assert f"ExecStart=/{program.relative_to(tmp_path)} fix overdue --wait" in overdue and "@bindir@" not in overdue
    assert "gatehouse" in next(tmp_path.glob("**/lib/sysusers.d/gatehouse.conf")).read_text()
