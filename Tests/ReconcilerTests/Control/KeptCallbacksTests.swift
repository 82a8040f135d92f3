import Testing

@testable import Reconciler

@Suite("Callbacks that were acknowledged by a process that has ended")
struct KeptCallbacksTests {
    /// A store with an operation that is submitted, and its success, which nobody has read yet.
    private func scene(_ folder: TemporaryFolder) async throws -> (settings: Settings, key: DeviceKey) {
        let path = folder.path + "/state.db"
        let store = try SQLiteStore(path: path)
        let key = try Fleets.key(0)
        let (now, policy) = (SystemClock().now(), ConvergencePolicy())
        let message = """
            {"requestId":"r","deviceIds":[{"kind":"eid","id":"\(key.eid)"},{"kind":"iccid","id":"\(key.iccid)"}],
            "deviceResponse":{"deviceProfileResponse":{"profileStatus":"DOWNLOAD_ENABLE",
            "euiccStatus":"EXECUTED_SUCCESS"}}}
            """
        let callback = try ReceivedCallback(json: Array(message.utf8)).kept(at: now)
        try await store.write { transaction in
            try transaction.save([DeviceRecord(key: key, account: Fleets.account)])
            var request = try transaction.addRequest(
                .action(.downloadEnable, Fleets.smsr), account: Fleets.account, deviceCount: 1, at: now)
            request.outcome = .accepted(RequestID("r"))
            try transaction.update(request)
            let intent = OperationIntent(
                key: key, action: .downloadEnable, account: Fleets.account, smsr: Fleets.smsr, attempt: 1)
            var operations = try transaction.addOperations([intent], under: request.number, at: now)
            _ = operations[0].received(.accepted(RequestID("r")), at: now, policy: policy)
            try transaction.update(operations)
            try transaction.keep([callback])
        }
        var settings = Settings()
        settings.state = "sqlite:" + path
        return (settings, key)
    }

    @Test("status of the fleet takes them in first")
    func fleetStatus() async throws {
        let folder = try TemporaryFolder()
        let (settings, _) = try await scene(folder)
        let status = try await StatusSession(settings: settings).fleet()
        #expect(status.callbacks["unread"] ?? 0 == 0)
        #expect(status.operations["in flight"] == nil, "\(status.operations)")
    }

    @Test("status of a device takes them in first")
    func deviceStatus() async throws {
        let folder = try TemporaryFolder()
        let (settings, key) = try await scene(folder)
        let devices = try await StatusSession(settings: settings).devices(of: key.eid)
        #expect(
            devices.first?.operation?.contains("succeeded") == true, "\(String(describing: devices.first?.operation))")
    }

    @Test("a plan takes them in first")
    func plan() async throws {
        let folder = try TemporaryFolder()
        let (settings, _) = try await scene(folder)
        let plan = try await PlanSession(settings: settings).plan(retryFailed: false) {
            try await Fleets.fleet(try Fleets.yaml(1))
        }
        #expect(plan.actions.isEmpty && plan.exceptions.isEmpty)
    }
}
