from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sas_kit.bounded_cache import BoundedCache


def test_what_was_used_longest_ago_leaves_first() -> None:
    cache: BoundedCache[str, int] = BoundedCache(30)
    for key in "abc":
        cache.put(key, 1, 10)
    assert cache.get("a") == 1
    cache.put("d", 1, 10)
    assert [cache.get(key) for key in "abcd"] == [1, None, 1, 1]


def test_a_new_value_takes_the_place_of_the_old_one() -> None:
    cache: BoundedCache[str, int] = BoundedCache(30)
    cache.put("a", 1, 10)
    cache.put("a", 2, 20)
    assert cache.get("a") == 2
    assert cache.held_bytes == 20


def test_a_value_too_large_is_not_kept_and_the_old_one_is_gone() -> None:
    cache: BoundedCache[str, int] = BoundedCache(30)
    cache.put("a", 1, 10)
    cache.put("a", 2, 31)
    assert cache.get("a") is None
    assert cache.held_bytes == 0


def test_a_cache_of_nothing_keeps_nothing() -> None:
    cache: BoundedCache[str, int] = BoundedCache(0)
    cache.put("a", 1, 1)
    assert len(cache) == 0


@given(st.integers(0, 50), st.lists(st.tuples(st.integers(0, 9), st.integers(0, 20), st.booleans()), max_size=60))
def test_the_bound_holds_and_the_count_is_exact_after_anything(bound: int, steps: list[tuple[int, int, bool]]) -> None:
    cache: BoundedCache[int, int] = BoundedCache(bound)
    for key, size, keep in steps:
        if keep:
            cache.put(key, size, size)
        else:
            cache.discard(key)
        assert cache.held_bytes <= bound
        assert cache.held_bytes == sum(cache.get(k) or 0 for k in range(10))
