"""Layering: what a reader changes of the layers, and how long the picture takes to follow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from canvas_parts.bench import Bench, until_sharp
from canvas_parts.figures import Blit, Row, milliseconds, row_of
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.scene.layers import LayerStack


def changes(bench: Bench) -> Iterator[tuple[str, LayerStack, LayerStack]]:
    """What a reader may change, from and to."""
    stack = bench.stack
    look, strength = stack.classes[1], replace(bench.stack, strongest=False, strength=(1,))
    yield "class toggle", stack, stack.with_class(1, replace(look, visible=False))
    yield "recolour", stack, stack.with_class(1, replace(look, color=(10, 200, 90)))
    yield "master opacity", stack, replace(stack, opacity=0.6)
    yield "master opacity, from 0.6", replace(stack, opacity=0.6), replace(stack, opacity=0.5)
    yield "peek", stack, replace(stack, hidden=True)
    yield "layers off and on", stack, replace(stack, strongest=False, saliency=None)
    yield "threshold of a strength", strength, strength.with_class(1, replace(look, threshold=0.4))


def measure_layers(bench: Bench, rounds: int) -> Iterator[Row]:
    canvas = bench.canvas
    for downsample, name in ((1.0, "1:1"), (4.0, "1:4")):
        place = bench.places(1)[0]
        bench.go(place.x, place.y, downsample)
        for what, before, after in changes(bench):
            yield change(bench, f"{what} at {name}", rounds, lambda s=before: canvas.set_layers(s),
                         lambda s=after: canvas.set_layers(s))  # fmt: skip
        canvas.set_layers(bench.stack)
        canvas.set_other_layers(replace(bench.stack, strongest=False, saliency=None, strength=(2,)))
        yield change(bench, f"blink between stacks at {name}", rounds, lambda: canvas.show_other(False),
                     lambda: canvas.show_other(True))  # fmt: skip
        canvas.show_other(False)
        yield change(bench, f"curtain moved at {name}", rounds, lambda: canvas.set_curtain(0.4),
                     lambda: canvas.set_curtain(0.5))  # fmt: skip
        canvas.set_curtain(None)
        canvas.set_other_layers(None)


def change(bench: Bench, name: str, rounds: int, there: Callable[[], None], back: Callable[[], None]) -> Row:
    """Frames of going there and back, each until the picture is finished."""
    times, blit = [], Blit()
    for step in (there, back, there):
        step()
        bench.settle()
    for n in range(10 * rounds):
        times.append(milliseconds(lambda n=n: finished(bench.canvas, (back, there)[n % 2])))
        bench.settle()
        blit.once()
    return row_of(name, times, blit, 10)


def finished(canvas: SlideCanvas, act: Callable[[], None]) -> None:
    act()
    until_sharp(canvas)
