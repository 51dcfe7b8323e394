from core.ids import is_id, new_id


def test_ids_sort_by_the_time_they_were_made() -> None:
    made = [new_id() for _ in range(200)]
    assert made == sorted(made)
    assert all(is_id(one) for one in made)


def test_other_texts_are_no_ids() -> None:
    assert not is_id("")
    assert not is_id("5f0c8f0e-8f0e-4f0e-8f0e-8f0e8f0e8f0e")
    assert not is_id(new_id().upper())
