# SPDX-License-Identifier: Apache-2.0
"""The connection is cut during COMMIT: whether it went through is found out, never guessed."""
import pytest

from support.articles import Newsroom
from support.auditor import Auditor, report, wait_settled
from support.feeder import Feeder
from support.proxy import Proxy
from support.waiting import wait_for

SLOW_COMMIT = """
CREATE FUNCTION newsloom.slow_commit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.title LIKE '%%cham%%' THEN
        PERFORM pg_sleep(0.8);
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER slow_commit AFTER INSERT ON newsloom.article
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION newsloom.slow_commit();
"""


@pytest.fixture
def scene(new_broker, new_worker, postgres, database, ledger, seed):
    database.server.execute(SLOW_COMMIT.replace("%%", "%"), database.name)
    broker = new_broker()
    proxy = Proxy(postgres.socket_path)
    worker = new_worker(broker, database.through(proxy))
    feeder = Feeder(broker.endpoint("feed"), ledger)
    newsroom = Newsroom(seed)

    class Scene:
        rounds = 0

        def feed_until_committing(self):
            pieces = newsroom.pieces(6)
            pieces[3].title += " cham"
            feeder.submit(pieces)
            return wait_for(self.committing, 20, "a COMMIT is under way")

        @staticmethod
        def committing():
            rows = database.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
                                    " AND wait_event = 'PgSleep' AND pid <> pg_backend_pid()")
            return rows and rows[0][0]

        def finish(self, name, faults):
            audit = Auditor(broker, ledger, database).run()
            charged = [feeder.outcome(p.source, p.key).attempts_charged
                       for p in ledger.promises.values()]
            assert set(charged) == {0}, f"a cut connection cost attempts: {charged}"
            assert (audit.stored, audit.dead) == (len(ledger), 0)
            assert worker.is_alive and worker.starts == 1
            report(name, audit, faults)
    Scene.database, Scene.proxy, Scene.broker = database, proxy, broker
    yield Scene()
    feeder.close()
    proxy.close()


def test_cut_during_a_commit_that_goes_through(scene, time_given):
    cuts = 0
    for _ in time_given.rounds(3):
        scene.feed_until_committing()
        cuts += scene.proxy.reset()
        wait_for(lambda: not scene.committing(), 20, "the server went on alone")
    scene.finish("cut_during_commit", cuts)


def test_cut_during_a_commit_that_is_rolled_back(scene, time_given):
    ends = 0
    for _ in time_given.rounds(2):
        scene.feed_until_committing()
        scene.proxy.reset()
        ends += scene.database.terminate_backends()
        wait_for(lambda: not scene.committing(), 20, "the backend ended")
        # an article that costs eight connections on its own pays for it: cut each once
        wait_settled(scene.broker)
    scene.finish("commit_rolled_back", ends)


def test_answer_of_a_commit_is_stalled_and_lost(scene, time_given):
    for number in time_given.rounds(2):
        scene.feed_until_committing()
        scene.proxy.stall("down")
        wait_for(lambda: not scene.committing(), 20, "it is committed")
        scene.proxy.reset()
        scene.proxy.go_on()
    scene.finish("commit_answer_lost", number + 1)
