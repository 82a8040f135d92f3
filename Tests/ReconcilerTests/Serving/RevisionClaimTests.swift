import Foundation
import Testing

@testable import Reconciler

@Suite("One revision of the manifests at a time (F70)")
struct RevisionClaimTests {
    private let clock = ManualClock()

    private func declared(_ yaml: String) async throws -> ControllerDesk.Declared {
        let fleet = try await Fleets.fleet(yaml)
        return ControllerDesk.Declared(fleet: fleet, digest: fleet.digest, commit: nil)
    }

    private func controller(_ store: SQLiteStore, _ name: String) -> RevisionClaim {
        RevisionClaim(
            store: store, clock: clock, owner: RunOwner(command: "serve"), origin: name, isGone: { _ in false })
    }

    private func keepAlive(_ claims: [RevisionClaim], in store: SQLiteStore) async throws {
        let until = clock.now() + .seconds(30)
        try await store.write { transaction in
            for claim in claims {
                let holder = claim.owner.identity.description
                try transaction.save(
                    Lease(name: .reading(holder), owner: claim.owner.description, holder: holder, expiresAt: until))
            }
        }
    }

    @Test("another revision waits until the first is changed or its controller has ended")
    func waits() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let (first, second) = (controller(store, "one"), controller(store, "two"))
        let enabled = try await declared(try Fleets.yaml(12))
        let disabled = try await declared(try Fleets.yaml(12, state: "downloaded-disabled"))
        try await keepAlive([first, second], in: store)
        #expect(try await first.claim(enabled) == nil)
        #expect(try await second.claim(enabled) == nil, "the same manifests are in nobody's way")
        // One reads the new revision before the other one: they do not wait for each other.
        #expect(try await second.claim(disabled)?.origin == "one")
        #expect(try await first.claim(disabled) == nil)
        #expect(try await second.claim(disabled) == nil)
        // Who goes back alone waits, and goes on when the other one has ended.
        #expect(try await second.claim(enabled)?.digest == disabled.digest)
        clock.advance(by: .seconds(31))
        try await keepAlive([second], in: store)
        #expect(try await second.claim(enabled) == nil)
        #expect(try await store.read { try $0.revisionsInForce().map(\.origin) } == ["two"])
        // One that stood still finds that it was replaced.
        try await keepAlive([first, second], in: store)
        #expect(try await first.claim(disabled)?.origin == "two")
    }

    @Test("other sets go their own way, unless they share devices")
    func otherSets() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let (first, second) = (controller(store, "one"), controller(store, "two"))
        try await keepAlive([first, second], in: store)
        #expect(try await first.claim(try await declared(try Fleets.yaml(12, name: "a"))) == nil)
        #expect(try await second.claim(try await declared(try Fleets.yaml(12, name: "b", from: 12))) == nil)
        #expect(try await second.claim(try await declared(try Fleets.yaml(12, name: "b", from: 11)))?.origin == "one")
        let set = try await store.read { try $0.members(of: "a")?.count }
        #expect(set == 12, "who waits changes nothing of what is known")
    }

    @Test("a controller with other manifests sends nothing, says so, and goes on when it is alone")
    func controllerWaits() async throws {
        let log = NoticeLog()
        let other = RunOwner(command: "serve of a test")
        let clock = SystemClock()
        let digest = try await Fleets.fleet(try Fleets.yaml(5, state: "downloaded-disabled")).digest
        let holder = other.identity.description
        try await ControllerScene.with(
            ["a.yaml": try Fleets.yaml(5, rollout: Fleets.quick)], notifier: log,
            prepare: { store in
                try await store.write { transaction in
                    try transaction.save(
                        Lease(
                            name: .reading(holder), owner: other.description, holder: holder,
                            expiresAt: clock.now() + .seconds(3600)))
                    try transaction.save(
                        RevisionInForce(
                            holder: holder, owner: other.description, origin: "elsewhere", digest: digest,
                            commit: "91ab", profileSets: ["fleet"], since: clock.now()))
                }
            }
        ) { scene in
            let (status, came) = try await scene.shows { $0.problem != nil && $0.lookedAt != nil }
            #expect(came && status.problem?.text.contains("elsewhere at commit 91ab") == true, "\(status.sets)")
            #expect(status.degradations.contains("nothing can be sent"))
            #expect(try await log.first(.stopped)?.text.contains("serve of a test") == true)
            #expect(await scene.simulator.counts.acceptedDevices["download_enable"] == nil)
            try await scene.store.write { try $0.removeLease(.reading(holder)) }
            // The claim is tried again after a while, or as soon as the manifests are others.
            try scene.folder.write("fleet/a.yaml", try Fleets.yaml(5, rollout: "rollout: {requestsPerSecond: 999}"))
            #expect(try await scene.converges().came)
            #expect(try await scene.shows { $0.problem == nil }.came)
        }
    }

    @Test("devices that are changed again are found by what succeeded within the hour")
    func successes() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let keys = try [Fleets.key(1), Fleets.key(2)]
        let now = clock.now()
        try await store.write { transaction in
            try transaction.save(keys.map { DeviceRecord(key: $0, account: Fleets.account) })
            for (number, action) in [ProfileAction.enable, .disable, .enable].enumerated() {
                let at = now + .seconds(10 * number)
                let request = try transaction.addRequest(
                    .action(action, Fleets.smsr), account: Fleets.account, deviceCount: 2, at: at)
                var operations = try transaction.addOperations(
                    keys.map { key in
                        OperationIntent(
                            key: key, action: action, account: Fleets.account, smsr: Fleets.smsr, attempt: 1)
                    }, under: request.number, at: at)
                operations[0].phase = .succeeded
                operations[1].phase = .withdrawn(reason: "busy", retryAt: nil)
                try transaction.update(operations)
            }
        }
        let found = try await store.read { try $0.successes(of: keys, since: now + .seconds(5)) }
        #expect(found == [keys[0]: 2, keys[1]: 0])
    }
}
