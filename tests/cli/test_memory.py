"""Peak memory of a run does not grow with the number of photos."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from cli.children import clean_environment, command_line
from service.stage import Stage

GROWTH_MIB = 16
"""How much more ten times the photos may take: caches of the database, and noise."""

MEASURED = """
import os, resource, sys
from cli import fake_mien
code = fake_mien.main(sys.argv[1:])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
os.write(2, f"peak {peak}".encode())
sys.exit(code)
"""


def measure_add(stage: Stage) -> float:
    """The peak resident memory of a run over the photos, in MiB."""
    with stage.open() as library:
        grant = stage.grant(library)
    words = ("add", stage.photos, "--grant", grant, "--home", stage.home, "--json")
    environment = clean_environment()
    environment["PYTHONPATH"] += f":{Path(__file__).parents[1]}"
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *command_line(*words)[2:]],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    peak = re.search(r"peak (\d+)", done.stderr)
    assert peak
    return int(peak[1]) / 1024


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is counted in other units elsewhere")
def test_ten_times_the_photos_take_no_more_memory(stage: Stage) -> None:
    few, many = Stage(stage.folder / "few"), Stage(stage.folder / "many")
    for place, number in ((few, 200), (many, 2000)):
        place.now = stage.now
        place.draw_many(number)
    assert measure_add(many) - measure_add(few) < GROWTH_MIB
