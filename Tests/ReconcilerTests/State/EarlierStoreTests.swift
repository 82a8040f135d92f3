import Foundation
import Testing

@testable import Reconciler

@Suite("Stores of earlier versions")
struct EarlierStoreTests {
    @Test(
        "one from before several runs could share it keeps what it knows, and takes what is new",
        arguments: ["1 devices, operations, requests, callbacks, events", "3 roll-outs and pauses"])
    func beforeSharing(lastStep: String) async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/state.db"
        let key = try Fleets.key(1)
        let now = Timestamp(milliseconds: 1_790_000_000_000)
        let old = try SQLiteStore(path: path, upTo: lastStep)
        let hasRollouts = lastStep.hasPrefix("3")
        try await old.write { transaction in
            guard let sql = transaction as? SQLiteTransaction else { return }
            for statement in [
                "INSERT INTO name (id, text) VALUES (1, '\(Fleets.account)'), (2, '\(Fleets.smsr)'), (3, 'active')",
                "INSERT INTO signIn (credential, refusals, at) VALUES ('user 1', 2, \(now.milliseconds))",
                "INSERT INTO lease (name, owner, expiresAt) VALUES ('run', 'an old one', \(now.milliseconds))",
                """
                INSERT INTO request (id, action, smsr, account, deviceCount, sentAt, outcome)
                VALUES (1, 'enable', 2, 1, 1, 5, 'pending')
                """,
            ] { try sql.statement(statement).run() }
            try sql.statement(
                "INSERT INTO device (eid, iccid, account, service, version, operation, matters) VALUES (?, ?, 1, 3, 4, 1, 1)"
            ).run(.eid(key.eid), .iccid(key.iccid))
            try sql.statement(
                """
                INSERT INTO operation (id, eid, iccid, action, account, smsr, attempt, request, intendedAt, phase)
                VALUES (1, ?, ?, 'enable', 1, 2, 1, 1, 5, 1)
                """
            ).run(.eid(key.eid), .iccid(key.iccid))
        }
        let store = try SQLiteStore(path: path)
        try await store.read { reader in
            let record = try #require(try reader.devices([key])[key])
            #expect(record.version == 4 && record.operation?.phase == .intended && record.operation?.profileSet == nil)
            #expect(try reader.signIn(of: "user 1")?.refusals == 2)
            #expect(try reader.leases().map(\.name) == [.wholeStore])
            if hasRollouts { #expect(try reader.openRollouts().isEmpty) }
        }
        // What was refused before counts on.
        let ledger = StoredSignInLedger(store: store, clock: SystemClock())
        let credential = SignInCredential(kind: .user, digest: "user 1", contact: "user c")
        guard case .stopped = try await ledger.begin(credential, refusalsSeen: nil) else {
            return #expect(Bool(false), "two refusals are enough")
        }
    }
}
