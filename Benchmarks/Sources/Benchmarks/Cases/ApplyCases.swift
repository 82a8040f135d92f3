import Foundation
import Reconciler

/// A first roll-out from beginning to end, beside the least that a client can do with the same simulator.
struct ApplyCases {
    let tools: Tools
    let rounds: Int

    private static let size = 100_000
    private static let batchSize = 100

    func run(into report: inout Report) async throws {
        let fleet = FleetInput(count: Self.size)
        let yaml = tools.path("apply.yaml")
        // So many requests a second that they limit nothing.
        try fleet.writeYAML(
            to: yaml,
            rollout: "rollout: {batchSize: \(Self.batchSize), maxInFlight: 10000, requestsPerSecond: 10000}")
        let bodies = tools.path("bodies")
        try Data(Self.bodies(of: fleet).utf8).write(to: URL(fileURLWithPath: bodies))
        let result = try await Comparison(
            rounds: rounds, { try await apply(yaml) }, beside: { try await bareClient(yaml, bodies) })
        report.add(
            "Applying",
            "A fleet of which nothing is known, batches of \(Self.batchSize), 10,000 in flight, no rate that limits; the "
                + "simulator is a process of its own on the same machine, with no latency. The yardstick is a C program "
                + "on one thread that has the same simulator do the same: it posts bodies that are made already, and "
                + "answers each callback once it is in one table of SQLite and synced, without reading what it says.",
            header: ["case", "devices", "time", "devices a second", "memory", "bare client", "ratio"],
            rows: [
                [
                    "apply, until all are as desired", Self.size.grouped, result.seconds.secondsText,
                    Int(Double(Self.size) / result.seconds).grouped, result.memory.memoryText,
                    result.yardstickSeconds.secondsText, result.ratio.text(2),
                ]
            ])
    }

    private func apply(_ yaml: String) async throws -> Sample {
        try tools.remove("apply.db")
        let simulator = try RunningSimulator(yaml: yaml)
        let sample = try Program(
            path: Tools.profilectl,
            arguments: [
                "apply", yaml, "--auto-approve", "--verify", "trust", "--state", "sqlite:\(tools.path("apply.db"))",
                "--base-url", "http://127.0.0.1:\(simulator.port)/api", "--callbacks-listen", "127.0.0.1:0",
                "--register", "auto",
            ], folder: tools.folder, environment: RunningSimulator.secrets
        ).measure()
        try await check(simulator)
        return sample
    }

    private func bareClient(_ yaml: String, _ bodies: String) async throws -> Sample {
        try tools.remove("bare.db")
        let simulator = try RunningSimulator(yaml: yaml)
        let sample = try Program(
            path: Tools.yardstick,
            arguments: [
                "client", "\(simulator.port)", FleetInput.account, bodies, tools.path("bare.db"), "\(Self.size)",
            ]
        ).measure()
        try await check(simulator)
        return sample
    }

    /// Each device was asked for once.
    private func check(_ simulator: RunningSimulator) async throws {
        let counts = try await simulator.counts()
        guard (counts["acceptedDevices"] as? [String: Int])?["download_enable"] == Self.size,
            counts["repeatedDownloads"] as? Int == 0
        else { throw BenchmarkError("the simulator has counted something else: \(counts)") }
    }

    /// Of the requests, a line each, in the order of the keys.
    private static func bodies(of fleet: FleetInput) -> String {
        let devices = fleet.devices.sorted()
        return stride(from: 0, to: devices.count, by: batchSize).map { start in
            let list = devices[start..<min(start + batchSize, devices.count)].map { device in
                #"{"deviceIds":[{"kind":"eid","id":"\#(device.eid)"},{"kind":"iccid","id":"\#(device.iccid)"}]}"#
            }
            return #"{"devices":[\#(list.joined(separator: ","))],"accountName":"\#(FleetInput.account)","#
                + #""smsrOid":"\#(FleetInput.smsr)"}"# + "\n"
        }.joined()
    }
}
