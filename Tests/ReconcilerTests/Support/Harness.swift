import AsyncHTTPClient
import Foundation
import Logging
import NIOCore
import Simulator
import Testing

@testable import Reconciler

/// Runs real parts on loopback for as long as a test needs them.
enum Harness {
    static var quiet: Logger {
        Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    }

    /// Each time others that are the same: they change when they are rotated.
    static var callbackCredentials: CallbackCredentials {
        CallbackCredentials(username: "profilectl", password: "callback-secret")
    }

    /// A carrier that answers in moments, calls any port, and soon calls again who could not take its call: where all
    /// suites share two cores, or one listener gives way to another, that happens.
    static var quickCarrier: SimulatorOptions {
        var options = SimulatorOptions()
        options.callbackDelay = 0.01...0.05
        options.redeliveryInterval = 0.5
        options.allowsAnyCallbackPort = true
        return options
    }

    /// Runs a simulator while `work` runs; `work` is given its base URL.
    static func withSimulator<Result: Sendable>(
        _ devices: [SimulatedDevice], _ options: SimulatorOptions = quickCarrier,
        _ work: @escaping @Sendable (Simulator, String) async throws -> Result
    ) async throws -> Result {
        try await SimulatorSeats.take { try await running(devices, options, work) }
    }

    private static func running<Result: Sendable>(
        _ devices: [SimulatedDevice], _ options: SimulatorOptions,
        _ work: @escaping @Sendable (Simulator, String) async throws -> Result
    ) async throws -> Result {
        let simulator = Simulator(devices: devices, options: options, logger: quiet)
        return try await whileServing { stop, onListening in
            try await simulator.run(host: "127.0.0.1", port: 0, until: stop.untilChange, onListening: onListening)
        } _: { port in
            try await work(simulator, "http://127.0.0.1:\(port)/api")
        }
    }

    /// Runs a callback listener on a store while `work` runs; `work` is given the URL.
    static func withListener<Result: Sendable>(
        _ store: any StateStore, wakeup: Wakeup = Wakeup(), credentials: CallbackCredentials = callbackCredentials,
        policy: ConvergencePolicy = ConvergencePolicy(), limits: ListenerLimits = ListenerLimits(),
        allowed: AllowedClients? = nil, tls: CallbackTLS? = nil, reload: Wakeup = Wakeup(),
        clock: any WallClock = SystemClock(), port: Int = 0, observer: any ProtocolObserver = IndifferentObserver(),
        _ work: @escaping @Sendable (String) async throws -> Result
    ) async throws -> Result {
        let listener = CallbackListener(
            configuration: CallbackListenerConfiguration(
                host: "127.0.0.1", port: port, path: "/callbacks", credentials: credentials, tls: tls, allowed: allowed,
                limits: limits),
            store: store, clock: clock, policy: policy, wakeup: wakeup, logger: quiet, observer: observer)
        return try await whileServing { stop, onListening in
            try await listener.run(until: stop, reload: reload, onListening: onListening)
        } _: { port in
            try await work("\(tls == nil ? "http" : "https")://127.0.0.1:\(port)/callbacks")
        }
    }

    /// Makes one HTTP call.
    static func call(
        _ method: String, _ url: String, headers: [String: String] = [:], body: Data? = nil
    ) async throws -> (status: Int, body: String, headers: [String: String]) {
        var request = HTTPClientRequest(url: url)
        request.method = .init(rawValue: method)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body { request.body = .bytes(ByteBuffer(bytes: body)) }
        // Long enough for a busy machine on which all suites run at once.
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(120))
        let text = String(buffer: try await response.body.collect(upTo: 16 << 20))
        let fields = response.headers.map { ($0.name.lowercased(), $0.value) }
        return (Int(response.status.code), text, Dictionary(fields) { first, _ in first })
    }

    /// Signs in and gives the headers of every further call.
    static func signIn(_ baseURL: String) async throws -> [String: String] {
        let basic = Data("simulator-key:simulator-secret".utf8).base64EncodedString()
        let token = try await call(
            "POST", baseURL + "/ts/v1/oauth2/token",
            headers: ["Authorization": "Basic \(basic)", "Content-Type": "application/x-www-form-urlencoded"],
            body: Data("grant_type=client_credentials".utf8))
        let bearer = try #require(try JSONValue(json: Array(token.body.utf8))["access_token"]?.text)
        let login = try await call(
            "POST", baseURL + "/m2m/v1/session/login",
            headers: ["Authorization": "Bearer \(bearer)", "Content-Type": "application/json"],
            body: Data("{\"username\":\"simulator-user\",\"password\":\"simulator-password\"}".utf8))
        let session = try #require(try JSONValue(json: Array(login.body.utf8))["sessionToken"]?.text)
        return ["Authorization": "Bearer \(bearer)", "VZ-M2M-Token": session, "Content-Type": "application/json"]
    }

    /// The devices of a fleet as a carrier has them that has downloaded nothing yet.
    static func inventory(_ fleet: DesiredFleet) -> [SimulatedDevice] {
        fleet.devices.map { device in
            SimulatedDevice(
                eid: device.key.eid.description, iccid: device.key.iccid.description, imei: device.imei?.description,
                accountName: fleet.accountName(of: device).description,
                smsrOid: fleet.smsrOid(of: device).description)
        }
    }

    static func credentials(_ options: SimulatorOptions = SimulatorOptions(), password: String? = nil)
        -> CarrierCredentials
    {
        CarrierCredentials(
            clientID: options.clientID, clientSecret: options.clientSecret, username: options.username,
            password: password ?? options.password)
    }

    /// Options under which a test converges in moments.
    static var quickPolicy: ConvergencePolicy {
        ConvergencePolicy(
            callbackDeadline: .seconds(3), enableAfter: .seconds(3), retryDelay: .milliseconds(100), maximumAttempts: 4,
            recordsLag: .milliseconds(100), maxChange: 100)
    }

    /// Applies a fleet against a simulator, as the command does.
    static func apply(
        _ fleet: DesiredFleet, to baseURL: String, store: any StateStore,
        credentials: CarrierCredentials = credentials(),
        options: ApplyOptions = ApplyOptions(policy: quickPolicy, timeout: .seconds(60)),
        register: RegistrationMode = .auto, port: Int = 0, clock: any WallClock = SystemClock(),
        progress: @escaping @Sendable (ApplyReport) -> Void = { _ in }
    ) async throws -> ApplyReport {
        let settings = settings(baseURL, register: register, port: port)
        let session = ApplySession(
            goal: .fleet(fleet), settings: settings, carrierCredentials: credentials,
            callbackCredentials: callbackCredentials, store: store, options: options, command: "test",
            clock: clock, logger: quiet)
        return try await session.run(progress: progress)
    }

    /// A port for listeners of one test that come one after the other: the registration names it. It is below those
    /// that the system hands out.
    static func port() -> Int { Int.random(in: 20_000..<30_000) }

    private static func settings(_ baseURL: String, register: RegistrationMode, port: Int) -> Settings {
        var settings = Settings()
        settings.baseURL = baseURL
        settings.callbackListen = "127.0.0.1:\(port)"
        settings.register = register
        return settings
    }

    private static func refreshOptions(_ lists: ListChoice, _ timeout: Duration) -> RefreshOptions {
        RefreshOptions(
            policy: quickPolicy, lists: lists, timeout: timeout, pollInterval: .milliseconds(200),
            requestsPerSecond: 1000)
    }

    /// Refreshes from a simulator, as the command does.
    static func refresh(
        _ scope: RefreshScope, from baseURL: String, store: any StateStore, lists: ListChoice = ListChoice(),
        timeout: Duration = .seconds(60), credentials: CarrierCredentials = credentials(),
        register: RegistrationMode = .auto, port: Int = 0
    ) async throws -> RefreshReport {
        let session = RefreshSession(
            settings: settings(baseURL, register: register, port: port), carrierCredentials: credentials,
            callbackCredentials: callbackCredentials, store: store, options: refreshOptions(lists, timeout),
            command: "test", clock: SystemClock(), logger: quiet)
        return try await session.run(scope)
    }

    /// What imports from a simulator, as the command does.
    static func importSession(
        from baseURL: String, store: any StateStore, lists: ListChoice = ListChoice(), timeout: Duration = .seconds(60),
        port: Int = 0
    ) -> ImportSession {
        ImportSession(
            settings: settings(baseURL, register: .auto, port: port), carrierCredentials: credentials(),
            callbackCredentials: callbackCredentials, store: store, options: refreshOptions(lists, timeout),
            command: "test", clock: SystemClock(), logger: quiet)
    }
}
