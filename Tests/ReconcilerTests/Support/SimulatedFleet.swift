import Foundation
import Testing

@testable import Reconciler

/// A standalone simulator with the devices of several profile sets, and the real binary that applies the sets, each
/// from its own file and all on one store.
struct SimulatedFleet: Sendable {
    let folder: TemporaryFolder
    let server: Binary
    private let root: String
    private let baseURL: String
    private let listen: String
    private let callbackURL: String
    /// Where callbacks are listened for.
    let callbackPort: Int
    /// Of those by TLS.
    let authority: CertificateAuthority?

    /// - Parameters:
    ///   - sets: the names of the profile sets, each with its number of devices.
    ///   - rollout: the members of `rollout:` of every set.
    ///   - tls: whether callbacks come by TLS, with a certificate of `authority`.
    init(
        _ sets: [(name: String, devices: Int)], rollout: String, simulator: [String] = [], tls: Bool = false
    ) async throws {
        folder = try TemporaryFolder()
        let all = try Self.write(sets, rollout: rollout, to: folder)
        authority = tls ? try await CertificateAuthority(in: folder) : nil
        try folder.write("fleet.yaml", all.joined(separator: "---\n"))
        var trust: [String] = []
        if let authority {
            try await authority.issue(as: "callbacks")
            try folder.write(
                "profilectl.yaml", "callbacks: {tls: {certificate: callbacks.crt, key: callbacks.key}}\n")
            trust = ["--callback-authorities", authority.certificate]
        }
        (server, baseURL) = try await Binary.simulator(folder, simulator + trust)
        root = baseURL.replacing("/api", with: "")
        callbackPort = Int.random(in: 20_000..<30_000)
        listen = "127.0.0.1:\(callbackPort)"
        callbackURL = "\(tls ? "https" : "http")://\(listen)/callbacks"
    }

    /// Writes the files of the sets, or writes them anew with another policy.
    func write(_ sets: [(name: String, devices: Int)], rollout: String) throws {
        _ = try Self.write(sets, rollout: rollout, to: folder)
    }

    /// - Returns: the YAML of each.
    private static func write(
        _ sets: [(name: String, devices: Int)], rollout: String, to folder: TemporaryFolder
    ) throws -> [String] {
        var first = 0
        return try sets.map { set in
            let yaml = try Fleets.yaml(set.devices, name: set.name, rollout: "rollout: {\(rollout)}", from: first)
            try folder.write("\(set.name).yaml", yaml)
            first += set.devices
            return yaml
        }
    }

    /// Starts `apply` of one set.
    func apply(
        _ set: String, _ arguments: [String] = [], environment: [String: String] = [:], launcher: [String] = []
    ) throws -> Binary {
        try Binary(
            [
                "apply", "\(set).yaml", "--auto-approve", "--base-url", baseURL, "--callbacks-listen", listen,
                "--callbacks-url", callbackURL, "--register", "auto", "--verify", "trust",
                "--callback-deadline", "2s", "--retry-delay", "100ms", "--timeout", "2m",
            ] + arguments, in: folder.path, environment: Binary.simulatorSecrets.merging(environment) { $1 },
            launcher: launcher)
    }

    /// Starts a controller over all sets.
    ///
    /// - Parameters:
    ///   - manifests: the folder or file that it reads.
    ///   - program: another build of it.
    func serve(
        _ arguments: [String] = [], manifests: String = "fleet.yaml", environment: [String: String] = [:],
        program: String? = nil
    ) throws -> Binary {
        try Binary(
            [
                "serve", manifests, "--base-url", baseURL, "--callbacks-listen", listen,
                "--callbacks-url", callbackURL, "--register", "auto",
                "--callback-deadline", "2s", "--retry-delay", "100ms",
            ] + arguments, in: folder.path, environment: Binary.simulatorSecrets.merging(environment) { $1 },
            program: program)
    }

    /// Starts `refresh` of the accounts of one set.
    func refresh(_ set: String) throws -> Binary {
        try Binary(
            [
                "refresh", "\(set).yaml", "--base-url", baseURL, "--callbacks-listen", listen, "--callbacks-url",
                "http://\(listen)/callbacks", "--register", "auto", "--timeout", "1m",
            ], in: folder.path, environment: Binary.simulatorSecrets)
    }

    /// Lets only a test send callbacks, by `tellSuccess`.
    static let silence = ["--callback-delay", "1h"]

    /// Tells the program, in the carrier's place, that a device is downloaded and enabled.
    /// - Returns: the HTTP status of its answer.
    func tellSuccess(of device: Int) async throws -> Int {
        let identifiers = [
            ["id": "\(try Fleets.eid(device))", "kind": "eid"], ["id": "\(try Fleets.iccid(device))", "kind": "iccid"],
        ]
        let response: [String: Any] = [
            "deviceIdentifierCollection": identifiers, "state": "Active", "profileStatus": "DOWNLOAD_ENABLE",
            "euiccStatus": "EXECUTED_SUCCESS",
        ]
        let message: [String: Any] = [
            "username": "profilectl", "password": "callback-secret",
            "requestId": "0ecf5171-cdfb-4d49-a6d3-f9347b73913d",
            "deviceIds": identifiers, "deviceResponse": ["deviceProfileResponse": response], "callbackCount": 1,
            "maxCallbackThreshold": 4,
        ]
        let body = try JSONSerialization.data(withJSONObject: message)
        return try await Harness.call("POST", "http://\(listen)/callbacks", body: body).status
    }

    func run(_ arguments: [String]) async throws -> Binary.Result {
        try await Binary.run(arguments, in: folder.path)
    }

    /// Stops the simulator.
    func end() async {
        server.send(SIGTERM)
        _ = await server.result()
    }

    // MARK: What the simulator says

    private func counts() async throws -> JSONValue {
        try JSONValue(json: Array(try await Harness.call("GET", root + "/simulator/counts").body.utf8))
    }

    /// A number that the simulator has counted, 0 if there is none of that name.
    func count(_ names: StaticString...) async throws -> Int {
        var value: JSONValue? = try await counts()
        for name in names { value = value?[name] }
        return value?.text.flatMap { Int($0) } ?? 0
    }

    /// Waits until the simulator has counted so much; fails the test if that takes more than two minutes.
    func waitUntil(_ names: StaticString..., reach wanted: Int) async throws {
        let waiter = StateWaiter(clock: SystemClock(), wakeup: Wakeup(), pollInterval: .milliseconds(20))
        let reached = try await waiter.wait(until: SystemClock().now() + .seconds(120)) {
            var value: JSONValue? = try await counts()
            for name in names { value = value?[name] }
            return (value?.text.flatMap { Int($0) } ?? 0) >= wanted ? true : nil
        }
        try #require(reached == true, "\(names.map(\.description)) did not reach \(wanted)")
    }

    /// Asks for a page until it says what is wanted; `nil` if that takes more than two minutes.
    func poll(_ url: String, _ wanted: @escaping @Sendable (String) -> Bool) async throws -> String? {
        let waiter = StateWaiter(clock: SystemClock(), wakeup: Wakeup(), pollInterval: .milliseconds(100))
        return try await waiter.wait(until: SystemClock().now() + .seconds(120)) {
            let body = try await Harness.call("GET", url).body
            return wanted(body) ? body : nil
        }
    }

    /// How many devices the carrier has in the desired state.
    func enabledDevices() async throws -> Int {
        let devices = try await Harness.call("GET", root + "/simulator/devices").body
        return devices.components(separatedBy: "\"DOWNLOAD_ENABLE\"").count - 1
    }

    /// The state of each profile in truth, by its ICCID.
    func profileStates() async throws -> [String: ProfileState] {
        let devices = try JSONValue(json: Array(try await Harness.call("GET", root + "/simulator/devices").body.utf8))
        return Dictionary(
            devices.elements.compactMap { device in
                device["iccid"]?.text.map { ($0, ProfileState(profileStatus: device["profileStatus"]?.text ?? "")) }
            }
        ) { first, _ in first }
    }

    /// Changes a profile behind everybody's back.
    func setDevice(_ iccid: ICCID, profileStatus: String) async throws {
        let answer = try await Harness.call(
            "POST", root + "/simulator/devices/\(iccid)", body: Data("{\"profileStatus\":\"\(profileStatus)\"}".utf8))
        try #require(answer.status == 200, "\(answer.body)")
    }

    // MARK: What the store says

    /// How many deliveries of callbacks are kept, read or not.
    func keptDeliveries() async throws -> Int { try await read { try $0.keptDeliveries() } }

    var storePath: String { folder.path + "/.profilectl/state.db" }

    /// Waits until the store says so; `false` if it does not within two minutes.
    func isKept(_ wanted: @escaping @Sendable (any StateReader) throws -> Bool) async throws -> Bool {
        let waiter = StateWaiter(clock: SystemClock(), wakeup: Wakeup(), pollInterval: .milliseconds(100))
        return try await waiter.wait(until: SystemClock().now() + .seconds(120)) {
            try await read(wanted) ? true : nil
        } == true
    }

    func read<Result: Sendable>(_ body: @escaping @Sendable (any StateReader) throws -> Result) async throws -> Result {
        let store = try SQLiteStore(path: storePath)
        return try await store.read(body)
    }
}

extension StateReader {
    /// How many deliveries of callbacks are kept, read or not.
    func keptDeliveries() throws -> Int {
        let deliveries = try knownFleet().devices.reduce(0) { sum, device in
            try callbacks(of: device.key.eid).reduce(sum) { $0 + $1.deliveries }
        }
        let others = try callbackCounts()
        // Those that came as the process ended have not been read yet.
        return deliveries + [.unread, .deviceList, .unknownDevice].reduce(0) { $0 + (others[$1] ?? 0) }
    }
}
