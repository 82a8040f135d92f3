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
}
