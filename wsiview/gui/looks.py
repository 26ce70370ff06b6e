"""Looks: what a click in the layers panel makes of the layers; pure steps from one stack to the next."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from wsiview.scene.layers import LayerStack


def changed(stack: LayerStack, index: int, **facts: Any) -> LayerStack:
    """The stack with something else about one class."""
    return stack.with_class(index, replace(stack.classes[index], **facts))


def with_strength(stack: LayerStack, index: int, *, add: bool) -> LayerStack:
    """Show how strong one class is; `add` lays it beside the one shown, of which there are at most two.

    Asking for a class that is shown alone takes it away.
    """
    shown = stack.strength
    if index in shown:
        rest = tuple(other for other in shown if other != index)
        chosen = rest if add or not rest else (index,)
    else:
        chosen = (*shown[-1:], index) if add else (index,)
        stack = changed(stack, index, visible=True)  # a class that is switched off would be shown as nothing
    return replace(stack, strength=chosen, difference=None, hidden=False)


def with_threshold(stack: LayerStack, index: int, threshold: float) -> LayerStack:
    """Draw a class's strength from this one up; its strength is shown, for nothing else has a threshold."""
    shown = stack if index in stack.strength else with_strength(stack, index, add=False)
    return changed(shown, index, threshold=threshold)


def with_strongest(stack: LayerStack, on: bool) -> LayerStack:
    """Show, or not, which class is strongest."""
    return replace(stack, strongest=on, hidden=False)


def with_saliency(stack: LayerStack, name: str | None) -> LayerStack:
    """Show an influence map, or none."""
    return replace(stack, saliency=name, hidden=False)


def with_difference(stack: LayerStack, compared: tuple[int, str]) -> LayerStack:
    """Show which is stronger, a class or an influence map, in place of classes; their outlines can be laid over it."""
    return replace(stack, difference=compared, strongest=False, strength=(), hidden=False)


def without_difference(stack: LayerStack, before: LayerStack) -> LayerStack:
    """Show the classes again as they were shown before, unless others are shown by now."""
    shown = stack.strongest or stack.strength
    strongest, strength = (stack.strongest, stack.strength) if shown else (before.strongest, before.strength)
    return replace(stack, difference=None, strongest=strongest, strength=strength, hidden=False)


def with_prediction(stack: LayerStack, on: bool) -> LayerStack:
    """Show, or not, the model's score on its patches."""
    return replace(stack, prediction=on, hidden=False)


def strongest_alone(stack: LayerStack) -> LayerStack:
    """Nothing but which class is strongest, with this stack's classes and opacity."""
    return LayerStack(stack.classes, opacity=stack.opacity)


def strength_alone(stack: LayerStack, index: int) -> LayerStack:
    """Nothing but how strong one class is."""
    bare = nothing(changed(stack, index, visible=True))
    return replace(bare, strength=(index,))


def saliency_alone(stack: LayerStack, name: str) -> LayerStack:
    """Nothing but an influence map."""
    return replace(nothing(stack), saliency=name)


def prediction_alone(stack: LayerStack) -> LayerStack:
    """Nothing but the model's score."""
    return replace(nothing(stack), prediction=True)


def nothing(stack: LayerStack) -> LayerStack:
    """The slide alone, with classes and opacity kept for what is laid over it next."""
    return replace(strongest_alone(stack), strongest=False)


def counterpart(stack: LayerStack, saliency_names: Sequence[str]) -> LayerStack:
    """What is worth seeing beside a stack: the influence map, or the classes where that is shown already."""
    if stack.saliency is not None:
        return strongest_alone(stack)
    return saliency_alone(stack, saliency_names[0]) if saliency_names else nothing(stack)


def all_visible(stack: LayerStack, visible: bool) -> LayerStack:
    """Every class on, or off."""
    return replace(stack, classes=tuple(replace(look, visible=visible) for look in stack.classes))


def alone(stack: LayerStack, index: int) -> LayerStack:
    """Only this class visible; all again when it was the only one."""
    only = [look.visible for look in stack.classes] == [other == index for other in range(len(stack.classes))]
    for other in range(len(stack.classes)):
        stack = changed(stack, other, visible=only or other == index)
    return stack


def carried_over(before: LayerStack, fresh: LayerStack, saliency_names: Collection[str]) -> LayerStack:
    """How a clustering was looked at on another slide, as far as this slide's map can show it.

    Parameters
    ----------
    fresh
        The map's own first look.
    saliency_names
        Influence maps that it holds.
    """
    if len(before.classes) != len(fresh.classes):
        return fresh
    saliency = before.saliency if before.saliency in saliency_names else None
    compared = before.difference is not None and before.difference[1] in saliency_names
    return replace(before, saliency=saliency, difference=before.difference if compared else None)


def brought_back(kept: LayerStack, present: LayerStack, saliency_names: Collection[str]) -> LayerStack:
    """What was shown when a bookmark was made, in the names and colours that the classes have by now."""
    shown = carried_over(kept, present, saliency_names)
    if shown is present:
        return present
    looks = zip(shown.classes, present.classes, strict=True)
    classes = tuple(replace(now, visible=then.visible, threshold=then.threshold) for then, now in looks)
    return replace(shown, classes=classes)


def renamed(stack: LayerStack, names: dict[int, str]) -> LayerStack:
    """The stack with the names that the reader gave."""
    for index, name in names.items():
        stack = changed(stack, index, name=name)
    return stack
