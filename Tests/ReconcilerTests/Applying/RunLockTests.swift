import Foundation
import Testing

@testable import Reconciler

@Suite("The lock of a run")
struct RunLockTests {
    private let folder: TemporaryFolder
    private let store: SQLiteStore
    private let clock = ManualClock()

    init() throws {
        folder = try TemporaryFolder()
        store = try SQLiteStore(path: folder.path + "/state.db")
    }

    /// A run of its own, as one of another process would be.
    private func lock(_ sets: String..., isGone: Bool = false) -> RunLock {
        RunLock(
            store: store, clock: clock, owner: RunOwner(command: "apply \(sets.joined(separator: " "))"),
            profileSets: sets, isGone: { _ in isGone })
    }

    private func heldSets() async throws -> [String] {
        try await store.read { try $0.leases().compactMap(\.name.profileSet) }
    }

    /// Takes a lease as a run does that never ends.
    private func leave(_ lock: RunLock) async throws {
        let left = try await lock.hold { try await store.read { try $0.leases() } }
        try await store.write { transaction in
            for lease in left { try transaction.save(lease) }
        }
    }

    @Test("runs over disjoint sets act at once, and each gives back only its own")
    func disjoint() async throws {
        try await lock("a", "b").hold {
            try await lock("c").hold {
                let held = try await heldSets()
                #expect(held == ["a", "b", "c"])
            }
            let held = try await heldSets()
            #expect(held == ["a", "b"])
        }
        let held = try await heldSets()
        #expect(held == [])
    }

    @Test("one that overlaps is refused whole, and told by whom")
    func overlapping() async throws {
        try await lock("a", "b").hold {
            let error = await #expect(throws: RunLockHeld.self) { try await lock("b", "c").hold {} }
            for part in ["profile set b:", "`profilectl apply a b`", "process \(getpid())", "expires at"] {
                #expect(error?.description.contains(part) == true, "\(String(describing: error))")
            }
            let held = try await heldSets()
            #expect(held == ["a", "b"], "no set of the refused one is taken")
        }
    }

    @Test("the lease of a process of this machine that is gone is taken at once, any other when it has expired")
    func deadOrExpired() async throws {
        try await leave(lock("a"))
        await #expect(throws: RunLockHeld.self) { try await lock("a").hold {} }
        try await lock("a", isGone: true).hold {}
        try await leave(lock("a"))
        clock.advance(by: RunLock.life)
        try await lock("a").hold {}
    }

    @Test("a version that locks the whole store is heeded until its lease expires")
    func wholeStore() async throws {
        let until = clock.now() + .seconds(20)
        try await store.write {
            try $0.save(Lease(name: .wholeStore, owner: "an old one", holder: "", expiresAt: until))
        }
        let error = await #expect(throws: RunLockHeld.self) { try await lock("a").hold {} }
        #expect(error?.description.contains("acts on this store: an old one") == true)
        clock.advance(by: .seconds(20))
        try await lock("a").hold {}
    }

    @Test("a run that was stopped until its lease was taken writes nothing more down, and ends")
    func lost() async throws {
        let sleeper = lock("a")
        let error = await #expect(throws: RunLockHeld.self) {
            try await sleeper.hold {
                // While it slept its lease has expired, and another run has come.
                let taken = Lease(
                    name: .profileSet("a"), owner: "another", holder: "another", expiresAt: clock.now() + .seconds(90))
                try await store.write { try $0.save(taken) }
                let isLost = try await store.read { reader in
                    do {
                        _ = try sleeper.others(in: reader)
                        return false
                    } catch is RunLockHeld {
                        return true
                    }
                }
                #expect(isLost)
                // Now it wakes up and tries to renew what it does not have any more.
                while !Task.isCancelled {
                    clock.advance(by: RunLock.renewal)
                    await Task.yield()
                }
            }
        }
        #expect(error?.description.contains("did not get to renew") == true)
        let held = try await heldSets()
        #expect(held == ["a"], "what the other one holds is left alone")
    }

    @Test("a listener whose lease was taken away while its machine slept is found again where it listens")
    func announcedAgain() async throws {
        let reader = RunLock(ofReader: RunOwner(command: "serve"), store: store, clock: clock)
        try await reader.hold {
            try await reader.announce(listensAt: "here")
            // Another run clears away what has expired.
            try await store.write { transaction in
                for lease in try transaction.leases() { try transaction.removeLease(lease.name) }
            }
            var found: [Lease] = []
            while found.isEmpty {
                clock.advance(by: RunLock.renewal)
                // What is renewed now must not run out before it is looked at.
                for _ in 0..<100 where found.isEmpty {
                    found = try await lock("a").otherRuns(listeningAt: "here")
                }
            }
            #expect(found.map(\.holder) == [reader.holder])
        }
    }

    @Test("an intent that a living run has written down is left to it, one of a dead run is taken over")
    func orphans() async throws {
        let key = try Fleets.key(1)
        let now = clock.now()
        try await store.write { transaction in
            try transaction.save([DeviceRecord(key: key, account: Fleets.account)])
            let request = try transaction.addRequest(
                .action(.downloadEnable, Fleets.smsr), account: Fleets.account, deviceCount: 1, at: now)
            let intent = OperationIntent(
                key: key, action: .downloadEnable, account: Fleets.account, smsr: Fleets.smsr, attempt: 1,
                profileSet: "a")
            _ = try transaction.addOperations([intent], under: request.number, at: now)
        }
        @Sendable func phaseAfterRun(of set: String, isGone: Bool) async throws -> Reconciler.Operation.Phase? {
            let wakeup = Wakeup()
            var fleet = DesiredFleet()
            fleet.sets = [ProfileSet(name: set, rollout: RolloutPolicy(), place: nil)]
            let lock = lock(set, isGone: isGone)
            let run = ApplyRun(
                goal: .fleet(fleet), store: store, carrier: ScriptedCarrier(), clock: clock, wakeup: wakeup,
                options: ApplyOptions(), stop: StopSwitch(wakeup: wakeup), lock: lock)
            _ = try await lock.hold { try await run.run { _ in } }
            return try await store.read { try $0.devices([key])[key]?.operation?.phase }
        }
        try await lock("a").hold {
            let phase = try await phaseAfterRun(of: "b", isGone: false)
            #expect(phase == .intended)
        }
        try await leave(lock("a"))
        let phase = try await phaseAfterRun(of: "b", isGone: false)
        #expect(phase == .intended, "it may still be at work")
        guard case .unresolved = try await phaseAfterRun(of: "b", isGone: true) else {
            return #expect(Bool(false), "the run of set a has died")
        }
    }
}
