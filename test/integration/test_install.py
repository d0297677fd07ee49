"""What `make install` puts down is whole: it runs without the source tree's paths."""
from conftest import BUILD, command


def test_the_installed_program_finds_its_catalogue_and_its_demo_site(tmp_path):
    done = command("meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", tmp_path)
    assert done.returncode == 0, done.stderr
    program = next(tmp_path.glob("**/bin/gatehouse"))
    demo = command(program, "demo", "--output", tmp_path / "report")
    assert demo.returncode == 0, demo.stderr
    assert (tmp_path / "report" / "report.html").exists()
