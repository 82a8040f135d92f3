import Foundation
import GRDB
import Testing

@testable import Reconciler

@Suite("Stores of earlier versions")
struct SQLiteMigrationTests {
    /// What a device with an operation looked like before runs were written down.
    private static let rows = """
        INSERT INTO name (id, text) VALUES (1, '0342077109-00001'), (2, '1.2.3'), (3, 'active');
        INSERT INTO request (id, action, smsr, account, deviceCount, sentAt, outcome, requestID)
            VALUES (1, 'enable', 2, 1, 1, 1790000000000, 'accepted', 'r-1');
        INSERT INTO operation (id, eid, iccid, action, account, smsr, attempt, request, intendedAt, phase)
            VALUES (1, x'89049032000000000000000000001234', x'89148000000000000127', 'enable', 1, 2, 1, 1, 1790000000000, 5);
        INSERT INTO device (eid, iccid, account, profile, observedAt, source, service, version, operation)
            VALUES (x'89049032000000000000000000001234', x'89148000000000000127', 1, 3, 1790000000000, 1, 3, 4, 1);
        INSERT INTO event (at, eid, iccid, kind, operation, request, detail)
            VALUES (1790000000000, x'89049032000000000000000000001234', x'89148000000000000127', 1, 1, 1, 'enable');
        """

    @Test(
        "a store of each earlier version is opened, and what it knew is known",
        arguments: [
            "1 devices, operations, requests, callbacks, events", "2 devices whose operation matters for a plan",
            "3 roll-outs and pauses",
            "4 runs, and what they have caused", "5 several runs on one store",
        ])
    func opened(version: String) async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/state.db"
        let queue = try DatabaseQueue(path: path)
        try SQLiteMigrations.migrator.migrate(queue, upTo: version)
        try await queue.write { try $0.execute(sql: Self.rows) }
        try queue.close()

        let store = try SQLiteStore(path: path)
        let eid = try #require(EID("89049032000000000000000000001234"))
        let known = try await store.read { try $0.knownFleet() }
        #expect(known.devices.map(\.key.eid) == [eid] && known.devices[0].run == 0 && known.devices[0].version == 4)
        var settings = Settings()
        settings.state = "sqlite:\(path)"
        let device = try #require(try await StatusSession(settings: settings).devices(of: eid).first)
        #expect(device.timeline.map(\.event) == ["intended"] && device.runs.isEmpty)
        #expect(device.operation == "enable, succeeded")
        let run = try await store.write { transaction in
            try transaction.startRun(RunCause(command: "apply", person: "ann"), at: Timestamp(milliseconds: 1))
        }
        #expect(run == RunNumber(1))
    }

    @Test("a store from before refreshes is opened, and what it holds is as it was")
    func beforeRefreshes() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/state.db"
        let key = try Fleets.key(1)
        let pool = try DatabasePool(path: path)
        try SQLiteMigrations.migrator.migrate(pool, upTo: "3 roll-outs and pauses")
        try await pool.write { db in
            try db.execute(
                sql: "INSERT INTO name (id, text) VALUES (1, ?), (2, 'active')", arguments: ["\(Fleets.account)"])
            let device = """
                INSERT INTO device (eid, iccid, account, profile, observedAt, source, service, reached, version)
                VALUES (x'\(key.eid)', x'\(key.iccid)' , 1, 2, 5, 1, 2, 3, 7)
                """
            // An ICCID is filled up to 20 digits.
            try db.execute(sql: device.replacing("\(key.iccid)", with: "\(key.iccid)".padding(to: 20)))
            try db.execute(
                sql: "INSERT INTO request (account, deviceCount, sentAt, outcome) VALUES (1, 0, 5, 'accepted')")
        }
        try pool.close()
        let store = try SQLiteStore(path: path)
        let record = try #require(try await store.read { try $0.devices([key])[key] })
        #expect(record.observation?.state == .downloadedDisabled && record.reached == .downloadedEnabled)
        #expect(record.change == nil && record.reachedSeenAt == nil && record.version == 7)
        let fleet = try await store.read { try $0.knownFleet() }
        #expect(fleet.moves.map(\.key) == [key], "what has moved before is drift of which little is known")
        let isAwaited = try await store.read { try $0.awaitsDeviceList(since: Timestamp(milliseconds: 0)) }
        #expect(isAwaited)
        #expect(
            try await store.read { try $0.identities(on: Fleets.account) } == [
                KnownIdentity(key: key, imei: nil, isTold: true)
            ])
    }

    @Test("what has moved away is found by its index, not by looking at every device")
    func index() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/state.db"
        _ = try SQLiteStore(path: path)
        let pool = try DatabasePool(path: path)
        let plans = try await pool.read { db in
            try [
                "SELECT d.version FROM device d WHERE d.profile <> d.reached ORDER BY d.eid, d.iccid",
                "SELECT 1 FROM request WHERE action IS NULL AND (outcome = 'pending' OR outcome = 'accepted') AND sentAt > 5",
                "SELECT text FROM callback WHERE request = 5 AND request IS NOT NULL ORDER BY id",
            ].map { sql in
                try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN " + sql).map { "\($0["detail"] as String? ?? "")" }
                    .joined()
            }
        }
        #expect(plans[0].contains("deviceMovedAway"), "\(plans)")
        #expect(plans[1].contains("requestListAwaited"), "\(plans)")
        #expect(plans[2].contains("callbackAnswering"), "\(plans)")
    }
}

extension String {
    fileprivate func padding(to count: Int) -> String { self + String(repeating: "F", count: count - self.count) }
}
