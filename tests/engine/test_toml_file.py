"""What is wrong in a TOML file of the site is said with its place and with what may stand there."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec
import pytest

from cds_service.errors import ContentError
from cds_service.toml_file import read_toml


class Lamp(msgspec.Struct):
    state: Literal["on", "off"]
    color: str = ""


class Lamps(msgspec.Struct):
    lamp: list[Lamp]
    wall: tuple[Lamp, ...] = ()


WRONG = {
    '[[lamp]]\nstate = "of"': "'of' - at `$.lamp[0].state`: it is one of off, on",
    '[[lamp]]\nstate = "on"\n[[wall]]\nstate = "no"': "`$.wall[0].state`: it is one of off, on",
    '[[lamp]]\ncolor = "red"': "missing required field `state` - at `$.lamp[0]`",
    '[[lamp]]\nstate = "on"\ncolor = 1': "Expected `str`, got `int` - at `$.lamp[0].color`",
    "lamp = on": "line 1",
}


@pytest.mark.parametrize(("text", "words"), WRONG.items())
def test_what_is_wrong_is_said(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "lamps.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ContentError) as refused:
        read_toml(str(path), "CDS_LAMPS", Lamps)
    assert words in str(refused.value)
    assert str(refused.value).count("one of") == words.count("one of")


def test_a_file_that_is_not_there_is_named_with_its_setting(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match=r"none\.toml: cannot be read; CDS_LAMPS"):
        read_toml(str(tmp_path / "none.toml"), "CDS_LAMPS", Lamps)
