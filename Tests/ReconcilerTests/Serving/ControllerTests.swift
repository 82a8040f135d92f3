import Foundation
import Simulator
import Testing

@testable import Reconciler

@Suite("A controller")
struct ControllerTests {
    private func fleet(_ count: Int, drift: String = "correct", rollout: String = "") throws -> String {
        try Fleets.yaml(
            count,
            rollout: "drift: \(drift)\nrollout: {requestsPerSecond: 1000\(rollout.isEmpty ? "" : ", " + rollout)}")
    }

    private func downloads(_ simulator: Simulator) async -> Int {
        await simulator.counts.acceptedDevices["download_enable"] ?? 0
    }

    @Test("takes a fleet to its desired state, shows how it stands, and leaves it alone then", .timeLimit(.minutes(5)))
    func converges() async throws {
        try await ControllerScene.with(["a.yaml": try fleet(60, rollout: "waves: [10%, 100%]")]) { scene in
            let (status, came) = try await scene.converges()
            #expect(came, "\(status.sets)")
            #expect(status.profiles == ["downloadedEnabled": 60])
            #expect(status.accounts.map(\.name) == [Fleets.account])
            #expect(status.accounts.allSatisfy { $0.stopped == nil && $0.registrationProblem == nil })
            #expect(status.history.last?.converged == 60)
            let counts = await scene.simulator.counts
            #expect(counts.acceptedDevices["download_enable"] == 60 && counts.repeatedDownloads == 0)
            #expect(counts.acceptedRequests["device_list"] ?? 0 <= 7, "no device is looked up by itself")
            // Nothing is held while nothing is to be done: people may act.
            #expect(try await scene.isIdle())
        }
    }

    @Test("finds drift at a refresh and takes it back", .timeLimit(.minutes(5)))
    func corrects() async throws {
        try await ControllerScene.with(["a.yaml": try fleet(200)]) { scene in
            let before = try await scene.converges()
            #expect(before.came, "\(before.status.sets)")
            let flipped = await scene.simulator.drift(50, to: "DISABLE")
            #expect(flipped.count == 50)
            scene.reload.notify()
            let seen = try await scene.shows { $0.sets.contains { $0.drift > 0 } }
            #expect(seen.came, "drift is shown")
            let (status, came) = try await scene.converges()
            #expect(came, "\(status.sets)")
            let counts = await scene.simulator.counts
            #expect(counts.acceptedDevices["enable"] == 50 && counts.acceptedDevices["download_enable"] == 200)
            #expect(await scene.simulator.devices.allSatisfy { $0.profileStatus.uppercased().contains("ENABLE") })
        }
    }

    @Test("only reports drift where the policy says so, and tells of it", arguments: ["report", "off"])
    func reports(_ policy: String) async throws {
        let log = NoticeLog()
        try await ControllerScene.with(["a.yaml": try fleet(60, drift: policy)], notifier: log) { scene in
            #expect(try await scene.converges().came)
            _ = await scene.simulator.drift(10, to: "DISABLE")
            scene.reload.notify()
            let (status, came) = try await scene.shows { $0.sets.first?.drift == 10 }
            #expect(came, "\(status.sets)")
            #expect(status.converged == 50 && status.sets.first?.pending == 10)
            #expect(status.driftExamples.count == (policy == "report" ? 5 : 0))
            if policy == "report" {
                let told = try #require(try await log.first(.drift))
                #expect(told.devices == 10 && told.text.contains("only reported"))
            }
            // What a person adds meanwhile is done all the same.
            try scene.folder.write("fleet/b.yaml", try Fleets.yaml(1, name: "b", from: 100))
            #expect(try await scene.shows { $0.sets.count == 2 }.came)
            let counts = await scene.simulator.counts
            #expect(counts.acceptedDevices["enable"] == nil)
        }
    }

    @Test("changes nothing when the carrier's lists show the whole fleet as not downloaded, and asks for a person")
    func outage() async throws {
        let log = NoticeLog()
        try await ControllerScene.with(["a.yaml": try fleet(60)], notifier: log) { scene in
            #expect(try await scene.converges().came)
            let before = await scene.simulator.counts
            await scene.simulator.setLists(profileStatus: "Not Downloaded")
            scene.reload.notify()
            let (status, came) = try await scene.shows { status in
                status.sets.first?.largeChange != nil && status.sets.first?.drift == 60
            }
            #expect(came, "\(status.sets)")
            let told = try #require(try await log.first(.held))
            #expect(told.text.contains("`profilectl apply --allow-large-change`"))
            // The lists are in order again: nothing was done, and nothing is left to do.
            await scene.simulator.setLists(profileStatus: nil)
            scene.reload.notify()
            #expect(try await scene.converges().came)
            let counts = await scene.simulator.counts
            #expect(counts.acceptedDevices == before.acceptedDevices)
        }
    }

    @Test(
        "acts on no half of what another process writes down, says so, and holds the whole of it",
        .timeLimit(.minutes(5)))
    func halfWritten() async throws {
        try await ControllerScene.with(["a.yaml": try fleet(60)]) { scene in
            #expect(try await scene.converges().came)
            let before = await scene.simulator.counts
            let other = RunLock(
                ofReader: RunOwner(command: "refresh of a test"),
                store: try SQLiteStore(path: scene.folder.path + "/state.db"),
                clock: SystemClock())
            /// As a listing tells it that shows everything as not downloaded.
            @Sendable func write(_ numbers: Range<Int>) async throws {
                let keys = try numbers.map { try Fleets.key($0) }
                let now = SystemClock().now()
                try await scene.store.write { transaction in
                    let records = try transaction.devices(keys).values.map { record in
                        var record = record
                        record.observation = ProfileObservation(
                            state: .notDownloaded, profileStatus: "Not Downloaded", at: now, source: .deviceListV2)
                        return record
                    }
                    try transaction.save(records)
                }
                scene.controller.wakeup.notify()
            }
            try await other.hold {
                try await other.whileRecording {
                    try await write(0..<6)
                    let (status, came) = try await scene.shows {
                        $0.sets.first?.holds.first?.contains("refresh of a test") == true
                    }
                    #expect(came, "\(status.sets)")
                    try await write(6..<60)
                }
            }
            scene.controller.wakeup.notify()
            let (status, came) = try await scene.shows { $0.sets.first?.largeChange != nil }
            #expect(came, "\(status.sets)")
            #expect(await scene.simulator.counts.acceptedDevices == before.acceptedDevices)
        }
    }

    @Test(
        "devices that cannot be changed are looked up at the pace of the refreshes, not by every run",
        .timeLimit(.minutes(5)))
    func blocked() async throws {
        let text = try fleet(20, rollout: "maxChange: 100%")
        var inventory = Harness.inventory(try await Fleets.fleet(text))
        let suspended = inventory.prefix(5).map(\.iccid)
        for index in 0..<5 { inventory[index].state = "Suspend" }
        try await ControllerScene.with(["a.yaml": text], inventory: inventory) { scene in
            let first = try await scene.shows { $0.sets.first.map { $0.converged == 15 && $0.blocked == 5 } == true }
            #expect(first.came, "\(first.status.sets)")
            #expect(try await scene.isIdle())
            let before = await scene.simulator.counts
            // What is wished for gives each run something to do.
            for (state, action) in [("downloaded-disabled", "disable"), ("downloaded-enabled", "enable")] {
                try scene.folder.write("fleet/a.yaml", text.replacing("downloaded-enabled", with: state))
                try await scene.simulator.untilAccepted(15, action)
                let (status, came) = try await scene.shows {
                    $0.sets.first?.converged == 15 && $0.sets[0].inFlight == 0
                }
                #expect(came, "\(status.sets)")
            }
            let after = await scene.simulator.counts
            #expect(after.acceptedRequests["device_list"] == before.acceptedRequests["device_list"])
            for iccid in suspended { await scene.simulator.set(state: "Active", iccid: iccid) }
            scene.reload.notify()
            #expect(try await scene.converges().came)
        }
    }

    @Test("what waits for a person does not become a first download when the lists show it as not downloaded")
    func outageWhileHeld() async throws {
        let text = try fleet(20)
        var inventory = Harness.inventory(try await Fleets.fleet(text))
        for index in inventory.indices { inventory[index].profileStatus = "DISABLE" }
        try await ControllerScene.with(["a.yaml": text], inventory: inventory) { scene in
            let held = try await scene.shows { $0.sets.first?.largeChange != nil }
            #expect(held.came, "\(held.status.sets)")
            await scene.simulator.setLists(profileStatus: "Not Downloaded")
            scene.reload.notify()
            let (status, came) = try await scene.shows { $0.profiles == ["notDownloaded": 20] }
            #expect(came, "\(status.profiles)")
            #expect(status.sets.first?.largeChange != nil)
            #expect(try await scene.isIdle())
            let asked = await scene.simulator.counts.acceptedDevices
            #expect(asked["download_enable"] == nil && asked["enable"] == nil, "\(asked)")
        }
    }

    @Test("reads manifests when they change; a broken one is told, and the fleet before stays in force")
    func manifests() async throws {
        let log = NoticeLog()
        let inventory = Harness.inventory(try await Fleets.fleet(try Fleets.yaml(20)))
        try await ControllerScene.with(
            ["a.yaml": try Fleets.yaml(10, rollout: Fleets.quick)], inventory: inventory, notifier: log
        ) { scene in
            #expect(try await scene.converges().came)
            try scene.folder.write("fleet/a.yaml", "apiVersion: profilectl/v1\nkind: ProfileSat\n")
            let broken = try await scene.shows { $0.manifests.problem != nil }
            #expect(broken.came && broken.status.devices == 10)
            #expect(broken.status.manifests.problem?.text.contains("ProfileSat") == true)
            #expect(try await log.first(.manifests) != nil)
            try scene.folder.write("fleet/a.yaml", try Fleets.yaml(20, rollout: Fleets.quick))
            let (status, came) = try await scene.shows { $0.manifests.problem == nil && $0.converged == 20 }
            #expect(came, "\(status)")
            #expect(await scene.simulator.counts.repeatedDownloads == 0)
        }
    }

    @Test("sends nothing for an account whose callbacks go elsewhere, says what to do, and goes on when they come")
    func registration() async throws {
        let log = NoticeLog()
        try await ControllerScene.with(["a.yaml": try fleet(10)], register: .check, notifier: log) { scene in
            let (status, came) = try await scene.shows { $0.accounts.first?.registrationProblem != nil }
            #expect(came, "\(status.accounts)")
            #expect(try await log.first(.stopped) != nil)
            #expect(await scene.simulator.counts.acceptedRequests.isEmpty)
        }
    }

    @Test("takes callback credentials that were rotated when it reads again, and has them registered")
    func rotatedCredentials() async throws {
        let credentials = CallbackCredentials(username: "u", password: "old-password")
        try await ControllerScene.with(
            ["a.yaml": try fleet(5)], callbackCredentials: credentials,
            readCallbackCredentials: { CallbackCredentials(username: "u", password: "new-password") }
        ) { scene in
            #expect(try await scene.converges().came)
            scene.reload.notify()
            let waiter = StateWaiter(clock: SystemClock(), wakeup: Wakeup(), pollInterval: .milliseconds(50))
            let isRegistered = try await waiter.wait(until: SystemClock().now() + .seconds(60)) {
                credentials.password == "new-password" && !credentials.awaitRegistration(for: Fleets.account)
                    ? true : nil
            }
            #expect(isRegistered == true)
            try scene.folder.write(
                "fleet/a.yaml", try Fleets.yaml(5, state: "downloaded-disabled", rollout: Fleets.quick))
            let (status, came) = try await scene.shows { $0.profiles["downloadedDisabled"] == 5 }
            #expect(came, "\(status)")
            #expect(try await scene.store.read { try $0.counters()["callbacks.wrongCredentials"] } == nil)
        }
    }

    @Test(
        "leaves a profile set to the run that acts on it, says so, and goes on with the others", .timeLimit(.minutes(5))
    )
    func taken() async throws {
        let manifests = [
            "a.yaml": try Fleets.yaml(5, name: "a", rollout: Fleets.quick),
            "b.yaml": try Fleets.yaml(5, name: "b", rollout: Fleets.quick, from: 5),
        ]
        // Read when the other run is there already.
        try await ControllerScene.with([:], inventory: Harness.inventory(try await Fleets.fleet(try Fleets.yaml(10)))) {
            scene in
            let other = RunLock(
                store: scene.store, clock: SystemClock(), owner: RunOwner(command: "apply of a test"),
                profileSets: ["a"])
            try await other.hold {
                for (name, text) in manifests { try scene.folder.write("fleet/" + name, text) }
                let (status, came) = try await scene.shows { $0.sets.count == 2 && $0.converged == 5 }
                #expect(came, "\(status.sets)")
                #expect(status.sets.first?.holds.first?.contains("apply of a test") == true, "\(status.sets)")
                #expect(status.sets.first?.converged == 0)
            }
            #expect(try await scene.converges().came)
        }
    }

    @Test("heeds a pause before the next call, and goes on when it is lifted")
    func pause() async throws {
        try await ControllerScene.with(["a.yaml": try fleet(60, rollout: "batchSize: 5, maxInFlight: 5")]) { scene in
            let session = PauseSession(store: scene.store, clock: SystemClock())
            try await session.pause(nil, reason: "test", by: "a test")
            scene.controller.wakeup.notify()
            let paused = try await scene.shows { status in
                status.pauses.count == 1 && status.sets.first.map { $0.inFlight == 0 && !$0.holds.isEmpty } == true
            }
            #expect(paused.came, "\(paused.status.sets)")
            let before = await downloads(scene.simulator)
            #expect(before < 60)
            _ = try await session.resume(.everything, by: "a test")
            scene.controller.wakeup.notify()
            #expect(try await scene.converges().came)
            #expect(await scene.simulator.counts.repeatedDownloads == 0)
        }
    }

    @Test("tells once that the carrier refuses the credentials, and is ready all the same")
    func signIn() async throws {
        let log = NoticeLog()
        try await ControllerScene.with(["a.yaml": try fleet(5)], password: "wrong", notifier: log) { scene in
            let (status, came) = try await scene.shows { $0.accounts.first?.stopped?.contains("refused") == true }
            #expect(came, "\(status.accounts)")
            for _ in 0..<5 {
                scene.reload.notify()
                let seen = scene.controller.board.changes.count
                await scene.controller.board.changes.change(after: seen)
            }
            #expect(await scene.simulator.counts.refusedLogins == 1)
            let told = try #require(try await log.first(.stopped))
            #expect(told.text.contains("start the run, or `profilectl serve`, again"), "\(told.text)")
            let ready = try await scene.shows { $0.isReady(at: SystemClock().now()) }
            #expect(ready.came && ready.status.degradations.contains("nobody is signed in at the carrier"))
            let waiter = StateWaiter(clock: SystemClock(), wakeup: Wakeup(), pollInterval: .milliseconds(50))
            let kept = try await waiter.wait(until: SystemClock().now() + .seconds(120)) {
                let kept = try await scene.store.read { try $0.toldNotices() }
                return kept.isEmpty ? nil : kept
            }
            #expect(kept?.map(\.subject) == ["carrier"], "what follows from it is not told for each account")
        }
        #expect(log.all.filter { $0.kind == .stopped }.count == 1)
    }

    @Test("a store that is gone is told although nothing is to be written, and it is not ready until it is back")
    func storeGone() async throws {
        let log = NoticeLog()
        try await ControllerScene.with(["a.yaml": try fleet(1)], notifier: log) { scene in
            #expect(try await scene.converges().came)
            #expect(scene.controller.board.current.isReady(at: SystemClock().now()))
            let (path, aside) = (scene.folder.path + "/state.db", scene.folder.path + "/aside.db")
            try FileManager.default.moveItem(atPath: path, toPath: aside)
            let told = try #require(try await log.first(.stopped))
            #expect(told.text.contains("was deleted or moved away"))
            #expect(!scene.controller.board.current.isReady(at: SystemClock().now()))
            try FileManager.default.moveItem(atPath: aside, toPath: path)
            #expect(try await scene.shows { $0.isReady(at: SystemClock().now()) }.came)
        }
    }

    @Test("a profile set that is taken out of the manifests is told once")
    func shrunk() async throws {
        let log = NoticeLog()
        let manifests = [
            "a.yaml": try Fleets.yaml(3, name: "a", rollout: Fleets.quick),
            "b.yaml": try Fleets.yaml(3, name: "b", rollout: Fleets.quick, from: 3),
        ]
        try await ControllerScene.with(manifests, notifier: log) { scene in
            #expect(try await scene.converges().came)
            try FileManager.default.removeItem(atPath: scene.folder.path + "/fleet/b.yaml")
            let told = try #require(try await log.first(.shrunk))
            #expect(told.profileSet == "b" && told.devices == 3 && told.text.contains("b (3 devices) is gone"))
            #expect(try await scene.shows { $0.manifests.losses.isEmpty && $0.sets.count == 1 }.came)
            let inForce = try await scene.store.read {
                try $0.fleetInForce(of: scene.controller.board.current.manifests.origin)
            }
            #expect(inForce?.sets == ["a": 3])
        }
        #expect(log.all.filter { $0.kind == .shrunk }.count == 1)
    }
}

extension Simulator {
    /// Waits until so many devices were accepted for an action; fails the test if that takes more than two minutes.
    fileprivate func untilAccepted(_ count: Int, _ action: String) async throws {
        let waiter = StateWaiter(clock: SystemClock(), wakeup: Wakeup(), pollInterval: .milliseconds(20))
        let came = try await waiter.wait(until: SystemClock().now() + .seconds(120)) {
            await counts.acceptedDevices[action] ?? 0 >= count ? true : nil
        }
        try #require(came == true, "\(action) was not asked for \(count) devices")
    }
}
