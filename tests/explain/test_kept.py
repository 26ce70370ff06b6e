"""Claims about finished results that are kept up to so many bytes."""

from wsiview.explain.kept import Kept


def test_what_was_longest_not_asked_for_goes_first() -> None:
    kept: Kept[int, str] = Kept(100)
    kept.add(1, "one", 40)
    kept.add(2, "two", 40)
    assert kept.get(1) == "one"
    kept.add(3, "three", 40)
    assert [key in kept for key in (1, 2, 3)] == [True, False, True]
    assert kept.get(2) is None


def test_the_newest_stays_whatever_its_size() -> None:
    kept: Kept[int, str] = Kept(100)
    kept.add(1, "small", 10)
    kept.add(2, "too large", 1000)
    assert kept.get(1) is None
    assert kept.get(2) == "too large"
    kept.add(3, "small again", 10)
    assert (2 in kept, kept.get(3)) == (False, "small again")
