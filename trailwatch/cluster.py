"""Workers of dask.distributed: those of a scheduler that runs somewhere, or processes of this machine.

There is no scheduler of our own. A worker that is lost costs time: dask gives its part to another one, so work must be
safe to repeat from its beginning. No credentials travel: each worker finds its own through the standard chain.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from typing import Any, TypeVar

from trailwatch.config import Config
from trailwatch.errors import ClusterError, ConfigError, MissingExtra
from trailwatch.workers import Here, Workers

Part = TypeVar("Part")
Made = TypeVar("Made")

AHEAD = 2  # parts that wait for each worker
MOST = 256  # local processes
PATIENCE = "30s"  # until a scheduler and its first worker answer
LEFT = "120s"  # that work of local processes waits when none of them is left
# What dask does beside the work, for pages and logs that nobody sees here: it took a tenth of two cores.
QUIET: dict[str, Any] = {
    "distributed.scheduler.http.routes": [], "distributed.worker.http.routes": [],  # they ask nobody for a name
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "500ms",
    "distributed.admin.system-monitor.interval": "10s",
}  # fmt: skip
# dask has workers give memory back at once, which costs a page fault for every page of every object; the memory of one
# object serves the next, in one arena for the threads that fetch and the one that decodes.
MEMORY = {"MALLOC_TRIM_THRESHOLD_": 2**27, "MALLOC_MMAP_THRESHOLD_": 2**25, "MALLOC_ARENA_MAX": 1}


@contextmanager
def workers(*, count: int = 0, scheduler: str = "") -> Iterator[Workers]:
    """Give workers for a while: of a scheduler, or `count` processes of this machine; this process for none or one."""
    if not scheduler and count in (0, 1):
        yield Here()
        return
    if not 0 <= count <= MOST:
        raise ConfigError(f"{count} workers cannot be had", where="--workers", hint=f"1 to {MOST}")
    try:
        dask, distributed = import_module("dask"), import_module("distributed")
    except ImportError as error:
        raise MissingExtra(
            "a cluster needs dask.distributed", where="--scheduler" if scheduler else "--workers",
            hint="pip install 'trailwatch-cloudtrail[cluster]'",
        ) from error  # fmt: skip
    # Workers that are gone and do not come back are not waited for without end.
    settings = {"distributed.scheduler.no-workers-timeout": LEFT, "distributed.nanny.pre-spawn-environ": MEMORY}
    with dask.config.set(QUIET | settings):
        place: AbstractContextManager[Any] = nullcontext(scheduler) if scheduler else _local(distributed, count)
        with place as where, _client(distributed, where) as client:
            yield Cluster(distributed, client, max(1, sum(client.nthreads().values())))


class Employer:
    """The part of the Python door that has workers."""

    config: Config
    _workers: Workers | None = None

    @contextmanager
    def workers(self) -> Iterator[Workers]:
        """Give the workers that `[cluster]` of the configuration names for a while; inside of this, stations share them."""
        if self._workers is not None:
            yield self._workers
            return
        with workers(count=self.config.cluster.workers, scheduler=self.config.cluster.scheduler) as found:
            self._workers = found
            try:
                yield found
            finally:
                self._workers = None


class Cluster:
    """The workers behind one client of dask.distributed."""

    apart = True

    def __init__(self, distributed: Any, client: Any, count: int) -> None:
        self._distributed, self._client = distributed, client
        self.count = count

    def map(self, work: Callable[[Part], Made], parts: Iterable[Part]) -> Iterator[Made]:
        """Yield what became of each part, as it is done; a few parts are sent ahead, never all of them."""
        rest = iter(parts)
        running = {self._submit(work, part) for part in islice(rest, self.count * AHEAD)}
        done = self._distributed.as_completed(running, loop=self._client.loop)
        try:
            for future in done:
                running.discard(future)
                made = self._result(future)
                # The next part is on its way before anybody looks at this one.
                for part in islice(rest, 1):
                    running.add(following := self._submit(work, part))
                    done.add(following)
                yield made
        finally:
            for future in running:
                future.cancel()

    def _submit(self, work: Callable[[Part], Made], part: Part) -> Any:
        return self._client.submit(_work, work, part, pure=False)

    def _result(self, future: Any) -> Any:
        try:
            return future.result()
        except self._distributed.KilledWorker as error:
            hint = "fewer workers, or more memory for each"
            raise ClusterError("a part was lost with its worker again and again", hint=hint) from error
        except self._distributed.scheduler.NoWorkerError as error:
            hint = "run it again; what was committed stays"
            raise ClusterError(f"no worker was left for {LEFT}", hint=hint) from error
        except (CancelledError, OSError) as error:
            hint = "run it again; what was committed stays"
            raise ClusterError(f"the cluster was lost: {_first_line(error)}", hint=hint) from error


def _work(work: Callable[[Part], Made], part: Part) -> Made:
    os.umask(0o077)  # as the command does: what is written belongs to its owner alone
    return work(part)


def _local(distributed: Any, count: int) -> Any:
    return distributed.LocalCluster(
        n_workers=count, threads_per_worker=1, processes=True, host="127.0.0.1", silence_logs=logging.CRITICAL,
        # Whoever reaches a scheduler can run code in its workers: on a machine that others use, too, TLS keeps them out.
        security=True, dashboard_address="127.0.0.1:0", scheduler_kwargs={"dashboard": False},
    )  # fmt: skip


@contextmanager
def _client(distributed: Any, where: Any) -> Iterator[Any]:
    try:
        client = distributed.Client(where, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        hint = "dask scheduler, and trailwatch … --scheduler tcp://HOST:8786"
        raise ClusterError(f"the scheduler cannot be reached: {_first_line(error)}", where="--scheduler", hint=hint) \
            from error  # fmt: skip
    with client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError as error:
            raise ClusterError("the scheduler has no workers", where="--scheduler", hint="dask worker --nthreads 1") \
                from error  # fmt: skip
        _check(client)
        yield client


def _check(client: Any) -> None:
    """Refuse workers that have no trailwatch, or another one: what they wrote could not be told from what this does."""
    own = _version()
    for address, found in client.run(_version, on_error="return").items():
        if found != own:
            has = found if isinstance(found, str) else "none that can be imported"
            told = f"this is trailwatch {own}, the worker has {has}"
            raise ClusterError(told, where=address, hint="the same version on all machines")


def _version() -> str:
    try:
        return version("trailwatch-cloudtrail")
    except PackageNotFoundError:
        return "of a checkout"


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
