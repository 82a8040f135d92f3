import Foundation
import Testing

@testable import Reconciler

/// A controller that lives through much, with a simulator that lives on: what is declared, who is let down, and what is
/// so in the end. One thing is done after the other.
final class SoakScene {
    let fleet: SimulatedFleet
    private let deviceCount: Int
    private(set) var controller: Binary
    private(set) var generator: SeededGenerator
    private(set) var certificates = 1
    /// The desired state of each device that is declared, by its number.
    private var declared: [Int: DesiredState] = [:]
    /// Devices that may be changed once more: the carrier allows four calls an hour for each.
    private var untouched: Set<Int> = []
    private(set) var happened: [String: Int] = [:]

    private static let firstDevices = 40
    private static let sets = ["meters", "cars"]
    private static let rollout = "requestsPerSecond: 1000, batchSize: 5, maxInFlight: 40, maxChange: 100%"
    private static let trouble = [
        "--callback-delay", "300ms", "--redelivery-interval", "1s", "--duplicate-rate", "0.1", "--reorder-rate", "0.1",
        "--drop-rate", "0.03", "--wrong-credentials-rate", "0.05", "--other-request-rate", "0.05", "--warning-rate",
        "0.05", "--list-drop-rate", "0.05", "--fault-rate", "0.03", "--faults-per-device", "1", "--slow-answer", "2s",
        "--throttle-burst", "1s",
    ]

    /// - Parameter deviceCount: how many the carrier has; a part of them is declared at first.
    init(deviceCount: Int, seed: UInt64) async throws {
        self.deviceCount = deviceCount
        generator = SeededGenerator(seed: seed)
        fleet = try await SimulatedFleet(
            [("fleet", deviceCount)], rollout: Self.rollout, simulator: Self.trouble + ["--seed", "\(seed)"], tls: true)
        for number in 0..<Self.firstDevices { declared[number] = .downloadedEnabled }
        untouched = Set(declared.keys)
        for set in 0..<Self.sets.count {
            try fleet.folder.write("manifests/\(Self.sets[set]).yaml", try Self.yaml(set, declared))
        }
        controller = try Self.start(fleet)
        _ = try #require(try await controller.printed("Look at http", to: "errors"))
    }

    private static func start(_ fleet: SimulatedFleet) throws -> Binary {
        try fleet.serve(
            [
                "--admin", "127.0.0.1:0", "--manifest-interval", "200ms", "--refresh-every", "5s", "--list-timeout",
                "3s",
                "--enable-after", "2s",
            ], manifests: "manifests", environment: ["PROFILECTL_CONVERGENCE_MAX_CHANGE": "100%"])
    }

    /// Devices are dealt out to the sets in turn.
    private static func yaml(_ set: Int, _ declared: [Int: DesiredState]) throws -> String {
        var text = try Fleets.yaml(0, name: sets[set], rollout: "rollout: {\(rollout)}")
        for (number, state) in declared.sorted(by: { $0.key < $1.key }) where number % sets.count == set {
            text += "  - {eid: \"\(try Fleets.eid(number))\", iccid: \"\(try Fleets.iccid(number))\", "
            text += "state: \(state.rawValue)}\n"
        }
        return text
    }

    var use: ProcessUse { ProcessUse(identifier: controller.processID) }

    // MARK: What happens

    enum Happening: CaseIterable {
        case kill, end, reload, certificate, change, addition, brokenManifest, drift, pause

        /// Whether the process lives on.
        var isSurvived: Bool { self != .kill && self != .end }
    }

    func pick(_ happenings: [Happening]) -> Happening {
        happenings.randomElement(using: &generator) ?? .reload
    }

    /// How long nothing else happens.
    func pickPause() -> Duration { .milliseconds(Int.random(in: 50...1200, using: &generator)) }

    func live(through happening: Happening) async throws {
        happened["\(happening)", default: 0] += 1
        // Whoever is to heed a signal has begun to.
        if happening != .kill { try await waitForStart() }
        switch happening {
        case .kill:
            controller.send(SIGKILL)
            _ = await controller.result()
            try await restart()
        case .end:
            controller.send(SIGTERM)
            let result = await controller.result()
            #expect(result.exitCode == 0, "\(result.errors.suffix(2000))")
            try await restart()
        case .reload: controller.send(SIGHUP)
        case .certificate: try await exchangeCertificate()
        case .change:
            for number in pick(from: untouched) { declared[number]?.flip() }
            try declare()
        case .addition:
            let first = declared.count
            for number in first..<min(first + Int.random(in: 1...6, using: &generator), deviceCount) {
                declared[number] = Bool.random(using: &generator) ? .downloadedEnabled : .downloadedDisabled
                untouched.insert(number)
            }
            try declare()
        case .brokenManifest:
            try fleet.folder.write("manifests/cars.yaml", "devices: [\n  - {eid: \(declared.count)")
            try await Task.sleep(for: pickPause())
            try declare()
        case .drift:
            // A download under way would not know of it.
            let truth = try await fleet.profileStates()
            let settled = try untouched.filter {
                truth[try Fleets.iccid($0).description] == declared[$0]?.profileState
            }
            for number in pick(from: settled) {
                let other = declared[number] == .downloadedEnabled ? "DISABLE" : "DOWNLOAD_ENABLE"
                try await fleet.setDevice(try Fleets.iccid(number), profileStatus: other)
            }
        case .pause:
            _ = try await fleet.run(["pause", "--reason", "soak"])
            try await Task.sleep(for: pickPause())
            let result = try await fleet.run(["resume"])
            #expect(result.exitCode == 0, "\(result.errors)")
        }
    }

    private func restart() async throws {
        controller = try Self.start(fleet)
        // Some are hit while they start; all others are up.
        guard Int.random(in: 0..<4, using: &generator) > 0 else { return }
        try await waitForStart()
    }

    private func waitForStart() async throws {
        _ = try #require(try await controller.printed("Look at http", to: "errors"), "the controller does not start")
    }

    private func pick(from devices: Set<Int>) -> [Int] {
        let count = Int.random(in: 1...4, using: &generator)
        let picked = devices.sorted().shuffled(using: &generator).prefix(count)
        untouched.subtract(picked)
        return Array(picked)
    }

    private func declare() throws {
        for set in 0..<Self.sets.count {
            try fleet.folder.write("manifests/\(Self.sets[set]).yaml", try Self.yaml(set, declared))
        }
    }

    private func exchangeCertificate() async throws {
        certificates += 1
        let authority = try #require(fleet.authority)
        let new = try await authority.issue(as: "certificate-\(certificates)")
        for (from, to) in [(new.key, "callbacks.key"), (new.certificate, "callbacks.crt")] {
            try fleet.folder.write(to, try Data(contentsOf: URL(fileURLWithPath: from)))
        }
        // It is found without being told, too.
        if Bool.random(using: &generator) { controller.send(SIGHUP) }
    }

    // MARK: What is so in the end

    /// Waits until all is as declared, in truth and in the store.
    /// - Returns: what is not, if that takes too long.
    func unsettled(within limit: Duration) async throws -> [String] {
        let keys = try declared.keys.map { ($0, try Fleets.key($0)) }
        var last: [String] = []
        let deadline = SystemClock().now() + limit
        repeat {
            let truth = try await fleet.profileStates()
            let (known, unread) = try await fleet.read { reader in
                (try reader.devices(keys.map(\.1)), try reader.unreadCallbacks(limit: 10).count)
            }
            last = keys.compactMap { number, key in
                let wanted = declared[number]?.profileState
                let (isSo, isKnown) = (truth[key.iccid.description], known[key]?.observation?.state)
                guard isSo != wanted || isKnown != wanted else { return nil }
                return "\(number) \(key.iccid): \(wanted?.name ?? "") declared, \(isSo?.name ?? "nothing") in truth, "
                    + "\(isKnown?.name ?? "nothing") known, \(known[key]?.operation?.phase as Any)"
            }
            if unread > 0 { last.append("\(unread) callbacks are not read") }
            if last.isEmpty { return [] }
            try await Task.sleep(for: .milliseconds(500))
        } while SystemClock().now() < deadline
        return last
    }

    /// Whose certificate is spoken with.
    func certificateInUse() async throws -> String {
        let script =
            "openssl s_client -connect 127.0.0.1:\(fleet.callbackPort) </dev/null 2>/dev/null"
            + " | openssl x509 -noout -subject"
        let answer = try await Binary.run(["-c", script], in: fleet.folder.path, program: "/bin/sh")
        return answer.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    var newestCertificate: String { certificates == 1 ? "callbacks" : "certificate-\(certificates)" }
}

extension DesiredState {
    fileprivate mutating func flip() {
        self = self == .downloadedEnabled ? .downloadedDisabled : .downloadedEnabled
    }
}
