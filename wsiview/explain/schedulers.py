"""Schedulers: where jobs run – here, one after another, or on a running Dask cluster; `distributed` loads late."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from wsiview.errors import UsageError, WsiviewError
from wsiview.progress import Progress

Job = TypeVar("Job")
Result = TypeVar("Result")

_PATIENCE = 10.0  # seconds for a scheduler to answer, and for a first worker to be there
_LOOK = 0.5  # seconds between looks at whether the work is still wanted


class SchedulerUnusable(WsiviewError):
    """There is no cluster to work with."""

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(f"the scheduler {address!r} can't be used: {reason}")
        self.address = address


@dataclass(frozen=True)
class Lost:
    """A job that the cluster could not finish, and why."""

    reason: str


class Cluster(Generic[Job, Result]):
    """Runs one function over many jobs on a Dask cluster.

    The workers need this program, and see the same files under the same paths. A job whose worker dies is given to
    another one, which finds what was done on disk and goes on from there.

    Parameters
    ----------
    address
        Of the scheduler, such as tcp://host:8786.
    work
        A function of a module, for it is sent by its name.

    Raises
    ------
    UsageError
        If `distributed` is not installed.
    """

    def __init__(self, address: str, work: Callable[[Job], Result]) -> None:
        try:
            import distributed
        except ImportError:
            raise UsageError("--scheduler needs Dask's `distributed`; run `pip install wsiview[cluster]`") from None
        self._distributed: Any = distributed
        self._address, self._work = address, work

    def run(self, jobs: Sequence[Job], progress: Progress, stage: str) -> Iterator[tuple[int, Result | Lost]]:
        """The number and the result of each job, as they are finished.

        Raises
        ------
        SchedulerUnusable
            If it can't be reached, has no worker, or goes away.
        Cancelled
            When `progress` was cancelled; jobs that nobody has begun are taken back.
        """
        with self._client() as client:
            # Not pure: a job is done anew whenever it is asked for, and finds on disk what is there.
            futures = [client.submit(self._work, job, pure=False) for job in jobs]
            try:
                yield from self._gathered(client, futures, progress, stage)
            finally:
                client.cancel([future for future in futures if not future.done()], force=True)

    def _client(self) -> Any:
        way, found, _ = self._address.rpartition("://")
        known = sorted(self._distributed.comm.registry.backends)
        if found and way not in known:  # asked of the client, it would wait for long and then tell its whole trouble
            raise SchedulerUnusable(self._address, f"its address begins with none of {', '.join(known)}; tcp, say")
        try:
            client = self._distributed.Client(self._address, timeout=_PATIENCE, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            reason = str(error).splitlines()[0] if str(error) else "it does not answer"
            raise SchedulerUnusable(self._address, f"{reason}; check the address, and that it runs") from None
        try:
            client.wait_for_workers(1, timeout=_PATIENCE)
        except TimeoutError:
            client.close()
            raise SchedulerUnusable(self._address, "it has no workers; start some with `dask worker`") from None
        return client

    def _gathered(
        self, client: Any, futures: Sequence[Any], progress: Progress, stage: str
    ) -> Iterator[tuple[int, Result | Lost]]:
        left = dict(enumerate(futures))
        while left:
            progress.report(stage, len(futures) - len(left), len(futures))
            with contextlib.suppress(TimeoutError), client.as_current():
                self._distributed.wait(list(left.values()), timeout=_LOOK, return_when="FIRST_COMPLETED")
            for number, future in sorted(left.items()):
                if future.done():
                    del left[number]
                    yield number, self._outcome(future)
        progress.report(stage, len(futures), len(futures))

    def _outcome(self, future: Any) -> Result | Lost:
        if future.status == "finished":
            result: Result = future.result()
            return result
        if future.status in ("cancelled", "lost"):
            raise SchedulerUnusable(self._address, "it went away; the same command goes on from here once it is back")
        error = future.exception()
        if isinstance(error, self._distributed.KilledWorker):
            return Lost("every worker that it was given to died; it may need more memory than they have")
        return Lost(f"{type(error).__name__}: {error}")
