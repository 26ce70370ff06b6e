"""Sample job: the feature vectors that a fit takes from one slide, as a thing that can be sent to another computer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from wsiview.errors import WsiviewError
from wsiview.explain.features_cache import FeaturesCache
from wsiview.explain.fit_plan import FitPlan
from wsiview.explain.sampling import Sampler
from wsiview.explain.settings import FitSettings
from wsiview.explain.worker import working
from wsiview.slide.opening import open_checked


@dataclass(frozen=True)
class SampleJob:
    """One slide whose vectors are to be put where the fit will look for them.

    Attributes
    ----------
    slide, model, cache
        Whole paths, which mean the same wherever the job runs.
    index, n_slides
        The slide's number among those of the fit, and how many there are.
    room
        Bytes that its vectors may take.
    device, threads
        As on the command line. Sums depend on the number of threads, so it is part of the job.
    """

    slide: Path
    mpp: tuple[float, float] | None
    index: int
    n_slides: int
    model: Path
    plan: FitPlan
    settings: FitSettings
    cache: Path
    room: int
    device: str | None = None
    threads: int | None = None


def run_sample_job(job: SampleJob) -> str | None:
    """Compute the vectors, or find them there; what stood in the way in one sentence, else None."""
    try:
        with working(job.model, job.device, job.threads) as classifier:
            cache = FeaturesCache(job.cache, job.room)
            sampler = Sampler(classifier, job.plan, job.settings, job.n_slides, cache)
            sampler.sample(partial(open_checked, job.slide), job.mpp, job.index, lambda stage, done, total: None)
    except WsiviewError as error:
        return str(error)
    return None
