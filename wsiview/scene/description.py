"""Description: a stack of layers in a few words."""

from __future__ import annotations

from wsiview.scene.layers import LayerStack

NOTHING = "slide alone"


def described(stack: LayerStack) -> str:
    """What is shown, such as "strength of A + influence map"."""
    if stack.look == "paper":
        return "as in the paper"
    parts = ["strongest class"] if stack.strongest else []
    if stack.strengths_shown:
        parts.append("strength of " + " and ".join(stack.classes[index].letter for index in stack.strengths_shown))
    if stack.difference_shown is not None:
        parts.append(f"{stack.classes[stack.difference_shown[0]].letter} against influence")
    if stack.saliency is not None:
        parts.append("influence map")
    if stack.prediction:
        parts.append("model score")
    return " + ".join(parts) or NOTHING
