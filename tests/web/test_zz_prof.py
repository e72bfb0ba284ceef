import collections, time, logging
from tests.web import test_schema as t
from schemathesis.engine import events
orig=t.from_schema
times=collections.Counter(); counts=collections.Counter()
class W:
    def __init__(self,s): self.e=orig(s)
    def execute(self):
        for ev in self.e.execute():
            if isinstance(ev, events.ScenarioFinished):
                times[ev.phase.name, str(ev.label)]+=ev.elapsed_time; counts[ev.phase.name,str(ev.label)]+=len(ev.recorder.interactions)
                for i in ev.recorder.interactions.values():
                    if i.response is not None and i.response.elapsed>0.5: print(i.response.elapsed, i.request.method, i.request.uri, i.response.status_code)
            yield ev
t.from_schema=W
def test_it(store,tmp_path,monkeypatch):
    try: t.test_requests_made_up_from_the_document(store,tmp_path,monkeypatch)
    finally:
        for k,v in times.most_common(15): print(round(v,1),counts[k],k)
