from __future__ import annotations

import pytest

from wsiview.review.meanings import CERTAINTIES, ROLES, Meaning


@pytest.mark.parametrize("role", ["", *ROLES])
@pytest.mark.parametrize("certainty", ["", *CERTAINTIES])
def test_a_meaning_takes_the_words_of_the_lists(role: str, certainty: str) -> None:
    assert Meaning("x", role=role, certainty=certainty).words == ("x", "", role, certainty)


def test_other_words_are_a_bug() -> None:
    with pytest.raises(ValueError, match="is no role"):
        Meaning(role="cancer")
    with pytest.raises(ValueError, match="is no certainty"):
        Meaning(certainty="maybe")
