import Testing

@testable import Reconciler

@Suite("What people are told by a controller")
struct NoticeBookTests {
    private let now = Timestamp(milliseconds: 1_790_000_000_000)

    /// A book of which all that is due is told at once.
    private struct Teller {
        var book = NoticeBook(interval: .seconds(600))

        mutating func take(_ status: ControllerStatus, at now: Timestamp) -> [Notice] {
            let findings = Findings(status, at: now)
            book.forgetEnds(findings)
            let due = book.due(findings, at: now)
            for notice in due { book.tell(notice) }
            return due
        }
    }

    /// As it is seen at `time`.
    private func status(at time: Timestamp? = nil, _ change: (inout ControllerStatus) -> Void = { _ in })
        -> ControllerStatus
    {
        let time = time ?? now
        var status = ControllerStatus(startedAt: now, manifests: .init(origin: "fleet", commit: "4f2c", loadedAt: now))
        status.lookedAt = time
        status.manifests.soundSince = time
        status.sets = [.init(name: "meters", devices: 100, converged: 100)]
        status.accounts = [.init(name: Fleets.account, learntAt: time, triedAt: time)]
        status.store = .keeps(at: time, until: time + .seconds(3600))
        change(&status)
        return status
    }

    private func problem(
        _ condition: ControllerStatus.Problem.Condition, _ text: String, at time: Timestamp? = nil
    ) -> ControllerStatus.Problem {
        .init(condition: condition, text: text, at: time ?? now)
    }

    @Test("alerts of sets and accounts that are gone end, and are told anew (F30)")
    func goneSubjects() {
        var teller = Teller()
        func failing(at time: Timestamp) -> ControllerStatus {
            status(at: time) { status in
                status.sets[0].failed = 3
                status.accounts[0].stopped = "Refused."
                status.accounts[0].silence = "No callback comes."
            }
        }
        #expect(teller.take(failing(at: now), at: now).count == 3)
        let later = now + .seconds(60)
        let gone = status(at: later) { status in
            status.sets = [.init(name: "pumps", devices: 1, converged: 1)]
            status.accounts = []
        }
        #expect(teller.book.knowsOfEnds(Findings(gone, at: later)))
        #expect(teller.take(gone, at: later).isEmpty)
        #expect(!teller.book.knowsOfEnds(Findings(gone, at: later)))
        #expect(teller.take(failing(at: later + .seconds(1)), at: later + .seconds(1)).count == 3)
    }

    @Test("what other manifests' controllers told is theirs, and before a look nothing is gone")
    func othersSubjects() {
        var book = NoticeBook(interval: .seconds(600), origin: "fleet")
        let before = now - .seconds(60)
        book.learn([
            ToldNotice(kind: "failed", subject: "theirs", condition: "", devices: 1, at: before, origin: "other"),
            ToldNotice(kind: "failed", subject: "ours", condition: "", devices: 1, at: before, origin: "fleet"),
            ToldNotice(kind: "stopped", subject: "carrier", condition: "x", devices: 0, at: before, origin: "fleet"),
        ])
        #expect(!book.knowsOfEnds(Findings(status { $0.lookedAt = nil }, at: now)))
        book.forgetEnds(Findings(status(), at: now))
        #expect(book.changes.over.map(\.subject) == ["ours"])
    }

    @Test("a restart says nothing of callbacks before it knows whether they come")
    func silenceAfterRestart() {
        var teller = Teller()
        #expect(teller.take(status { $0.accounts[0].silence = "No callback comes." }, at: now).count == 1)
        let later = now + .seconds(60)
        let restarted = status(at: later) { $0.accounts[0].isSilenceKnown = false }
        #expect(teller.take(restarted, at: later).isEmpty)
        let again = status(at: later) { $0.accounts[0].silence = "No callback comes." }
        #expect(teller.take(again, at: later).isEmpty, "it was told before, and has not ended since")
    }

    @Test("a large change that is held tells of how many devices")
    func heldDevices() {
        var teller = Teller()
        let told = teller.take(
            status { status in
                status.sets[0].largeChange = "More than maxChange."
                status.sets[0].largeChangeDevices = 40
            }, at: now)
        #expect(told.map(\.devices) == [40])
    }

    @Test("devices that change back and forth are an alert for an hour (F70)")
    func flips() throws {
        var teller = Teller()
        let keys = try (0..<5).map { try Fleets.key($0) }
        var status = status { $0.noteFlips(keys, at: now) }
        let told = teller.take(status, at: now)
        #expect(told.map(\.devices) == [5] && told.map(\.kind) == [.drift])
        #expect(told.first?.text.contains("5 devices changed back and forth") == true)
        for (seconds, count) in [(1800, 5), (3601, 0)] {
            let time = now + .seconds(seconds)
            status.lookedAt = time
            status.store = .keeps(at: time, until: time + .seconds(60))
            status.noteFlips([], at: time)
            #expect(status.flips.count == count)
            #expect(teller.take(status, at: time).isEmpty)
        }
    }

    @Test("each thing that needs a person is told, with the set and the commit")
    func kinds() {
        var teller = Teller()
        #expect(teller.take(status(), at: now).isEmpty)
        let told = teller.take(
            status { status in
                status.sets[0].failed = 3
                status.sets[0].held = 2
                status.sets[0].drift = 7
                status.sets[0].driftPolicy = .report
                status.sets[0].largeChange = "More than maxChange."
                status.sets[0].rollout = .init(startedAt: now, wave: 1, waveCount: 2, abort: "Too many failed.")
                status.manifests.problem = .init(at: now, commit: "91ab", text: "fleet.yaml:1:1", condition: "x")
                status.accounts[0].stopped = "Refused."
                status.accounts[0].refreshProblem = "Late."
            }, at: now)
        #expect(
            told.map(\.kind.rawValue) == [
                "aborted", "drift", "failed", "held", "held", "manifests", "stopped", "stopped",
            ])
        #expect(told.first { $0.kind == .failed }?.devices == 3)
        #expect(told.allSatisfy { $0.commit == ($0.kind == .manifests ? "91ab" : "4f2c") })
        #expect(told.filter { $0.profileSet == "meters" }.count == 5)
    }

    @Test("nobody is told that drift is corrected while something holds its set up")
    func driftThatIsHeldUp() throws {
        func text(_ change: (inout ControllerStatus.ProfileSetStatus) -> Void) throws -> String {
            var teller = Teller()
            let told = teller.take(
                status { status in
                    status.sets[0].drift = 7
                    change(&status.sets[0])
                }, at: now)
            return try #require(told.first { $0.kind == .drift }).text
        }
        #expect(try text { _ in }.contains("It is corrected."))
        #expect(try text { $0.holds = ["Paused by somebody."] }.contains("Nothing is corrected"))
        #expect(
            try text { $0.rollout = .init(startedAt: now, wave: 1, waveCount: 2, abort: "Too many failed.") }
                .contains("Nothing is corrected"))
    }

    @Test("what lasts is told once; a number that grows is told again, after the interval; what is over may come again")
    func repeats() {
        var teller = Teller()
        func failed(_ count: Int, at time: Timestamp) -> [Int] {
            teller.take(status(at: time) { $0.sets[0].failed = count }, at: time).map(\.devices)
        }
        #expect(failed(1, at: now) == [1])
        #expect(failed(1, at: now + .seconds(3600)).isEmpty)
        #expect(failed(5, at: now + .seconds(3601)) == [5])
        #expect(failed(9, at: now + .seconds(3700)).isEmpty, "too soon")
        #expect(failed(9, at: now + .seconds(4300)) == [9])
        #expect(failed(4, at: now + .seconds(9000)).isEmpty, "it shrinks")
        #expect(failed(0, at: now + .seconds(9001)).isEmpty)
        #expect(failed(2, at: now + .seconds(9002)) == [2])
    }

    @Test("an account whose registration is still being looked up is no news")
    func unsettled() {
        var teller = Teller()
        let told = teller.take(
            status { status in
                status.accounts[0].stopped = "Being looked up."
                status.accounts[0].isSettled = false
            }, at: now)
        #expect(told.isEmpty)
    }

    @Test("another error in the manifests is told at once; the same one on another line is not")
    func otherManifestProblem() async throws {
        let folder = try TemporaryFolder()
        var book = ManifestBook(
            origin: WatchedManifests(paths: [folder.path]), isStrict: false, clock: ManualClock())
        var teller = Teller()
        var told: [Int] = []
        let head = "apiVersion: profilectl/v1\n"
        for text in [head + "kind: Profileset\n", "# moved\n" + head + "kind: Profileset\n", head + "kind: Set\n"] {
            try folder.write("fleet.yaml", text)
            #expect(await book.update())
            let problem = try #require(book.problem)
            told.append(teller.take(status { $0.manifests.problem = problem }, at: now + .seconds(1)).count)
        }
        #expect(told == [1, 0, 1])
    }

    @Test("what is told is told by what is the matter, not by its words: times in them are no news")
    func changingWords() {
        var teller = Teller()
        let texts = ["its lock expires at 12:00", "its lock expires at 12:10", "its lock expires at 12:20"]
        let told = texts.enumerated().map { number, text in
            let time = now + .seconds(1000 * number)
            return teller.take(status(at: time) { $0.problem = problem(.taken, text, at: time) }, at: time).count
        }
        #expect(told == [1, 0, 0])
        let later = now + .seconds(3000)
        #expect(teller.take(status(at: later) { $0.problem = problem(.stopped, "No.") }, at: later).count == 1)
    }

    @Test("a store that keeps nothing is told once, whoever finds it first, and however it says so")
    func store() {
        var teller = Teller()
        let full = StateStoreError(.full, "The disk is full.")
        let unreadable = teller.take(status { $0.problem = problem(.store, "The disk is full.") }, at: now)
        #expect(unreadable.map(\.kind) == [.stopped])
        let found = status {
            $0.store = .fails(full, since: now)
            $0.problem = problem(.store, "The disk is full.")
        }
        #expect(teller.take(found, at: now + .seconds(1)).isEmpty)
        let silent = status { $0.store = .keeps(at: now, until: now + .seconds(60)) }
        var other = Teller()
        #expect(other.take(silent, at: now + .seconds(59)).isEmpty)
        #expect(other.take(silent, at: now + .seconds(60)).first?.text.contains("has not answered since") == true)
    }

    @Test("a carrier that is away is told once, after some calls, and not again for each account that it stops")
    func carrier() {
        var teller = Teller()
        var condition = CarrierCondition.untried
        func see(_ sign: CarrierCondition.Sign, at time: Timestamp) -> [Notice] {
            condition = condition.after(sign, at: time)
            let seen = status(at: time) { status in
                status.carrier = condition
                // What the outage has brought about stays until it is looked up again.
                status.accounts[0].stopped = "Where the carrier sends its callbacks is not known."
                status.accounts[0].refreshProblem = "The carrier cannot be reached."
                status.accounts[0].learntAt = now
                status.accounts[0].triedAt = now
                status.problem = problem(.stopped, "The carrier cannot be reached.")
            }
            return teller.take(seen, at: time)
        }
        let told = (1...5).map { see(.unreachable("Connection refused."), at: now + .seconds($0)).map(\.text) }
        #expect(told.map(\.count) == [0, 0, 1, 0, 0], "\(told)")
        #expect(told[2][0].contains("Connection refused."))
        #expect(see(.answered, at: now + .seconds(9)).isEmpty, "what is left of the outage is no news")
        #expect(see(.noSignIn("The carrier refused the password."), at: now + .seconds(10)).count == 1, "at once")
    }

    @Test("what could not be delivered is told later, after the others, and not when it is over by then")
    func undelivered() {
        var book = NoticeBook(interval: .seconds(600))
        let status = status { status in
            status.sets[0].failed = 1
            status.sets[0].drift = 1
        }
        let findings = Findings(status, at: now)
        let due = book.due(findings, at: now)
        #expect(due.map(\.kind) == [.drift, .failed])
        book.miss(due[0], at: now)
        #expect(book.due(findings, at: now + .seconds(59)).map(\.kind) == [.failed])
        #expect(book.due(findings, at: now + .seconds(60)).map(\.kind) == [.failed, .drift])
        let well = Findings(self.status(at: now + .seconds(61)), at: now + .seconds(61))
        #expect(book.due(well, at: now + .seconds(61)).isEmpty)
    }

    @Test("a controller that has not looked yet, or looked before another one told, ends nothing")
    func ends() throws {
        var book = NoticeBook(interval: .seconds(600))
        book.learn([
            ToldNotice(kind: "failed", subject: "meters", condition: "", devices: 3, at: now),
            ToldNotice(kind: "stopped", subject: "carrier", condition: "unreachable", devices: 0, at: now),
            ToldNotice(kind: "of a later version", subject: "x", condition: "", devices: 0, at: now),
        ])
        let start = ControllerStatus(startedAt: now + .seconds(5), manifests: .init(origin: "fleet"))
        book.forgetEnds(Findings(start, at: now + .seconds(5)))
        #expect(book.changes.over.isEmpty)
        let before = now - .seconds(5)
        book.forgetEnds(Findings(status(at: before) { $0.carrier = .answers(since: before) }, at: now + .seconds(5)))
        #expect(book.changes.over.isEmpty)
        let after = now + .seconds(5)
        book.forgetEnds(Findings(status(at: after) { $0.carrier = .answers(since: after) }, at: after))
        #expect(Set(book.changes.over.map(\.subject)) == ["meters", "carrier"])
    }

    @Test("sets that are gone, empty or much smaller are told together, and a small change is not")
    func losses() {
        var record = FleetInForce(
            origin: "fleet", commit: nil, sets: ["meters": 500, "cars": 40, "vans": 9, "buses": 40, "bikes": 3])
        let losses = record.take(["cars": 0, "vans": 1, "buses": 28, "bikes": 4, "new": 7])
        #expect(
            losses.map(\.description) == [
                "buses fell from 40 to 28 devices", "cars has none of its 40 devices any more",
                "meters (500 devices) is gone",
            ])
        #expect(record.sets == ["meters": 500, "cars": 40, "vans": 9, "buses": 40, "bikes": 4, "new": 7])
        var teller = Teller()
        let told = teller.take(status { $0.manifests.losses = losses }, at: now)
        #expect(told.map(\.kind) == [.shrunk] && told.first?.devices == 552 && told.first?.commit == "4f2c")
        record.accept(losses)
        #expect(record.sets == ["cars": 0, "vans": 9, "buses": 28, "bikes": 4, "new": 7])
        #expect(record.take(["cars": 0, "vans": 1, "buses": 28, "bikes": 4, "new": 7]).isEmpty)
    }
}
