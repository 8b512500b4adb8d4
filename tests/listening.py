"""Listeners for tests: one that asks training to stop, one that keeps what it hears."""

from collections.abc import Callable

from adamrepro.training import Listener, Message


class StopWhen(Listener):
    """Asks training to stop once `stop`, called after every step, says so."""

    def __init__(self, stop: Callable[[], bool]) -> None:
        self.stop = stop

    def should_stop(self) -> bool:
        return self.stop()


class Recorder(StopWhen):
    """Keeps the messages, in order."""

    def __init__(self, stop: Callable[[], bool] = lambda: False) -> None:
        super().__init__(stop)
        self.heard: list[Message] = []

    def hear(self, message: Message) -> None:
        self.heard.append(message)
