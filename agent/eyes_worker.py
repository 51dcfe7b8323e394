"""The one thread in which all cameras of an agent are looked at, and its models."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from agent.camera_settings import CameraSettings
from core.tasks import run_blocking
from perception.detector import BUILT_IN_CARD, Detector, OnnxDetector
from perception.faces import FaceFinder, FaceHidingDetector

T = TypeVar("T")


class EyesWorker:
    """One thread and one model for all vehicles of an agent; raises InvalidInput when the model is not its card's.

    *faces* are the face models that their settings name.
    """

    def __init__(self, *, card_file: Path = BUILT_IN_CARD, faces: Iterable[Path] = ()) -> None:
        self.detector: Detector = OnnxDetector(card_file=card_file, is_thrifty=True)
        self._hiding = {
            file: FaceHidingDetector(detector=self.detector, faces=FaceFinder(model=file)) for file in faces
        }
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="eyes")

    def detector_for(self, settings: CameraSettings) -> Detector:
        """Return what looks through a camera: with the faces that it shows, where its settings name a face model."""
        return self.detector if settings.faces is None else self._hiding[settings.faces]

    async def run(self, work: Callable[[], T]) -> T:
        """Run *work* in the thread and return its result."""
        return await run_blocking(work, executor=self._executor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)
