import Foundation
import Testing

@testable import Reconciler

/// The store fails while the real binary applies a fleet and callbacks come.
@Suite("Store failures")
struct StoreFailureTests {
    /// How nothing more can be written down.
    enum Shortage: CaseIterable, CustomTestStringConvertible {
        case fullDisk
        case sizeLimit
        case lock

        var testDescription: String { "\(self)" }

        /// What a person is told.
        var words: String {
            switch self {
            case .fullDisk: "is full"
            case .sizeLimit: "may not grow any more"
            case .lock: "is locked"
            }
        }

        /// Those that this machine can have.
        static let possible = allCases.filter { $0 != .fullDisk || SmallDisk.canBeHad }
    }

    /// A fleet that is applied, and a store that fails for a while.
    private final class Scene {
        let fleet: SimulatedFleet
        private let shortage: Shortage
        private let disk: SmallDisk?
        private var lock: WriteLock?

        init(_ shortage: Shortage, devices: Int, rollout: String, simulator: [String]) async throws {
            self.shortage = shortage
            fleet = try await SimulatedFleet([("a", devices)], rollout: rollout, simulator: simulator)
            disk =
                shortage == .fullDisk
                ? try await SmallDisk(over: fleet.folder.path + "/.profilectl", kilobytes: 16_384) : nil
        }

        func apply() throws -> Binary {
            try fleet.apply(
                "a", ["--callback-deadline", "8s"], environment: ["PROFILECTL_STATE_TIMEOUT": "300ms"],
                launcher: disk?.launcher ?? [])
        }

        func begin(in run: Binary) async throws {
            switch shortage {
            case .fullDisk:
                try await disk?.fill()
            case .sizeLimit:
                let size = try FileManager.default.attributesOfItem(atPath: fleet.storePath + "-wal")[.size] as? UInt64
                try await limit(run, "--fsize=\(try #require(size)):")
            case .lock:
                lock = try WriteLock(on: fleet.storePath)
            }
        }

        func end(in run: Binary?) async throws {
            switch shortage {
            case .fullDisk:
                try await disk?.makeRoom()
            case .sizeLimit:
                if let run { try await limit(run, "--fsize=unlimited:") }
            case .lock:
                try lock?.release()
                lock = nil
            }
        }

        private func limit(_ run: Binary, _ option: String) async throws {
            let result = try await Binary.run(
                ["prlimit", "--pid", "\(run.processID)", option], in: "/", program: "/usr/bin/env")
            #expect(result.exitCode == 0, "\(result.errors)")
        }

        /// What the store holds, or a copy of it where only the program sees it.
        func read<Result: Sendable>(
            _ body: @escaping @Sendable (any StateReader) throws -> Result
        ) async throws -> Result {
            guard let disk else { return try await fleet.read(body) }
            let copy = try TemporaryFolder()
            let copied = try await disk.run("cp state.db* \(copy.path)/")
            #expect(copied.exitCode == 0, "\(copied.errors)")
            return try await SQLiteStore(path: copy.path + "/state.db").read(body)
        }

        /// The answer to a call is kept a moment after it was given.
        func waitUntilTheAnswerIsKept() async throws {
            let clock = SystemClock()
            let deadline = clock.now() + .seconds(20)
            while try await read({ try $0.devicesInFlight().contains { $0.operation?.phase == .intended } }) {
                try #require(clock.now() < deadline)
                try await clock.sleep(until: clock.now() + .milliseconds(20))
            }
        }

        /// Nothing is acknowledged that is not kept, and nothing asked for that is not written down.
        func checkWhatIsKept() async throws {
            let kept = try await read { reader in
                let deliveries = try reader.knownFleet().devices.reduce(0) { sum, device in
                    try reader.callbacks(of: device.key.eid).reduce(sum) { $0 + $1.deliveries }
                }
                let others = try reader.callbackCounts()
                return deliveries + [.unread, .deviceList, .unknownDevice].reduce(0) { $0 + (others[$1] ?? 0) }
            }
            #expect(try await fleet.count("callbacksAcknowledged") <= kept)
            let intended = try await read { try $0.eventCounts(after: 0)[.intended] ?? 0 }
            #expect(try await fleet.count("acceptedDevices", "download_enable") <= intended)
        }

        func checkThatAllIsThere(_ devices: Int) async throws {
            #expect(try await fleet.enabledDevices() == devices)
            #expect(try await fleet.count("repeatedDownloads") == 0)
            try await checkWhatIsKept()
        }
    }

    @Test(
        "while a run sends: it ends with a sentence, has sent nothing that is not written down, and a rerun converges",
        arguments: Shortage.possible)
    func whileSending(shortage: Shortage) async throws {
        let scene = try await Scene(
            // So slow that a busy machine notices in time that it has begun.
            shortage, devices: 40, rollout: "batchSize: 1, requestsPerSecond: 2",
            simulator: ["--callback-delay", "150ms", "--redelivery-interval", "300ms"])
        let run = try scene.apply()
        try await scene.fleet.waitUntil("acceptedDevices", "download_enable", reach: 2)
        try await scene.begin(in: run)
        let result = await run.result()
        #expect(result.exitCode == 1, "\(result.output)\(result.errors)")
        #expect(result.errors.contains("error: ") && result.errors.contains(shortage.words), "\(result.errors)")
        #expect(result.errors.contains("run the same command again"), "\(result.errors)")
        try await scene.end(in: nil)
        #expect(try await scene.fleet.count("acceptedDevices", "download_enable") < 40)
        try await scene.checkWhatIsKept()
        try scene.fleet.write([("a", 40)], rollout: "batchSize: 5, requestsPerSecond: 100")
        let rerun = try await scene.apply().result()
        #expect(rerun.exitCode == 0, "\(rerun.output)\(rerun.errors)")
        try await scene.checkThatAllIsThere(40)
        await scene.fleet.end()
    }

    @Test(
        "while a run waits: callbacks are not acknowledged, and when it is over the carrier's next ones let it converge",
        arguments: Shortage.possible)
    func whileWaiting(shortage: Shortage) async throws {
        let scene = try await Scene(
            shortage, devices: 12, rollout: "batchSize: 12, requestsPerSecond: 100",
            simulator: ["--callback-delay", "4s", "--redelivery-interval", "500ms"])
        let run = try scene.apply()
        try await scene.fleet.waitUntil("acceptedDevices", "download_enable", reach: 12)
        try await scene.waitUntilTheAnswerIsKept()
        try await scene.begin(in: run)
        #expect(try await run.printed("could not be kept and is not acknowledged", to: "errors") != nil)
        #expect(try await scene.fleet.count("callbacksAcknowledged") == 0)
        try await scene.end(in: run)
        let result = await run.result()
        #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
        #expect(try await scene.fleet.count("callbacksSent") > 12)
        try await scene.checkThatAllIsThere(12)
        await scene.fleet.end()
    }
}
