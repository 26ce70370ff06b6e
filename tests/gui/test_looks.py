"""A click in the layers panel makes one stack of layers from another."""

from __future__ import annotations

from dataclasses import replace

from wsiview.gui import looks
from wsiview.scene.layers import LayerStack, default_looks

STACK = LayerStack(default_looks(3))


def test_asking_for_a_shown_strength_takes_it_away() -> None:
    shown = looks.with_strength(STACK, 1, add=False)
    assert shown.strength == (1,)
    assert looks.with_strength(shown, 1, add=False).strength == ()


def test_at_most_two_strengths_lie_beside_each_other() -> None:
    two = looks.with_strength(looks.with_strength(STACK, 0, add=False), 1, add=True)
    assert two.strength == (0, 1)
    assert looks.with_strength(two, 2, add=True).strength == (1, 2)
    assert looks.with_strength(two, 2, add=False).strength == (2,)


def test_one_class_alone_and_all_again() -> None:
    one = looks.alone(STACK, 2)
    assert [look.visible for look in one.classes] == [False, False, True]
    assert all(look.visible for look in looks.alone(one, 2).classes)


def test_choosing_a_layer_ends_hiding_them_all() -> None:
    hidden = LayerStack(STACK.classes, hidden=True)
    assert not looks.with_strongest(hidden, True).hidden
    assert not looks.with_saliency(hidden, "gradcam/1").hidden


def test_names_reach_their_classes() -> None:
    assert [look.name for look in looks.renamed(STACK, {1: "lumen"}).classes] == ["", "lumen", ""]


def test_a_strength_asked_for_is_seen_though_its_class_was_switched_off() -> None:
    off = looks.changed(STACK, 1, visible=False)
    assert looks.with_strength(off, 1, add=False).classes[1].visible


def test_a_threshold_that_is_moved_shows_what_it_is_the_threshold_of() -> None:
    moved = looks.with_threshold(STACK, 2, 0.4)
    assert moved.strength == (2,)
    assert moved.classes[2].threshold == 0.4
    two = looks.with_strength(moved, 0, add=True)
    assert looks.with_threshold(two, 0, 0.3).strength == two.strength, "what is shown already stays beside the other"


def test_a_difference_stands_in_place_of_the_classes_until_they_are_asked_for() -> None:
    two = looks.with_strength(STACK, 2, add=False)
    compared = looks.with_difference(two, (1, "cam"))
    assert (compared.strongest, compared.strength, compared.difference) == (False, (), (1, "cam"))
    assert looks.without_difference(compared, two) == two
    outlined = looks.with_strongest(compared, True)
    assert outlined.difference == (1, "cam"), "outlines may lie over it"
    assert looks.without_difference(outlined, two).strength == ()
    assert looks.with_strength(compared, 0, add=False).difference is None


def test_layers_go_along_to_the_next_slide_as_far_as_its_map_can_show_them() -> None:
    before = replace(looks.changed(STACK, 1, visible=False), opacity=0.4, saliency="gradcam/1")
    same = looks.carried_over(before, STACK, ("gradcam/1",))
    assert same == before
    assert looks.carried_over(before, STACK, ()) == replace(before, saliency=None)
    compared = looks.with_difference(before, (1, "gradcam/1"))
    assert looks.carried_over(compared, STACK, ("gradcam/1",)).difference == (1, "gradcam/1")
    assert looks.carried_over(compared, STACK, ("other",)).difference is None
    other = LayerStack(default_looks(5))
    assert looks.carried_over(before, other, ("gradcam/1",)) == other
