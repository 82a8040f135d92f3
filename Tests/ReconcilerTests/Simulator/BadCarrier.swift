import Foundation
import Hummingbird
import Simulator
import Synchronization
import Testing

@testable import Reconciler

/// A simulator that behaves badly, and a small client that only writes bodies and reads texts.
struct BadCarrier: Sendable {
    let simulator: Simulator
    let baseURL: String
    let headers: [String: String]
    let endpoint: Endpoint
    let callbackURL: String
    let keys: [DeviceKey]

    /// What posts to it, kept as text.
    final class Endpoint: Sendable {
        private let state = Mutex<[String]>([])

        var texts: [String] { state.withLock { $0 } }

        /// What it took, as JSON.
        var messages: [JSONValue] {
            get throws { try texts.map { try JSONValue(json: Array($0.utf8)) } }
        }

        func receiving<Result: Sendable>(
            _ work: @escaping @Sendable (String) async throws -> Result
        ) async throws -> Result {
            try await whileServing { stop, onListening in
                let application = Application(
                    responder: CallbackResponder<BasicRequestContext> { request, _ in
                        let text = String(buffer: try await request.body.collect(upTo: 1 << 20))
                        self.state.withLock { $0.append(text) }
                        return Response(status: .ok)
                    },
                    configuration: .init(address: .hostname("127.0.0.1", port: 0)),
                    onServerRunning: { onListening($0.localAddress?.port ?? 0) }, logger: Harness.quiet)
                try await HTTPServing(
                    server: application, connections: ConnectionTable(limit: 10), endTime: .seconds(1),
                    logger: Harness.quiet
                ).run(until: stop)
            } _: { port in
                try await work("http://127.0.0.1:\(port)/callbacks")
            }
        }
    }

    /// Runs one with devices that have no profile yet, and an endpoint that is registered unless told otherwise.
    static func running(
        _ behaviors: Set<CarrierBehavior>, devices: Int = 2, isRegistered: Bool = true,
        inventory change: @Sendable (inout [SimulatedDevice]) -> Void = { _ in },
        options set: @Sendable (inout SimulatorOptions) -> Void = { _ in },
        _ work: @escaping @Sendable (BadCarrier) async throws -> Void
    ) async throws {
        let fleet = try await Fleets.fleet(try Fleets.yaml(devices))
        var inventory = Harness.inventory(fleet)
        change(&inventory)
        let keys = fleet.devices.map(\.key)
        let options = quickOptions(behaviors, set)
        try await Harness.withSimulator(inventory, options) { simulator, baseURL in
            let endpoint = Endpoint()
            try await endpoint.receiving { url in
                let carrier = BadCarrier(
                    simulator: simulator, baseURL: baseURL, headers: try await Harness.signIn(baseURL),
                    endpoint: endpoint, callbackURL: url, keys: keys)
                if isRegistered { #expect(try await carrier.register() == 200) }
                try await work(carrier)
            }
        }
    }

    private static func quickOptions(
        _ behaviors: Set<CarrierBehavior>, _ set: (inout SimulatorOptions) -> Void
    ) -> SimulatorOptions {
        var options = SimulatorOptions()
        options.allowsAnyCallbackPort = true
        options.callbackDelay = 0.01...0.02
        options.carrierFaults = behaviors
        options.carrierFaultSettings.lateSuccess = 0.2
        options.carrierFaultSettings.rollback = 0.2
        options.carrierFaultSettings.secondOutcome = 0.2
        options.carrierFaultSettings.transition = 0.05
        options.carrierFaultSettings.archive = 0.05
        set(&options)
        return options
    }

    // MARK: Calls

    func call(
        _ method: String, _ path: String, _ body: String? = nil
    ) async throws -> (status: Int, body: String) {
        let answer = try await Harness.call(
            method, baseURL + path, headers: headers, body: body.map { Data($0.utf8) })
        return (answer.status, answer.body)
    }

    func register() async throws -> Int {
        try await call(
            "POST", "/m2m/v1/callbacks/\(Fleets.account)",
            "{\"name\":\"DeviceProfileService\",\"url\":\"\(callbackURL)\"}"
        ).status
    }

    func act(_ action: String, _ keys: [DeviceKey]) async throws -> (status: Int, body: String) {
        let devices = keys.map {
            "{\"deviceIds\":[{\"kind\":\"eid\",\"id\":\"\($0.eid)\"},{\"kind\":\"iccid\",\"id\":\"\($0.iccid)\"}]}"
        }
        return try await call(
            "POST", "/m2m/v1/devices/profile/actions/\(action)",
            "{\"devices\":[\(devices.joined(separator: ","))],\"accountName\":\"\(Fleets.account)\","
                + "\"smsrOid\":\"\(Fleets.smsr)\"}")
    }

    /// Has an action accepted.
    /// - Returns: its requestId.
    func accepted(_ action: String, _ keys: [DeviceKey]) async throws -> String {
        let answer = try await act(action, keys)
        #expect(answer.status == 200, "\(answer.body)")
        return try #require(try JSONValue(json: Array(answer.body.utf8))["requestId"]?.text)
    }

    func listV1(_ members: String = "\"largestDeviceIdSeen\":0") async throws -> (status: Int, body: String) {
        try await call(
            "POST", "/m2m/v1/devices/actions/list", "{\"accountName\":\"\(Fleets.account)\",\(members)}")
    }

    func listV2() async throws -> (status: Int, body: String) {
        try await call("POST", "/m2m/v2/devices/actions/list", "{\"accountName\":\"\(Fleets.account)\"}")
    }

    /// The one message that answers a v2 list.
    func answerToList() async throws -> String {
        let count = endpoint.texts.count
        #expect(try await listV2().status == 200)
        return try await texts(count + 1)[count]
    }

    /// The rows of the one message that answers a v2 list.
    func rowsOfList() async throws -> [JSONValue] {
        let message = try JSONValue(json: Array(try await answerToList().utf8))
        return message["deviceResponse"]?["deviceList"]?.elements ?? []
    }

    // MARK: Waiting

    /// Waits until the endpoint has so many messages.
    func texts(_ count: Int) async throws -> [String] {
        try await until { endpoint.texts.count >= count ? endpoint.texts : nil }
    }

    func messages(_ count: Int) async throws -> [JSONValue] {
        _ = try await texts(count)
        return try endpoint.messages
    }

    /// Waits until nothing is under way any more.
    func quiet() async throws {
        try await until { await simulator.isQuiet ? true : nil }
    }

    @discardableResult
    func until<Value: Sendable>(_ look: @escaping @Sendable () async throws -> Value?) async throws -> Value {
        let waiter = StateWaiter(clock: SystemClock(), wakeup: Wakeup(), pollInterval: .milliseconds(10))
        return try #require(try await waiter.wait(until: SystemClock().now() + .seconds(120), look))
    }

    /// What each card really holds.
    var truth: [String] {
        get async { await simulator.devices.map(\.profileStatus) }
    }
}

extension JSONValue {
    var profileResponse: JSONValue? { self["deviceResponse"]?["deviceProfileResponse"] }
    /// Whether the message says that an action has failed.
    var isFailure: Bool { self["status"]?.text == "Failed" }
    /// The requestId, and what the message says of the profile.
    var summary: [String?] {
        [self["requestId"]?.text, isFailure ? "failed" : profileResponse?["profileStatus"]?.text ?? "warning"]
    }
}
