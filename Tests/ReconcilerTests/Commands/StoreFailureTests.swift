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
        private var startsSmall: Bool
        private var lock: WriteLock?

        /// - Parameter startsSmall: whether there is room for the beginning of a run only, from the start.
        init(
            _ shortage: Shortage, devices: Int, rollout: String, simulator: [String], startsSmall: Bool = false
        ) async throws {
            self.shortage = shortage
            self.startsSmall = startsSmall
            fleet = try await SimulatedFleet([("a", devices)], rollout: rollout, simulator: simulator)
            disk =
                shortage == .fullDisk
                ? try await SmallDisk(
                    over: fleet.folder.path + "/.profilectl", kilobytes: startsSmall ? Self.little : Self.much) : nil
        }

        /// In KiB: a store that was just made takes some 350, most of it in its log.
        private static let little = 800
        private static let much = 16_384

        func apply(callbackDeadline: String = "1m") throws -> Binary {
            let limit = shortage == .sizeLimit && startsSmall ? ["prlimit", "--fsize=\(Self.little << 10)"] : []
            return try fleet.apply(
                "a", ["--callback-deadline", callbackDeadline], environment: ["PROFILECTL_STATE_TIMEOUT": "300ms"],
                launcher: (disk?.launcher ?? []) + limit)
        }

        /// Gives all the room that is needed.
        func makeRoom() async throws {
            startsSmall = false
            try await disk?.grow(toKilobytes: Self.much)
            try lock?.release()
            lock = nil
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

        private func isAllAskedFor() async throws -> Bool {
            guard try await isThereAStore() else { return false }
            return try await read { try $0.devicesInFlight().contains { $0.operation?.deadline != nil } }
        }

        private func isThereAStore() async throws -> Bool {
            if let disk { return try await disk.run("test -s state.db-wal").exitCode == 0 }
            return FileManager.default.fileExists(atPath: fleet.storePath + "-wal")
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

        /// Waits until there is nothing left for a run to do but to wait.
        func waitUntilAllIsAskedFor() async throws {
            let clock = SystemClock()
            let deadline = clock.now() + .seconds(60)
            while try await !isAllAskedFor() {
                try #require(clock.now() < deadline)
                try await clock.sleep(until: clock.now() + .milliseconds(50))
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
    }

    @Test(
        "while a run sends: it ends with a sentence, has sent nothing that is not written down, and a rerun converges",
        arguments: Shortage.possible)
    func whileSending(shortage: Shortage) async throws {
        // Where another process is to take the lock, so slow that a busy machine does it in time.
        let rate = shortage == .lock ? 2 : 20
        let scene = try await Scene(
            shortage, devices: 40, rollout: "batchSize: 1, requestsPerSecond: \(rate)",
            simulator: ["--callback-delay", "150ms", "--redelivery-interval", "300ms"], startsSmall: true)
        let run = try scene.apply()
        if shortage == .lock {
            try await scene.fleet.waitUntil("acceptedDevices", "download_enable", reach: 2)
            try await scene.begin(in: run)
        }
        let result = await run.result()
        #expect(result.exitCode == 1, "\(result.output)\(result.errors)")
        #expect(result.errors.contains("error: ") && result.errors.contains(shortage.words), "\(result.errors)")
        #expect(result.errors.contains("run the same command again"), "\(result.errors)")
        try await scene.makeRoom()
        #expect(1..<40 ~= (try await scene.fleet.count("acceptedDevices", "download_enable")))
        try await scene.checkWhatIsKept()
        try scene.fleet.write([("a", 40)], rollout: "batchSize: 5, requestsPerSecond: 100")
        // What was asked for, and not acknowledged, is looked up.
        let rerun = try await scene.apply(callbackDeadline: "2s").result()
        #expect(rerun.exitCode == 0, "\(rerun.output)\(rerun.errors)")
        #expect(try await scene.fleet.enabledDevices() == 40)
        #expect(try await scene.fleet.count("repeatedDownloads") == 0)
        try await scene.checkWhatIsKept()
        await scene.fleet.end()
    }

    @Test(
        "while a run waits: callbacks are answered with 503 until it is over, and then the run converges",
        arguments: Shortage.possible)
    func whileWaiting(shortage: Shortage) async throws {
        let scene = try await Scene(
            shortage, devices: 1, rollout: "requestsPerSecond: 100", simulator: SimulatedFleet.silence)
        let run = try scene.apply()
        try await scene.waitUntilAllIsAskedFor()
        try await scene.begin(in: run)
        for _ in 0..<2 {
            #expect(try await scene.fleet.tellSuccess(of: 0) == 503)
        }
        try await scene.end(in: run)
        #expect(try await scene.fleet.tellSuccess(of: 0) == 200)
        let result = await run.result()
        #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
        #expect(result.errors.contains("could not be kept and is not acknowledged"), "\(result.errors)")
        #expect(result.errors.contains(shortage.words), "\(result.errors)")
        let callbacks = try await scene.read { try $0.callbacks(of: try Fleets.eid(0)) }
        #expect(callbacks.map(\.deliveries) == [1])
        await scene.fleet.end()
    }
}
