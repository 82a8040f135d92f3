import Testing

@testable import Reconciler

@Suite("Asking how far overdue requests have come")
struct RequestStatusCheckTests {
    private let folder: TemporaryFolder
    private let store: SQLiteStore

    init() throws {
        folder = try TemporaryFolder()
        store = try SQLiteStore(path: folder.path + "/state.db")
    }

    /// A download that the carrier took, and of which nothing was heard in time.
    private func overdue() async throws -> Reconciler.Operation {
        let key = try Fleets.key(1)
        let smsr = Fleets.smsr
        return try await store.write { transaction in
            let begin = SystemClock().now() - .seconds(600)
            try transaction.save([DeviceRecord(key: key, account: Fleets.account)])
            let request = try transaction.addRequest(
                .action(.downloadEnable, smsr), account: Fleets.account, deviceCount: 1, at: begin, by: nil)
            let intent = OperationIntent(
                key: key, action: .downloadEnable, account: Fleets.account, smsr: smsr, attempt: 1)
            var operations = try transaction.addOperations([intent], under: request.number, at: begin)
            operations[0].phase = .submitted(RequestID("r-1"), deadline: begin + .seconds(300))
            try transaction.update(operations)
            return operations[0]
        }
    }

    private func check(_ operation: Reconciler.Operation, times: Int, _ server: ScriptedServer) async throws {
        try await server.serving(store) { [store] carrier in
            let check = RequestStatusCheck(
                store: store, carrier: carrier,
                pacer: RequestPacer(store: store, clock: SystemClock(), rates: [Fleets.account: 1000]),
                clock: SystemClock(), policy: ConvergencePolicy(), run: RunNumber(1),
                stop: StopSwitch(wakeup: Wakeup()))
            for _ in 0..<times { try await check.check([operation], of: Fleets.account) }
        }
    }

    @Test("who does not offer it is asked once, by all runs")
    func remembered() async throws {
        let operation = try await overdue()
        let server = ScriptedServer { _, _ in ScriptedServer.Answer(status: 404) }
        try await check(operation, times: 2, server)
        #expect(server.calls.count == 1)
        let limits = try await store.read { try $0.limits(of: Fleets.account) }
        #expect(!limits.mayOfferRequestStatus(at: SystemClock().now()))
    }

    @Test(
        "failed puts the device in doubt, and decides nothing", arguments: [("failed", true), ("processed", false)])
    func failed(word: String, isDoubted: Bool) async throws {
        let operation = try await overdue()
        let server = ScriptedServer { _, _ in ScriptedServer.Answer(body: "{\"status\":\"\(word)\"}") }
        try await check(operation, times: 1, server)
        let record = try #require(try await store.records([operation.key])[0])
        #expect((record.hint?.kind == .requestFailed) == isDoubted)
        #expect(record.hint?.allowsPresence ?? true && record.operation?.phase == operation.phase)
    }
}
