import Foundation
import GRDB
import Testing

@testable import Reconciler

@Suite("Damaged rows of a store")
struct DamagedRowTests {
    private let folder: TemporaryFolder
    private var path: String { folder.path + "/.profilectl/state.db" }

    /// Three devices with a failed operation each, and a rollout.
    init() async throws {
        folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/.profilectl/state.db")
        let keys = try (1...3).map { try Fleets.key($0) }
        let now = SystemClock().now() - .seconds(60)
        try await store.write { transaction in
            try transaction.save(keys.map { DeviceRecord(key: $0, account: Fleets.account) })
            let request = try transaction.addRequest(
                .action(.downloadEnable, Fleets.smsr), account: Fleets.account, deviceCount: 3, at: now)
            var operations = try transaction.addOperations(
                keys.map {
                    OperationIntent(
                        key: $0, action: .downloadEnable, account: Fleets.account, smsr: Fleets.smsr, attempt: 1)
                }, under: request.number, at: now)
            for index in operations.indices {
                operations[index].phase = .failed(
                    OperationFailure(code: "1", carrierText: nil, explanation: "Why.", remedy: .retry), retryAt: now)
            }
            try transaction.update(operations)
            _ = try transaction.startRollout(of: "fleet", at: now)
        }
    }

    private func damage(_ sql: String) throws {
        let database = try DatabaseQueue(path: path)
        try database.write { try $0.execute(sql: sql) }
        try database.close()
    }

    @Test(
        "one that cannot be read is that device's trouble",
        arguments: [
            "UPDATE operation SET detail = 'no JSON' WHERE id = 2", "UPDATE operation SET phase = 99 WHERE id = 2",
            "UPDATE operation SET phase = 2, requestID = NULL WHERE id = 2",
            "UPDATE operation SET phase = 2, action = 'explode', requestID = 'r' WHERE id = 2",
        ])
    func operation(sql: String) async throws {
        try damage(sql)
        let store = try SQLiteStore(path: path)
        let fleet = try await store.read { try $0.knownFleet() }
        let phases = fleet.devices.map { fleet.operation(of: $0)?.phase.name }
        #expect(phases == ["waiting for the next attempt", "unresolved", "waiting for the next attempt"])
        let findings = try await store.damage()
        #expect(findings.count == 1 && findings[0].contains("Operation 2"), "\(findings)")
        let checked = try await Binary.run(["state", "check"], in: folder.path)
        #expect(checked.exitCode == 3 && checked.output.contains("Operation 2"), "\(checked.output)\(checked.errors)")
        #expect(try await Binary.run(["status"], in: folder.path).exitCode == 0)
    }

    @Test("a device that nothing names is left out, and found")
    func identifiers() async throws {
        try damage("UPDATE device SET eid = x'89' WHERE operation = 2; UPDATE operation SET eid = x'89' WHERE id = 2")
        let store = try SQLiteStore(path: path)
        let (fleet, accounts) = try await store.read { (try $0.knownFleet(), try $0.accountsOfDevices()) }
        #expect(fleet.devices.count == 2 && accounts.numbers.count == 2)
        #expect(fleet.devices.allSatisfy { fleet.operation(of: $0) != nil })
        #expect(try await store.damage().count == 2)
    }

    @Test("a rollout whose wave cannot be read stops its set alone")
    func rollout() async throws {
        try damage("UPDATE rollout SET waveLabels = 'no JSON'")
        let store = try SQLiteStore(path: path)
        let rollouts = try await store.read { try $0.openRollouts() }
        #expect(rollouts.first?.abort?.reason.contains("damaged") == true)
        #expect(try await store.damage().first?.contains("profile set fleet") == true)
    }

    @Test("a store without damage is whole")
    func whole() async throws {
        let checked = try await Binary.run(["state", "check"], in: folder.path)
        #expect(checked.exitCode == 0 && checked.output.contains("whole"), "\(checked.output)\(checked.errors)")
    }
}
