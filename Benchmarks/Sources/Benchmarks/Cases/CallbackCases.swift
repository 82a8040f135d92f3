import Foundation
import Hummingbird
import Logging
import NIOCore
import Reconciler

/// Callbacks over HTTP, kept before they are answered, beside an empty POST to the same server; and their effect.
struct CallbackCases {
    let tools: Tools
    let rounds: Int

    private static let credentials = CallbackCredentials(username: "bench", password: "bench")

    func run(into report: inout Report) async throws {
        guard let wrk = tools.find("wrk") else {
            print("wrk is not installed (Debian: wrk): callbacks over HTTP are left out.\n")
            return
        }
        var rows: [[String]] = []
        for (name, script) in [
            ("one message, again and again", Self.sameMessage), ("each message another", Self.newMessage),
        ] {
            let path = tools.path("callbacks.lua")
            try Data(script.utf8).write(to: URL(fileURLWithPath: path))
            let results = try await withServers { listener, empty in
                var results: [(Double, Double)] = []
                for _ in 0..<rounds {
                    let rate = try load(wrk, path, "\(listener)/callbacks")
                    results.append((rate, try load(wrk, path, "\(empty)/empty")))
                }
                return results
            }
            rows.append([
                name, Int(results.map(\.0).median).grouped, Int(results.map(\.1).median).grouped,
                results.map { $0.0 / $0.1 }.median.text(2),
            ])
        }
        let sync = try syncTime()
        report.add(
            "Callbacks over HTTP",
            "wrk, one thread, 32 connections, 3 seconds, the carrier's success sample as body. A callback is on disk "
                + "before it is answered; it is read and matched with its device while others come. A sync of this disk takes "
                + "\((sync * 1000).text(2)) ms. The yardstick is a POST that the same server answers without looking "
                + "at it.",
            header: ["case", "a second", "empty POST, a second", "ratio"], rows: rows)
        try await fold(into: &report)
    }

    /// Half the time that callbacks take is their effect: read, matched, state and event log written.
    private func fold(into report: inout Report) async throws {
        let size = 100_000
        let fleet = FleetInput(count: size)
        var rates: [Double] = []
        for _ in 0..<rounds {
            try tools.remove("fold.db")
            let store = try SQLiteStore(path: tools.path("fold.db"))
            try await prepare(store, fleet.devices)
            let clock = SystemClock()
            let folder = CallbackFolder(store: store, clock: clock, policy: ConvergencePolicy(), wakeup: Wakeup())
            let sample = try await timed { _ = try await folder.readAll() }
            let counts = try await store.read { try $0.callbackCounts() }
            guard counts[.settled] == size else { throw BenchmarkError("callbacks had no effect: \(counts)") }
            rates.append(Double(size) / sample.seconds)
        }
        report.add(
            "Callbacks taking effect", "\(size.grouped) kept callbacks, each ending an operation of another device.",
            header: ["case", "a second"], rows: [["folded", Int(rates.median).grouped]])
    }

    /// Puts devices into a store, each with a download in flight and its kept callback.
    private func prepare(_ store: SQLiteStore, _ devices: [DeviceKey]) async throws {
        let now = SystemClock().now()
        let account = AccountName(FleetInput.account)
        let smsr = SmsrOid(FleetInput.smsr)
        for start in stride(from: 0, to: devices.count, by: 1000) {
            let keys = Array(devices[start..<min(start + 1000, devices.count)])
            let id = "request-\(start)"
            let messages = try keys.map { key in
                let json = Self.success(eid: "\(key.eid)", iccid: "\(key.iccid)", request: id)
                return try ReceivedCallback(json: Array(json.utf8)).kept(at: now)
            }
            try await store.write { transaction in
                try transaction.save(keys.map { DeviceRecord(key: $0, account: account) })
                var request = try transaction.addRequest(
                    .action(.downloadEnable, smsr), account: account, deviceCount: keys.count, at: now)
                request.outcome = .accepted(RequestID(id))
                try transaction.update(request)
                var operations = try transaction.addOperations(
                    keys.map {
                        OperationIntent(key: $0, action: .downloadEnable, account: account, smsr: smsr, attempt: 1)
                    }, under: request.number, at: now)
                for index in operations.indices {
                    operations[index].phase = .submitted(RequestID(id), deadline: now + .seconds(3600))
                }
                try transaction.update(operations)
                try transaction.keep(messages)
            }
        }
    }

    // MARK: Servers and load

    private func withServers<Result: Sendable>(
        _ work: @escaping @Sendable (String, String) throws -> Result
    ) async throws -> Result {
        try tools.remove("callbacks.db")
        let store = try SQLiteStore(path: tools.path("callbacks.db"))
        if let eid = EID(Self.eid), let iccid = ICCID(Self.iccid) {
            try await prepare(store, [DeviceKey(eid: eid, iccid: iccid)])
        }
        let quiet = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
        let listener = CallbackListener(
            configuration: CallbackListenerConfiguration(
                host: "127.0.0.1", port: 0, path: "/callbacks", credentials: Self.credentials),
            store: store, clock: SystemClock(), policy: ConvergencePolicy(), wakeup: Wakeup(), logger: quiet)
        let router = Router()
        router.post("/empty") { _, _ in HTTPResponse.Status.ok }
        let (listenerPorts, listenerPort) = AsyncStream.makeStream(of: Int.self)
        let (emptyPorts, emptyPort) = AsyncStream.makeStream(of: Int.self)
        let empty = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { emptyPort.yield($0.localAddress?.port ?? 0) }, logger: quiet)
        let stop = Wakeup()
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask {
                try await listener.run(until: stop) { listenerPort.yield($0) }
                return nil
            }
            group.addTask {
                try? await empty.run()
                return nil
            }
            guard let first = await listenerPorts.first(where: { _ in true }),
                let second = await emptyPorts.first(where: { _ in true })
            else { throw CancellationError() }
            let result = try await Task.detached {
                try work("http://127.0.0.1:\(first)", "http://127.0.0.1:\(second)")
            }.value
            stop.notify()
            group.cancelAll()
            return result
        }
    }

    /// - Returns: answered requests a second.
    private func load(_ wrk: String, _ script: String, _ url: String) throws -> Double {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: wrk)
        process.arguments = ["-t1", "-c32", "-d3s", "-s", script, url]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard !text.contains("Non-2xx"),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("Requests/sec") }),
            let rate = line.split(separator: " ").last.flatMap({ Double($0) })
        else { throw BenchmarkError("wrk on \(url): \(text)") }
        return rate
    }

    private func syncTime() throws -> Double {
        let file = open(tools.path("sync"), O_CREAT | O_RDWR, 0o600)
        guard file >= 0 else { throw BenchmarkError("\(tools.folder) cannot be written") }
        defer { close(file) }
        let block = [UInt8](repeating: 1, count: 32_768)
        let clock = ContinuousClock()
        var times: [Double] = []
        for _ in 0..<100 {
            let start = clock.now
            _ = write(file, block, block.count)
            fdatasync(file)
            times.append((clock.now - start).seconds)
        }
        return times.median
    }

    // MARK: Messages

    /// The carrier's sample of a success, on one line. Source: `thingspace.md`, section 2.6 a.
    private static func success(eid: String, iccid: String, request: String) -> String {
        """
        {"username":"bench","password":"bench","requestId":"\(request)","deviceIds":[{"id":"\(iccid)","kind":"Iccid"},\
        {"id":"\(eid)","kind":"Eid"}],"deviceResponse":{"deviceProfileResponse":{"deviceIdentifierCollection":[\
        {"id":"\(iccid)","kind":"iccid"},{"id":"\(eid)","kind":"eid"}],"ipAddress":"11.11.11.12","state":"Active",\
        "servicePlan":"sp4g","deviceCredential":{},"smsrOid":"1.3.6.1.4.1.31746.1.500.200.101.5",\
        "profileStatus":"DOWNLOAD_ENABLE","euiccStatus":"EXECUTED_SUCCESS","euiccStatusCode":"1.2.365",\
        "euiccStatusDesc":"EUICC device profile has been updated","euiccSubAddressUpdateStatus":"EXECUTED_SUCCESS",\
        "euiccSubAddressUpdateStatusCode":"1","euiccSubAddressUpdateStatusDesc":"SUCCESS: Address has been updated"}},\
        "callbackCount":1,"maxCallbackThreshold":4}
        """
    }

    private static let eid = "89049032000000000000000000000065"
    private static let iccid = "89148000000000000014"
    private static let sample = success(eid: eid, iccid: iccid, request: "REQUEST")

    private static var sameMessage: String {
        """
        wrk.method = "POST"
        wrk.headers["Content-Type"] = "application/json"
        wrk.body = '\(sample)'
        """
    }

    private static var newMessage: String {
        """
        wrk.headers["Content-Type"] = "application/json"
        local body = '\(sample)'
        local number = 0
        local run = tostring(os.time()) .. tostring({}):sub(8)
        function request()
            number = number + 1
            return wrk.format("POST", nil, nil, (body:gsub("REQUEST", run .. "-" .. number)))
        end
        """
    }
}
