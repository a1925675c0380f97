"""What is sent to a picture reaches the browser as it is, or is refused in words that say where it is wrong."""

import json
import math
from enum import IntEnum

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.web.elements.component import moving_picture, refuse_what_json_cannot_hold

text = st.text('a"é😀\n', max_size=3)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | text | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
)


@settings(deadline=None)
@given(st.dictionaries(text, plain, max_size=4))
def test_what_comes_back_from_json_as_it_was_is_accepted(data):
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    refuse_what_json_cannot_hold(data)


class Colour(IntEnum):
    RED = 1


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (np.float32(0.5), "numpy.float32"),
        (np.float64(0.5), "numpy.float64"),  # a float, which json would write
        (np.int64(1), "numpy.int64"),
        (np.bool_(True), "numpy.bool"),
        (np.str_("a"), "numpy.str_"),
        (np.arange(3), "numpy.ndarray"),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
        ({1, 2}, "builtins.set"),
        (b"a", "builtins.bytes"),
        (Colour.RED, "Colour"),
        (1j, "builtins.complex"),
    ],
    ids=str,
)
def test_what_json_cannot_hold_is_refused_by_its_place(value, named):
    data = {"key": "a chart", "figure": {"data": [{"y": [1, 2.5, None, value, 4]}], "layout": {"height": 400}}}
    with pytest.raises(ValueError, match=rf"^figure\.data\[0\]\.y\[3\] is .*{named}; a picture is sent str, "):
        refuse_what_json_cannot_hold(data)
    data["figure"]["data"][0]["y"].pop(3)
    refuse_what_json_cannot_hold(data)


@pytest.mark.parametrize("key", [1, 1.5, None, True, np.str_("p")])
def test_a_key_that_is_not_text_is_refused(key):
    with pytest.raises(ValueError, match=r"^rows\[1\] has the key "):
        refuse_what_json_cannot_hold({"rows": [{}, {"a": 1, key: 2}]})


def test_a_picture_is_not_mounted_with_what_json_cannot_hold():
    with pytest.raises(ValueError, match=r"^shares\[0\] is numpy\.float32; "):
        moving_picture("chart")(key="wrong", data={"shares": [np.float32(0.5)]})
