import Foundation
import Testing

@testable import Reconciler

/// The binary is killed while it applies a fleet against a simulator that lives on. `make chaos` runs the long form.
@Suite("Kills", .seated, .serialized)
struct CrashTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let kills = environment["CHAOS_KILLS"].flatMap { Int($0) } ?? 4
    private static let devices = environment["CHAOS_DEVICES"].flatMap { Int($0) } ?? 200

    /// A simulator with its fleet, and how the fleet is applied against it.
    private struct Scene {
        let folder: TemporaryFolder
        let server: Binary
        let root: String
        let arguments: [String]
        let deviceCount: Int

        init(
            devices: Int, batchSize: Int, callbackDelay: String, requestsPerSecond: Double = 1000,
            waves: String = ""
        ) async throws {
            folder = try TemporaryFolder()
            deviceCount = devices
            try folder.write(
                "fleet.yaml",
                try Fleets.yaml(
                    devices,
                    rollout: "rollout: {batchSize: \(batchSize), requestsPerSecond: \(requestsPerSecond)\(waves)}"))
            let (server, baseURL) = try await Binary.simulator(
                folder, ["--callback-delay", callbackDelay, "--redelivery-interval", "300ms"])
            self.server = server
            root = baseURL.replacing("/api", with: "")
            let listen = "127.0.0.1:\(Int.random(in: 20_000..<30_000))"
            arguments = [
                "apply", "fleet.yaml", "--auto-approve", "--base-url", baseURL, "--callbacks-listen", listen,
                "--callbacks-url", "http://\(listen)/callbacks", "--register", "auto", "--callback-deadline", "2s",
                "--retry-delay", "100ms", "--timeout", "10m",
            ]
        }

        func start(_ environment: [String: String] = [:]) throws -> Binary {
            try Binary(
                arguments, in: folder.path, environment: Binary.simulatorSecrets.merging(environment) { $1 })
        }

        /// Runs to the end, and checks that all is there, nothing was asked for twice, and no callback that got its
        /// 2xx is lost.
        func checkThatARerunConverges(_ remark: String) async throws {
            let last = try await start().result()
            #expect(last.exitCode == 0, "\(remark): \(last.output)\(last.errors)")
            let counts = try JSONValue(
                json: Array(try await Harness.call("GET", root + "/simulator/counts").body.utf8))
            #expect(counts["repeatedDownloads"]?.text == "0", "\(remark)")
            let devices = try await Harness.call("GET", root + "/simulator/devices").body
            let there = devices.components(separatedBy: "\"DOWNLOAD_ENABLE\"").count - 1
            #expect(there == deviceCount, "\(remark)")
            let acknowledged = try #require(counts["callbacksAcknowledged"]?.text.flatMap { Int($0) })
            let store = try SQLiteStore(path: folder.path + "/.profilectl/state.db")
            let kept = try await store.read { try $0.keptDeliveries() }
            #expect(kept >= acknowledged, "\(remark)")
        }

        func end() async {
            server.send(SIGTERM)
            _ = await server.result()
        }
    }

    @Test("a run that is killed at a step of the protocol is run again and goes on", arguments: ProtocolStep.allCases)
    func atStep(step: ProtocolStep) async throws {
        let scene = try await Scene(
            devices: 30, batchSize: 5, callbackDelay: "50ms",
            waves: ", waves: [40%, 70%], abortWhen: {failed: 5%, atLeast: 1}")
        for times in [1, 3] {
            let result = try await scene.start(["PROFILECTL_KILL_AT": "\(step.rawValue):\(times)"]).result()
            // Of some steps there may be no third one left.
            #expect(result.exitCode == -SIGKILL || (times > 1 && result.exitCode == 0), "\(step): \(result.errors)")
        }
        try await scene.checkThatARerunConverges("\(step)")
        await scene.end()
    }

    @Test("a run that is killed at any moment is run again and goes on")
    func atAnyMoment() async throws {
        let batchSize = 5
        // So slow that there is something to do at each kill.
        let requestsPerSecond = Double(Self.devices / batchSize) / (Double(Self.kills) * 0.8)
        let scene = try await Scene(
            devices: Self.devices, batchSize: batchSize, callbackDelay: "600ms", requestsPerSecond: requestsPerSecond)
        for _ in 0..<Self.kills {
            let run = try scene.start()
            _ = try await run.printed("as desired")
            let moment = Int.random(in: 0..<1200)
            // The moment is what is random here.
            try await Task.sleep(for: .milliseconds(moment))
            run.send(SIGKILL)
            _ = await run.result()
        }
        try await scene.checkThatARerunConverges("\(Self.kills) kills")
        await scene.end()
    }
}
