from core.events import Event, InProcessBus


async def test_a_subject_reaches_its_prefix_and_no_neighbour() -> None:
    bus = InProcessBus()
    async with bus.subscribe("incidents") as events:
        for subject in ("incidentsmore.new", "alarms.changed", "incidents.changed"):
            await bus.publish(Event(subject=subject, key="1"))
        async for event in events:
            assert event.subject == "incidents.changed"
            break


async def test_a_slow_reader_loses_the_oldest_and_knows_it() -> None:
    bus = InProcessBus()
    async with bus.subscribe("", capacity=2) as events:
        for key in "abc":
            await bus.publish(Event(subject="x", key=key))
        assert events.dropped == 1
        heard = []
        async for event in events:
            heard.append(event.key)
            if len(heard) == 2:
                break
    assert heard == ["b", "c"]
