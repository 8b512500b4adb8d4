"""A population's news: everything once, in order, and the rate of every whole pass."""

import pytest

from adamrepro.tracking.feed import RATE, Feed
from adamrepro.training import MemberCurve

ROWS = [{"run_id": "a", "optimizer.alpha": 1e-3}, {"run_id": "b", "optimizer.alpha": 0.1}]


def point(epoch: int, cost: float) -> dict[str, float]:
    return {"epoch": epoch, "train_cost": cost}


def test_every_point_is_told_once_as_the_tables_write_it(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([10.0, 12.0, 17.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    curves = [MemberCurve(), MemberCurve()]
    feed = Feed(ROWS)
    told = []
    for epoch in range(3):
        for curve in curves:
            curve.rows.append(point(epoch, 1 / 3))
        told.append(feed.news(curves, examples=0 if epoch == 0 else 100))
    assert [[news.run["run_id"] for news in each] for each in told] == [["a", "b"]] * 3
    points = [each[0].points for each in told]
    assert [p["epoch"] for (p,) in points] == ["0", "1", "2"]
    assert [p["train_cost"] for (p,) in points] == ["0.333333"] * 3
    assert [p[RATE] for (p,) in points] == ["", "50", "20"]
    assert told[0][0].run["optimizer.alpha"] == "0.001"


def test_points_of_a_checkpoint_are_told_first_and_without_a_rate() -> None:
    curves = [MemberCurve([point(0, 1.0), point(1, 0.5), point(2, 0.4)]), MemberCurve()]
    (news,) = Feed(ROWS).news(curves, examples=100)
    assert [p["epoch"] for p in news.points] == ["0", "1", "2"]
    assert all(not p.get(RATE) for p in news.points)


def test_a_member_that_diverged_is_told_of_to_its_last_point() -> None:
    curves = [MemberCurve([point(0, 1.0)]), MemberCurve([point(0, 1.0)])]
    feed = Feed(ROWS)
    feed.news(curves, 0)
    curves[0].rows.append(point(1, 0.5))
    curves[1].rows.append(point(1, float("inf")))
    curves[1].diverged_epoch = 1
    assert [news.points[0]["train_cost"] for news in feed.news(curves, 100)] == ["0.5", "inf"]
    curves[0].rows.append(point(2, 0.4))
    assert [news.run["run_id"] for news in feed.news(curves, 100)] == ["a"]
