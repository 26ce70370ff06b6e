"""Cache: bounded, and the newest stay."""

from wsiview.cache import Cache


def test_what_was_used_longest_ago_is_forgotten_first() -> None:
    cache: Cache[str, int] = Cache(30)
    for number, key in enumerate("abc"):
        cache.put(key, number, 10)
    assert cache.get("a") == 0
    cache.put("d", 3, 10)
    assert [key for key in "abcd" if key in cache] == ["a", "c", "d"]
    assert cache.nbytes == 30


def test_replacing_an_entry_counts_it_once() -> None:
    cache: Cache[str, int] = Cache(30)
    cache.put("a", 1, 10)
    cache.put("a", 2, 20)
    assert (cache.get("a"), cache.nbytes, len(cache)) == (2, 20, 1)
    cache.discard("a")
    cache.discard("a")
    assert (cache.get("a"), cache.nbytes) == (None, 0)


def test_what_is_larger_than_the_limit_is_kept_alone_until_the_next_comes() -> None:
    cache: Cache[str, int] = Cache(30)
    cache.put("a", 1, 10)
    cache.put("b", 2, 99)
    assert dict(cache.items()) == {"b": 2}
    cache.put("c", 3, 10)
    assert ("b" in cache, cache.get("c")) == (False, 3)
    cache.clear()
    assert cache.nbytes == 0
